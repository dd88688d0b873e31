"""Calibration plots: what became of those who were given a risk, with the risks' own distribution below."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import TrainingError
from ..style import (
    BLUE,
    GREY,
    INK,
    NOTE_SIZE,
    SKY,
    TEXT_SIZE,
    TICK_SIZE,
    VERMILLION,
    house_style,
    save_figure,
)
from .fitted_text import fit_width
from .panels import Panels, PanelSize, plain_axes
from .stacked_axes import axes_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...statistics import CalibrationCurve, CalibrationSummary
    from ...statistics.proportions import Estimate

MOST_PANELS = 4
# Inches.
_SIDE = 2.9
_RISKS = 0.5
_GAP = 0.12
_TEXT_LINE = 0.155
_TEXT_LINES = 4
_BINS = 40


@dataclass(frozen=True, eq=False)
class CalibratedModel:
    """One model's probabilities, and what was computed from them.

    Parameters
    ----------
    name
        Over the panel; says the side too where there are two ("nomogram, held-out test").
    truth, probability
        ``(n,)`` 0 or 1, and ``(n,)`` or ``(repeats, n)`` in 0-1.
    curve
        See :func:`CervixRiskLib.statistics.calibration_curve`.
    summary
        See :func:`CervixRiskLib.statistics.calibration_summary`; ``None`` leaves the numbers out.
    """

    name: str
    truth: np.ndarray
    probability: np.ndarray
    curve: CalibrationCurve
    summary: CalibrationSummary | None = None


def draw_calibration(
    models: Sequence[CalibratedModel],
    class_names: tuple[str, str] = ("negative", "positive"),
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a panel for each of up to four models: smooth curve with band, groups with intervals, risks of both classes.

    Parameters
    ----------
    class_names
        Of outcome 0 and 1.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No model, too many, or probabilities that are not numbers in 0-1.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not 1 <= len(models) <= MOST_PANELS:
        raise TrainingError(f"A calibration plot has between one and {MOST_PANELS} models.")
    for model in models:
        probability = np.asarray(model.probability, dtype=float)
        if not (np.isfinite(probability).all() and (probability >= 0).all() and (probability <= 1).all()):
            raise TrainingError("A calibration plot needs a probability between 0 and 1 for every case.")
    told = any(model.summary is not None for model in models)
    above = 0.35 + (_TEXT_LINES * _TEXT_LINE if told else 0.0)
    with house_style():
        size = PanelSize(_SIDE, _SIDE + _GAP + _RISKS, left=0.7, right=0.15, above=above, below=0.6)
        panels = Panels(len(models), 2, size, title=title, legend_rows=3, notes=_notes(models), simulated=simulated)
        for index, (model, axes) in enumerate(zip(models, panels.axes, strict=True)):
            below = axes_below(axes, _RISKS, _GAP)
            _draw_curve(axes, model, leftmost=panels.is_leftmost(index))
            _draw_risks(below, model)
            _write_numbers(axes, model, above)
        panels.legend(_handles(class_names), columns=2)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _draw_curve(axes: Axes, model: CalibratedModel, *, leftmost: bool) -> None:
    plain_axes(axes)
    curve = model.curve
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), gid="perfect")
    if len(curve.grid):
        axes.fill_between(curve.grid, curve.lower, curve.upper, color=BLUE, alpha=0.16, lw=0, gid="band")
        axes.plot(curve.grid, curve.observed, color=BLUE, linewidth=1.8, gid="curve")
    groups = curve.groups
    intervals = np.stack([groups.lower, groups.upper])
    axes.vlines(groups.predicted, intervals[0], intervals[1], color=INK, linewidth=0.9, gid="group:interval")
    axes.plot(
        groups.predicted, groups.observed, marker="o", markersize=4, linestyle="none", color=INK,
        markerfacecolor="white", markeredgewidth=1.0, gid="group",
    )  # fmt: skip
    axes.set_xlim(-0.02, 1.02)
    axes.set_ylim(-0.02, 1.02)
    axes.set_xticks(np.linspace(0, 1, 6))
    axes.set_yticks(np.linspace(0, 1, 6))
    axes.tick_params(labelbottom=False)
    if leftmost:
        axes.set_ylabel("Observed share", fontsize=TEXT_SIZE)


def _draw_risks(axes: Axes, model: CalibratedModel) -> None:
    """How often each risk was given: upwards to cases with the outcome, downwards to those without."""
    probability = np.atleast_2d(np.asarray(model.probability, dtype=float))
    positive = np.broadcast_to(np.asarray(model.truth).astype(bool), probability.shape)
    edges = np.linspace(0, 1, _BINS + 1)
    for chosen, direction, colour, gid in ((positive, 1, VERMILLION, "risks:1"), (~positive, -1, SKY, "risks:0")):
        counts = np.histogram(probability[chosen], edges)[0] / len(probability)
        axes.bar(edges[:-1], direction * counts, width=1 / _BINS, align="edge", color=colour, lw=0, gid=gid)
    axes.axhline(0, color=INK, linewidth=0.6)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(labelsize=TICK_SIZE, width=0.8)
    axes.set_yticks([])
    axes.set_xlim(-0.02, 1.02)
    axes.set_xlabel("Predicted probability", fontsize=TEXT_SIZE)


def _write_numbers(axes: Axes, model: CalibratedModel, above: float) -> None:
    """Name and numbers between the panel's top and the room's."""
    figure = axes.get_figure()
    assert figure is not None
    up = float(figure.get_size_inches()[1])  # type: ignore[union-attr]
    place = axes.get_position()
    lines = [] if model.summary is None else _numbers(model.summary)
    name = figure.text(
        place.x0, place.y1 + (above - 0.22) / up, model.name, fontsize=TEXT_SIZE, weight="bold", color=INK, gid="model"
    )
    fit_width(name, _SIDE, least=TICK_SIZE)
    for number, words in enumerate(lines):
        y = place.y1 + (above - 0.22 - (number + 1) * _TEXT_LINE) / up
        text = figure.text(place.x0, y, words, fontsize=NOTE_SIZE, color=INK, gid="numbers")
        fit_width(text, _SIDE)


def _numbers(summary: CalibrationSummary) -> list[str]:
    return [
        f"Slope {_estimate(summary.slope)}",
        f"Intercept {_estimate(summary.intercept)}",
        f"Calibration in the large {_estimate(summary.in_the_large)}",
        f"Brier {_estimate(summary.brier)}",
    ]


def _estimate(estimate: Estimate) -> str:
    value, lower, upper = estimate.value, estimate.lower, estimate.upper
    if not math.isfinite(value):
        return "undefined"
    words = (
        f"{value:.2f}"
        if not (math.isfinite(lower) and math.isfinite(upper))
        else (f"{value:.2f} ({lower:.2f} to {upper:.2f})")
    )
    return words.replace("-", "\N{MINUS SIGN}")


def _notes(models: Sequence[CalibratedModel]) -> list[str]:
    level = f"{100 * models[0].curve.confidence:.0f} %"
    notes = [f"Band and bars: {level} interval. Below: the risks that were given, as a histogram."]
    missing = [model.name for model in models if not len(model.curve.grid)]
    if missing:
        reasons = dict.fromkeys(model.curve.method for model in models if not len(model.curve.grid))
        notes.append(f"{', '.join(missing)}: {'; '.join(reasons)}.")
    return notes


def _handles(class_names: tuple[str, str]) -> list[Any]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Line2D([], [], color=BLUE, linewidth=1.8, label="Smooth calibration curve"),
        Line2D([], [], color=INK, marker="o", markersize=4, markerfacecolor="white", linewidth=0.9, label="Groups"),
        Line2D([], [], color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), label="Perfect calibration"),
        Patch(color=VERMILLION, lw=0, label=f"Risks, {class_names[1]} (upwards)"),
        Patch(color=SKY, lw=0, label=f"Risks, {class_names[0]} (downwards)"),
    ]
