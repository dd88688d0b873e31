"""Decision curves: what acting on a model is worth, against treating everybody and nobody."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import TrainingError
from ..style import BLACK, BLUE, GREEN, GREY, INK, ORANGE, PURPLE, SKY, TEXT_SIZE, VERMILLION, house_style, save_figure
from .panels import Panels, PanelSize, plain_axes
from .stacked_axes import axes_below

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ...statistics import DecisionCurve

# Each colour has a dash of its own, so that lines stay apart in grey print.
_LINES: tuple[tuple[str, Any], ...] = (
    (BLUE, "-"),
    (VERMILLION, (0, (5, 2))),
    (GREEN, (0, (1.5, 1.5))),
    (PURPLE, (0, (6, 2, 1.5, 2))),
    (ORANGE, (0, (9, 2))),
    (SKY, (0, (3, 1, 1, 1, 1, 1))),
)
MOST_MODELS = len(_LINES)
_AVOIDED_HEIGHT = 1.35
_GAP = 0.28
# Below it nobody would act on a model; the curve of treating everybody falls without end.
_LOWEST = -0.08


def draw_decision_curve(
    curve: DecisionCurve,
    *,
    main: str = "",
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw net benefit against the threshold, and below it the interventions avoided per 100 patients.

    Parameters
    ----------
    curve
        Up to six models, see :func:`CervixRiskLib.statistics.decision_curve`.
    main
        The model whose interval is drawn; the first without a name.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No model, too many, or ``main`` is none of them.
    SettingsError, StorageError
        The file cannot be written.
    """
    names = list(curve.net_benefit)
    main = main or (names[0] if names else "")
    if main not in names or len(names) > MOST_MODELS:
        raise TrainingError(f"A decision curve has between one and {MOST_MODELS} models, the main one among them.")
    with house_style():
        size = PanelSize(5.6, 4.6, left=0.85, right=0.2, above=0.15, below=0.6)
        level = f"{100 * curve.confidence:.0f} %"
        notes = [f"Band: {level} interval of {main}, threshold by threshold."]
        panels = Panels(
            1, 1, size, title=title, legend_rows=-(-(len(names) + 2) // 2), notes=notes, simulated=simulated
        )
        axes = panels.axes[0]
        lower = axes_below(axes, _AVOIDED_HEIGHT, _GAP)
        handles = _draw_benefit(axes, curve, names, main)
        _draw_avoided(lower, curve, names)
        panels.legend(handles, columns=2)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _draw_benefit(axes: Axes, curve: DecisionCurve, names: list[str], main: str) -> list[Any]:
    plain_axes(axes)
    threshold = 100 * np.asarray(curve.thresholds, dtype=float)
    handles = axes.plot(threshold, curve.treat_all, color=GREY, linewidth=1.2, label="Treat everybody", gid="treat all")
    handles += axes.plot(
        threshold, np.zeros(len(threshold)), color=BLACK, linewidth=1.0, label="Treat nobody", gid="treat none"
    )
    colour = _LINES[names.index(main)][0]
    axes.fill_between(
        threshold, curve.lower[main], curve.upper[main], color=colour, alpha=0.16, lw=0, gid=f"band:{main}"
    )
    for name, (colour, dashes) in zip(names, _LINES, strict=False):
        handles += axes.plot(
            threshold, curve.net_benefit[name], color=colour, linestyle=dashes, linewidth=1.8 if name == main else 1.4,
            label=name, gid=f"benefit:{name}",
        )  # fmt: skip
    highest = max(float(np.nanmax(values)) for values in (*curve.net_benefit.values(), curve.treat_all))
    # As much of the band as leaves the curves room.
    top = max(1.15 * highest, min(1.35 * highest, 1.02 * float(np.nanmax(curve.upper[main]))), 0.05)
    axes.set_ylim(max(_LOWEST, -0.5 * top), top)
    axes.set_xlim(0, 100)
    axes.set_ylabel("Net benefit", fontsize=TEXT_SIZE)
    axes.tick_params(labelbottom=False)
    return handles


def _draw_avoided(axes: Axes, curve: DecisionCurve, names: list[str]) -> None:
    plain_axes(axes)
    threshold = 100 * np.asarray(curve.thresholds, dtype=float)
    axes.axhline(0, color=GREY, linewidth=0.8, gid="none avoided")
    for name, (colour, dashes) in zip(names, _LINES, strict=False):
        avoided = np.asarray(curve.interventions_avoided[name], dtype=float)
        axes.plot(threshold, avoided, color=colour, linestyle=dashes, linewidth=1.4, gid=f"avoided:{name}")
    axes.set_ylim(-20, 100)
    axes.set_yticks([0, 50, 100])
    axes.set_xlabel("Threshold probability, %", fontsize=TEXT_SIZE, color=INK)
    axes.set_ylabel("Interventions\navoided per 100", fontsize=TEXT_SIZE - 1)
    axes.set_xlim(0, 100)
