"""Marks and words of a drawn figure."""

from __future__ import annotations

import math
from typing import Any

from matplotlib.figure import Figure
from matplotlib.text import Text


def artist(figure: Figure, gid: str) -> list[Any]:
    """All that was drawn under this mark."""
    return figure.findobj(lambda item: item.get_gid() == gid)


def only(figure: Figure, gid: str) -> Any:
    """The one thing that was drawn under this mark."""
    (found,) = artist(figure, gid)
    return found


def visible(figure: Figure) -> list[Text]:
    """All words that are drawn; matplotlib keeps labels for ticks beyond the axis, too."""
    figure.canvas.draw()
    beyond = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            shown = (low - 1e-9, high + 1e-9) if axes.axison else (math.inf, -math.inf)
            beyond |= {label for place, label in ticks if not shown[0] <= place <= shown[1]}
    texts = figure.findobj(Text)
    return [text for text in texts if text.get_text().strip() and text.get_visible() and text not in beyond]  # type: ignore[misc]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in visible(figure)]
