"""How often each feature was chosen when the whole selection was repeated in resamples."""

from __future__ import annotations

import math
import os
from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING

from ...errors import TrainingError
from ..style import BLUE, LIGHT_GREY, house_style, save_figure
from .named_bars import NamedBar, named_bars

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_TICKS = tuple((share, f"{100 * share:g} %") for share in (0.0, 0.25, 0.5, 0.75, 1.0))


def draw_selection_frequency(
    frequency: Mapping[str, float],
    stability: float | None = None,
    *,
    chosen: Collection[str] = (),
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a bar for each feature that was ever chosen, the most frequent first.

    Parameters
    ----------
    frequency
        Feature to the share of resamples that chose it, 0 to 1.
    stability
        Of the selection as a whole (Nogueira, Sechidis & Brown 2018, JMLR 18:174), at most 1; ``None`` where unknown.
    chosen
        Features of the final model: their bars are blue, the others grey. Empty: all are blue.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No feature was chosen in any resample.
    SettingsError, StorageError
        The file cannot be written.
    """
    found = sorted(((name, share) for name, share in frequency.items() if share > 0), key=lambda item: -item[1])
    if not found:
        raise TrainingError("There is no selection frequency to draw: nothing was selected in any resample.")
    bars = [
        NamedBar(name, share, f"{100 * share:.0f} %", BLUE if not chosen or name in chosen else LIGHT_GREY)
        for name, share in found
    ]
    notes = []
    if stability is not None and math.isfinite(stability):
        notes.append(
            f"Stability of the selection {stability:.2f}".replace("-", "\N{MINUS SIGN}")
            + " (Nogueira et al. 2018: below 0.40 poor, above 0.75 excellent)."
        )
    with house_style():
        figure = named_bars(
            bars, "Resamples that chose it", notes=notes, limits=(0.0, 1.0), ticks=_TICKS,
            handles=_handles(found, chosen), title=title, simulated=simulated,
        )  # fmt: skip
    if path is not None:
        save_figure(figure, path)
    return figure


def _handles(found: list[tuple[str, float]], chosen: Collection[str]) -> list[object]:
    from matplotlib.patches import Patch

    if not chosen:
        return []
    handles: list[object] = [Patch(color=BLUE, label="In the final model")]
    if any(name not in chosen for name, _ in found):
        handles.append(Patch(color=LIGHT_GREY, label="Not in the final model"))
    return handles
