"""The groups of patients in which a model is judged by itself: centre, categories, thirds of the tumour's size."""

from __future__ import annotations

import numpy as np

from .table import Cohort, clinical_frame

MAXIMUM_DIAMETER = "maximum_diameter"
MOST_GROUPS = 6
FEWEST_CASES = 5
OTHER = "other"
_THIRDS_FROM = 30


def subgroups(cohort: Cohort) -> dict[str, tuple[str, ...]]:
    """Name of a grouping to each case's group, in the order of the cohort's table; ``""`` where it is not known.

    Centre, binary and categorical clinical columns with at most :data:`MOST_GROUPS` groups, and thirds of the maximum
    diameter with their limits. Groups of fewer than :data:`FEWEST_CASES` cases are put together as "other", and counted
    as not known where they are too few even together: a handful of patients says nothing and could be recognised.
    Groupings with a single group are left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    frame = clinical_frame(cohort)
    _add(found, "Centre", centre_labels(cohort))
    for name in cohort.clinical_names:
        column, values = cohort.columns[name], frame[name].to_numpy(float)
        if column.kind == "category":
            _add(found, column.label, ["" if np.isnan(code) else column.levels[int(code)] for code in values])
        elif column.kind == "binary":
            _add(found, column.label, ["" if np.isnan(code) else ("yes" if code else "no") for code in values])
        elif name == MAXIMUM_DIAMETER:
            _add(found, f"{column.label} ({column.unit})" if column.unit else column.label, _thirds(values))
    return found


def centre_labels(cohort: Cohort) -> list[str]:
    """ "centre 1", "centre 2", … in the order of the centres' names, which stay with the cohort; ``""`` if unknown."""
    column = [value or "" for value in cohort.table["center"]]
    numbers = {name: number for number, name in enumerate(sorted(set(column) - {""}), start=1)}
    return [f"centre {numbers[name]}" if name else "" for name in column]


def _add(found: dict[str, tuple[str, ...]], name: str, labels: list[str]) -> None:
    sizes = {label: labels.count(label) for label in dict.fromkeys(labels) if label}
    merged = [label if not label or sizes[label] >= FEWEST_CASES else OTHER for label in labels]
    if merged.count(OTHER) < FEWEST_CASES:
        merged = ["" if label == OTHER else label for label in merged]
    groups = set(merged) - {""}
    while name in found:
        name += " (2)"
    if 2 <= len(groups) <= MOST_GROUPS:
        found[name] = tuple(merged)


def _thirds(values: np.ndarray) -> list[str]:
    known = values[np.isfinite(values)]
    if known.size < _THIRDS_FROM:
        return [""] * len(values)
    # The limits are rounded first: a case lies where its label says.
    low, high = (float(f"{limit:.3g}") for limit in np.quantile(known, [1 / 3, 2 / 3]))
    if low == high:
        return [""] * len(values)
    texts = (f"up to {low:g}", f"{low:g} to {high:g}", f"above {high:g}")
    places = np.digitize(values, [low, high], right=True)
    return [texts[place] if np.isfinite(value) else "" for value, place in zip(values, places, strict=True)]
