"""The networks of a staging study: their measures beside the published ones, and what they confuse."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np

from ...bundle.manifest import Metric
from ...bundle.study_file import Study
from ...bundle.study_record import TEST, TRAINING, ModelTable
from ...errors import BundleError
from ...staging.figo import GROUP_NAMES
from ...staging.published_table import PUBLISHED_TABLE_2, TEST_CASES
from ...statistics import confusion_matrix
from .cells import Cell, Estimate
from .document import Absence, Block, FigureBlock, Paragraph, Section, TableBlock
from .performance import HONEST, Judged, models_of
from .published_staging import PUBLISHED, SOURCE
from .roc_figures import roc_figures

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_MEASURES = {
    "accuracy": "Accuracy",
    "macro_precision": "Precision",
    "macro_recall": "Recall",
    "macro_f1": "F1",
    "auc": "AUC",
}
_PRINTED = {"accuracy": "accuracy", "macro_precision": "precision", "macro_recall": "recall", "macro_f1": "f1"}


def judged_networks(study: Study) -> dict[str, Judged]:
    """The networks by title in the order in which they were named: on held-out cases, else cross-validated."""
    for cases in (TEST, TRAINING):
        found = models_of(study.record, ModelTable.NETWORKS, HONEST, cases)
        if found:
            return found
    return {}


def own_network(study: Study) -> tuple[str, Judged]:
    """Title and answers of the network that the bundle holds: the one that was named first.

    Raises
    ------
    BundleError
        The record holds no network's answers.
    """
    for title, network in judged_networks(study).items():
        return title, network
    raise BundleError("The study record holds no network's answers: get the bundle again, or train again.")


def validation_words(study: Study) -> str:
    """``"held out and opened once"`` or ``"cross-validated"``."""
    cases = own_network(study)[1].cases.name
    return "held out and opened once" if cases == TEST else "cross-validated"


def comparable(study: Study) -> bool:
    """Whether the cohort has the groups that the paper has."""
    return study.manifest.class_names == GROUP_NAMES


def metrics_of(study: Study, title: str) -> dict[str, Metric]:
    """A network's measures by name, as its training found them."""
    name = _names(study).get(title, title)
    return {metric.name: metric for metric in study.manifest.metrics if metric.model == name}


def estimate(metric: Metric | None) -> Estimate:
    """A measure as a cell; undefined where it is missing."""
    return Estimate(None) if metric is None else Estimate(metric.value, metric.lower, metric.upper)


def comparison_sentence(study: Study) -> str:
    """The paired tests of the best two with the networks' titles; empty for one network."""
    sentence = study.record.details.get("comparison")
    if not isinstance(sentence, str):
        return ""
    for title, name in _names(study).items():
        sentence = sentence.replace(name, title)
    return sentence


def networks_sections(study: Study) -> tuple[Section, ...]:
    """Table 2 of the paper with everything that belongs to it."""
    networks = judged_networks(study)
    blocks: list[Block] = [networks_table(study)]
    sentence = comparison_sentence(study)
    if sentence:
        blocks.append(Paragraph(sentence))
    elif len(networks) == 1:
        blocks.append(
            Absence(
                "One network alone was trained: nothing is compared. Give --network all for the seven of the paper."
            )
        )
    blocks.append(_confusion(study, networks))
    if len(study.manifest.class_names) == 2:
        blocks += roc_figures(study, ModelTable.NETWORKS, "networks", "Figures 3 and 4")
    else:
        blocks.append(Absence("ROC curves are drawn for two groups; with more the AUC is a mean over the groups."))
    return (
        Section("Networks", tuple(blocks)),
        Section("How the networks learned", (_curves(study),), level=2),
    )


