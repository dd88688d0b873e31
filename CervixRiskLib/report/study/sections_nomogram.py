"""The nomogram: its scales, its calibration, what acting on it is worth, what it adds to the clinical predictors."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_file import Study
from ...bundle.study_record import PAPER_TEST, PAPER_TRAINING, TEST, TRAINING, ModelTable
from ...errors import BundleError, TrainingError
from ...statistics import Nomogram, confusion_matrix, reclassification
from .calibration_blocks import calibration_blocks
from .cells import Cell, Estimate, PValue, cell_text
from .decision_blocks import decision_blocks
from .document import Absence, Block, FigureBlock, Paragraph, Section, TableBlock
from .performance import HONEST, PAPER, Judged, main_model, models_of
from .published_plnm import COLUMN

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_PUBLISHED_CALIBRATION: dict[str, dict[str, Cell]] = {
    f"{COLUMN}: training": {"Hosmer-Lemeshow p": PValue(0.072)},
    f"{COLUMN}: testing": {"Hosmer-Lemeshow p": PValue(0.131)},
}
_SIDES = (
    (HONEST, TRAINING, "cross-validated"),
    (HONEST, TEST, "held-out test"),
    (PAPER, PAPER_TRAINING, "paper protocol, training"),
    (PAPER, PAPER_TEST, "paper protocol, test"),
)


def nomogram_sections(study: Study) -> tuple[Section, ...]:
    """Scales, calibration, confusion at the cut-off, decision curves, reclassification."""
    return (
        Section("The nomogram", _scales(study)),
        Section("Calibration", _calibration(study), level=2),
        Section("At the cut-off", _confusion(study), level=2),
        Section("Decision curves", _decisions(study), level=2),
        Section("Reclassification (secondary)", _reclassification(study), level=2),
    )


def _class_names(study: Study) -> tuple[str, str]:
    return study.manifest.class_names[0], study.manifest.class_names[1]


def _scales(study: Study) -> tuple[Block, ...]:
    if study.manifest.nomogram is None:
        return (Absence("This bundle has no nomogram."),)
    try:
        nomogram = Nomogram.from_dict(study.manifest.nomogram)
    except BundleError as error:
        return (Absence(f"The nomogram cannot be drawn. {error}"),)

    def draw() -> Figure:
        from ..figures.nomogram import draw_nomogram

        return draw_nomogram(nomogram, outcome=study.manifest.positive_class, simulated=study.manifest.simulated)

    names = ", ".join(axis.label for axis in nomogram.axes)
    calibration = study.manifest.calibration
    platt = ""
    if calibration.slope is not None and calibration.intercept is not None:
        slope, intercept = cell_text(Estimate(calibration.slope)), cell_text(Estimate(calibration.intercept))
        platt = f" Its risk includes Platt scaling, slope {slope} and intercept {intercept}."
    threshold = study.manifest.threshold
    cut = "" if threshold is None else f" Cut-off: {100 * threshold:.1f} %."
    return (
        FigureBlock(
            "Nomogram of the final model", draw, "nomogram", f"Nomogram with the axes {names}.", number="Figure 12"
        ),
        Paragraph(
            f"Logistic regression on {names}.{platt}{cut} It was fitted to out-of-fold scores, which each training "
            "case got from models that had not seen it; a new case's score is the final model's."
        ),
    )


def _sides(study: Study) -> dict[str, Judged]:
    found = {}
    for protocol, cases, title in _SIDES:
        model = main_model(study.record, cases, protocol)
        if model is not None:
            found[f"{model.model.name}, {title}"] = model
    return found


def _calibration(study: Study) -> tuple[Block, ...]:
    models = _sides(study)
    if not models:
        return (Absence("No calibration: no model was judged."),)
    return calibration_blocks(
        models,
        _class_names(study),
        simulated=study.manifest.simulated,
        number="Figure 14",
        published=_PUBLISHED_CALIBRATION,
    )


def _confusion(study: Study) -> tuple[Block, ...]:
    models = {title: model for title, model in _sides(study).items() if model.model.predicted}
    if not models:
        return (Absence("No cut-off was chosen, so there is no table of right and wrong answers."),)
    matrices = []
    for title, model in models.items():
        # A panel's name has little room: the model's own stands in the title.
        side = title.removeprefix(f"{model.model.name}, ").replace("paper protocol", "paper")
        side = f"{side}, repeat 1" if len(model.model.predicted) > 1 else side
        matrices.append((side, confusion_matrix(model.outcomes, model.model.predicted[0], 2)))
    named = " and ".join(dict.fromkeys(model.model.name for model in models.values()))

    def draw() -> Figure:
        from ..figures.confusion import draw_confusion_matrices

        return draw_confusion_matrices(matrices, _class_names(study), simulated=study.manifest.simulated)

    words = "; ".join(f"{title}: {_counts(matrix)}" for title, matrix in matrices)
    return (FigureBlock(f"Answers of the {named} at the cut-off", draw, "confusion", f"Confusion matrices. {words}."),)


def _counts(matrix: np.ndarray) -> str:
    return f"{matrix[1, 1]} of {matrix[1].sum()} positive and {matrix[0, 0]} of {matrix[0].sum()} negative cases right"


def _decisions(study: Study) -> tuple[Block, ...]:
    blocks: list[Block] = []
    for cases, side, name in (
        (TRAINING, "cross-validated", "decision_curve"),
        (TEST, "held-out test", "decision_test"),
    ):
        main = main_model(study.record, cases)
        if main is None:
            continue
        # The main model first: what does not fit on the figure is left out from the end.
        models = {main.model.name: main, **models_of(study.record, ModelTable.MODELS, HONEST, cases)}
        models |= models_of(study.record, ModelTable.BASELINES, HONEST, cases)
        blocks.append(Paragraph(f"Honest, {side}:"))
        blocks += decision_blocks(
            models, main=main.model.name, simulated=study.manifest.simulated, name=name, number="Figure 15"
        )
    if not blocks:
        return (Absence("No decision curve: there is no honest estimate of the probabilities."),)
    blocks.append(
        Paragraph("Published, other data: a greater net benefit of the nomogram at thresholds of 10 to 50 %.")
    )
    return tuple(blocks)


def _reclassification(study: Study) -> tuple[Block, ...]:
    model = main_model(study.record)
    baselines = models_of(study.record, ModelTable.BASELINES, HONEST, TRAINING)
    old = next((found for name, found in baselines.items() if "clinical" in name), None)
    if model is None or old is None or not (model.model.probability and old.model.probability):
        return (Absence("No reclassification: there are no clinical predictors to start from, or no probabilities."),)
    # The bundle's cut-off was chosen on the outcomes of these same cases, for the new model and not for the old one.
    event_rate = float(model.outcomes.mean())
    try:
        found = reclassification(model.outcomes, old.scores, model.scores, (event_rate,), model.patients)
    except TrainingError as error:
        return (Absence(f"Reclassification is undefined. {error}"),)
    rows = [
        (f"Categorical NRI at the event rate, {100 * event_rate:.0f} %", found.nri),
        ("  of the positive cases", found.nri_positive),
        ("  of the negative cases", found.nri_negative),
        ("Continuous NRI", found.continuous_nri),
        ("  of the positive cases", found.continuous_nri_positive),
        ("  of the negative cases", found.continuous_nri_negative),
        ("Integrated discrimination improvement", found.idi),
    ]
    known = [(title, value) for title, value in rows if value is not None]
    return (
        TableBlock(
            f"From {old.model.name} to the {model.model.name}, cross-validated",
            ("Measure", "value with 95 % interval"),
            tuple((title.strip(), Estimate(value.value, value.lower, value.upper)) for title, value in known),
            "reclassification",
            (
                "Secondary, and no evidence for a predictor: both can rise with an uninformative one when risks are "
                "miscalibrated (Hilden & Gerds 2014; Pepe et al. 2015). Compare by AUC, calibration and net benefit.",
            ),
            indented=tuple(place for place, (title, _) in enumerate(known) if title.startswith(" ")),
        ),
    )
