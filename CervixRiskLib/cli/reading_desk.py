"""``cervixrisk reading next|submit``: what a reader does."""

from __future__ import annotations

import shlex
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .options import JsonFlag, examples
from .output import print_json, print_lines, remark
from .reading_options import DatabaseOption, StudyArgument, opened

if TYPE_CHECKING:
    from ..reading import ReaderDesk, ReadingTask, Round, WaitingTasks

NEXT_EXAMPLES = examples(
    "cervixrisk reading next study --reader 'Dr. A'",
    "cervixrisk reading next study --reader 'Dr. A' --copy-to drawing",
)
SUBMIT_EXAMPLES = examples(
    "cervixrisk reading submit study --reader 'Dr. A' --case 7 --contour drawing/case-0007-initial.seg.nrrd",
    "cervixrisk reading submit study --reader 'Dr. A' --case 7 --round repeat --contour mask.png --minutes 4",
    "cervixrisk reading submit study --reader 'Dr. A' --case 7 --contour labels.nii.gz --label 2 --software ITK-SNAP",
)

ReaderOption = Annotated[str, typer.Option("--reader", metavar="NAME", help="Your name in this study.")]
CopyToOption = Annotated[
    Path | None,
    typer.Option(
        "--copy-to", metavar="FOLDER", help="Copy what you need into this folder of your own.", show_default=False
    ),
]
LabelOption = Annotated[
    int | None,
    typer.Option("--label", min=1, help="Which label is the tumour, where the file has several.", show_default=False),
]
SegmentOption = Annotated[
    str | None,
    typer.Option("--segment", metavar="NAME", help="Which segment is the tumour, by name.", show_default=False),
]
MinutesOption = Annotated[
    float | None,
    typer.Option(
        "--minutes", min=0, help="How long the drawing took; else the time since 'next' is kept.", show_default=False
    ),
]
SoftwareOption = Annotated[
    str, typer.Option("--software", metavar="TEXT", help="What it was drawn with.", show_default=False)
]


class ReaderRound(str, Enum):
    """The rounds in which readers draw."""

    initial = "initial"
    repeat = "repeat"


