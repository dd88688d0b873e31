"""How the LASSO's penalty was chosen, and how coefficients shrink with it (Figure 4 of Wang et al. 2025)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import numpy as np

from ...bundle.study_record import SelectionTrace
from ...errors import TrainingError
from ..style import BLUE, GREY, INK, LIGHT_GREY, TEXT_SIZE, TICK_SIZE, VERMILLION, house_style, save_figure
from .lasso_coefficients import chosen_coefficients
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = PanelSize(2.75, 2.5, left=0.75, right=0.15, above=0.6, below=0.5)
_CHOSEN = (0, (4, 1.5))
_BELOW_ZERO = (0, (3, 1.2))
_COUNTS = 5


def draw_lasso_path(
    trace: SelectionTrace,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw two panels over the penalty: the error in cross-validation with its spread, and the coefficients.

    The axis above both tells how many coefficients are not zero there. Where no feature is ever in the model, there is
    the first panel alone.

    Parameters
    ----------
    trace
        Its ``lasso_*`` fields are read.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There was no LASSO.
    SettingsError, StorageError
        The file cannot be written.
    """
    if trace.lasso_penalty is None or not trace.lasso_penalties:
        raise TrainingError("There is no LASSO to draw: features were chosen without one.")
    order = np.argsort(trace.lasso_penalties)
    places = np.log10(np.asarray(trace.lasso_penalties, dtype=float)[order])
    coefficients = np.asarray(trace.lasso_coefficients, dtype=float).reshape(-1, len(order))[:, order]
    notes = ["Bars: standard error of the folds' mean squared errors. Dashed line: the chosen penalty."]
    panels_count = 2 if trace.lasso_features else 1
    with house_style():
        wide = panels_count * (_SIZE.left + _SIZE.width + _SIZE.right)
        panels = Panels(
            panels_count, 2, _SIZE, title=title, legend_rows=panels_count - 1, notes=note_lines(notes, wide),
            simulated=simulated,
        )  # fmt: skip
        _draw_error(panels.axes[0], trace, order, places)
        if trace.lasso_features:
            _draw_coefficients(panels.axes[1], trace, places, coefficients)
            panels.legend(_handles(trace), columns=3)
        for axes in panels.axes:
            _finish(axes, trace.lasso_penalty, places, coefficients)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _draw_error(axes: Axes, trace: SelectionTrace, order: np.ndarray, places: np.ndarray) -> None:
    plain_axes(axes)
    error = np.asarray(trace.lasso_error, dtype=float)[order]
    spread = np.asarray(trace.lasso_error_spread, dtype=float)[order]
    axes.vlines(places, error - spread, error + spread, color=GREY, linewidth=0.8, gid="spread")
    axes.plot(places, error, color=VERMILLION, linestyle="none", marker="o", markersize=2.6, gid="error")
    axes.set_ylabel("Mean squared error", fontsize=TEXT_SIZE)


def _draw_coefficients(axes: Axes, trace: SelectionTrace, places: np.ndarray, coefficients: np.ndarray) -> None:
    plain_axes(axes)
    at_chosen = chosen_coefficients(trace)
    for name, values in zip(trace.lasso_features, coefficients, strict=True):
        colour, dashes = (LIGHT_GREY, "-") if at_chosen[name] == 0 else _look(at_chosen[name])
        over = 3 if at_chosen[name] else 2
        axes.plot(
            places,
            _without_rest(values),
            color=colour,
            linestyle=dashes,
            linewidth=1.1,
            zorder=over,
            gid=f"path:{name}",
        )
    axes.axhline(0.0, color=GREY, linewidth=0.8, gid="zero")
    axes.set_ylabel("Coefficient", fontsize=TEXT_SIZE)


def _without_rest(values: np.ndarray) -> np.ndarray:
    """``values`` with NaN where they are zero and so are their neighbours: paths end where they reach zero."""
    zero = values == 0
    padded = np.concatenate([[True], zero, [True]])
    return np.where(zero & padded[:-2] & padded[2:], np.nan, values)


def _look(value: float) -> tuple[str, Any]:
    return (VERMILLION, "-") if value > 0 else (BLUE, _BELOW_ZERO)


def _finish(axes: Axes, penalty: float, places: np.ndarray, coefficients: np.ndarray) -> None:
    """Limits, the chosen penalty, and the counts above."""
    margin = 0.03 * float(np.ptp(places)) or 0.5
    axes.set_xlim(places[0] - margin, places[-1] + margin)
    axes.axvline(np.log10(penalty), color=INK, linewidth=1.1, linestyle=_CHOSEN, gid="chosen")
    axes.locator_params(axis="x", nbins=6)
    axes.locator_params(axis="y", nbins=6)
    axes.set_xlabel("log\N{SUBSCRIPT ONE}\N{SUBSCRIPT ZERO} of the penalty", fontsize=TEXT_SIZE)
    counts = (coefficients != 0).sum(axis=0)
    if not counts.any():
        return
    above = axes.secondary_xaxis("top")
    shown = np.unique(np.linspace(0, len(places) - 1, min(_COUNTS, len(places))).round().astype(int))
    above.set_xticks(places[shown], [f"{counts[place]}" for place in shown])
    above.tick_params(labelsize=TICK_SIZE, width=0.8, length=3)
    above.set_xlabel("Features in the model", fontsize=TICK_SIZE)
    above.spines["top"].set_visible(False)


def _handles(trace: SelectionTrace) -> list[Any]:
    from matplotlib.lines import Line2D

    values = list(chosen_coefficients(trace).values())
    kinds: tuple[tuple[int, str, str, Any], ...] = (
        (sum(value > 0 for value in values), "kept, positive", VERMILLION, "-"),
        (sum(value < 0 for value in values), "kept, negative", BLUE, _BELOW_ZERO),
        (sum(value == 0 for value in values), "zero at the chosen penalty", LIGHT_GREY, "-"),
    )
    return [
        Line2D([], [], color=colour, linestyle=dashes, linewidth=1.4, label=f"{count} {words}")
        for count, words, colour, dashes in kinds
        if count
    ]
