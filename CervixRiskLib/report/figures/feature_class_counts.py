"""How many features of each class there are, and how many remain after each step (Figures 2 and 3 of Wang et al.)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_record import SelectionTrace
from ...errors import TrainingError
from ...radiomics.feature_class import OTHER
from ..style import BLUE, INK, NOTE_SIZE, TICK_SIZE, house_style, save_figure
from .class_names import CLASS_NAMES
from .note_lines import note_lines
from .panels import Panels, PanelSize
from .row_names import RowNames, row_names
from .sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

# Inches.
_CELL = 0.74
_ROW = 0.24
_HEAD = 0.45
_LEAST_ROWS = 3
_DARK_FROM = 0.85
_TOTAL = "All features"
_CLASS = "feature_class"
_STEPS = {
    "measured": "Measured",
    "reproducible": "Repro- ducible",
    "candidates": "Candi- dates",
    "varying": "Varying",
    "mann_whitney": "Mann- Whitney",
    "spearman": "Spearman",
    "lasso": "LASSO",
    "principal_components": "Principal comp.",
    "eliminated": "Elimi- nation",
    "signature": "Signature",
}


def draw_feature_classes(
    trace: SelectionTrace,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a row for each class and a column for each step; the ground is the share of the class that remains.

    Parameters
    ----------
    trace
        ``feature_classes`` is read.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No class, or no step, is known.
    SettingsError, StorageError
        The file cannot be written.
    """
    steps = [name for name in trace.feature_classes.columns if name != _CLASS]
    if not steps or not trace.feature_classes.rows or _CLASS not in trace.feature_classes.columns:
        raise TrainingError("There is no table of feature classes to draw: no features were counted.")
    frame = trace.feature_classes.to_frame()
    classes = [str(name) for name in frame[_CLASS]]
    counts = frame[steps].to_numpy(dtype=float)
    order = _in_order(classes)
    classes, counts = [classes[place] for place in order], counts[order]
    labels = [CLASS_NAMES.get(name, "Other" if name == OTHER else name) for name in classes]
    if len(classes) > 1:
        labels, counts = [*labels, _TOTAL], np.vstack([counts, np.nansum(counts, axis=0)])
    notes = ["Number of features that remain after each step; ground: their share of the row's first number."]
    notes += trace.feature_classes.notes
    with house_style():
        names = row_names(labels, bold=True)
        size = PanelSize(
            _CELL * len(steps), _ROW * max(len(labels), _LEAST_ROWS), left=0.0, right=0.0, above=_HEAD, below=0.15
        )
        wide = names.room + size.width
        panels = Panels(
            1, 1, size, title=title, notes=note_lines(notes, wide), simulated=simulated, beside=(names.room, 0.0)
        )  # fmt: skip
        axes = panels.axes[0]
        _draw_cells(axes, labels, steps, counts)
        _name(axes, names, steps, total=len(classes) > 1)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _in_order(classes: list[str]) -> list[int]:
    """PyRadiomics' classes in their order, then the others as they come."""
    known = list(CLASS_NAMES)
    return sorted(range(len(classes)), key=lambda place: known.index(classes[place]) if classes[place] in known else 99)


def _draw_cells(axes: Axes, labels: list[str], steps: list[str], counts: np.ndarray) -> None:
    from matplotlib.colors import LinearSegmentedColormap
    from matplotlib.patches import Rectangle

    colours = LinearSegmentedColormap.from_list("shares", ("white", BLUE))
    for row, label in enumerate(labels):
        for column, step in enumerate(steps):
            count, measured = counts[row, column], counts[row, 0]
            share = count / measured if measured > 0 and np.isfinite(count) else 0.0
            place = (column - 0.5, row - 0.5)
            axes.add_patch(
                Rectangle(
                    place, 1, 1, facecolor=colours(share), edgecolor="white", linewidth=1.0, gid=f"share:{label}:{step}"
                )
            )
            axes.text(
                column, row, f"{count:,.0f}" if np.isfinite(count) else "–", ha="center", va="center_baseline",
                fontsize=TICK_SIZE, color="white" if share > _DARK_FROM else INK, gid=f"count:{label}:{step}",
                weight="bold" if label == _TOTAL else "normal",
            )  # fmt: skip


def _name(axes: Axes, names: RowNames, steps: list[str], *, total: bool) -> None:
    measure = Sheet(1.0, 1.0)
    axes.set_xlim(-0.5, len(steps) - 0.5)
    names.write(axes)
    heads = ["\n".join(measure.wrap(_STEPS.get(step, step), NOTE_SIZE, _CELL - 0.06)[:2]) for step in steps]
    axes.xaxis.tick_top()
    axes.set_xticks(range(len(steps)), heads, fontsize=NOTE_SIZE)
    axes.tick_params(axis="x", length=0)
    axes.spines[:].set_visible(False)
    if total:
        axes.axhline(len(names.words) - 1.5, color=INK, linewidth=0.8, gid="total")
        axes.get_yticklabels()[-1].set_fontweight("bold")
