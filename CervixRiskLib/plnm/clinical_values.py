"""The clinical values of one case, checked against what the bundle needs and has seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from ..bundle import ClinicalPredictor, PredictionWarning, WarningCode
from ..cohort import ColumnDictionary
from ..cohort.case_groups import MAXIMUM_DIAMETER
from ..errors import ClinicalValueError


def clinical_values(
    values: Mapping[str, float | str],
    measured_mm: float | None,
    columns: ColumnDictionary,
    needed: Sequence[ClinicalPredictor],
) -> tuple[dict[str, float], list[PredictionWarning]]:
    """Parsed values of the columns the nomogram needs, with the warnings they deserve.

    A maximum diameter that was not given is the contour's (``measured_mm``) where that is known, and said. Columns of
    the training cohort that the nomogram does not use are ignored.

    Raises
    ------
    ClinicalValueError
        A name that the training cohort did not have; a value that is missing, not a number, or implausible.
    """
    for name in values:
        columns[name]  # an unknown name is refused with the one that was probably meant
    names = [predictor.name for predictor in needed]
    given = {
        name: columns.check(name, value) for name, value in values.items() if name in names and not _is_missing(value)
    }
    warnings = []
    if MAXIMUM_DIAMETER in names and MAXIMUM_DIAMETER not in given and measured_mm is not None:
        given[MAXIMUM_DIAMETER] = columns.check(MAXIMUM_DIAMETER, round(measured_mm, 1))
        text = f"The maximum diameter was not given; {measured_mm:.1f} mm were measured on the contour."
        warnings.append(PredictionWarning(WarningCode.CLINICAL_MISSING, text))
    missing = [columns[name] for name in names if name not in given]
    if missing:
        wanted = ", ".join(f"{column.name} ({column.unit})" if column.unit else column.name for column in missing)
        raise ClinicalValueError(f"This bundle's nomogram needs {wanted}: give a value for each.")
    for predictor in needed:
        low, high, value = predictor.observed_low, predictor.observed_high, given[predictor.name]
        if low is not None and high is not None and not low <= value <= high:
            shown = f"{value:g} {predictor.unit}".rstrip()
            text = f"{predictor.label} {shown} lies outside the training cases' range ({low:g}-{high:g})."
            warnings.append(PredictionWarning(WarningCode.CLINICAL_OUT_OF_RANGE, text))
    return given, warnings


def _is_missing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and bool(np.isnan(value)))
