"""Recursive feature elimination: the AUC over the number of features kept (Figure 9 of Wang et al. 2025)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_record import SelectionTrace
from ...errors import TrainingError
from ..style import BLUE, GREY, TEXT_SIZE, VERMILLION, house_style, save_figure
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = PanelSize(4.3, 2.6, left=0.75, right=0.3, above=0.15, below=0.6)


def draw_elimination_curve(
    trace: SelectionTrace,
    *,
    chosen: int | None = None,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw the cross-validated AUC with its standard deviation over the folds.

    Parameters
    ----------
    trace
        Its ``elimination_*`` fields are read.
    chosen
        Number of features that the model keeps; ``None``: nothing is marked.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        Nothing was eliminated, or no AUC is defined.
    SettingsError, StorageError
        The file cannot be written.
    """
    order = np.argsort(trace.elimination_features)
    count = np.asarray(trace.elimination_features, dtype=float)[order]
    auc = np.asarray(trace.elimination_auc, dtype=float)[order]
    spread = np.nan_to_num(np.asarray(trace.elimination_spread, dtype=float)[order])
    if not np.isfinite(auc).any():
        raise TrainingError("There is no elimination curve to draw: features were not eliminated step by step.")
    notes = ["Line: mean over the folds. Band: one standard deviation of the folds to both sides. Dotted: chance."]
    with house_style():
        wide = _SIZE.left + _SIZE.width + _SIZE.right
        panels = Panels(
            1, 1, _SIZE, title=title, legend_rows=0 if chosen is None else 1, notes=note_lines(notes, wide),
            simulated=simulated,
        )  # fmt: skip
        axes = panels.axes[0]
        plain_axes(axes)
        axes.fill_between(
            count, auc - spread, np.minimum(auc + spread, 1.0), color=BLUE, alpha=0.2, linewidth=0, gid="spread"
        )
        marker = "o" if len(count) <= 40 else ""
        axes.plot(count, auc, color=BLUE, marker=marker, markersize=3.5, linewidth=1.5, gid="auc")
        axes.axhline(0.5, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), gid="chance")
        low = min(0.48, float(np.nanmin(auc - spread)) - 0.02)
        axes.set_ylim(max(low, -0.02), 1.02)
        _number_features(axes, count if chosen is None else np.append(count, chosen))
        axes.set_xlabel("Features kept", fontsize=TEXT_SIZE)
        axes.set_ylabel("AUC in cross-validation", fontsize=TEXT_SIZE)
        if chosen is not None:
            line = axes.axvline(chosen, color=VERMILLION, linewidth=1.3, linestyle=(0, (4, 1.5)), gid="chosen")
            line.set_label(_chosen_words(chosen, count, auc))
            panels.legend([line])
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _number_features(axes, count: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    from matplotlib.ticker import MaxNLocator

    margin = 0.03 * float(np.ptp(count)) or 1.0
    axes.set_xlim(count.min() - margin, count.max() + margin)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, min_n_ticks=1))


def _chosen_words(chosen: int, count: np.ndarray, auc: np.ndarray) -> str:
    here = np.flatnonzero((count == chosen) & np.isfinite(auc))
    words = f"Chosen: {chosen} {'feature' if chosen == 1 else 'features'}"
    return f"{words}, AUC {auc[here[0]]:.3f}" if len(here) else words
