"""Reader studies: who draws what and when, blinded; review; and how far the contours agree.

Names are loaded on first use, because the database's library is slow to import.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .agreement import AgreementSettings, StudyAgreement, study_agreement
    from .assignment import AssignmentSummary, assign
    from .audit_trail import read_audit_trail
    from .cohort_export import CohortExport, export_cohort
    from .consensus import Consensus, ConsensusContour, consensus_contours
    from .contour_comparison import ComparedPair, ContourComparison, PairSummary, compare_readings
    from .contour_import import ImportSummary, import_contour, import_contours
    from .contour_list import all_contours, independent_contours, reviewed_contours
    from .feature_icc import FeatureAgreement, FeatureAnalysis, feature_agreement
    from .person_list import people
    from .reader_desk import OpenedImage, ReaderDesk
    from .reading_pairs import ComparedReadings, MissingReading, ReadingPair, compared_readings
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
    from .reproducibility_rule import ReproducibilityRule, reproducible_features
    from .review_desk import ReviewDesk, ReviewedContour, ReviewTask
    from .status import ListStatus, StudyIntegrity, StudyStatus, check_integrity, study_status
    from .study import Study, create_study, open_study
    from .submission import Drawing

_HOMES = {
    "AgreementSettings": "agreement",
    "AssignmentSummary": "assignment",
    "CaseRecord": "records",
    "CohortExport": "cohort_export",
    "ComparedPair": "contour_comparison",
    "ComparedReadings": "reading_pairs",
    "Consensus": "consensus",
    "ConsensusContour": "consensus",
    "ContourComparison": "contour_comparison",
    "Decision": "records",
    "Drawing": "submission",
    "FeatureAgreement": "feature_icc",
    "FeatureAnalysis": "feature_icc",
    "ImportSummary": "contour_import",
    "ListStatus": "status",
    "MissingReading": "reading_pairs",
    "OpenedImage": "reader_desk",
    "Origin": "records",
    "PairSummary": "contour_comparison",
    "ReaderDesk": "reader_desk",
    "ReaderRecord": "records",
    "ReadingPair": "reading_pairs",
    "ReadingTask": "records",
    "Receipt": "records",
    "ReproducibilityRule": "reproducibility_rule",
    "ReviewDesk": "review_desk",
    "ReviewTask": "review_desk",
    "ReviewedContour": "review_desk",
    "Role": "records",
    "Round": "records",
    "StoredContour": "records",
    "Study": "study",
    "StudyAgreement": "agreement",
    "StudyIntegrity": "status",
    "StudySettings": "records",
    "StudyStatus": "status",
    "TaskState": "records",
    "WaitingTasks": "records",
    "all_contours": "contour_list",
    "assign": "assignment",
    "check_integrity": "status",
    "compare_readings": "contour_comparison",
    "compared_readings": "reading_pairs",
    "consensus_contours": "consensus",
    "create_study": "study",
    "export_cohort": "cohort_export",
    "feature_agreement": "feature_icc",
    "import_contour": "contour_import",
    "import_contours": "contour_import",
    "independent_contours": "contour_list",
    "open_study": "study",
    "people": "person_list",
    "read_audit_trail": "audit_trail",
    "reproducible_features": "reproducibility_rule",
    "reviewed_contours": "contour_list",
    "study_agreement": "agreement",
    "study_status": "status",
}

__all__ = [
    "AgreementSettings",
    "AssignmentSummary",
    "CaseRecord",
    "CohortExport",
    "ComparedPair",
    "ComparedReadings",
    "Consensus",
    "ConsensusContour",
    "ContourComparison",
    "Decision",
    "Drawing",
    "FeatureAgreement",
    "FeatureAnalysis",
    "ImportSummary",
    "ListStatus",
    "MissingReading",
    "OpenedImage",
    "Origin",
    "PairSummary",
    "ReaderDesk",
    "ReaderRecord",
    "ReadingPair",
    "ReadingTask",
    "Receipt",
    "ReproducibilityRule",
    "ReviewDesk",
    "ReviewTask",
    "ReviewedContour",
    "Role",
    "Round",
    "StoredContour",
    "Study",
    "StudyAgreement",
    "StudyIntegrity",
    "StudySettings",
    "StudyStatus",
    "TaskState",
    "WaitingTasks",
    "all_contours",
    "assign",
    "check_integrity",
    "compare_readings",
    "compared_readings",
    "consensus_contours",
    "create_study",
    "export_cohort",
    "feature_agreement",
    "import_contour",
    "import_contours",
    "independent_contours",
    "open_study",
    "people",
    "read_audit_trail",
    "reproducible_features",
    "reviewed_contours",
    "study_agreement",
    "study_status",
]


def __getattr__(name: str) -> Any:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{home}", __name__), name)


def __dir__() -> list[str]:
    return sorted(__all__)
