"""Bland-Altman plots: the difference of two readings against their mean, with bias and limits of agreement."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import SIMULATED_DATA_MARK
from ...errors import TrainingError
from ...statistics import BlandAltman
from ..style import BLUE, GREY, INK, NOTE_SIZE, TEXT_SIZE, TICK_SIZE, VERMILLION, house_style, save_figure
from .fitted_text import fit_width, shortened
from .label_places import LabelPlaces
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = PanelSize(3.3, 2.6, left=0.75, right=1.35, above=0.65, below=0.55)
# More names than these hide the points.
_MOST_NAMED = 12
_LONGEST_NAME = 18


def draw_bland_altman(
    panels: Sequence[tuple[str, str, BlandAltman]],
    *,
    labels: Sequence[Sequence[str]] = (),
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a panel for each size; cases outside the limits of agreement are marked, and named where there is room.

    Parameters
    ----------
    panels
        Name ("Largest diameter"), unit ("mm") and the analysis. Where it is relative, differences are in per cent.
    labels
        For each panel its cases' labels, in the order of the readings; empty: nothing is named.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no analysis.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not panels:
        raise TrainingError("There is no Bland-Altman analysis to draw.")
    if labels and [len(names) for names in labels] != [found.n for _, _, found in panels]:
        raise ValueError("Each panel needs one label for each of its cases.")
    level = {f"{100 * found.confidence:g} %" for _, _, found in panels}
    notes = [
        f"Bands: {' or '.join(sorted(level))} confidence intervals of bias and limits, exact for normal differences."
    ]
    if labels and any(found.outside.any() for _, _, found in panels):
        notes.append("Cases outside the limits are named, the farthest first, where there is room.")
    with house_style():
        figure = Panels(
            len(panels),
            2,
            _SIZE,
            title=title,
            legend_rows=1,
            notes=notes,
            simulated=simulated,
            mark=SIMULATED_DATA_MARK,
        )
        for index, ((name, unit, found), axes) in enumerate(zip(panels, figure.axes, strict=True)):
            _draw_panel(axes, name, unit, found, labels[index] if labels else ())
        figure.legend(_handles(any(found.outside.any() for _, _, found in panels)), columns=4)
    if path is not None:
        save_figure(figure.figure, path)
    return figure.figure


def _draw_panel(axes: Axes, name: str, unit: str, found: BlandAltman, names: Sequence[str]) -> None:
    plain_axes(axes)
    axes.grid(False)
    of_difference = "%" if found.relative else unit
    lines = (
        (found.upper_limit, found.upper_limit_interval, "+1.96 sd", "upper", VERMILLION),
        (found.bias, found.bias_interval, "Bias", "bias", BLUE),
        (found.lower_limit, found.lower_limit_interval, "−1.96 sd", "lower", VERMILLION),
    )
    axes.axhline(0.0, color=GREY, linewidth=0.8, linestyle=(0, (1, 2)), gid="zero")
    for value, interval, _, gid, colour in lines:
        dashes = "-" if gid == "bias" else (0, (5, 2))
        axes.axhspan(*interval, color=colour, alpha=0.15, linewidth=0, gid=f"{gid}:interval")
        axes.axhline(value, color=colour, linewidth=1.3, linestyle=dashes, gid=gid)
    _scale(axes, found)
    outside = found.outside
    point: dict[str, Any] = {"linestyle": "none", "markersize": 4.5, "zorder": 4}
    axes.plot(found.means[~outside], found.differences[~outside], marker="o", color=INK, markerfacecolor="none",
              markeredgewidth=0.9, gid="inside", **point)  # fmt: skip
    axes.plot(found.means[outside], found.differences[outside], marker="D", color=VERMILLION, gid="outside", **point)
    axes.set_xlabel(f"Mean of both readings ({unit})", fontsize=TEXT_SIZE)
    axes.set_ylabel(f"First − second ({of_difference})", fontsize=TEXT_SIZE)
    _head(axes, name, found, unit, of_difference)
    _tell_lines(axes, [(value, interval, words, gid) for value, interval, words, gid, _ in lines])
    if len(names):
        _name_outside(axes, found, names)


def _scale(axes: Axes, found: BlandAltman) -> None:
    low = min(float(found.differences.min()), found.lower_limit_interval[0], 0.0)
    high = max(float(found.differences.max()), found.upper_limit_interval[1], 0.0)
    # In very small studies the limits' intervals are huge; the points must stay apart all the same.
    reach = 4.0 * max(float(np.abs(found.differences).max()), abs(found.lower_limit), abs(found.upper_limit))
    if reach > 0:
        low, high = max(low, -reach), min(high, reach)
    margin = 0.08 * (high - low) or 1.0
    axes.set_ylim(low - margin, high + margin)
    left, right = float(found.means.min()), float(found.means.max())
    margin = 0.06 * (right - left) or max(0.05 * abs(left), 1.0)
    axes.set_xlim(left - margin, right + margin)
    axes.locator_params(axis="x", nbins=6)
    axes.locator_params(axis="y", nbins=7)


def _head(axes: Axes, name: str, found: BlandAltman, unit: str, of_difference: str) -> None:
    """Two lines over the panel: its name, and how the difference goes with the size."""
    room = _SIZE.width + _SIZE.right - 0.1
    words = axes.annotate(name, (0, 1), (0, 22), xycoords="axes fraction", textcoords="offset points", va="bottom",
                          fontsize=TEXT_SIZE, fontweight="bold", gid="name")  # fmt: skip
    fit_width(words, room, least=NOTE_SIZE - 1)
    if np.isnan(found.slope_p):
        slope = "slope on the mean not defined"
    else:
        per = f"{of_difference} per {unit}" if found.relative else f"{unit} per {unit}"
        slope = f"slope on the mean {_number(found.slope, _slope_digits(found.slope))} {per}, {_p(found.slope_p)}"
    words = axes.annotate(f"n = {found.n}; {slope}", (0, 1), (0, 8), xycoords="axes fraction", va="bottom",
                          textcoords="offset points", fontsize=NOTE_SIZE, gid="slope")  # fmt: skip
    fit_width(words, room, least=NOTE_SIZE - 1)


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"


def _tell_lines(axes: Axes, lines: Sequence[tuple[float, tuple[float, float], str, str]]) -> None:
    """Each line's name and number right of the panel, moved apart where lines lie close."""
    figure = axes.get_figure()
    assert figure is not None
    bottom, top = axes.get_ylim()
    height = axes.get_window_extent().height / figure.dpi
    least = 0.34 / height
    places = [(value - bottom) / (top - bottom) for value, _, _, _ in lines]
    middle = float(np.clip(places[1], 1.5 * least, 1 - 1.5 * least))
    places = [max(places[0], middle + least), middle, min(places[2], middle - least)]
    digits = _digits(top - bottom)
    for (value, (low, high), words, gid), place in zip(lines, places, strict=True):
        told = f"{words} {_number(value, digits)}\n({_number(low, digits)} to {_number(high, digits)})"
        axes.annotate(
            told, (1, place), (6, 0),
            xycoords="axes fraction", textcoords="offset points", va="center", fontsize=TICK_SIZE, gid=f"{gid}:words",
            annotation_clip=False,
        )  # fmt: skip


