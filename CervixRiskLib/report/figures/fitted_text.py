"""Words in the room they have: made smaller, and where that is not enough, cut in their middle.

Case and file names differ at their ends as often as at their beginnings, so both are kept.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.figure import Figure
    from matplotlib.text import Text

_ROUNDS = 4


def text_width(text: Text) -> float:
    """Width in inches."""
    figure = text.get_figure()
    assert figure is not None
    renderer = figure.canvas.get_renderer()  # type: ignore[attr-defined]
    return float(text.get_window_extent(renderer).width) / figure.dpi


def fit_width(text: Text, room: float, *, least: float | None = None) -> None:
    """Make a text smaller where it is wider than ``room`` inches; below ``least`` points, cut it instead."""
    for _ in range(_ROUNDS):
        width = text_width(text)
        if width <= room:
            return
        size = float(text.get_fontsize()) * room / width
        if least is not None and size < least:
            text.set_fontsize(least)
            cut_middle(text, room)
            return
        # Widths do not follow the size exactly, so once more.
        text.set_fontsize(size)


def cut_middle(text: Text, room: float) -> None:
    """Replace the middle of a text by "…" until it is no wider than ``room`` inches."""
    words = text.get_text()
    kept = len(words)
    while kept > 2 and text_width(text) > room:
        kept = min(kept - 1, int(kept * max(0.5, room / text_width(text))) + 1)
        text.set_text(shortened(words, kept))


def shortened(words: str, kept: int) -> str:
    """The first and last characters of ``words``, ``kept`` in all, with "…" between; as it is where it is short."""
    if len(words) <= kept + 1:
        return words
    tail = kept // 2
    return f"{words[: kept - tail].rstrip()}…{words[len(words) - tail :].lstrip()}"


def names_in(figure: Figure, names: list[str], size: float, room: float) -> list[str]:
    """Each name at ``size`` points, cut to ``room`` inches: for tick labels, which cannot be changed later."""
    probe = figure.text(0, 0, "", fontsize=size)
    fitted = []
    for name in names:
        probe.set_text(name)
        cut_middle(probe, room)
        fitted.append(probe.get_text())
    probe.remove()
    return fitted