def networks_table(study: Study) -> TableBlock:
    """Table 2 of the paper: every network's measures, the published ones beside."""
    networks = judged_networks(study)
    published = _published(study) if comparable(study) else {}
    rows: list[tuple[Cell, ...]] = []
    for title in networks:
        found, printed = metrics_of(study, title), published.get(title, {})
        row: list[Cell] = [title, *(estimate(found.get(measure)) for measure in _MEASURES)]
        if published:
            row += [None if value is None else Estimate(value, digits=4) for value in map(printed.get, _MEASURES)]
        rows.append(tuple(row))
    first = next(iter(networks.values()))
    counts = [int(np.sum(first.outcomes == code)) for code in range(len(study.manifest.class_names))]
    parts = [f"{count} {name}" for count, name in zip(counts, study.manifest.class_names, strict=True)]
    groups = f"{', '.join(parts[:-1])} and {parts[-1]}"
    notes = [f"{len(first.outcomes)} cases ({groups}), {validation_words(study)}.", *_about_measures(study, first)]
    if published:
        cases = " and ".join(str(count) for count in TEST_CASES)
        notes.append(f"Published: {SOURCE}, {cases} patients of other hospitals. A comparison, never a target.")
    measures = tuple(_MEASURES.values())
    return TableBlock(
        title="Networks on cases they had not seen",
        head=("Network", *measures, *(measures if published else ())),
        rows=tuple(rows),
        name="networks",
        notes=tuple(notes),
        number="Table 2",
        groups=(("", 1), ("honest", len(measures)), (PUBLISHED, len(measures))) if published else (),
        strong=(0,),
    )


def _about_measures(study: Study, network: Judged) -> tuple[str, str]:
    """How the measures and their intervals were made, which depends on the groups and on cases a patient."""
    two = len(study.manifest.class_names) == 2
    means = "Precision, recall and F1 are plain means over the groups"
    rest = "" if two else "; so is the AUC, each group against the rest"
    cases, patients = network.counts()
    ways = "a bootstrap of the patients, who have several cases"
    if cases == patients:
        delong = ", DeLong for the AUC" if two else ""
        ways = f"Clopper and Pearson for the accuracy{delong}, a bootstrap of the patients for the others"
    lacking = any(metric.value is not None and metric.lower is None for metric in study.manifest.metrics)
    none = " There is none where all resamples gave the same number, which is no certainty." if lacking else ""
    return f"{means}{rest}.", f"Intervals: {ways}.{none}"


def _names(study: Study) -> dict[str, str]:
    """The networks' names, as they are trained by, by their titles."""
    kept = study.record.details.get("networks")
    return {title: str(name) for title, name in kept.items()} if isinstance(kept, dict) else {}


def _published(study: Study) -> dict[str, dict[str, float | None]]:
    names = _names(study)
    rows = {row.network: row for row in PUBLISHED_TABLE_2}
    return {
        title: {**{measure: getattr(rows[name], key) for measure, key in _PRINTED.items()}, "auc": rows[name].auc}
        for title, name in names.items()
        if name in rows
    }


def _confusion(study: Study, networks: dict[str, Judged]) -> FigureBlock:
    groups = study.manifest.class_names
    matrices = [
        (title, confusion_matrix(network.outcomes, network.model.predicted[0], len(groups)))
        for title, network in networks.items()
        if network.model.predicted
    ]

    def draw() -> Figure:
        from ..figures.confusion import draw_confusion_matrices

        return draw_confusion_matrices(matrices, groups, simulated=study.manifest.simulated)

    words = "; ".join(f"{title}: {int(np.trace(matrix))} of {int(matrix.sum())} right" for title, matrix in matrices)
    return FigureBlock(
        "Confusion matrices", draw, "confusion_matrices", f"Confusion matrices. {words}.", number="Figures 3 and 5"
    )


def _curves(study: Study) -> Block:
    curves = study.record.training_curves
    if not curves:
        return Absence("The record holds no training curves.")

    def draw() -> Figure:
        from ..figures.training_curves import draw_training_curves

        histories = {name: [_epoch(epoch) for epoch in epochs] for name, epochs in curves.items()}
        return draw_training_curves(histories, simulated=study.manifest.simulated)

    return FigureBlock(
        "Loss and AUC by epoch",
        draw,
        "training_curves",
        f"Training curves of {', '.join(curves)}.",
        notes=("The cases that are judged have no part in these curves.",),
    )


def _epoch(content: dict[str, Any]) -> SimpleNamespace:
    """An epoch with the names that the figure reads; ``None`` becomes NaN where it must draw."""
    required = ("training_loss", "training_auc")
    return SimpleNamespace(
        **{name: math.nan if value is None and name in required else value for name, value in content.items()}
    )
