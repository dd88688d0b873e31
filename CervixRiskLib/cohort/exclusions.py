"""Why rows were left out, counted in words that name no case: for the flow of cases in a report."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from .table_rows import RowProblem

# The first pattern that the reason's text fits says what it counts as.
_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = (
    ("row damaged, or case_id missing or used twice", re.compile(r"it has \d+ cells|case_id ")),
    ("patient_id missing", re.compile(r"patient_id ")),
    (
        "image or contour missing",
        re.compile(r"(image|roi|ROI)\w*( \(a further image of the case\):)? (is empty|file )|.*are the same file"),
    ),
    ("features missing", re.compile(r"it has no features|features of half")),
    ("outcome missing or not usable", re.compile(r"outcome |figo_stage |.*\bstage\b|.*\bgroup\b")),
)
OTHER = "a value that cannot be used"


def exclusion_reasons(problems: Iterable[RowProblem]) -> dict[str, int]:
    """Rows per kind of problem, the most frequent first; a row with several counts as its first one."""
    return dict(Counter(_kind(problem.reason) for problem in problems).most_common())


def _kind(reason: str) -> str:
    return next((kind for kind, pattern in _KINDS if pattern.match(reason)), OTHER)
