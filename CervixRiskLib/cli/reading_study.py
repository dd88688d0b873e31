"""``cervixrisk reading create|assign|status``: how the coordinator sets a reader study up and follows it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonFlag, SeedOption, SkipInvalidFlag, examples
from .output import print_json, print_lines, print_table
from .progress_bar import ProgressBar
from .reading_options import DatabaseOption, StudyArgument, opened

if TYPE_CHECKING:
    from ..reading import StudyIntegrity, StudyStatus

CREATE_EXAMPLES = examples(
    "cervixrisk reading create study --cohort cohort/cohort.csv",
    "cervixrisk reading create study --cohort cohort/cohort.csv --washout-days 28 --seed 7",
    "cervixrisk reading create study --cohort cohort/cohort.csv --database postgresql://reader@server/studies",
)
ASSIGN_EXAMPLES = examples(
    "cervixrisk reading assign study --primary 'Dr. A' --second 'Dr. B' --reviewer 'Dr. C'",
    "cervixrisk reading assign study --primary 'Dr. A' --second 'Dr. B' --second 'Dr. D' --cases 30 --no-repeat",
)
STATUS_EXAMPLES = examples("cervixrisk reading status study", "cervixrisk reading status study --json")

_SIMULATED = "SIMULATED: the cohort is simulated, and everything made from this study says so."

CohortOption = Annotated[Path, typer.Option("--cohort", metavar="TABLE", help="The cohort table: case_id, image, …")]


def create(
    study: Annotated[Path, typer.Argument(metavar="STUDY", help="Folder for the study: new or empty.")],
    cohort: CohortOption,
    database: DatabaseOption = None,
    seed: SeedOption = 42,
    washout_days: Annotated[
        float,
        typer.Option("--washout-days", min=0, max=3660, help="Days between a case's first contour and its repeat."),
    ] = 56.0,
    skip_invalid: SkipInvalidFlag = False,
    as_json: JsonFlag = False,
) -> None:
    """Make a study of a cohort's images.

    The slices are copied under random numbers, without names or headers. Outcomes, clinical values and contours of the
    table are not taken over: what is not in the study cannot be shown to a reader.
    """
    from ..reading import create_study

    with ProgressBar() as progress:
        made = create_study(
            study,
            cohort,
            database=database,
            seed=seed,
            washout_days=washout_days,
            skip_invalid=skip_invalid,
            progress=progress,
        )
    cases = len(made.cases())
    if as_json:
        print_json({"study": str(study), "cases": cases, "simulated": made.settings.simulated, "seed": seed})
        return
    print_lines(
        [
            f"{cases} cases: {study}",
            *([_SIMULATED] if made.settings.simulated else []),
            f"Next: cervixrisk reading assign {shlex.quote(str(study))} --primary NAME --second NAME --reviewer NAME",
        ]
    )


def assign(
    study: StudyArgument,
    primary: Annotated[str, typer.Option("--primary", metavar="NAME", help="Who delineates every case.")],
    second: Annotated[
        list[str] | None,
        typer.Option("--second", metavar="NAME", help="Who delineates a random part; may be given several times."),
    ] = None,
    reviewer: Annotated[
        str | None, typer.Option("--reviewer", metavar="NAME", help="Who accepts, adjusts or returns contours.")
    ] = None,
    cases: Annotated[
        int, typer.Option("--cases", min=2, help="Random cases for second readers and the repeat; at most all.")
    ] = 50,
    repeat: Annotated[
        bool, typer.Option("--repeat/--no-repeat", help="The primary reader draws those cases again later.")
    ] = True,
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Give every reader a list of cases in random order.

    The command can be given again: it adds who and what is missing and changes nothing else.
    """
    from ..reading import assign as assign_lists

    summary = assign_lists(
        opened(study, database),
        primary=primary,
        seconds=second or (),
        reviewer=reviewer,
        second_cases=cases,
        repeat=repeat,
    )
    if as_json:
        print_json(summary)
        return
    print_lines(
        [
            f"Primary reader: {summary.primary_cases} cases, {summary.repeat_cases} of them again after the washout.",
            f"Second readers: {summary.second_cases} cases each.",
            f"Next: cervixrisk reading next {shlex.quote(str(study))} --reader NAME",
            "or, for contours that were drawn elsewhere, cervixrisk reading import.",
        ]
    )


def status(study: StudyArgument, database: DatabaseOption = None, as_json: JsonFlag = False) -> None:
    """Show how far every reader is, what awaits review, and whether files and rows belong together.

    Exit code 2 when a file is missing, was changed, or belongs to no row.
    """
    from ..reading import study_status

    with ProgressBar() as progress:
        found = study_status(opened(study, database), progress=progress)
    if as_json:
        print_json({**_status_json(found), "sound": found.integrity.sound})
    else:
        _print_status(found)
    if not found.integrity.sound:
        raise typer.Exit(2)


def _status_json(found: StudyStatus) -> dict[str, object]:
    from ..bundle.json_record import to_json

    lists = [
        {
            **vars(entry),
            "next_opens_on": None if entry.next_opens_on is None else entry.next_opens_on.isoformat(),
        }
        for entry in found.lists
    ]
    return {**{name: to_json(value) for name, value in vars(found).items() if name != "lists"}, "lists": lists}


def _print_status(found: StudyStatus) -> None:
    rows = [
        (
            entry.reader,
            entry.role.value,
            entry.round.value,
            f"{entry.drawn} of {entry.total}",
            entry.returned,
            entry.waiting,
            entry.next_opens_on or "",
        )
        for entry in found.lists
    ]
    head = ("Reader", "Role", "Round", "Drawn", "Returned", "Waiting", "Next opens on")
    print_table(f"{found.cases} cases", head, rows)
    print_lines(
        [f"Review: {found.reviewed} decided, {found.awaiting_review} await a decision.", *_integrity(found.integrity)]
    )


def _integrity(integrity: StudyIntegrity) -> list[str]:
    """One line for each kind of damage, also where there is none."""
    kinds = (
        ("Files without a row", integrity.files_without_row),
        ("Rows without a file", integrity.rows_without_file),
        ("Contours changed outside the study", integrity.changed_files),
        ("Images missing or changed", tuple(f"case {number}" for number in integrity.changed_images)),
    )
    return [f"{title}: {', '.join(found) if found else 'none'}." for title, found in kinds]
