"""``cervixrisk demo``: the whole way on simulated images, from nothing to a picture of an answer."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .. import RESEARCH_USE_NOTICE
from .demo_network import NETWORK, teach_network
from .options import JobsOption, JsonFlag, examples
from .output import print_json, print_lines, print_panel, remark
from .progress_bar import ProgressBar

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..plnm import PlnmPredictor
    from ..progress import Progress

EXAMPLES = examples("cervixrisk demo", "cervixrisk demo --output trial --cases 60")

TRAINING_SEED = 42
_EPOCHS = 8
# Picked among eight for a picture that shows much: a high risk, a heat map inside the lesion, a value beyond the
# training range. It illustrates; how well the model answers stands in the validation table.
UNSEEN_SEED = 2028


def demo(
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Where everything goes.")] = Path(
        "demo"
    ),
    cases: Annotated[int, typer.Option("--cases", min=40, max=10_000, help="Size of the simulated cohort.")] = 200,
    jobs: JobsOption = None,
    as_json: JsonFlag = False,
) -> None:
    """Simulate a cohort, train on it, answer for a case the model has not seen, and draw the answer.

    Takes a few minutes on two cores. All images are simulated, and the network has learned from other simulated images:
    what you see shows how the program works, and says nothing about any patient.
    """
    from ..bundle import load_bundle
    from ..cohort import load_cohort
    from ..cohort.simulation import simulate_ultrasound
    from ..errors import MissingComponentError
    from ..plnm import Effort, TrainingSettings, load_predictor, train
    from .answer import prediction_json, prediction_lines
    from .answer_files import write_extras
    from .train import print_training

    remark(f"Everything here is SIMULATED. {RESEARCH_USE_NOTICE}")
    with_network = importlib.util.find_spec("torch") is not None
    if not with_network:
        remark('PyTorch is not installed, so the demo uses radiomics alone; pip install "cervixrisk[train]" adds it.')
    with ProgressBar() as progress:
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
        prediction = predictor.predict(case, progress=progress)
    files = {"Bundle": result.bundle_path}
    for wanted in ({"heatmap": output / "heatmap.nrrd"}, {"nomogram": output / "nomogram.png"},
                   {"picture": output / "slice.png"}):  # fmt: skip
        try:
            files |= write_extras(predictor, case, prediction, **wanted)
        except MissingComponentError as error:
            remark(str(error))
    if as_json:
        print_json(
            {
                "simulated": True,
                "metrics": result.metrics,
                "prediction": prediction_json(prediction),
                "files": {name: str(path) for name, path in files.items()},
            }
        )
        return
    print_training(result)
    ceiling = json.loads((table.parent / "simulation.json").read_text(encoding="utf-8"))["achievable_auc"]
    print_lines(
        [
            f"No model can do better on these simulated cases than an AUC of {ceiling['both']:.2f} "
            f"(image alone {ceiling['image']:.2f}, clinical values alone {ceiling['clinical']:.2f})."
        ]
    )
    print_panel("SIMULATED: pelvic lymph node metastasis of an unseen case", prediction_lines(prediction))
    print_lines(["This case was picked for its picture; the table above says how good the model is."])
    print_lines(f"{name}: {path}" for name, path in files.items())


def _unseen_case(folder: Path, predictor: PlnmPredictor, progress: Progress) -> CaseInput:
    """The first case with metastasis of a small cohort drawn with another seed."""
    from ..bundle import CaseInput
    from ..cohort import clinical_frame, load_case, load_cohort
    from ..cohort.simulation import simulate_ultrasound
    from .case_reading import known_values

    cohort = load_cohort(simulate_ultrasound(folder, 8, UNSEEN_SEED, prevalence=0.5, progress=progress))
    case_id = next(name for name, outcome in zip(cohort.case_ids, cohort.outcomes, strict=True) if outcome == 1)
    image, roi = load_case(cohort, case_id)
    return CaseInput(case_id, image, roi, known_values(clinical_frame(cohort).loc[case_id], predictor))
