"""The report that training writes beside its bundle, and the folder of the run it stands in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .output import remark
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ..bundle.example_choice import ChosenExample
    from ..bundle.study_examples import StudyExample
    from ..cohort import Cohort
    from ..progress import Progress

ReportOption = Annotated[
    Path | None,
    typer.Option(
        "--report",
        metavar="FOLDER",
        help="Where the study report goes: page, PDF, JSON, figures, and what is needed to make it again.  "
        "[default: the bundle's name with _report]",
        show_default=False,
    ),
]
NoReportFlag = Annotated[
    bool, typer.Option("--no-report", help="Write no report; 'report study BUNDLE' makes it later, without pictures.")
]


def report_folder(bundle: Path, report: Path | None, no_report: bool) -> Path | None:
    """Where the report goes, ``None`` where none is wanted; checked before the long work.

    Raises
    ------
    SettingsError
        Two options contradict each other.
    StorageError
        Something else stands there.
    """
    from ..bundle.contents import MANIFEST_NAME
    from ..bundle.study_examples import EXAMPLES_NAME
    from ..bundle.study_file import RUN_NAME
    from ..bundle.study_record import STUDY_NAME
    from ..errors import SettingsError, StorageError
    from ..report.study.writer import check_study_folder

    if no_report:
        if report is not None:
            raise SettingsError("--report and --no-report contradict each other: give one of them.")
        return None
    folder = report or bundle.with_name(f"{bundle.name.removesuffix('.zip')}_report")
    if folder.absolute() == bundle.absolute():
        raise StorageError("The folder for the report is a bundle: choose another one for --report.")
    if bundle.absolute() in folder.absolute().parents:
        raise StorageError("The folder for the report lies in the bundle: choose another one for --report.")
    check_study_folder(folder)
    if not (folder / RUN_NAME).exists():
        for name in (MANIFEST_NAME, STUDY_NAME, EXAMPLES_NAME):
            if (folder / name).exists():
                raise StorageError(
                    f'The folder for the report holds "{name}", which is not of an earlier training: choose another '
                    "one for --report."
                )
    return folder


def report_training(
    bundle: Path, folder: Path, images: Cohort | None, chosen: Sequence[ChosenExample], device: str
) -> dict[str, Path]:
    """The report of a training that just ended, with its example cases answered by the bundle.

    Parameters
    ----------
    images
        The cohort with its images, ``None`` where it has features alone: then there are no pictures.
    """
    from ..worker.example_cases import picture_examples

    with ProgressBar() as progress:
        return write_training_report(
            bundle,
            folder,
            lambda: (
                () if images is None else picture_examples(bundle, images, chosen, device=device, progress=progress)
            ),
            progress,
        )


def write_training_report(
    bundle: Path, folder: Path, pictures: Callable[[], Sequence[StudyExample]], progress: Progress
) -> dict[str, Path]:
    """Leave the run's folder with its report; returns what is there.

    The bundle is complete by now: what hinders the report is said, and training ends well.

    Parameters
    ----------
    pictures
        Answers the example cases; called once.
    """
    from ..bundle import load_bundle
    from ..bundle.study_examples import EXAMPLES_NAME, write_examples
    from ..bundle.study_file import load_study, write_run
    from ..errors import CervixRiskError
    from ..report.study.writer import PAGE_NAME, write_study_report

    try:
        # Those of an earlier run must not be shown as this one's.
        (folder / EXAMPLES_NAME).unlink(missing_ok=True)
        write_run(folder, load_bundle(bundle))
        examples = pictures()
        if examples:
            write_examples(folder / EXAMPLES_NAME, examples)
        write_study_report(load_study(folder), folder, progress=progress)
    except CervixRiskError as error:
        remark(f"The report was not written: {error} The bundle is complete; 'cervixrisk report study' tries again.")
        return {}
    return {"Report": folder / PAGE_NAME}
