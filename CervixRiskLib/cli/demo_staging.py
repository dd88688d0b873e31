"""The staging half of the demo: simulated MRI, HRNet-W32 in small, an answer for an unseen case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from ..progress import SILENT, Progress
from .study_demo import StudyDemo

TRAINING_SEED = 42
UNSEEN_SEED = 2028
_SIZE = 64
_EPOCHS = 12


def run_staging_demo(output: Path, *, cases: int, jobs: int | None = None, progress: Progress = SILENT) -> StudyDemo:
    """Simulate ``cases`` slices under ``output``, train on them, and answer for one of another seed.

    The network starts from random weights and sees small pictures for a few epochs: enough to show the way, far from
    the published training.

    Raises
    ------
    MissingComponentError
        PyTorch is not installed.
    """
    from ..bundle import CaseInput, load_bundle
    from ..cohort import load_slices
    from ..cohort.simulation import simulate_mri
    from ..imaging import SlicePreprocessing
    from ..networks import TrainingPlan
    from ..staging import StagingSettings, load_predictor, load_staging_cohort, train

    settings = StagingSettings(
        weights="none",
        plan=replace(TrainingPlan.published(), epochs=_EPOCHS),
        preprocessing=SlicePreprocessing(size=_SIZE),
    )
    table = simulate_mri(output / "mri-cohort", cases, TRAINING_SEED, jobs=jobs, progress=progress)
    result = train(load_staging_cohort(table, settings), settings, output / "staging.zip", progress)
    predictor = load_predictor(load_bundle(result.bundle_path))
    unseen = load_staging_cohort(simulate_mri(output / "mri-unseen", 8, UNSEEN_SEED, progress=progress), settings)
    case_id = next(name for name, code in zip(unseen.case_ids, unseen.outcomes, strict=True) if code == 1)
    slices = load_slices(unseen, case_id)
    case = CaseInput(case_id, slices.images[0], slices.roi, further_images=slices.images[1:])
    return StudyDemo(table, result, predictor, case, predictor.predict(case, progress=progress))
