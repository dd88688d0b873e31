"""The ROC figures of a table: one for each side that its models were judged on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...bundle.study_file import Study
from ...bundle.study_record import PAPER_TEST, PAPER_TRAINING, TEST, TRAINING, ModelTable
from ...statistics import roc_band
from .cells import Estimate, cell_text
from .document import Absence, Block, FigureBlock
from .performance import HONEST, PAPER, Judged, models_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIDES = (
    (HONEST, TRAINING, "honest, cross-validated", "cross_validated"),
    (HONEST, TEST, "honest, held-out test", "held_out"),
    (PAPER, PAPER_TRAINING, "paper protocol, training", "paper_training"),
    (PAPER, PAPER_TEST, "paper protocol, test", "paper_test"),
)


def roc_figures(study: Study, table: ModelTable, name: str, number: str = "") -> tuple[Block, ...]:
    """The curves of the models of ``table``, with bands where the numbers are honest.

    Parameters
    ----------
    name
        Of the table in ``report.json``; the figures are named after it.
    number
        The paper's figure that this is the counterpart of.
    """
    figures: list[Block] = []
    for protocol, cases, side, suffix in _SIDES:
        models = models_of(study.record, table, protocol, cases)
        if models and len(set(next(iter(models.values())).cases.outcomes)) < 2:
            figures.append(Absence(f"No ROC curves, {side}: all cases have the same outcome."))
        elif models:
            figures.append(
                _figure(study, tuple(models.values()), f"ROC curves: {side}", f"roc_{name}_{suffix}", number)
            )
    return tuple(figures)


def _figure(study: Study, models: tuple[Judged, ...], title: str, name: str, number: str) -> FigureBlock:
    honest = models[0].model.protocol == HONEST

    def draw() -> Figure:
        from ..figures.roc import RocCurve, draw_roc

        curves = [
            RocCurve(
                model.model.name,
                model.outcomes,
                model.scores if len(model.scores) > 1 else model.scores[0],
                _area(model.auc()),
                roc_band(model.outcomes, model.scores, model.patients) if honest else None,
            )
            for model in models
        ]
        return draw_roc(curves, simulated=study.manifest.simulated)

    areas = "; ".join(f"{model.model.name} {_area(model.auc())}" for model in models)
    return FigureBlock(title, draw, name, f"{title}. Areas under the curves: {areas}.", number=number)


def _area(auc: Estimate) -> str:
    return cell_text(Estimate(auc.value, auc.lower, auc.upper, digits=2))
