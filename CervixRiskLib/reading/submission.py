"""One way for every contour into the study, whoever drew it and wherever it comes from."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, RowMapping, and_, func, insert, select, type_coerce

from .. import __version__
from ..errors import CervixRiskError, ReadingError
from ..imaging import Roi, SliceImage
from ..imaging.image_writer import segmentation_bytes
from . import schema
from .column_types import UtcTime
from .contour_files import StagedFile
from .journal import record_event
from .records import Decision, ImageRecord, Origin, Receipt, Round
from .settling import clear_litter, keep_incoming

if TYPE_CHECKING:
    from .study import Study

_SOFTWARE = "CervixRisk"
_LONGEST_WORDS = 200
_LONGEST_DURATION_S = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Drawing:
    """A contour and what is known of how it was drawn.

    Parameters
    ----------
    roi
        On the study's image.
    drawn_at
        UTC; ``None`` when nobody knows.
    duration_s
        Seconds of drawing; ``None`` when nobody knows.
    software
        What it was drawn with.
    """

    roi: Roi
    drawn_at: datetime | None
    duration_s: float | None = None
    software: str = ""


def store_contour(
    study: Study,
    connection_work: Callable[[Connection, int], None] | None,
    *,
    case: ImageRecord,
    reader: RowMapping,
    round_: Round,
    drawing: Drawing,
    origin: Origin,
    actor: str,
    check: Callable[[Connection, RowMapping], None],
) -> Receipt:
    """Store a contour as the next version of one reading: wholly, with its row and its event, or not at all.

    Parameters
    ----------
    connection_work
        Further rows of the same transaction; gets the key of the contour's row.
    reader
        Row of the table of readers.
    check
        Raises when this contour may not be stored now; asked inside the transaction, with the case's row locked.

    Raises
    ------
    ReadingError
        ``check`` refuses, or something is wrong with the drawing.
    RoiError
        The contour is not on this image's grid.
    StorageError
        The disk is full, or the database is busy or cannot be reached.
    """
    check_drawing(drawing)
    # The study's own file is one slice; which slice of the hospital's file it was is known to the case's row.
    image = replace(study.image(case), slice_index=0, slice_count=1)
    content = segmentation_bytes(drawing.roi, image)
    stored_at = study.clock()
    staged: StagedFile | None = None
    try:
        with study.store.writing() as connection:
            keep_incoming(connection)
            case_row = lock_case(connection, case.number)
            check(connection, case_row)
            latest = latest_version(connection, case_row["id"], reader["id"], round_)
            same = latest is not None and latest["mask_sha256"] == drawing.roi.mask_hash and connection_work is None
            if latest is not None and same:
                version, place = latest["version"], latest["file"]
                file = StagedFile(latest["staged"], latest["file_sha256"])
            else:
                version = 1 if latest is None else latest["version"] + 1
                place = study.files.place(case_row["folder"], reader["folder"], round_.value, version)
                study.files.check_free(place)
                duration, source = _duration(
                    connection, case_row["id"], reader["name"], round_, drawing, origin, stored_at
                )
                file = staged = study.files.stage(content)
                inserted = connection.execute(
                    insert(schema.contours).values(
                        case=case_row["id"],
                        reader=reader["id"],
                        round=round_.value,
                        version=version,
                        file=place,
                        staged=file.name,
                        file_sha256=file.sha256,
                        mask_sha256=drawing.roi.mask_hash,
                        image_sha256=case.image_sha256,
                        pixel_count=drawing.roi.n_pixels,
                        drawn_at=drawing.drawn_at,
                        stored_at=stored_at,
                        duration_s=duration,
                        duration_source=source,
                        software=drawing.software or f"{_SOFTWARE} {__version__}",
                        library_version=__version__,
                        origin=origin.value,
                        after_return=was_returned(connection, case_row["id"], reader["id"]),
                    )
                ).inserted_primary_key
                assert inserted is not None
                key = int(inserted[0])
                record_event(
                    connection, stored_at, actor, origin.value, case=case_row["id"], round_=round_, contour=key,
                    detail=f"version {version}",
                )  # fmt: skip
                if connection_work is not None:
                    connection_work(connection, key)
    except BaseException:
        # It may have been the commit's answer that failed, not the commit. Where that cannot be told now, the file is
        # left to whoever opens the study next.
        if staged is not None:
            with contextlib.suppress(CervixRiskError):
                clear_litter(study.files, study.store, [staged.name])
        raise
    # Also where it was there before: the program that added the row may have been killed before the move.
    study.files.publish(file.name, place)
    return Receipt(case.number, round_, version, file.sha256, already_there=staged is None)


def lock_case(connection: Connection, number: int) -> RowMapping:
    """Key, number and folder of a case, its row held until the transaction ends.

    The case's name is not asked for: readers come this way too.

    Raises
    ------
    ReadingError
        There is none.
    """
    table = schema.cases
    query = select(table.c.id, table.c.number, table.c.folder).where(table.c.number == number).with_for_update()
    row = connection.execute(query).mappings().first() if 0 < number <= schema.LARGEST_INTEGER else None
    if row is None:
        raise ReadingError(f"The study has no case {number}.")
    return row


def latest_version(connection: Connection, case: int, reader: int, round_: Round) -> RowMapping | None:
    """The row of the newest contour of one reading."""
    table = schema.contours
    query = (
        select(table)
        .where(table.c.case == case, table.c.reader == reader, table.c.round == round_.value)
        .order_by(table.c.version.desc())
        .limit(1)
    )
    return connection.execute(query).mappings().first()


def was_returned(connection: Connection, case: int, reader: int) -> bool:
    """Whether the reviewer has ever returned a contour of this reader on this case."""
    query = (
        select(func.count())
        .select_from(schema.reviews.join(schema.contours, schema.reviews.c.contour == schema.contours.c.id))
        .where(
            and_(
                schema.reviews.c.case == case,
                schema.reviews.c.decision == Decision.RETURNED.value,
                schema.contours.c.reader == reader,
            )
        )
    )
    return bool(connection.execute(query).scalar_one())


def check_on_grid(roi: Roi, image: SliceImage, number: int) -> None:
    """Raise ``ReadingError`` where a contour has another size than the image."""
    if roi.shape != image.shape:
        raise ReadingError(
            f"The contour has {roi.shape[0]} × {roi.shape[1]} pixels but the image of case {number} has "
            f"{image.shape[0]} × {image.shape[1]} (rows × columns): draw on the image that the study gives."
        )


def check_drawing(drawing: Drawing) -> None:
    """Raise ``ReadingError`` where the time of drawing or the software's name cannot be kept."""
    if drawing.duration_s is not None and not 0 <= drawing.duration_s <= _LONGEST_DURATION_S:
        raise ReadingError("The time of drawing must be between 0 seconds and a week.")
    if len(drawing.software) > _LONGEST_WORDS or not drawing.software.isprintable():
        raise ReadingError(f"The software's name must be plain text of at most {_LONGEST_WORDS} characters.")


def _duration(
    connection: Connection,
    case: int,
    reader_name: str,
    round_: Round,
    drawing: Drawing,
    origin: Origin,
    now: datetime,
) -> tuple[float | None, str | None]:
    """How long the drawing took, and how that is known."""
    if drawing.duration_s is not None:
        return float(drawing.duration_s), "given"
    if origin is Origin.IMPORTED:
        return None, None
    table = schema.events
    query = select(type_coerce(func.max(table.c.at), UtcTime(optional=True))).where(
        table.c.case == case, table.c.actor == reader_name, table.c.round == round_.value, table.c.action == "opened"
    )
    opened: Any = connection.execute(query).scalar_one()
    if opened is None:
        return None, None
    return max(0.0, (now - opened).total_seconds()), "since the image was opened"
