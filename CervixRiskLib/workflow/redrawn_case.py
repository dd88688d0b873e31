"""The same case with another contour."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from .clinical_form import ClinicalForm, measured_values

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..imaging import Roi
    from ..worker import StudyFacts


def redrawn_case(case: CaseInput, roi: Roi, facts: StudyFacts) -> CaseInput:
    """``case`` as it would be asked about had ``roi`` been drawn.

    Clinical values that were taken from the case's contour (its largest diameter) are taken from ``roi`` instead; a
    value that the person typed differently stays.
    """
    form = ClinicalForm.of(facts)
    clinical = dict(case.clinical)
    before, now = measured_values(form, case.roi), measured_values(form, roi)
    for name, text in before.items():
        if name in now and clinical.get(name) == float(text):
            clinical[name] = float(now[name])
    return replace(case, roi=roi, clinical=clinical)
