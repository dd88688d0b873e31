"""Reporting checklists."""

from __future__ import annotations

from ...bundle.study_file import Study
from .document import Section


def checklist_sections(study: Study) -> tuple[Section, ...]:
    return ()
