"""A second, lower axis system under a panel's own, on the same horizontal scale."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def axes_below(axes: Axes, height: float, gap: float) -> Axes:
    """Take ``height`` and a ``gap`` (inches) from the foot of a panel and give the axes that stand there."""
    figure = axes.get_figure()
    assert figure is not None
    whole = axes.get_position()
    up = float(figure.get_size_inches()[1])  # type: ignore[union-attr]
    taken = (height + gap) / up
    axes.set_position((whole.x0, whole.y0 + taken, whole.width, whole.height - taken))
    return figure.add_axes((whole.x0, whole.y0, whole.width, height / up), sharex=axes)
