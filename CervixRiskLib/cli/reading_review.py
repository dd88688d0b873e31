"""``cervixrisk reading review``: what the reviewer does."""

from __future__ import annotations

import shlex
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonFlag, examples
from .output import print_json, print_lines, print_table
from .reading_desk import CopyToOption, LabelOption, SegmentOption, SoftwareOption
from .reading_options import DatabaseOption, StudyArgument, opened

if TYPE_CHECKING:
    from ..imaging import ContourAgreement
    from ..reading import ReviewDesk, ReviewedContour, Study

REVIEW_EXAMPLES = examples(
    "cervixrisk reading review study --reviewer 'Dr. C'",
    "cervixrisk reading review study --reviewer 'Dr. C' --case 7 --copy-to looking --picture case.png",
    "cervixrisk reading review study --reviewer 'Dr. C' --case 7 --accept --of 'Dr. A' --version 1",
    "cervixrisk reading review study --reviewer 'Dr. C' --case 7 --return 'Leaves out the parametrium.' --of 'Dr. B'",
    "cervixrisk reading review study --reviewer 'Dr. C' --case 7 --adjust looking/mine.seg.nrrd",
)


def review(
    study: StudyArgument,
    reviewer: Annotated[str, typer.Option("--reviewer", metavar="NAME", help="Your name in this study.")],
    case: Annotated[
        int | None, typer.Option("--case", metavar="N", help="Look at this case, or decide on it.", show_default=False)
    ] = None,
    accept: Annotated[bool, typer.Option("--accept", help="Take a reader's contour as that of the case.")] = False,
    adjust: Annotated[
        Path | None,
        typer.Option(
            "--adjust",
            metavar="FILE",
            help="Take a contour of your own; the readers' stay as they are.",
            show_default=False,
        ),
    ] = None,
    return_: Annotated[
        str | None,
        typer.Option("--return", metavar="REASON", help="Ask a reader to correct the contour.", show_default=False),
    ] = None,
    of: Annotated[
        str | None,
        typer.Option(
            "--of",
            metavar="READER",
            help="Whose contour is accepted or returned, where several have drawn.",
            show_default=False,
        ),
    ] = None,
    version: Annotated[
        int | None,
        typer.Option(
            "--version",
            min=1,
            help="The version you looked at; refused when the reader has changed it since.",
            show_default=False,
        ),
    ] = None,
    copy_to: CopyToOption = None,
    picture: Annotated[
        Path | None,
        typer.Option("--picture", metavar="FILE.png", help="Draw the contours over the slice.", show_default=False),
    ] = None,
    label: LabelOption = None,
    segment: SegmentOption = None,
    software: SoftwareOption = "",
    database: DatabaseOption = None,
    as_json: JsonFlag = False,
) -> None:
    """List the cases that await a decision, look at one, or decide: accept, adjust or return.

    A case awaits a decision when all its readers have drawn it. The newest decision counts. A returned contour goes
    back to its reader with your reason; its repeat then opens a whole washout after the correction, and later contours
    of that reader on the case no longer count as independent readings. So review first what is to be repeated last.
    """
    from ..errors import SettingsError
    from ..reading import ReviewDesk

    decisions = [
        name for name, given in (("--accept", accept), ("--adjust", adjust), ("--return", return_)) if _is(given)
    ]
    if len(decisions) > 1:
        raise SettingsError(f"{decisions[0]} and {decisions[1]} contradict each other: give one of them.")
    if case is None and (decisions or copy_to or picture):
        raise SettingsError("Say which case is meant: --case N.")
    if decisions and (copy_to or picture):
        raise SettingsError("--copy-to and --picture are for looking: leave them out when you decide.")
    if (of is not None or version is not None) and (not decisions or decisions == ["--adjust"]):
        raise SettingsError("--of and --version go with --accept or --return.")
    if (label is not None or segment is not None or software) and decisions != ["--adjust"]:
        raise SettingsError("--label, --segment and --software go with --adjust.")
    here = opened(study, database)
    desk = ReviewDesk(here, reviewer)
    if case is None:
        _list(desk, study, as_json)
    elif not decisions:
        _look(here, desk, study, case, copy_to, picture, as_json)
    else:
        decided: dict[str, Any] = {"reviewer": desk.name, "case": case}
        if accept:
            desk.accept(case, of, version=version)
            decided |= {"decision": "accepted", "of": of}
        elif return_ is not None:
            desk.return_to_reader(case, of, reason=return_, version=version)
            decided |= {"decision": "returned", "of": of}
        elif adjust is not None:
            receipt = desk.adjust_file(case, adjust, label=label, segment=segment, software=software)
            decided |= {"decision": "adjusted", "version": receipt.version}
        left = len(desk.tasks())
        if as_json:
            print_json({**decided, "left": left})
            return
        print_lines(
            [
                f"Case {case}: {decided['decision']}.",
                f"Next ({left} left): {shlex.join(_command(study, desk))}"
                if left
                else "No other case awaits a decision.",
            ]
        )


