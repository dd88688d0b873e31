"""The features that the LASSO kept, with the sign and size of their coefficients (Figure 4B of Wang et al. 2025)."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_record import SelectionTrace
from ...errors import TrainingError
from ..style import BLUE, VERMILLION, house_style, save_figure
from .named_bars import NamedBar, named_bars, number_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_lasso_coefficients(
    trace: SelectionTrace,
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw a bar for each coefficient that is not zero at the chosen penalty, the largest first.

    Parameters
    ----------
    trace
        Its ``lasso_*`` fields are read.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There was no LASSO, or it kept no feature.
    SettingsError, StorageError
        The file cannot be written.
    """
    kept = {name: value for name, value in chosen_coefficients(trace).items() if value != 0.0}
    if not kept:
        raise TrainingError("There is no LASSO coefficient to draw: at the chosen penalty all are zero.")
    order = sorted(kept, key=lambda name: -abs(kept[name]))
    digits = _digits(abs(kept[order[0]]))
    bars = [_bar(name, kept[name], digits) for name in order]
    notes = (f"At the penalty {trace.lasso_penalty:.3g}; right of zero: a higher value speaks for the outcome.",)
    with house_style():
        figure = named_bars(
            bars, "Coefficient per standard deviation", notes=notes, title=title, simulated=simulated
        )  # fmt: skip
    if path is not None:
        save_figure(figure, path)
    return figure


def _bar(name: str, value: float, digits: int) -> NamedBar:
    return NamedBar(name, value, number_words(value, digits, signed=True), VERMILLION if value > 0 else BLUE)


def chosen_coefficients(trace: SelectionTrace) -> dict[str, float]:
    """Each feature's coefficient at the penalty of the path that is nearest to the chosen one.

    Raises
    ------
    TrainingError
        There was no LASSO.
    """
    if trace.lasso_penalty is None or not trace.lasso_penalties or not trace.lasso_features:
        raise TrainingError("There is no LASSO to draw: features were chosen without one, or it kept none.")
    penalties = np.asarray(trace.lasso_penalties, dtype=float)
    nearest = int(np.argmin(np.abs(np.log(penalties) - np.log(trace.lasso_penalty))))
    coefficients = np.asarray(trace.lasso_coefficients, dtype=float)
    return dict(zip(trace.lasso_features, coefficients[:, nearest].tolist(), strict=True))


def _digits(largest: float) -> int:
    """Digits after the point that show the largest with three that count, two at least."""
    return int(np.clip(2 - np.floor(np.log10(largest)), 2, 6))
