"""``cervixrisk predict --cohort``: an answer for every case of a table."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from .answer import prediction_row
from .case_reading import known_values
from .output import print_json, print_lines, remark
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    import pandas as pd

    from ..bundle import CaseInput
    from ..cohort import Cohort
    from .asked_program import AskedProgram

NO_OUTCOME = "(no outcome is read)"
"""An answer needs none, and groups have names."""


def answer_cohort(program: AskedProgram, cohort_path: Path, output: Path, *, skip_invalid: bool, as_json: bool) -> None:
    """Write one row a case to ``output``; whole or not at all.

    Raises
    ------
    CohortError
        The table cannot be used, lacks a channel, or a case cannot be answered (without ``skip_invalid``).
    StorageError
        The disk is full, or ``output`` cannot be written.
    PredictionProgramError
        The program that answers failed on a case (without ``skip_invalid``).
    """
    from ..cohort import clinical_frame, load_cohort
    from ..errors import CervixRiskError, CohortError, StorageError
    from ..worker import PredictionProgramError

    cohort = load_cohort(
        cohort_path,
        outcome=NO_OUTCOME,
        columns=program.columns,
        skip_invalid=skip_invalid,
        require_roi=program.needs_roi,
        require_outcome=False,
    )
    missing = [name for name in program.channels if name not in cohort.channels]
    if missing:
        raise CohortError(f"The model looks at several images: the table has no column {', '.join(missing)}.")
    clinical = clinical_frame(cohort)
    rows: list[dict[str, Any]] = []
    left_out = [f"{problem}" for problem in cohort.excluded]
    with ProgressBar() as progress, progress.task("Answering", total=len(cohort)) as task:
        for case_id in cohort.case_ids:
            try:
                case = cohort_case(cohort, case_id, clinical.loc[case_id], program)
                rows.append(prediction_row(program.ask(case)))
            except StorageError:
                # No case's fault: a full disk ends the work.
                raise
            except CervixRiskError as error:
                if not skip_invalid:
                    if isinstance(error, PredictionProgramError):
                        raise
                    raise CohortError(f"Case {case_id}: {error} (--skip-invalid goes on without it.)") from error
                left_out.append(f"{case_id}: {error}")
            task.advance()
    if not rows:
        raise CohortError("No case of the table could be answered.")
    write_answers(rows, left_out, output, as_json=as_json)


def write_answers(rows: list[dict[str, Any]], left_out: list[str], output: Path, *, as_json: bool) -> None:
    """Write rows of :func:`.answer.prediction_row` whole or not at all, and say what was left out."""
    import pandas as pd

    from ..atomic import atomic_file

    table = pd.DataFrame(rows)
    with atomic_file(output) as partial:
        table.to_csv(partial, index=False)
    simulated = bool(table["simulated"].any())
    if as_json:
        print_json({"output": str(output), "cases": len(rows), "left_out": left_out, "simulated": simulated})
        return
    for line in left_out:
        remark(f"Left out: {line}")
    if simulated:
        remark("SIMULATED: the bundle was trained on simulated images; its answers mean nothing for a patient.")
    print_lines([f"{len(rows)} case{'s' if len(rows) > 1 else ''} answered: {output}"])


def cohort_case(cohort: Cohort, case_id: str, clinical: pd.Series, program: AskedProgram) -> CaseInput:
    """One case with the channels that the model looks at, in its order."""
    from ..bundle import CaseInput
    from ..cohort import load_slices

    slices = load_slices(cohort, case_id)
    images = dict(zip(cohort.channels, slices.images, strict=True))
    first, *further = (images[name] for name in program.channels)
    return CaseInput(case_id, first, slices.roi, known_values(clinical, program.columns), tuple(further))
