"""A reader study on disk: made once from a cohort, then opened by whoever has something to do in it.

::

    study.json                                  what this folder is, and where its database is
    study.db                                    the database, unless it is PostgreSQL
    images/<number>.nrrd                        the slices, under random numbers, without names or headers
    contours/<case>/<reader>/<round>.seg.nrrd   the contours; a changed one is <round>.v2.seg.nrrd, and so on
    incoming/                                   contours on their way in
"""

from __future__ import annotations

import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path

from sqlalchemy import insert, select

from .. import __version__
from ..atomic import atomic_folder
from ..errors import ReadingError, SettingsError, StorageError
from ..imaging import Roi, SliceImage
from ..progress import SILENT, Progress
from . import schema, settling
from .contour_files import CONTOURS, INCOMING, ContourFiles
from .database_errors import DATABASE_VARIABLE
from .database_url import parse_database_url, without_password
from .journal import COORDINATOR, record_event
from .records import CaseRecord, ImageRecord, StoredContour, StudySettings
from .store import DATABASE_FILE, StudyStore
from .study_file import read_study_file, write_study_file
from .study_pixels import load_images_table, read_contour, read_study_image, write_study_images

DEFAULT_SEED = 42
DEFAULT_WASHOUT_DAYS = 56.0

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    return datetime.now(timezone.utc)


@dataclass(frozen=True, eq=False)
class Study:
    """An open study. Readers and reviewers get their desks from it; everything else is the coordinator's.

    Parameters
    ----------
    folder
        Absolute.
    settings
        What was fixed when it was made.
    """

    folder: Path
    settings: StudySettings
    store: StudyStore
    files: ContourFiles
    clock: Clock = utc_now

    def cases(self) -> tuple[CaseRecord, ...]:
        """All cases by number."""
        table = schema.cases
        with self.store.reading() as connection:
            rows = connection.execute(select(table).order_by(table.c.number)).mappings().all()
        names = CaseRecord.__dataclass_fields__
        return tuple(CaseRecord(**{name: row[name] for name in names}) for row in rows)

    def image(self, case: ImageRecord) -> SliceImage:
        """The case's slice as it was when the study was made.

        Raises
        ------
        ReadingError
            The study's copy is missing or was changed.
        """
        return read_study_image(self.folder, case)

    def roi(self, contour: StoredContour, image: SliceImage) -> Roi:
        """The pixels of a stored contour.

        Raises
        ------
        ReadingError
            Its file is missing or was changed outside the study.
        """
        return read_contour(self.files, contour.file, contour.file_sha256, contour.mask_sha256, image)


def create_study(
    folder: str | os.PathLike[str],
    cohort_table: str | os.PathLike[str],
    *,
    database: str | None = None,
    seed: int = DEFAULT_SEED,
    washout_days: float = DEFAULT_WASHOUT_DAYS,
    skip_invalid: bool = False,
    progress: Progress = SILENT,
    clock: Clock = utc_now,
) -> Study:
    """Make a study of a cohort's images; whole or not at all.

    The cohort needs ``case_id`` and ``image``; outcomes, contours and clinical columns in it are not read.

    Parameters
    ----------
    folder
        A new or empty folder.
    database
        A PostgreSQL address; ``None`` for SQLite in the folder. The password is not written down.
    seed
        Of everything drawn at random in the study.
    washout_days
        Days between a case's first contour and its repeat (Wang et al. 2025: eight weeks).
    skip_invalid
        Leave out cases whose image cannot be read.

    Raises
    ------
    ReadingError, StorageError
        The folder holds something, or cannot be written; the database cannot be reached.
    CohortError, ImageError
        The table or an image cannot be read.
    """
    folder = Path(folder).absolute()
    if not 0 <= seed <= schema.LARGEST_INTEGER:
        raise SettingsError(f"The seed must be a whole number from 0 to {schema.LARGEST_INTEGER}.")
    if not 0 <= washout_days <= 3660:
        raise SettingsError("The washout must be between 0 and 3660 days.")
    _check_empty(folder)
    cohort = load_images_table(cohort_table, skip_invalid=skip_invalid)
    study_id = str(uuid.UUID(bytes=os.urandom(16), version=4))
    url = None if database is None else parse_database_url(database)
    namespace = f"study_{study_id.replace('-', '')[:16]}"
    created_at = clock()
    store = None if url is None else StudyStore.postgresql(url, namespace)
    try:
        with atomic_folder(folder) as partial:
            rows = write_study_images(cohort, partial, seed, progress)
            for name in (CONTOURS, INCOMING):
                (partial / name).mkdir()
            if url is None or store is None:
                store = StudyStore.sqlite(partial / DATABASE_FILE, create=True)
                where = {"database": DATABASE_FILE}
            else:
                where = {"database": without_password(url), "namespace": namespace}
            write_study_file(partial, study_id, where)
            store.create_tables()
            with store.writing() as connection:
                connection.execute(
                    insert(schema.study).values(
                        study_id=study_id,
                        schema_version=schema.SCHEMA_VERSION,
                        seed=seed,
                        washout_s=timedelta(days=washout_days).total_seconds(),
                        simulated=cohort.simulated,
                        created_at=created_at,
                        library_version=__version__,
                    )
                )
                connection.execute(insert(schema.cases), rows)
                record_event(connection, created_at, COORDINATOR, "created", detail=f"{len(rows)} cases")
            # Reading the images may have taken minutes: another program may have made its study here meanwhile.
            _check_empty(folder)
    except BaseException:
        if store is not None:
            store.drop_tables()
        raise
    return open_study(folder, database=database, clock=clock)


def open_study(folder: str | os.PathLike[str], *, database: str | None = None, clock: Clock = utc_now) -> Study:
    """Open a study, and finish what a killed program has left half-way.

    Parameters
    ----------
    database
        The PostgreSQL address with its password, where the study has one; else the one written down when the study was
        made is used, with the password from ``PGPASSWORD``.

    Raises
    ------
    ReadingError
        The folder is no study, of another version, damaged, or has another database.
    StorageError
        The database cannot be reached.
    """
    folder = Path(folder).absolute()
    about = read_study_file(folder)
    if about["database"] == DATABASE_FILE:
        store = StudyStore.sqlite(folder / DATABASE_FILE)
    else:
        address = database or os.environ.get(DATABASE_VARIABLE) or about["database"]
        store = StudyStore.postgresql(parse_database_url(address), about["namespace"])
    if not store.has_tables():
        raise ReadingError("The database holds no such study: check its address, or restore it from a copy.")
    with store.reading() as connection:
        row = connection.execute(select(schema.study)).mappings().first()
    if row is None or row["study_id"] != about["study_id"] or row["schema_version"] != schema.SCHEMA_VERSION:
        raise ReadingError("The study's folder and its database do not belong together: restore both from one copy.")
    settings = StudySettings(
        row["study_id"], row["seed"], timedelta(seconds=row["washout_s"]), row["simulated"], row["created_at"]
    )
    study = Study(folder, settings, store, ContourFiles(folder, lambda files: settling.settle(files, store)), clock)
    settle(study)
    return study


def settle(study: Study) -> int:
    """Finish what a killed program has left half-way; returns how many contours were moved."""
    return settling.settle(study.files, study.store)


def _check_empty(folder: Path) -> None:
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise StorageError("The study's folder already holds something: choose a new or empty one.")
