"""``cervixrisk reading import``: contours that were drawn elsewhere."""

from __future__ import annotations

import shlex
from datetime import date, datetime
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonFlag, SkipInvalidFlag, examples
from .output import print_json, print_lines, remark
from .progress_bar import ProgressBar
from .reading_options import DatabaseOption, StudyArgument, opened

if TYPE_CHECKING:
    from ..reading import ImportSummary

IMPORT_EXAMPLES = examples(
    "cervixrisk reading import study cohort/cohort.csv --software 'ITK-SNAP 4.2'",
    "cervixrisk reading import study readings.csv --skip-invalid",
    "cervixrisk reading import study case7.seg.nrrd --case 7 --reader 'Dr. B' --drawn-on 2026-03-02",
)


class ReadingRound(str, Enum):
    """Rounds that readers draw in."""

    initial = "initial"
    repeat = "repeat"


def import_drawn(
    study: StudyArgument,
    source: Annotated[
        Path, typer.Argument(metavar="TABLE|FILE", help="A table of contours (CSV); or, with --case, one contour.")
    ],
    reader: Annotated[
        str | None,
        typer.Option("--reader", metavar="NAME", show_default=False, help="Who drew them; else the primary reader."),
    ] = None,
    round_: Annotated[
        ReadingRound | None, typer.Option("--round", show_default=False, help="Which reading; else the first.")
    ] = None,
    case: Annotated[
        str | None, typer.Option("--case", metavar="ID", show_default=False, help="FILE is a contour of this case.")
    ] = None,
    drawn_on: Annotated[
        str | None,
        typer.Option(
            "--drawn-on",
            metavar="DATE",
            show_default=False,
            help="When they were drawn: 2026-03-02, or 2026-03-02T14:30+01:00; without a time zone UTC.",
        ),
    ] = None,
    software: Annotated[str, typer.Option("--software", show_default=False, help="What they were drawn with.")] = "",
    label: Annotated[
        int | None, typer.Option("--label", min=1, show_default=False, help="With --case: the tumour's label in FILE.")
    ] = None,
    segment: Annotated[
        str | None, typer.Option("--segment", show_default=False, help="With --case: the tumour's segment in FILE.")
    ] = None,
    slice_index: Annotated[
        int | None,
        typer.Option("--slice", min=0, show_default=False, help="With --case: the slice of FILE, counted from 0."),
    ] = None,
    allow_early: Annotated[
        bool, typer.Option("--allow-early", help="Take repeats drawn before the washout had passed, and note it down.")
    ] = False,
    skip_invalid: SkipInvalidFlag = False,
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Take in contours that were drawn elsewhere: ITK-SNAP, 3D Slicer, NIfTI, PNG, polygons (JSON), DICOM SEG.

    A table has the columns case_id and roi and, if wanted, reader, round (initial, repeat), drawn_at, duration_s,
    software, label, segment and slice; a cohort table is one. Options hold for rows that do not say it themselves. All
    rows are checked before the first contour is stored. Running the same command again adds nothing, and finishes what
    was interrupted.
    """
    from ..errors import SettingsError
    from ..reading import Round, import_contour, import_contours

    chosen = None if round_ is None else Round(round_.value)
    moment = None if drawn_on is None else _moment(drawn_on)
    if case is None:
        if not (label is None and segment is None and slice_index is None):
            raise SettingsError("--label, --segment and --slice go with --case; a table has columns for them.")
        if source.suffix.lower() not in (".csv", ".tsv", ".txt"):
            raise SettingsError("Contours come as a table (.csv); for a single one say whose it is with --case.")
        with ProgressBar() as progress:
            summary = import_contours(
                opened(study, database),
                source,
                reader=reader,
                round_=chosen,
                drawn_on=moment,
                software=software,
                allow_early=allow_early,
                skip_invalid=skip_invalid,
                progress=progress,
            )
    else:
        summary = import_contour(
            opened(study, database),
            case,
            source,
            reader,
            chosen or Round.INITIAL,
            drawn_on=moment,
            software=software,
            label=label,
            segment=segment,
            slice_index=slice_index,
            allow_early=allow_early,
        )
    _report(study, summary, as_json)


def _moment(text: str) -> date | datetime:
    from ..errors import SettingsError
    from ..reading.contour_table import parse_moment

    try:
        return parse_moment(text)
    except ValueError as error:
        raise SettingsError(f"--drawn-on: {error}.") from error


def _report(study: Path, summary: ImportSummary, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "added": [
                    {"number": receipt.number, "round": receipt.round.value, "version": receipt.version}
                    for receipt in summary.added
                ],
                "already_there": summary.already_there,
                "left_out": [str(problem) for problem in summary.left_out],
                "notes": list(summary.notes),
            }
        )
        return
    for problem in summary.left_out:
        remark(f"Left out: {problem}")
    for note in summary.notes:
        remark(note)
    print_lines(
        [
            f"Contours added: {len(summary.added)}; there already: {summary.already_there}.",
            f"Next: cervixrisk reading status {shlex.quote(str(study))}",
        ]
    )
