"""A cohort table rewritten for another folder: the same columns, other paths, other contours."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from .contour_table import study_case_id

if TYPE_CHECKING:
    from ..cohort import Cohort
    from ..cohort.delimited_text import DelimitedText

# The label of the table's own contour means nothing for the one that replaces it.
_DROPPED = "label"


def rewritten_table(text: DelimitedText, cohort: Cohort, rois: Mapping[str, str], folder: Path) -> str:
    """The rows of ``rois`` as CSV, in the order of the table.

    Parameters
    ----------
    text
        The table as it stands.
    cohort
        The same table as it was understood; gives the images' places.
    rois
        The new contour's path of each case that is kept, by the study's name of the case.
    folder
        Where the new table will lie, absolute; images are named from there, as relative paths where that can be.
    """
    names = [name.casefold() for name in text.header]
    known = {study_case_id(case_id): case_id for case_id in cohort.case_ids}
    case_column = names.index("case_id")
    kept = [position for position, name in enumerate(names) if name != _DROPPED]
    header = [text.header[position] for position in kept]
    if "roi" not in names:
        header.append("roi")
    rows: list[list[str]] = []
    for row in text.rows:
        cell = row.cells[case_column] if case_column < len(row.cells) else ""
        name = study_case_id(cell) if cell else ""
        if name not in rois:
            continue
        cells = dict(enumerate(row.cells))
        for channel in cohort.channels:
            cells[names.index(channel)] = path_from(folder, cohort.image_path(known[name], channel))
        if "roi" in names:
            cells[names.index("roi")] = rois[name]
        values = [cells.get(position, "") for position in kept]
        rows.append(values if "roi" in names else [*values, rois[name]])
    # Where 4,1 is a number the cells must stay separated by something else than a comma.
    return table_text([header, *rows], ";" if text.decimal_comma else ",")


def table_text(rows: Sequence[Sequence[object]], delimiter: str = ",") -> str:
    """CSV; a header with separators in its names is quoted as a whole, so that none is taken for the table's own."""
    stream = io.StringIO(newline="")
    ambiguous = any(sign in str(name) for name in rows[0] for sign in ",;\t|")
    plain = csv.writer(stream, delimiter=delimiter, lineterminator="\n")
    quoted = csv.writer(stream, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    (quoted if ambiguous else plain).writerow(rows[0])
    plain.writerows(rows[1:])
    return stream.getvalue()


def path_from(folder: Path, target: Path) -> str:
    """``target`` as a path relative to ``folder``, with ``/``; absolute where they lie on different drives."""
    try:
        path = os.path.relpath(target, folder)
    except ValueError:  # Windows, another drive
        path = os.path.abspath(target)
    return Path(path).as_posix()
