"""What a reader study is made of, as the rest of the program sees it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import Enum


class Role(str, Enum):
    """What a person does in a study; one person has one role.

    ``PRIMARY`` delineates all cases, and some of them again. ``SECOND`` delineates a random part. ``REVIEWER`` accepts,
    adjusts or returns what they drew (Wang et al. 2025, "Tumor segmentation and reproducibility assessment"; Dai et al.
    2025, the third radiologist).
    """

    PRIMARY = "primary"
    SECOND = "second"
    REVIEWER = "reviewer"


class Round(str, Enum):
    """Which reading of a case: the first, the same reader's again after the washout, or the reviewer's adjustment."""

    INITIAL = "initial"
    REPEAT = "repeat"
    REVIEW = "review"


class Decision(str, Enum):
    """What the reviewer did with a case."""

    ACCEPTED = "accepted"
    ADJUSTED = "adjusted"
    RETURNED = "returned"


class Origin(str, Enum):
    """How a contour came into the study."""

    SUBMITTED = "submitted"
    IMPORTED = "imported"
    ADJUSTED = "adjusted"


class TaskState(str, Enum):
    """Where a reader's task stands."""

    OPEN = "open"
    SUBMITTED = "submitted"
    RETURNED = "returned"
    REVIEWED = "reviewed"


@dataclass(frozen=True)
class StudySettings:
    """What was fixed when the study was made.

    Parameters
    ----------
    study_id
        A random identifier.
    seed
        Of case numbers, of the second reader's cases and of the order of all lists.
    washout
        Time between a case's first contour and its repeat.
    simulated
        The cohort is simulated: everything made from the study says so.
    """

    study_id: str
    seed: int
    washout: timedelta
    simulated: bool
    created_at: datetime


@dataclass(frozen=True)
class ReadingTask:
    """One contour that a reader is asked for. Says nothing about other readers, other rounds or the patient.

    Parameters
    ----------
    number
        The case, by its random number in this study.
    round
        First or repeated reading.
    position, total
        Place in the reader's own order, from 1, and how many there are.
    state
        Open, submitted, returned by the reviewer, or reviewed (then it cannot be changed).
    remark
        The reviewer's words when it was returned.
    """

    number: int
    round: Round
    position: int
    total: int
    state: TaskState
    remark: str | None = None


@dataclass(frozen=True)
class Receipt:
    """What was stored.

    Parameters
    ----------
    number, round, version
        Case, reading, and which version of that reading, from 1.
    sha256
        Of the contour's file.
    already_there
        The same contour was stored before; nothing was added.
    """

    number: int
    round: Round
    version: int
    sha256: str
    already_there: bool = False


@dataclass(frozen=True)
class WaitingTasks:
    """Repeats whose date has not come.

    Parameters
    ----------
    count
        How many.
    first_opens_on
        None of them opens before this date (UTC). It is reckoned from all cases that the reader has drawn, repeated or
        not: the date of a repeat itself would tell which case it is.
    """

    count: int
    first_opens_on: date | None


@dataclass(frozen=True)
class StoredContour:
    """A contour's row, for those who may see all of them: coordinator and reviewer.

    Parameters
    ----------
    case_id, number
        The cohort's identifier and the study's number of the case.
    reader, role, round, version
        Whose, in which role, and which reading.
    file
        Path relative to the study's folder.
    file_sha256, mask_sha256, image_sha256
        Of the file, of its pixels (:attr:`CervixRiskLib.imaging.Roi.mask_hash`), and of the study's image.
    drawn_at, stored_at
        UTC; ``drawn_at`` is ``None`` where nobody said.
    duration_s, duration_source
        How long it took, and how that is known: ``"given"`` or ``"since the image was opened"``.
    software, library_version
        What drew it and what stored it.
    origin
        Submitted, imported or adjusted.
    after_return
        Drawn after the reviewer had returned an earlier version: no longer an independent reading.
    """

    identifier: int
    case_id: str
    number: int
    reader: str
    role: Role
    round: Round
    version: int
    file: str
    file_sha256: str
    mask_sha256: str
    image_sha256: str
    pixel_count: int
    drawn_at: datetime | None
    stored_at: datetime
    duration_s: float | None
    duration_source: str | None
    software: str
    library_version: str
    origin: Origin
    after_return: bool


@dataclass(frozen=True)
class ReaderRecord:
    """A person in the study."""

    name: str
    role: Role


@dataclass(frozen=True)
class ImageRecord:
    """The image of a case, without the case's name: all that drawing on it needs.

    Parameters
    ----------
    number
        The case, by its random number in this study.
    image_file
        Path relative to the study's folder.
    image_sha256
        Of that file.
    slice_index, slice_count
        Which slice of how many it was in the cohort's file.
    spacing_source
        As in :class:`CervixRiskLib.imaging.SliceImage`.
    """

    number: int
    image_file: str
    image_sha256: str
    slice_index: int
    slice_count: int
    modality: str | None
    spacing_source: str | None


@dataclass(frozen=True)
class CaseRecord(ImageRecord):
    """A case, for coordinator functions.

    Parameters
    ----------
    case_id
        The cohort's identifier.
    folder
        Of its contours.
    source_sha256
        Of the cohort's own file.
    """

    case_id: str
    folder: str
    source_sha256: str
