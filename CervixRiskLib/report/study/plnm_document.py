"""The report of a lymph node study: its sections in the order in which a clinician and a reviewer ask."""

from __future__ import annotations

from ...bundle.study_file import Study
from .checklist_sections import checklist_sections
from .document import StudyDocument
from .headline import cases_text, headline, summary
from .performance import main_model, tested
from .sections_acquisition import acquisition_sections
from .sections_clinical import clinical_sections
from .sections_cohort import cohort_sections
from .sections_deviations import deviations_sections
from .sections_features import features_sections
from .sections_heat_maps import heat_map_sections
from .sections_models import models_sections
from .sections_nomogram import nomogram_sections
from .sections_reproducing import provenance, reproducing_sections
from .sections_uncertainty import uncertainty_sections

TITLE = "Pelvic lymph node metastasis (PLNM) of cervical cancer: study report"


def plnm_document(study: Study) -> StudyDocument:
    """Everything the report says, computed from the study's record.

    Parameters
    ----------
    study
        Of a lymph node bundle or run.
    """
    return StudyDocument(
        title=TITLE,
        subtitle=_subtitle(study),
        headline=headline(study),
        summary=summary(study),
        sections=(
            *cohort_sections(study),
            *acquisition_sections(study),
            *clinical_sections(study),
            *features_sections(study),
            *models_sections(study),
            *nomogram_sections(study),
            *uncertainty_sections(study),
            *heat_map_sections(study),
            *deviations_sections(study),
            *reproducing_sections(study),
            *checklist_sections(study),
        ),
        simulated=study.manifest.simulated,
        provenance=provenance(study),
    )


def _subtitle(study: Study) -> str:
    training = study.manifest.training
    model = main_model(study.record)
    cases = cases_text(model) if model is not None else f"{training.cases} cases"
    test = tested(study.record)
    held_out = f", and {cases_text(test)} held out" if test is not None and model is not None else ""
    given = "; features measured elsewhere" if study.manifest.details.get("given_features") else ""
    return (
        f"{cases}, {training.positives} with {study.manifest.positive_class}{held_out}; model of "
        f"{study.manifest.created[:10]}{given}"
    )
