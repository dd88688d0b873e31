"""The report of any study: each task has a document of its own."""

from __future__ import annotations

import importlib

from ...bundle.foreign_text import printable
from ...bundle.study_file import Study
from ...errors import BundleError
from .document import StudyDocument

_DOCUMENTS = {"plnm": ("plnm_document", "plnm_document"), "staging": ("staging_document", "staging_document")}


def study_document(study: Study) -> StudyDocument:
    """What the report on ``study`` says.

    Raises
    ------
    BundleError
        The study is of a task that this version has no report for.
    """
    task = study.record.task
    if task not in _DOCUMENTS:
        raise BundleError(f'There is no report for studies of "{printable(task)}": update CervixRisk to make one.')
    module, name = _DOCUMENTS[task]
    document: StudyDocument = getattr(importlib.import_module(f".{module}", __package__), name)(study)
    return document