def _is(given: object) -> bool:
    return given is not None and given is not False


def _list(desk: ReviewDesk, study: Path, as_json: bool) -> None:
    tasks = desk.tasks()
    if as_json:
        listed = [{"case": task.number, "readers": task.readers, "versions": task.versions} for task in tasks]
        print_json({"reviewer": desk.name, "waiting": listed})
        return
    if not tasks:
        print_lines(["No case awaits a decision."])
        return
    rows = [
        (
            task.number,
            ", ".join(f"{name} (v{version})" for name, version in zip(task.readers, task.versions, strict=True)),
        )
        for task in tasks
    ]
    title = "1 case awaits a decision" if len(tasks) == 1 else f"{len(tasks)} cases await a decision"
    print_table(title, ("Case", "Drawn by"), rows)
    print_lines([f"Next: {shlex.join([*_command(study, desk), '--case', str(tasks[0].number)])}"])


def _look(
    here: Study, desk: ReviewDesk, study: Path, number: int, copy_to: Path | None, picture: Path | None, as_json: bool
) -> None:
    """Measure the contours of a case, and write or draw them where asked."""
    from ..errors import ReadingError
    from ..imaging import compare_contours

    opened_image, contours = desk.open_image(number), desk.contours(number)
    if not contours:
        raise ReadingError(f"Nobody has drawn case {number} yet.")
    awaits = any(task.number == number for task in desk.tasks())
    pairs = [(one, other, compare_contours(one.roi, other.roi)) for one, other in combinations(contours, 2)]
    files: dict[str, Path] = {}
    image = opened_image.path
    if copy_to is not None:
        from .reading_copies import copy_for_review

        image, files = copy_for_review(here, number, opened_image, contours, copy_to)
    if picture is not None:
        from ..report import draw_contour_pairs

        named = [(contour.reader, contour.roi) for contour in contours]
        draw_contour_pairs(
            [(f"Case {number}", opened_image.image, named)], path=picture, simulated=here.settings.simulated
        )
    if as_json:
        print_json(
            {
                "reviewer": desk.name,
                "case": number,
                "awaits_decision": awaits,
                "image": str(image),
                "contours": [
                    {**_measures(contour), "file": str(files[contour.reader]) if files else None}
                    for contour in contours
                ],
                "pairs": [
                    {"first": one.reader, "second": other.reader, "agreement": agreement}
                    for one, other, agreement in pairs
                ],
                "picture": None if picture is None else str(picture),
                "simulated": here.settings.simulated,
            }
        )
        return
    rows = [
        (one["reader"], one["role"], one["version"], f"{one['diameter']:.1f} {one['unit']}", f"{one['area']:.1f}")
        for one in map(_measures, contours)
    ]
    print_table(f"Case {number}", ("Reader", "Role", "Version", "Diameter", f"Area ({_unit(contours[0])}²)"), rows)
    print_lines(
        [
            *(_pair_line(one, other, agreement) for one, other, agreement in pairs),
            f"Image: {image}",
            *(f"Contour of {reader}: {path}" for reader, path in files.items()),
            *([] if picture is None else [f"Picture: {picture}"]),
            *(
                []
                if awaits
                else ["This case does not await a decision: it is decided, or a reader has yet to draw it."]
            ),
            "Next: " + shlex.join([*_command(study, desk), "--case", str(number), *_accept(contours)]),
        ]
    )


def _measures(contour: ReviewedContour) -> dict[str, Any]:
    roi, unit = contour.roi, _unit(contour)
    return {
        "reader": contour.reader,
        "role": contour.role.value,
        "version": contour.version,
        "diameter": roi.max_diameter_px if roi.max_diameter_mm is None else roi.max_diameter_mm,
        "area": float(roi.n_pixels) if roi.area_mm2 is None else roi.area_mm2,
        "unit": unit,
    }


def _unit(contour: ReviewedContour) -> str:
    return "px" if contour.roi.spacing_mm is None else "mm"


def _pair_line(one: ReviewedContour, other: ReviewedContour, agreement: ContourAgreement) -> str:
    return (
        f"{one.reader} and {other.reader}: Dice {agreement.dice:.3f}, Hausdorff 95 % {agreement.hausdorff95:.1f} "
        f"{agreement.unit}"
    )


def _accept(contours: tuple[ReviewedContour, ...]) -> list[str]:
    """The options that accept the first contour as it was looked at."""
    return ["--accept", "--of", contours[0].reader, "--version", str(contours[0].version)]


def _command(study: Path, desk: ReviewDesk) -> list[str]:
    return ["cervixrisk", "reading", "review", str(study), "--reviewer", desk.name]
