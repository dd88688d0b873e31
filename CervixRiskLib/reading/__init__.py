"""Reader studies: who draws what and when, blinded; review; and how far the contours agree.

Names are loaded on first use, because the database's library is slow to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .assignment import AssignmentSummary, assign
    from .contour_list import all_contours, independent_contours, reviewed_contours
    from .people import people
    from .reader_desk import OpenedImage, ReaderDesk
    from .records import (
        CaseRecord,
        Decision,
        Origin,
        ReaderRecord,
        ReadingTask,
        Receipt,
        Role,
        Round,
        StoredContour,
        StudySettings,
        TaskState,
        WaitingTasks,
    )
    from .review_desk import ReviewDesk, ReviewedContour, ReviewTask
    from .status import ListStatus, StudyIntegrity, StudyStatus, check_integrity, study_status
    from .study import Study, create_study, open_study
    from .submission import Drawing

_HOMES = {
    "AssignmentSummary": "assignment",
    "CaseRecord": "records",
    "Decision": "records",
    "Drawing": "submission",
    "ListStatus": "status",
    "OpenedImage": "reader_desk",
    "Origin": "records",
    "ReaderDesk": "reader_desk",
    "ReaderRecord": "records",
    "ReadingTask": "records",
    "Receipt": "records",
    "ReviewDesk": "review_desk",
    "ReviewTask": "review_desk",
    "ReviewedContour": "review_desk",
    "Role": "records",
    "Round": "records",
    "StoredContour": "records",
    "Study": "study",
    "StudyIntegrity": "status",
    "StudySettings": "records",
    "StudyStatus": "status",
    "TaskState": "records",
    "WaitingTasks": "records",
    "all_contours": "contour_list",
    "assign": "assignment",
    "check_integrity": "status",
    "create_study": "study",
    "independent_contours": "contour_list",
    "open_study": "study",
    "people": "people",
    "reviewed_contours": "contour_list",
    "study_status": "status",
}

__all__ = [
    "AssignmentSummary",
    "CaseRecord",
    "Decision",
    "Drawing",
    "ListStatus",
    "OpenedImage",
    "Origin",
    "ReaderDesk",
    "ReaderRecord",
    "ReadingTask",
    "Receipt",
    "ReviewDesk",
    "ReviewTask",
    "ReviewedContour",
    "Role",
    "Round",
    "StoredContour",
    "Study",
    "StudyIntegrity",
    "StudySettings",
    "StudyStatus",
    "TaskState",
    "WaitingTasks",
    "all_contours",
    "assign",
    "check_integrity",
    "create_study",
    "independent_contours",
    "open_study",
    "people",
    "reviewed_contours",
    "study_status",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
