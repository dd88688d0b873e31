"""The example cases of a training run, answered by the bundle that it made."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ..progress import SILENT, Progress

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..bundle.example_choice import ChosenExample
    from ..bundle.study_examples import StudyExample
    from ..cohort import Cohort
    from .predictors import StudyPredictor


def picture_examples(
    bundle: Path,
    cohort: Cohort,
    chosen: Sequence[ChosenExample],
    *,
    device: str = "auto",
    progress: Progress = SILENT,
) -> tuple[StudyExample, ...]:
    """Answer each chosen case with its heat map and cut the part of the slice that is shown.

    Where a case cannot be answered (a clinical value is missing, which training fills in) the next candidate stands in;
    where none can, the example is left out.

    Parameters
    ----------
    bundle
        Folder or ``.zip``.
    cohort
        The cohort it was trained on, with its images.

    Raises
    ------
    BundleError, MissingComponentError
        The bundle cannot be used here.
    StorageError
        The disk failed.
    Cancelled
        ``progress`` said so.
    """
    from ..bundle.example_picture import picture_example
    from ..errors import ClinicalValueError, FeatureError, ImageError, RoiError
    from .predictors import open_predictor

    if not chosen:
        return ()
    _, predictor = open_predictor(bundle, device=device)
    examples: list[StudyExample] = []
    shown: set[str] = set()
    with progress.task("Picturing examples", total=len(chosen)) as task:
        for example in chosen:
            for case_id in example.candidates:
                if case_id in shown:
                    continue
                try:
                    case = _case(cohort, case_id, predictor)
                    prediction = predictor.predict(case, heatmap=True, progress=progress)
                except (ClinicalValueError, FeatureError, ImageError, RoiError):
                    # The case's own fault, which training could bear; the next one stands in.
                    continue
                shown.add(case_id)
                about = {"outcome": example.outcome, "reason": example.reason}
                examples.append(picture_example(case.image, case.roi, prediction, held_out=example.held_out, **about))
                break
            task.advance()
    return tuple(examples)


def _case(cohort: Cohort, case_id: str, predictor: StudyPredictor) -> CaseInput:
    from ..bundle import CaseInput
    from ..cohort import clinical_frame, load_slices

    slices = load_slices(cohort, case_id)
    images = dict(zip(cohort.channels, slices.images, strict=True))
    first, *further = (images[name] for name in predictor.channels)
    values = {
        str(name): float(value)
        for name, value in clinical_frame(cohort).loc[case_id].items()
        if str(name) in predictor.columns and value == value
    }
    return CaseInput(case_id, first, slices.roi, values, tuple(further))
