"""How much the features of the signature say the same: their Spearman correlations (Figure 5 of Wang et al. 2025)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_record import SelectionTrace
from ...errors import TrainingError
from ..style import BLUE, GREY, INK, LIGHT_GREY, NOTE_SIZE, TICK_SIZE, VERMILLION, house_style, save_figure
from .note_lines import note_lines
from .panels import Panels, PanelSize
from .row_names import row_names

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches.
_WIDEST_CELL = 0.36
_NARROWEST_CELL = 0.145
_WIDEST_MAP = 5.0
_LEAST_MAP = 1.2
_BAR = 0.14
_BAR_GAP = 0.15
_BAR_NUMBERS = 0.45
# Cells narrower than this have no number in them, and not each column its own.
_NUMBERED_FROM = 0.3
_DARK_FROM = 0.75
_FURTHEST = 2.0


def draw_correlation_map(
    trace: SelectionTrace,
    *,
    clustered: bool = False,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw the matrix; rows have names, columns their numbers.

    Parameters
    ----------
    trace
        ``correlation_names`` and ``correlation`` are read.
    clustered
        Features that say the same stand together (average linkage on ``1 - |rho|``) instead of in the given order.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        Fewer than two features.
    SettingsError, StorageError
        The file cannot be written.
    """
    matrix = np.asarray(trace.correlation, dtype=float)
    count = len(trace.correlation_names)
    if count < 2:
        raise TrainingError("There is no correlation to draw: the signature has fewer than two features.")
    if matrix.shape != (count, count):
        raise ValueError("A correlation map has a row and a column for each feature.")
    order = _clustered(matrix) if clustered else list(range(count))
    matrix = matrix[np.ix_(order, order)]
    labels = [f"{trace.correlation_names[place]}  {row}" for row, place in enumerate(order, start=1)]
    cell = float(np.clip(_WIDEST_MAP / count, _NARROWEST_CELL, _WIDEST_CELL))
    side = max(cell * count, _LEAST_MAP)
    notes = ["Spearman correlation among the cases that the model was fitted to."]
    if np.isnan(matrix).any():
        notes.append("Grey: undefined, as one of the two features does not vary.")
    with house_style():
        names = row_names(labels, size=TICK_SIZE if cell > 0.16 else NOTE_SIZE)
        right = _BAR_GAP + _BAR + _BAR_NUMBERS
        size = PanelSize(side, side, left=0.0, right=right, above=0.1, below=0.35)
        wide = names.room + side + right
        panels = Panels(
            1, 1, size, title=title, notes=note_lines(notes, wide), simulated=simulated, beside=(names.room, 0.0)
        )  # fmt: skip
        axes = panels.axes[0]
        _draw_cells(axes, matrix, numbered=side / count >= _NUMBERED_FROM)
        names.write(axes)
        every = 1 if side / count > 0.2 else 5
        numbers = [number for number in range(1, count + 1) if number == 1 or number % every == 0]
        axes.set_xticks([number - 1 for number in numbers], [str(number) for number in numbers], fontsize=TICK_SIZE)
        axes.tick_params(axis="x", length=0)
        _draw_scale(panels, axes)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _clustered(matrix: np.ndarray) -> list[int]:
    from scipy.cluster.hierarchy import leaves_list, linkage, optimal_leaf_ordering
    from scipy.spatial.distance import squareform

    distance = 1.0 - np.abs(matrix)
    # What is undefined is far from everything.
    distance = np.nan_to_num((distance + distance.T) / 2, nan=_FURTHEST)
    np.fill_diagonal(distance, 0.0)
    condensed = squareform(np.maximum(distance, 0.0), checks=False)
    return [int(place) for place in leaves_list(optimal_leaf_ordering(linkage(condensed, "average"), condensed))]


def _colours():  # type: ignore[no-untyped-def]
    from matplotlib.colors import LinearSegmentedColormap

    return LinearSegmentedColormap.from_list("correlation", (BLUE, "white", VERMILLION)).with_extremes(bad=LIGHT_GREY)


def _draw_cells(axes: Axes, matrix: np.ndarray, *, numbered: bool) -> None:
    axes.imshow(matrix, cmap=_colours(), vmin=-1.0, vmax=1.0, aspect="auto", interpolation="nearest", gid="correlation")
    edges = np.arange(len(matrix) + 1) - 0.5
    axes.hlines(edges, -0.5, len(matrix) - 0.5, color="white", linewidth=0.6)
    axes.vlines(edges, -0.5, len(matrix) - 0.5, color="white", linewidth=0.6)
    axes.spines[:].set_color(GREY)
    if not numbered:
        return
    for (row, column), value in np.ndenumerate(matrix):
        if row == column or np.isnan(value):
            continue
        words = f"{value:.2f}".replace("0.", ".").replace("-", "\N{MINUS SIGN}")
        axes.text(
            column, row, words if round(value, 2) else "0", ha="center", va="center_baseline", fontsize=6.5,
            color="white" if value < -_DARK_FROM else INK, gid=f"rho:{row}:{column}",
        )  # fmt: skip


def _draw_scale(panels: Panels, axes: Axes) -> None:
    """A colour scale right of the map."""
    place = axes.get_position()
    wide = panels.width
    scale = panels.figure.add_axes((place.x1 + _BAR_GAP / wide, place.y0, _BAR / wide, place.height))
    scale.imshow(np.linspace(1, -1, 256)[:, None], cmap=_colours(), aspect="auto", extent=(0, 1, -1, 1), gid="scale")
    scale.set_xticks([])
    scale.yaxis.tick_right()
    scale.set_yticks([-1, -0.5, 0, 0.5, 1], ["\N{MINUS SIGN}1", "\N{MINUS SIGN}0.5", "0", "0.5", "1"])
    scale.tick_params(labelsize=TICK_SIZE, width=0.8, length=3)
    scale.spines[:].set_visible(False)
