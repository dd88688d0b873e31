"""The report of a lymph node study: its sections in the order in which a clinician and a reviewer ask."""

from __future__ import annotations

from ...bundle.study_file import Study
from .document import StudyDocument
from .headline import cases_text, headline, summary
from .performance import main_model
from .sections_models import models_sections

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
        sections=(*models_sections(study),),
        simulated=study.manifest.simulated,
    )


def _subtitle(study: Study) -> str:
    training = study.manifest.training
    model = main_model(study.record)
    cases = cases_text(model) if model is not None else f"{training.cases} cases"
    return f"{cases}, {training.positives} with {study.manifest.positive_class}; model of {study.manifest.created[:10]}"
