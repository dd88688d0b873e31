"""Where a study stands: who has drawn what, what is reviewed, and whether files and rows belong together."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from ..errors import ReadingError
from ..progress import SILENT, Progress
from . import schema
from .contour_list import all_contours, reviewed_contours
from .person_list import people
from .reader_desk import ReaderDesk
from .records import Role, Round, TaskState
from .review_desk import ReviewDesk
from .study import settle

if TYPE_CHECKING:
    from .study import Study


@dataclass(frozen=True)
class ListStatus:
    """How far one work list is.

    Parameters
    ----------
    total
        Tasks of the list; ``waiting`` of them have no date yet or a later one, the first on ``next_opens_on``.
    """

    reader: str
    role: Role
    round: Round
    total: int
    drawn: int
    returned: int
    waiting: int
    next_opens_on: date | None


@dataclass(frozen=True)
class StudyIntegrity:
    """What is not as it must be; all empty in a sound study.

    Parameters
    ----------
    files_without_row
        Files below ``contours/`` that no row names, and files in ``incoming/`` that the study has not put there.
    rows_without_file
        Places that a row names and where no file stands.
    changed_files
        Contours whose bytes are not those that were stored.
    changed_images
        Numbers of cases whose image is missing or was changed.
    """

    files_without_row: tuple[str, ...] = ()
    rows_without_file: tuple[str, ...] = ()
    changed_files: tuple[str, ...] = ()
    changed_images: tuple[int, ...] = ()

    @property
    def sound(self) -> bool:
        return not (self.files_without_row or self.rows_without_file or self.changed_files or self.changed_images)


@dataclass(frozen=True)
class StudyStatus:
    """Where a study stands."""

    cases: int
    lists: tuple[ListStatus, ...]
    awaiting_review: int
    reviewed: int
    integrity: StudyIntegrity


def study_status(study: Study, *, progress: Progress = SILENT) -> StudyStatus:
    """Count the work, and check every file of the study against its row."""
    settle(study)
    own, readers = schema.assignments, schema.readers
    with study.store.reading() as connection:
        totals = connection.execute(
            select(readers.c.name, readers.c.role, own.c.round, func.count())
            .join(readers, own.c.reader == readers.c.id)
            .group_by(readers.c.id, readers.c.name, readers.c.role, own.c.round)
            .order_by(readers.c.id, own.c.round)
        ).all()
    reviewers = [person.name for person in people(study) if person.role is Role.REVIEWER]
    return StudyStatus(
        cases=len(study.cases()),
        lists=tuple(
            _list_status(study, name, Role(role), Round(round_), total) for name, role, round_, total in totals
        ),
        awaiting_review=len(ReviewDesk(study, reviewers[0]).tasks()) if reviewers else 0,
        reviewed=len(reviewed_contours(study)),
        integrity=check_integrity(study, progress=progress),
    )


def check_integrity(study: Study, *, progress: Progress = SILENT) -> StudyIntegrity:
    """Compare files and rows, byte for byte.

    Files are listed before the rows are: a contour that arrives meanwhile has its row by then.
    """
    files = set(study.files.stored())
    contours = all_contours(study)
    settle(study)
    places = {contour.file for contour in contours}
    missing = study.files.missing(sorted(places))
    lost = set(missing)
    changed, images = [], []
    cases = study.cases()
    with progress.task("Checking files", total=len(contours) + len(cases)) as task:
        for contour in contours:
            if contour.file not in lost:
                try:
                    study.files.read(contour.file, contour.file_sha256)
                except ReadingError:
                    changed.append(contour.file)
            task.advance()
        for case in cases:
            try:
                study.image(case)
            except ReadingError:
                images.append(case.number)
            task.advance()
    return StudyIntegrity(tuple(sorted(files - places)), tuple(missing), tuple(changed), tuple(images))


def _list_status(study: Study, name: str, role: Role, round_: Round, total: int) -> ListStatus:
    desk = ReaderDesk(study, name)
    tasks = [task for task in desk.tasks() if task.round is round_]
    waiting = desk.waiting()
    repeat = round_ is Round.REPEAT
    return ListStatus(
        name,
        role,
        round_,
        total,
        drawn=sum(task.state is not TaskState.OPEN for task in tasks),
        returned=sum(task.state is TaskState.RETURNED for task in tasks),
        waiting=waiting.count if repeat else 0,
        next_opens_on=waiting.first_opens_on if repeat else None,
    )
