"""How reproducible the features are: intraclass correlations by feature class, a column for each analysis."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from ... import SIMULATED_DATA_MARK
from ...errors import TrainingError
from ..style import BLUE, INK, LIGHT_GREY, NOTE_SIZE, TEXT_SIZE, VERMILLION, house_style, save_figure
from .class_names import CLASS_NAMES
from .fitted_text import fit_width, text_width
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_SIZE = PanelSize(2.9, 0.55, left=0.7, right=0.3, above=0.3, below=0.18)
_BIN = 0.05
_ALL = "All features"


def draw_icc_histogram(
    values: Mapping[str, np.ndarray],
    feature_classes: Sequence[str],
    *,
    threshold: float = 0.75,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a row of panels for all features and for each feature class, with how many pass.

    Parameters
    ----------
    values
        ICCs ``(features,)`` by the analysis' name ("Inter-observer", "Perturbation"). NaN where not defined: counted
        among its class, as not passing, and in a note.
    feature_classes
        ``(features,)``: each feature's class (``"glcm"``, or any name).
    threshold
        Smallest ICC that passes.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no analysis or no feature, or no ICC is defined.
    SettingsError, StorageError
        The file cannot be written.
    """
    classes = np.array([str(name) for name in feature_classes], dtype=object)
    analyses = {name: np.asarray(iccs, dtype=float) for name, iccs in values.items()}
    if any(iccs.shape != classes.shape for iccs in analyses.values()):
        raise ValueError("Each analysis has one ICC for each feature.")
    if not any(np.isfinite(iccs).any() for iccs in analyses.values()):
        raise TrainingError("There is no ICC to draw: agreement was not computed, or is not defined for any feature.")
    rows = [name for name in CLASS_NAMES if name in classes]
    rows += [name for name in dict.fromkeys(classes.tolist()) if name not in CLASS_NAMES]
    edges = np.arange(-1, round(1 / _BIN) + 1) * _BIN
    members = {row: classes == row for row in rows}
    if len(rows) > 1:
        members = {_ALL: np.ones(len(classes), dtype=bool), **members}
    rows = list(members)
    shares = {
        (row, name): _shares(iccs[members[row]], edges, threshold) for row in rows for name, iccs in analyses.items()
    }
    with house_style():
        panels = Panels(
            len(rows) * len(analyses),
            len(analyses),
            _SIZE,
            title=title,
            # One for the legend, one for the axis label over it.
            legend_rows=2,
            notes=_notes(analyses),
            simulated=simulated,
            mark=SIMULATED_DATA_MARK,
            headings=list(analyses),
        )
        top = 1.08 * max(float((passed + failed).max()) for passed, failed in shares.values())
        for index, axes in enumerate(panels.axes):
            row, name = rows[index // len(analyses)], list(analyses)[index % len(analyses)]
            _draw_class(axes, edges, shares[row, name], threshold, gid=f"{name}:{row}")
            _name_class(axes, row, _words(analyses[name][members[row]], threshold))
            axes.set_ylim(0, top)
            _number_axes(axes, top, lowest=panels.is_lowest(index), leftmost=panels.is_leftmost(index))
        panels.legend(_handles(threshold), columns=3)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _shares(iccs: np.ndarray, edges: np.ndarray, threshold: float) -> tuple[np.ndarray, np.ndarray]:
    """Per bin, the share of the class that passes and that fails; all below zero stand in the first bin."""
    defined = iccs[np.isfinite(iccs)]
    # A little up, so that rounding moves nothing under an edge.
    place = np.clip(np.floor(defined / _BIN + 1e-9).astype(int), -1, len(edges) - 3) + 1
    counts = [
        np.bincount(place[chosen], minlength=len(edges) - 1) for chosen in (defined >= threshold, defined < threshold)
    ]
    return counts[0] / max(len(iccs), 1), counts[1] / max(len(iccs), 1)


def _words(iccs: np.ndarray, threshold: float) -> str:
    passing, total = int((iccs >= threshold).sum()), len(iccs)
    return f"{passing:,} of {total:,} pass ({100 * passing / total:.0f} %)"


def _notes(analyses: Mapping[str, np.ndarray]) -> list[str]:
    notes = ["Bars: share of the row's features; the bar left of 0 holds all ICCs below 0."]
    for name, iccs in analyses.items():
        undefined = int((~np.isfinite(iccs)).sum())
        if undefined:
            notes.append(f"{name}: no defined ICC for {undefined:,} of {len(iccs):,} features; not drawn, not passing.")
    return notes


def _draw_class(
    axes: Axes, edges: np.ndarray, shares: tuple[np.ndarray, np.ndarray], threshold: float, *, gid: str
) -> None:
    plain_axes(axes)
    passed, failed = shares
    left, width = edges[:-1] + 0.05 * _BIN, 0.9 * _BIN
    axes.bar(left, failed, width, align="edge", color=LIGHT_GREY, gid=f"fail:{gid}")
    axes.bar(left, passed, width, bottom=failed, align="edge", color=BLUE, gid=f"pass:{gid}")
    axes.axvline(threshold, color=VERMILLION, linewidth=1.2, linestyle=(0, (4, 1.5)), gid="threshold")
    axes.set_xlim(edges[0] - 0.01, 1.01)


def _name_class(axes: Axes, row: str, words: str) -> None:
    """The class on the left over its panel, the count on the right."""
    name = axes.set_title(CLASS_NAMES.get(row, row), fontsize=TEXT_SIZE, loc="left", pad=3)
    count = axes.set_title(words, fontsize=NOTE_SIZE, loc="right", pad=3, color=INK, gid="count")
    fit_width(name, _SIZE.width - text_width(count) - 0.1, least=NOTE_SIZE)


def _number_axes(axes: Axes, top: float, *, lowest: bool, leftmost: bool) -> None:
    ticks = np.linspace(0, 1, 5)
    axes.set_xticks(ticks, [f"{tick:g}" for tick in ticks] if lowest else [""] * len(ticks))
    step = next(step for step in (0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0) if top / step <= 3.2 or step == 1.0)
    heights = np.arange(0, top, step)
    axes.set_yticks(heights, [f"{100 * height:.0f} %" for height in heights] if leftmost else [""] * len(heights))
    if lowest:
        axes.set_xlabel("Intraclass correlation", fontsize=TEXT_SIZE, labelpad=2)


def _handles(threshold: float) -> list[object]:
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    return [
        Patch(color=BLUE, label="Passes"),
        Patch(color=LIGHT_GREY, label="Does not pass"),
        Line2D([], [], color=VERMILLION, linestyle=(0, (4, 1.5)), label=f"Threshold {threshold:g}"),
    ]
