"""Receiver operating characteristic curves of several models on the same cases."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import TrainingError
from ..style import (
    BLUE,
    GREEN,
    GREY,
    INK,
    LIGHT_GREY,
    PURPLE,
    TEXT_SIZE,
    TICK_SIZE,
    VERMILLION,
    house_style,
    save_figure,
)
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...statistics import RocBand

# Each colour has a dash of its own, so that lines stay apart in grey print.
_LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"),
    (VERMILLION, (0, (5, 2))),
    (GREEN, (0, (1.5, 1.5))),
    (PURPLE, (0, (6, 2, 1.5, 2))),
)
MOST_ON_ONE = len(_LINES)
"""More curves than these get a panel each."""
MOST_BANDS_ON_ONE = 2
"""So do more bands than these, and more curves of repeats."""
_BAND = 0.18
_OTHERS = "Grey: the curves of the other panels."


@dataclass(frozen=True, eq=False)
class RocCurve:
    """One model's scores for cases whose group is known.

    Parameters
    ----------
    name
        The model's.
    truth
        ``(n,)`` 0 or 1.
    score
        ``(n,)``, higher for 1; ``(repeats, n)`` for a cross-validation that was repeated.
    auc
        Its area with the interval, as it shall be read: ``"0.778 (0.61-0.91)"``.
    band
        Interval of the sensitivity at each specificity; ``None`` draws none.
    """

    name: str
    truth: np.ndarray
    score: np.ndarray
    auc: str
    band: RocBand | None = None

    def points(self) -> tuple[np.ndarray, np.ndarray]:
        """False and true positive rate at every threshold, from (0, 0) to (1, 1); tied scores make one slanted step.

        Of repeats the mean of their true positive rates at each false positive rate (vertical averaging, Fawcett 2006),
        whose area is the mean of their areas.

        Raises
        ------
        TrainingError
            Cases of one group alone, or a score that is not a number.
        """
        repeats = self.repeats()
        return repeats[0] if len(repeats) == 1 else _mean(repeats)

    def repeats(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """The curve of each repeat; of one alone where the scores are ``(n,)``.

        Raises
        ------
        TrainingError
        """
        truth, scores = np.asarray(self.truth).astype(bool), np.atleast_2d(np.asarray(self.score, dtype=np.float64))
        if truth.all() or not truth.any() or not scores.size or not np.isfinite(scores).all():
            raise TrainingError("A ROC curve needs cases of both groups, each with a score.")
        return [_points(truth, score) for score in scores]


def _points(truth: np.ndarray, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    order = np.argsort(-score, kind="stable")
    last_of_tie = np.append(np.nonzero(np.diff(score[order]))[0], len(score) - 1)
    found = np.cumsum(truth[order])[last_of_tie]
    alarms = last_of_tie + 1 - found
    return np.append(0.0, alarms / (~truth).sum()), np.append(0.0, found / truth.sum())


def _mean(curves: list[tuple[np.ndarray, np.ndarray]]) -> tuple[np.ndarray, np.ndarray]:
    """Vertical average; where a curve rises straight up both ends of the rise count, so that no area is lost."""
    grid = np.unique(np.concatenate([x for x, _ in curves]))
    low, high = np.zeros(len(grid)), np.zeros(len(grid))
    for x, y in curves:
        first, last = np.searchsorted(x, grid, "left"), np.searchsorted(x, grid, "right") - 1
        between = np.interp(grid, x, y)
        on_step = x[last] == grid
        low += np.where(on_step, y[np.minimum(first, len(y) - 1)], between) / len(curves)
        high += np.where(on_step, y[last], between) / len(curves)
    return np.repeat(grid, 2), np.column_stack([low, high]).ravel()


def draw_roc(
    curves: Sequence[RocCurve],
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw up to four curves on one axis system, more in a panel each with the others in grey behind.

    A curve of repeats is drawn as their mean with the repeats as thin lines. More than two bands, or curves of repeats,
    would hide each other on one axis system and get a panel each too.

    Parameters
    ----------
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no curve, or one cannot be drawn.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not curves:
        raise TrainingError("There is no ROC curve to draw.")
    points = [curve.points() for curve in curves]
    broad = sum(curve.band is not None or len(np.atleast_2d(curve.score)) > 1 for curve in curves)
    with house_style():
        together = len(curves) <= MOST_ON_ONE and broad <= MOST_BANDS_ON_ONE
        figure = (_draw_together if together else _draw_apart)(curves, points, title, simulated)
    if path is not None:
        save_figure(figure, path)
    return figure


Points = Sequence[tuple[np.ndarray, np.ndarray]]


def _draw_together(curves: Sequence[RocCurve], points: Points, title: str, simulated: bool) -> Figure:
    size = PanelSize(4.2, 4.2, left=0.75, right=0.3, above=0.15, below=0.65)
    panels = Panels(1, 1, size, title=title, legend_rows=len(curves), notes=_notes(curves), simulated=simulated)
    axes = panels.axes[0]
    _prepare(axes, leftmost=True, lowest=True)
    handles = []
    for curve, (x, y), (colour, dashes) in zip(curves, points, _LINES, strict=False):
        _draw_spread(axes, curve, colour)
        label = f"{curve.name}: AUC {curve.auc}"
        handles += axes.plot(x, y, color=colour, linestyle=dashes, linewidth=1.8, label=label, gid=f"roc:{curve.name}")
    panels.legend(handles)
    return panels.figure


def _draw_apart(curves: Sequence[RocCurve], points: Points, title: str, simulated: bool) -> Figure:
    size = PanelSize(2.2, 2.2, left=0.6, right=0.15, above=0.4, below=0.55)
    panels = Panels(len(curves), 4, size, title=title, notes=[_OTHERS, *_notes(curves)], simulated=simulated)
    for index, (curve, axes) in enumerate(zip(curves, panels.axes, strict=True)):
        _prepare(axes, leftmost=panels.is_leftmost(index), lowest=panels.is_lowest(index), name=curve.name)
        for other, (x, y) in enumerate(points):
            if other != index:
                axes.plot(x, y, color=LIGHT_GREY, linewidth=0.8, gid="roc:other")
        _draw_spread(axes, curve, BLUE)
        axes.plot(*points[index], color=BLUE, linewidth=1.8, gid=f"roc:{curve.name}")
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
        axes.text(0.97, 0.05, f"AUC {curve.auc}", fontsize=TICK_SIZE, ha="right", color=INK, gid="auc", bbox=ground)
    return panels.figure


def _draw_spread(axes: Axes, curve: RocCurve, colour: str) -> None:
    """The band and the repeats behind a curve."""
    if curve.band is not None:
        band = curve.band
        axes.fill_between(
            band.false_positive_rate, band.lower, band.upper, color=colour, alpha=_BAND, lw=0, gid=f"band:{curve.name}"
        )
    repeats = curve.repeats()
    if len(repeats) > 1:
        for x, y in repeats:
            axes.plot(x, y, color=colour, linewidth=0.6, alpha=0.45, gid=f"repeat:{curve.name}")


def _notes(curves: Sequence[RocCurve]) -> list[str]:
    notes = []
    counts = sorted({len(curve.repeats()) for curve in curves} - {1})
    if counts:
        repeats = " or ".join(str(count) for count in counts)
        notes.append(f"Bold: mean of the {repeats} repeats of the cross-validation; thin: each of them.")
    if any(curve.band is not None for curve in curves):
        notes.append("Band: 95 % interval of the sensitivity, point by point.")
    return notes


def _prepare(axes: Axes, *, leftmost: bool, lowest: bool, name: str = "") -> None:
    plain_axes(axes, name)
    axes.set_xlim(-0.01, 1.01)
    axes.set_ylim(-0.01, 1.01)
    ticks = np.linspace(0, 1, 6) if not name else np.linspace(0, 1, 3)
    axes.set_xticks(ticks)
    axes.set_yticks(ticks)
    axes.plot([0, 1], [0, 1], color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), gid="chance")
    if lowest:
        axes.set_xlabel("1 − specificity", fontsize=TEXT_SIZE)
    if leftmost:
        axes.set_ylabel("Sensitivity", fontsize=TEXT_SIZE)
