"""Confusion matrices of several models on the same cases, as counts and as shares of the true group."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...errors import TrainingError
from ..style import BLUE, INK, TEXT_SIZE, TICK_SIZE, house_style, save_figure
from .fitted_text import fit_width
from .panels import Panels, PanelSize

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches.
_CELL = 1.05
_CELL_OF_MANY = 0.85
_DARK_FROM = 0.88
_NOTE = "Number of cases, and their share of the true group (row)."


def draw_confusion_matrices(
    matrices: Sequence[tuple[str, np.ndarray]],
    class_names: Sequence[str],
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a panel for each model.

    Parameters
    ----------
    matrices
        Name and ``(k, k)`` counts; rows are the true groups, columns the predicted ones.
    class_names
        The ``k`` groups in the order of rows and columns.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no matrix, or one has not a row and a column for each group.
    SettingsError, StorageError
        The file cannot be written.
    """
    k = len(class_names)
    if not matrices or any(np.shape(counts) != (k, k) for _, counts in matrices):
        raise TrainingError("A confusion matrix has a row and a column for each group.")
    side = k * (_CELL if k == 2 else _CELL_OF_MANY)
    with house_style():
        size = PanelSize(side, side, left=0.65, right=0.2, above=0.4, below=0.65)
        panels = Panels(len(matrices), 4 if k == 2 else 3, size, title=title, notes=(_NOTE,), simulated=simulated)
        for index, ((name, counts), axes) in enumerate(zip(matrices, panels.axes, strict=True)):
            fit_width(axes.set_title(name, fontsize=TEXT_SIZE, loc="left", fontweight="bold"), side, least=TICK_SIZE)
            _draw_matrix(axes, np.asarray(counts))
            leftmost, lowest = panels.is_leftmost(index), panels.is_lowest(index)
            _name_groups(axes, class_names, side / k, leftmost=leftmost, lowest=lowest)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _draw_matrix(axes: Axes, counts: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    totals = counts.sum(axis=1, keepdims=True)
    shares = np.divide(counts, totals, out=np.zeros(counts.shape), where=totals > 0)
    colours = LinearSegmentedColormap.from_list("shares", ("white", BLUE))
    axes.imshow(shares, cmap=colours, vmin=0.0, vmax=1.0, aspect="equal", gid="shares")
    for (row, column), count in np.ndenumerate(counts):
        # Whichever stands out more against this blue: at least 4 to 1 on every ground.
        ink = "white" if shares[row, column] > _DARK_FROM else INK
        share = f"{100 * shares[row, column]:.0f} %" if totals[row, 0] else "–"
        axes.text(
            column, row - 0.04, f"{int(count)}", ha="center", va="bottom", fontsize=TEXT_SIZE + 3, color=ink,
            weight="bold", gid=f"count:{row}:{column}",
        )  # fmt: skip
        axes.text(
            column, row + 0.08, share, ha="center", va="top", fontsize=TICK_SIZE, color=ink, gid=f"share:{row}:{column}"
        )


def _name_groups(axes: Axes, names: Sequence[str], cell: float, *, leftmost: bool, lowest: bool) -> None:
    """Groups at the left of the leftmost panels and under the lowest ones, each name as long as its cell."""
    positions = range(len(names))
    axes.set_xticks(positions, [""] * len(names))
    axes.set_yticks(positions, [""] * len(names))
    axes.tick_params(length=0)
    if lowest:
        axes.set_xticks(positions, names, fontsize=TICK_SIZE)
        axes.set_xlabel("Predicted", fontsize=TEXT_SIZE)
    if leftmost:
        axes.set_yticks(positions, names, fontsize=TICK_SIZE, rotation=90, va="center")
        axes.set_ylabel("True group", fontsize=TEXT_SIZE)
    figure = axes.get_figure()
    assert figure is not None
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    for label in (*axes.get_xticklabels(), *axes.get_yticklabels()):
        box = label.get_window_extent(renderer)
        longest = max(box.width, box.height)
        if longest > 0.95 * cell * figure.dpi:
            label.set_fontsize(TICK_SIZE * 0.95 * cell * figure.dpi / longest)
