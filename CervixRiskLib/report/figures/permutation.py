"""The whole pipeline on permuted outcomes: where its AUC lies among those that chance gives (Ojala & Garriga 2010)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_record import PermutationRecord
from ...errors import TrainingError
from ..style import GREY, LIGHT_GREY, TEXT_SIZE, VERMILLION, house_style, save_figure
from .note_lines import note_lines
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SIZE = PanelSize(4.3, 2.4, left=0.75, right=0.3, above=0.15, below=0.6)
_BIN = 0.02
_STEPS = (1, 2, 2.5, 5, 10)


def draw_permutation(
    record: PermutationRecord,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a histogram of the AUCs with permuted outcomes, and the AUC with the true ones as a line.

    Parameters
    ----------
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No permuted AUC, or not the true one, is defined.
    SettingsError, StorageError
        The file cannot be written.
    """
    permuted = np.asarray(record.permuted, dtype=float)
    permuted = permuted[np.isfinite(permuted)]
    if not len(permuted) or not np.isfinite(record.observed):
        raise TrainingError("There is no permutation test to draw: no AUC with permuted outcomes is known.")
    reached = int((permuted >= record.observed).sum())
    notes = [
        f"{reached:,} of {len(permuted):,} permutations reach the observed AUC. The whole pipeline ran on each; "
        "p counts the observed AUC among them. Dotted: chance."
    ]
    with house_style():
        wide = _SIZE.left + _SIZE.width + _SIZE.right
        panels = Panels(1, 1, _SIZE, title=title, legend_rows=2, notes=note_lines(notes, wide), simulated=simulated)
        axes = panels.axes[0]
        plain_axes(axes)
        edges = _edges(permuted, record.observed)
        counts, _ = np.histogram(permuted, edges)
        bars = axes.bar(edges[:-1], counts, 0.92 * _BIN, align="edge", color=LIGHT_GREY, edgecolor=GREY, linewidth=0.6)
        for bar in bars:
            bar.set_gid("permuted")
        line = axes.axvline(record.observed, color=VERMILLION, linewidth=1.6, gid="observed")
        axes.axvline(0.5, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), gid="chance")
        bars.set_label(f"Permuted outcomes: mean AUC {permuted.mean():.3f}")
        line.set_label(f"Observed, {record.model}: AUC {record.observed:.3f}, {_p(record.p_value)}")
        _finish(axes, edges, counts)
        panels.legend([line, bars])
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _edges(permuted: np.ndarray, observed: float) -> np.ndarray:
    """Bins of .02 that hold all permuted AUCs, the observed one and .5; rounding puts no value left of its bin."""
    low = np.floor(min(permuted.min(), observed, 0.5) / _BIN + 1e-9)
    high = np.floor(max(permuted.max(), observed, 0.5) / _BIN + 1e-9) + 1
    return (np.arange(low, high + 1) - 1e-9) * _BIN


def _finish(axes, edges: np.ndarray, counts: np.ndarray) -> None:  # type: ignore[no-untyped-def]
    from matplotlib.ticker import MaxNLocator

    axes.set_xlim(edges[0] - _BIN, edges[-1] + _BIN)
    axes.set_ylim(0, 1.08 * counts.max())
    axes.xaxis.set_major_locator(MaxNLocator(nbins=8, steps=_STEPS))
    axes.yaxis.set_major_locator(MaxNLocator(nbins=5, steps=_STEPS, integer=True))
    axes.set_xlabel("AUC", fontsize=TEXT_SIZE)
    axes.set_ylabel("Permutations", fontsize=TEXT_SIZE)


def _p(p: float) -> str:
    return "p < 0.001" if p < 0.001 else f"p = {p:.3f}"
