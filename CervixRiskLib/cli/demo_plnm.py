"""The lymph node half of the demo: simulated ultrasound, a fused model, an answer for an unseen case."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

from ..progress import SILENT, Progress
from .demo_network import NETWORK, teach_network
from .study_demo import StudyDemo

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..plnm import PlnmPredictor

TRAINING_SEED = 42
_EPOCHS = 8
# Picked among eight for a picture that shows much: a high risk, and a value beyond the training range. It illustrates;
# how well the model answers stands in the validation table.
UNSEEN_SEED = 2028


def run_plnm_demo(output: Path, *, cases: int, jobs: int | None = None, progress: Progress = SILENT) -> StudyDemo:
    """Simulate a cohort of ``cases`` under ``output``, train on it, and answer for a case of another seed.

    Without PyTorch radiomics alone answer.
    """
    from ..bundle import load_bundle
    from ..cohort import load_cohort
    from ..cohort.simulation import simulate_ultrasound
    from ..plnm import Effort, TrainingSettings, load_predictor, train

    with_network = importlib.util.find_spec("torch") is not None
    weights = "none"
    if with_network:
        taught = teach_network(
            output / "network", cases=max(40, cases // 2), epochs=_EPOCHS, jobs=jobs, progress=progress
        )
        weights = str(taught)
    settings = TrainingSettings(
        networks=(NETWORK,) if with_network else (),
        weights=weights,
        preset="slice2d",
        effort=Effort.QUICK,
        classifiers=() if with_network else ("logistic_regression", "svm"),
        jobs=jobs,
    )
    table = simulate_ultrasound(output / "cohort", cases, TRAINING_SEED, jobs=jobs, progress=progress)
    result = train(load_cohort(table), settings, output / "model.zip", progress)
    predictor = load_predictor(load_bundle(result.bundle_path))
    case = _unseen_case(output / "unseen", predictor, progress)
    return StudyDemo(table, result, predictor, case, predictor.predict(case, progress=progress))


def _unseen_case(folder: Path, predictor: PlnmPredictor, progress: Progress) -> CaseInput:
    """The first case with metastasis of a small cohort drawn with another seed."""
    from ..bundle import CaseInput
    from ..cohort import clinical_frame, load_case, load_cohort
    from ..cohort.simulation import simulate_ultrasound
    from .case_reading import known_values

    cohort = load_cohort(simulate_ultrasound(folder, 8, UNSEEN_SEED, prevalence=0.5, progress=progress))
    case_id = next(name for name, outcome in zip(cohort.case_ids, cohort.outcomes, strict=True) if outcome == 1)
    image, roi = load_case(cohort, case_id)
    return CaseInput(case_id, image, roi, known_values(clinical_frame(cohort).loc[case_id], predictor.columns))
