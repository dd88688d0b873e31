"""How networks learned: loss and AUC over the epochs, on the training cases and on those held out."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Protocol

from ...errors import TrainingError
from ..style import BLUE, GREY, TEXT_SIZE, VERMILLION, house_style, save_figure
from .panels import Panels, PanelSize, plain_axes

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

_MOST_COLUMNS = 4
# Up to this number of epochs each stands as a point too.
_FEW_EPOCHS = 20


class TrainedEpoch(Protocol):
    """What is drawn of an epoch; an undefined AUC is NaN, and ``None`` stands where no cases were held out."""

    @property
    def number(self) -> int: ...

    @property
    def training_loss(self) -> float: ...

    @property
    def training_auc(self) -> float: ...

    @property
    def validation_loss(self) -> float | None: ...

    @property
    def validation_auc(self) -> float | None: ...


def draw_training_curves(
    histories: Mapping[str, Sequence[TrainedEpoch]],
    *,
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw two panels for each network, the loss above and the AUC below; all share their scales.

    Parameters
    ----------
    histories
        Epochs by the network's name.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The cases were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no epoch to draw.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not histories or not all(histories.values()):
        raise TrainingError("There is no epoch to draw.")
    held_out = any(epoch.validation_loss is not None for history in histories.values() for epoch in history)
    top = 1.05 * _highest_loss(histories)
    with house_style():
        columns = min(_MOST_COLUMNS, len(histories))
        size = PanelSize(2.3, 1.7, left=0.6, right=0.15, above=0.4, below=0.5)
        rows = 2 * -(-len(histories) // columns)
        panels = Panels(rows * columns, columns, size, title=title, legend_rows=1, simulated=simulated)
        used: set[int] = set()
        for index, (name, history) in enumerate(histories.items()):
            row, column = divmod(index, columns)
            places = (2 * row * columns + column, (2 * row + 1) * columns + column)
            used.update(places)
            _draw_loss(panels.axes[places[0]], name, history, top, first=column == 0)
            _draw_auc(panels.axes[places[1]], history, first=column == 0)
        for place, axes in enumerate(panels.axes):
            if place not in used:
                axes.remove()
        panels.legend(_handles(held_out), columns=2)
    if path is not None:
        save_figure(panels.figure, path)
    return panels.figure


def _highest_loss(histories: Mapping[str, Sequence[TrainedEpoch]]) -> float:
    losses = [
        loss
        for history in histories.values()
        for epoch in history
        for loss in (epoch.training_loss, epoch.validation_loss)
        if loss is not None and math.isfinite(loss)
    ]
    return max(losses, default=1.0) or 1.0


def _draw_loss(axes: Axes, name: str, history: Sequence[TrainedEpoch], top: float, *, first: bool) -> None:
    plain_axes(axes, name)
    _draw(axes, history, "loss")
    axes.set_ylim(0, top)
    if first:
        axes.set_ylabel("Loss", fontsize=TEXT_SIZE)


def _draw_auc(axes: Axes, history: Sequence[TrainedEpoch], *, first: bool) -> None:
    plain_axes(axes)
    axes.axhline(0.5, color=GREY, linewidth=0.8, linestyle=(0, (2, 2)), gid="chance")
    _draw(axes, history, "auc")
    axes.set_ylim(0, 1.02)
    axes.set_yticks([0, 0.25, 0.5, 0.75, 1.0])
    axes.set_xlabel("Epoch", fontsize=TEXT_SIZE)
    if first:
        axes.set_ylabel("AUC", fontsize=TEXT_SIZE)


def _draw(axes: Axes, history: Sequence[TrainedEpoch], measure: str) -> None:
    from matplotlib.ticker import MaxNLocator

    numbers = [epoch.number for epoch in history]
    marker = "o" if len(history) <= _FEW_EPOCHS else ""
    for kind, colour, dashes in (("training", BLUE, "-"), ("validation", VERMILLION, (0, (4, 1.5)))):
        values = [getattr(epoch, f"{kind}_{measure}") for epoch in history]
        if all(value is None for value in values):
            continue
        shown = [math.nan if value is None else value for value in values]
        axes.plot(
            numbers, shown, color=colour, linestyle=dashes, linewidth=1.5, marker=marker, markersize=3,
            gid=f"{kind}:{measure}",
        )  # fmt: skip
    axes.set_xlim(min(numbers) - 0.5, max(numbers) + 0.5)
    axes.xaxis.set_major_locator(MaxNLocator(nbins=5, integer=True, min_n_ticks=1))


def _handles(held_out: bool) -> list[object]:
    from matplotlib.lines import Line2D

    handles: list[object] = [Line2D([], [], color=BLUE, linewidth=1.5, label="Training cases, as augmented")]
    if held_out:
        handles.append(Line2D([], [], color=VERMILLION, linewidth=1.5, linestyle=(0, (4, 1.5)), label="Held-out cases"))
    return handles