def _digits(span: float) -> int:
    """Digits after the point that tell a hundredth of the axis."""
    return int(np.clip(np.ceil(2 - np.log10(span)), 0, 6))


def _slope_digits(slope: float) -> int:
    """Digits after the point for two that count, three at least."""
    return 3 if slope == 0 else int(np.clip(1 - np.floor(np.log10(abs(slope))), 3, 8))


def _number(value: float, digits: int) -> str:
    words = f"{value:.{digits}f}"
    return words.replace("-", "−") if float(words) else words.replace("-", "")


def _name_outside(axes: Axes, found: BlandAltman, names: Sequence[str]) -> None:
    outside = np.flatnonzero(found.outside)
    farthest = outside[np.argsort(-np.abs(found.differences[outside] - found.bias), kind="stable")][:_MOST_NAMED]
    lines = (found.lower_limit, found.bias, found.upper_limit)
    places = LabelPlaces(axes, np.column_stack([found.means, found.differences]), lines)
    for index in farthest:
        name = str(names[index])
        places.write(
            shortened(name, _LONGEST_NAME),
            found.means[index],
            found.differences[index],
            size=NOTE_SIZE,
            gid=f"case:{name}",
        )


def _handles(outside: bool) -> list[object]:
    from matplotlib.lines import Line2D

    none: dict[str, Any] = {"linestyle": "none", "markersize": 4.5}
    handles: list[object] = [
        Line2D([], [], color=BLUE, label="Bias"),
        Line2D([], [], color=VERMILLION, linestyle=(0, (5, 2)), label="Limits of agreement"),
        Line2D([], [], marker="o", color=INK, markerfacecolor="none", label="Case", **none),
    ]
    if outside:
        handles.append(Line2D([], [], marker="D", color=VERMILLION, label="Case outside the limits", **none))
    return handles
