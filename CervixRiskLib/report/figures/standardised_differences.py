"""How alike two sides of a study are: standardised differences of every characteristic ("love plot")."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ...errors import TrainingError
from ..style import BLUE, GREEN, GREY, ORANGE, PURPLE, SKY, TEXT_SIZE, VERMILLION, house_style, save_figure
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes
from .row_names import MOST_ROWS, ROW, row_names

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_LOOKS = ((BLUE, "o"), (VERMILLION, "D"), (GREEN, "s"), (PURPLE, "^"), (ORANGE, "v"), (SKY, "P"))
_AXES = 3.2


def draw_standardised_differences(
    comparisons: Mapping[str, Mapping[str, float]],
    *,
    threshold: float = 0.1,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw absolute differences, the characteristic with the largest one first.

    Parameters
    ----------
    comparisons
        For each comparison ("training and test") the characteristics with their standardised mean difference; NaN
        where it is undefined. At most six.
    threshold
        Differences below it are commonly held negligible (Austin 2009): a dashed line.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No difference is defined.
    SettingsError, StorageError
        The file cannot be written.
    """
    if len(comparisons) > len(_LOOKS):
        raise ValueError(f"At most {len(_LOOKS)} comparisons can be told apart in one figure.")
    largest: dict[str, float] = {}
    for found in comparisons.values():
        for name, value in found.items():
            if math.isfinite(value):
                largest[name] = max(largest.get(name, 0.0), abs(value))
    if not largest:
        raise TrainingError("There is no standardised difference to draw: none is defined.")
    order = sorted(largest, key=lambda name: -largest[name])
    missing = len({name for found in comparisons.values() for name in found}) - len(order)
    notes = [f"Dashed line: {threshold:g}, below which a difference is commonly held negligible."]
    if missing:
        notes.append(f"{missing} without a defined difference: not drawn.")
    if len(order) > MOST_ROWS:
        notes.append(f"The first {MOST_ROWS} of {len(order):,} are drawn.")
    order = order[:MOST_ROWS]
    with house_style():
        names = row_names(order)
        size = PanelSize(_AXES, ROW * max(len(order), 2), left=0.0, right=0.2, above=0.1, below=0.55)
        wide = names.room + size.width + size.right
        panels = Panels(
            1, 1, size, title=title, legend_rows=-(-len(comparisons) // 2), notes=note_lines(notes, wide),
            simulated=simulated, beside=(names.room, 0.0),
        )  # fmt: skip
        axes = panels.axes[0]
        plain_axes(axes)
        handles: list[Any] = []
        for (name, found), (colour, marker) in zip(comparisons.items(), _LOOKS, strict=False):
            values = np.abs([found.get(row, math.nan) for row in order])
            handles += axes.plot(
                values, range(len(order)), linestyle="none", marker=marker, color=colour, markersize=5.5,
                label=name, zorder=3, clip_on=False, gid=f"difference:{name}",
            )  # fmt: skip
        axes.axvline(threshold, color=GREY, linewidth=1.0, linestyle=(0, (4, 1.5)), gid="threshold")
        names.write(axes)
        axes.set_xlim(0.0, 1.06 * max(largest[order[0]], 1.5 * threshold))
        axes.locator_params(axis="x", nbins=6)
        axes.set_xlabel("Absolute standardised difference", fontsize=TEXT_SIZE)
        panels.legend(handles, columns=min(len(handles), 2))
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure
