"""All contours of a study, for the coordinator."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from . import schema
from .records import Decision, Origin, Role, Round, StoredContour

if TYPE_CHECKING:
    from .study import Study


def all_contours(study: Study) -> tuple[StoredContour, ...]:
    """Every version of every contour, by case number, reader, round and version."""
    contours, cases, readers = schema.contours, schema.cases, schema.readers
    query = (
        select(contours, cases.c.case_id, cases.c.number, readers.c.name, readers.c.role)
        .join(cases, contours.c.case == cases.c.id)
        .join(readers, contours.c.reader == readers.c.id)
        .order_by(cases.c.number, readers.c.id, contours.c.round, contours.c.version)
    )
    with study.store.reading() as connection:
        rows = connection.execute(query).mappings().all()
    same = (
        "case_id", "number", "version", "file", "file_sha256", "mask_sha256", "image_sha256", "pixel_count", "drawn_at",
        "stored_at", "duration_s", "duration_source", "software", "library_version", "after_return",
    )  # fmt: skip
    return tuple(
        StoredContour(
            identifier=row["id"],
            reader=row["name"],
            role=Role(row["role"]),
            round=Round(row["round"]),
            origin=Origin(row["origin"]),
            **{name: row[name] for name in same},
        )
        for row in rows
    )


def independent_contours(study: Study) -> tuple[StoredContour, ...]:
    """Of every reading the newest contour that no review has touched: what agreement is measured on."""
    newest: dict[tuple[int, str, Round], StoredContour] = {}
    for contour in all_contours(study):
        if not contour.after_return and contour.round is not Round.REVIEW:
            newest[contour.number, contour.reader, contour.round] = contour
    return tuple(newest.values())


def reviewed_contours(study: Study) -> dict[int, StoredContour]:
    """The contour that the reviewer's newest decision settled on, by case number; returned cases are not in it."""
    reviews, cases = schema.reviews, schema.cases
    query = (
        select(cases.c.number, reviews.c.decision, reviews.c.contour)
        .join(cases, reviews.c.case == cases.c.id)
        .order_by(reviews.c.id)
    )
    with study.store.reading() as connection:
        newest = {number: (Decision(decision), key) for number, decision, key in connection.execute(query)}
    by_key = {contour.identifier: contour for contour in all_contours(study)}
    return {number: by_key[key] for number, (decision, key) in newest.items() if decision is not Decision.RETURNED}
