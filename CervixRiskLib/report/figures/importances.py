"""How much each feature of the signature matters: the fall of the AUC when permuted (Figure 10 of Wang et al.)."""

from __future__ import annotations

import math
import os
from typing import TYPE_CHECKING

from ...bundle.study_record import SelectionTrace
from ...errors import TrainingError
from ..style import BLUE, GREY, house_style, save_figure
from .named_bars import NamedBar, named_bars, number_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_importances(
    trace: SelectionTrace,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a bar for each feature, the most important first; those that lower the AUC when present are grey.

    Parameters
    ----------
    trace
        ``importance_names`` and ``importance`` are read.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        No importance is known.
    SettingsError, StorageError
        The file cannot be written.
    """
    found = [
        (name, value)
        for name, value in zip(trace.importance_names, trace.importance, strict=True)
        if math.isfinite(value)
    ]
    if not found:
        raise TrainingError("There is no importance to draw: no feature of the signature was permuted.")
    found.sort(key=lambda item: -item[1])
    bars = [NamedBar(name, value, number_words(value, 3), BLUE if value > 0 else GREY) for name, value in found]
    notes = (
        "Held-out cases, one feature permuted at a time. The classifier was refitted in each fold, the choice of "
        "features was not: this describes the model and estimates nothing.",
    )
    with house_style():
        figure = named_bars(bars, "Mean fall of the AUC when permuted", notes=notes, title=title, simulated=simulated)
    if path is not None:
        save_figure(figure, path)
    return figure
