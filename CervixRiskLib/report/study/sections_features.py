"""How the features were chosen: counts, LASSO, correlation, elimination, importance, frequency and stability."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from ...bundle.study_file import Study
from ...bundle.study_record import SelectionTrace
from .cells import Cell, Estimate
from .document import Absence, Block, FigureBlock, Paragraph, Section, TableBlock

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_STEPS = {
    "mann_whitney": "Mann-Whitney",
    "spearman": "Spearman",
    "lasso": "LASSO",
    "feature_class": "class",
    "eliminated": "elimination",
}
_COMPONENT = re.compile(r"pc\d+")
_DESCRIBES = (
    "What follows describes the final model, which was fitted to all training cases. It estimates nothing: each "
    "resample of the honest protocol chose its own features."
)


def features_sections(study: Study) -> tuple[Section, ...]:
    """From all measured features to those in the model, and whether another sample would have led to the same."""
    return (Section("The features", (Paragraph(_DESCRIBES), *_selection(study), *_frequency(study), *_winners(study))),)


def _selection(study: Study) -> tuple[Block, ...]:
    trace = study.record.selection
    if trace is None:
        return (Absence("How the final features were chosen is not in the record."),)
    return (
        *_classes(study, trace),
        *_lasso(study, trace),
        *_correlation(study, trace),
        *_elimination(study, trace),
        *_importance(study, trace),
    )


def _classes(study: Study, trace: SelectionTrace) -> tuple[Block, ...]:
    table = trace.feature_classes
    if not table.rows or len(table.columns) < 2:
        return (Absence("No radiomic features were measured."),)
    from ..figures.class_names import CLASS_NAMES
    from ..figures.feature_class_counts import draw_feature_classes

    rows = tuple((CLASS_NAMES.get(str(row[0]), row[0]), *row[1:]) for row in table.rows)
    heads = tuple(_STEPS.get(name, name.replace("_", " ")) for name in table.columns)
    totals = [sum(int(row[place] or 0) for row in table.rows) for place in range(1, len(heads))]
    words = ", ".join(f"{head}: {total}" for head, total in zip(heads[1:], totals, strict=True))
    return (
        _figure(
            study, "Features of each class that remain after each step", "feature_classes",
            f"Features in all: {words}.",
            lambda simulated: draw_feature_classes(trace, simulated=simulated), "Figure 3",
            notes=(
                "The paper's own split of its 1,561 features (42, 744 and 775) cannot be rebuilt from its text; "
                "classes here are PyRadiomics'.",
            ),
        ),
        TableBlock(
            "Features of each class after each step", heads, (*rows, ("All features", *totals)), "feature_class_counts",
            table.notes, strong=(len(table.rows),), repeats="feature_classes",
        ),
    )  # fmt: skip


def _lasso(study: Study, trace: SelectionTrace) -> tuple[Block, ...]:
    if not trace.lasso_penalties:
        return (Absence("No LASSO path: there was no radiomic feature to select from, or the record has none."),)
    from ..figures.lasso_coefficients import draw_lasso_coefficients
    from ..figures.lasso_path import draw_lasso_path

    chosen = "" if trace.lasso_penalty is None else f" Chosen penalty: {trace.lasso_penalty:.4g}."
    return (
        _figure(
            study, "LASSO: error in cross-validation and coefficients along the path", "lasso_path",
            f"Mean squared error and coefficients against the penalty.{chosen}",
            lambda simulated: draw_lasso_path(trace, simulated=simulated), "Figure 4",
            notes=(f"Minimum criterion.{chosen} Published, other data: 0.0450 with 9 features.",),
        ),
        _figure(
            study, "LASSO: coefficients at the chosen penalty", "lasso_coefficients",
            "Coefficients at the chosen penalty, the largest first.",
            lambda simulated: draw_lasso_coefficients(trace, simulated=simulated), "Figure 4B",
        ),
    )  # fmt: skip


def _correlation(study: Study, trace: SelectionTrace) -> tuple[Block, ...]:
    if len(trace.correlation_names) < 2:
        return (Absence("No correlation map: the model has fewer than two features."),)
    from ..figures.correlation_map import draw_correlation_map

    return (
        _figure(
            study, "Spearman correlation of the final features", "correlation_map",
            f"Correlation matrix of {len(trace.correlation_names)} features.",
            lambda simulated: draw_correlation_map(trace, simulated=simulated), "Figure 5",
            notes=_components(trace.correlation_names),
        ),
    )  # fmt: skip


def _components(names: Sequence[str]) -> tuple[str, ...]:
    """What a name such as "pc04" stands for."""
    if any(_COMPONENT.fullmatch(name) for name in names):
        return ("pc and a number: a principal component of the network's features.",)
    return ()


def _elimination(study: Study, trace: SelectionTrace) -> tuple[Block, ...]:
    if not trace.elimination_features:
        return (
            Absence(
                "No elimination curve: nothing was eliminated, or the network learns from the labels and would have to "
                "learn anew in each fold."
            ),
        )
    from ..figures.elimination_curve import draw_elimination_curve

    kept = len(study.manifest.selected_features)
    notes = ["Nested: the whole selection is refitted in each fold."]
    most = max(trace.elimination_features)
    if kept > most:
        notes.append(
            f"The curve ends at {most} features: the selection of some fold has no more, while that of the final "
            f"model, on all training cases, has {kept}."
        )
    return (
        _figure(
            study, "Recursive elimination: AUC against the number of features", "elimination_curve",
            f"Cross-validated AUC with its spread against the number of features; the model keeps {kept}.",
            lambda simulated: draw_elimination_curve(trace, chosen=kept or None, simulated=simulated), "Figure 9",
            notes=tuple(notes),
        ),
    )  # fmt: skip


def _importance(study: Study, trace: SelectionTrace) -> tuple[Block, ...]:
    if not trace.importance_names:
        return (Absence("No importances: the model has no feature."),)
    from ..figures.importances import draw_importances

    return (
        _figure(
            study, "Importance of the final features", "importances",
            "Mean fall of the AUC when a feature is permuted.",
            lambda simulated: draw_importances(trace, simulated=simulated), "Figure 10",
            notes=(
                "The features were chosen on all these cases: importances describe this model and are optimistic.",
                *_components(trace.importance_names),
            ),
        ),
    )  # fmt: skip


def _frequency(study: Study) -> tuple[Block, ...]:
    record = study.record
    if not record.feature_frequency:
        return (Absence("How often each feature is selected is not known: it takes the honest protocol's resamples."),)
    from ..figures.selection_frequency import draw_selection_frequency

    chosen = (*study.manifest.selected_features, *(one.name for one in study.manifest.clinical))
    rows: list[tuple[Cell, ...]] = [
        (name, Estimate(100 * share, digits=0, unit="%"), "yes" if name in chosen else "no")
        for name, share in sorted(record.feature_frequency.items(), key=lambda item: -item[1])
    ]
    if record.stability is None:
        stability = "The stability of the selection is undefined: it needs two resamples that chose some features."
    else:
        value = record.stability
        reading = "poor" if value < 0.4 else "excellent" if value > 0.75 else "intermediate to good"
        stability = (
            f"Stability of the selection over the resamples: {value:.2f}, {reading} (Nogueira et al. 2018; "
            "0 is chance, 1 always the same)."
        )
    return (
        Paragraph(stability),
        _figure(
            study, "How often each feature was selected", "selection_frequency",
            f"Share of resamples that chose each of {len(rows)} features and predictors.",
            lambda simulated: draw_selection_frequency(
                record.feature_frequency, record.stability, chosen=chosen, simulated=simulated
            ),
            notes=("Components of a network's features are left out: those of one resample are not those of another.",),
        ),
        TableBlock(
            "Share of the resamples in which a feature was selected", ("Feature", "resamples", "in the final model"),
            tuple(rows), "feature_frequency", repeats="selection_frequency",
        ),
    )  # fmt: skip


def _winners(study: Study) -> tuple[Block, ...]:
    winners = study.record.winners
    if not winners:
        return ()
    total = sum(winners.values())
    words = ", ".join(
        f"{name.replace('_', ' ')} {count}" for name, count in sorted(winners.items(), key=lambda item: -item[1])
    )
    return (Paragraph(f"Which classifier won the inner comparison of the {total} resamples: {words}."),)


def _figure(
    study: Study,
    title: str,
    name: str,
    words: str,
    draw: Callable[[bool], Figure],
    number: str = "",
    notes: tuple[str, ...] = (),
) -> FigureBlock:
    return FigureBlock(title, lambda: draw(study.manifest.simulated), name, words, notes, number)