def next_case(
    study: StudyArgument,
    reader: ReaderOption,
    copy_to: CopyToOption = None,
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Show the next case to draw, and note that its image was opened.

    First comes what the reviewer has returned, then repeats whose date has come, then the rest, in your own random
    order. Draw on the image that is named and on no other. A returned case brings your own contour back with --copy-to,
    to be corrected; nothing else that anybody has drawn is ever shown.
    """
    from ..reading import ReaderDesk, TaskState

    here = opened(study, database)
    desk = ReaderDesk(here, reader)
    task, waiting = desk.next_task(), desk.waiting()
    tasks = desk.tasks()
    left = {state.value: sum(one.state is state for one in tasks) for state in (TaskState.RETURNED, TaskState.OPEN)}
    first = None if waiting.first_opens_on is None else waiting.first_opens_on.isoformat()
    later = {"count": waiting.count, "not_before": first}
    told = {"reader": desk.name, "left": left, "later": later, "simulated": here.settings.simulated}
    if task is None:
        if as_json:
            print_json({**told, "case": None})
        else:
            print_lines(["Nothing to draw today.", *_waiting_lines(waiting)])
        return
    copied: list[Path] = []
    if copy_to is None:
        image = desk.open_image(task.number, task.round).path
    else:
        from .reading_copies import copy_task

        image, *copied = copy_task(here, desk, task, copy_to)
    command = _submit_command(study, desk.name, task, copy_to)
    if as_json:
        content = {
            "case": task.number,
            "round": task.round,
            "state": task.state,
            "position": task.position,
            "total": task.total,
            "remark": task.remark,
            "image": str(image),
            "contour": str(copied[0]) if copied else None,
            "submit": command,
        }
        print_json({**told, **content})
        return
    words = {TaskState.RETURNED: "returned to you for correction", TaskState.OPEN: f"{task.round.value} round"}
    print_lines(
        [
            f"Case {task.number}: {words[task.state]} ({task.position} of {task.total} on your list)",
            *([f"The reviewer writes: {task.remark}"] if task.remark else []),
            f"Image: {image}",
            *(f"Your contour, to be corrected: {path}" for path in copied),
            f"Left today: {left['open']} to draw, {left['returned']} to correct.",
            *_waiting_lines(waiting),
            f"Next: {command}",
        ]
    )


def submit(
    study: StudyArgument,
    reader: ReaderOption,
    case: Annotated[int, typer.Option("--case", metavar="N", help="The case's number, as 'next' names it.")],
    contour: Annotated[
        Path,
        typer.Option(
            "--contour",
            metavar="FILE",
            help="The contour on the image of the study: .seg.nrrd, NRRD, NIfTI, DICOM SEG, label picture or points.",
        ),
    ],
    round_: Annotated[
        ReaderRound | None,
        typer.Option("--round", help="Which reading; else the one that is open today.", show_default=False),
    ] = None,
    minutes: MinutesOption = None,
    software: SoftwareOption = "",
    label: LabelOption = None,
    segment: SegmentOption = None,
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Store your contour of a case.

    A changed contour may be submitted again as a new version, until the reviewer has decided or you have repeated the
    case; the earlier version is kept.
    """
    from ..reading import ReaderDesk, Round, TaskState

    desk = ReaderDesk(opened(study, database), reader)
    round_read = _round_today(desk, case) if round_ is None else Round(round_.value)
    receipt = desk.submit_file(
        case,
        contour,
        round_=round_read,
        label=label,
        segment=segment,
        duration_s=None if minutes is None else 60.0 * minutes,
        software=software,
    )
    tasks = desk.tasks()
    left = sum(task.state in (TaskState.OPEN, TaskState.RETURNED) for task in tasks)
    if as_json:
        print_json({"reader": desk.name, **_receipt_json(receipt), "left": left})
        return
    if receipt.already_there:
        unchanged = any(
            task.number == case and task.round is round_read and task.state is TaskState.RETURNED for task in tasks
        )
        why = "change it, for it is still returned to you" if unchanged else "nothing was added"
        remark(f"This is the contour that you had submitted before: {why}.")
    else:
        print_lines([f"Case {receipt.number}, {receipt.round.value} round: stored as version {receipt.version}."])
    command = ["cervixrisk", "reading", "next", str(study), "--reader", desk.name]
    print_lines([f"Next ({left} left today): {shlex.join(command)}" if left else "Nothing is left for today."])


def _receipt_json(receipt: object) -> dict[str, object]:
    from ..bundle.json_record import to_json

    content = dict(to_json(receipt))
    content["case"] = content.pop("number")
    return content


def _round_today(desk: ReaderDesk, number: int) -> Round:
    """The reading of a case that awaits a contour; else the last one, which may still be changed."""
    from ..reading import Round, TaskState

    found = {task.round: task.state for task in desk.tasks() if task.number == number}
    for wanted in (TaskState.RETURNED, TaskState.OPEN):
        for round_, state in found.items():
            if state is wanted:
                return round_
    # The list begins with repeats. A case that is not on it is refused by the desk.
    return next(iter(found), Round.INITIAL)


def _waiting_lines(waiting: WaitingTasks) -> list[str]:
    if waiting.count == 0:
        return []
    again = "1 case comes" if waiting.count == 1 else f"{waiting.count} cases come"
    date = "" if waiting.first_opens_on is None else f", not before {waiting.first_opens_on.isoformat()}"
    return [f"Later {again} a second time{date}."]


def _submit_command(study: Path, reader: str, task: ReadingTask, folder: Path | None) -> str:
    from .reading_copies import contour_name

    contour = Path(folder or ".") / contour_name(task)
    command = ["cervixrisk", "reading", "submit", str(study), "--reader", reader, "--case", str(task.number)]
    return shlex.join([*command, "--round", task.round.value, "--contour", str(contour)])
