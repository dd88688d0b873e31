"""What moves the score most: a bar for each feature, to the left where it lowers the score."""

from __future__ import annotations

import math
from collections.abc import Sequence

from ...bundle import Contribution
from ..style import BLUE, GREY, INK, NOTE_SIZE, VERMILLION
from .fitted_text import fit_width
from .sheet import Sheet

_ROW = 0.175
_NAMES = 0.56
_NUMBERS = 0.13


class ContributionBars:
    """One line a feature, in the order given; ``width`` in inches."""

    def __init__(self, contributions: Sequence[Contribution], width: float) -> None:
        self._contributions, self._width = tuple(contributions), width

    @property
    def height(self) -> float:
        return _ROW * len(self._contributions)

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        begin = left + _NAMES * self._width
        room = (1 - _NAMES - _NUMBERS) * self._width
        finite = [abs(item.effect) for item in self._contributions if math.isfinite(item.effect)]
        longest = max(finite, default=0.0) or 1.0
        zero = begin + room / 2
        sheet.axes.plot([zero, zero], [top, top - self.height], color=GREY, linewidth=0.6, zorder=2)
        for number, item in enumerate(self._contributions):
            y = top - (number + 0.5) * _ROW
            name = sheet.axes.text(left, y, item.name, fontsize=NOTE_SIZE, va="center", color=INK, gid="feature")
            fit_width(name, _NAMES * self._width - 0.08, least=NOTE_SIZE - 1)
            shown = item.effect if math.isfinite(item.effect) else 0.0
            end = zero + 0.95 * room / 2 * shown / longest
            colour = VERMILLION if shown > 0 else BLUE
            sheet.axes.fill_between(
                sorted([zero, end]), y - 0.05, y + 0.05, color=colour, lw=0, zorder=3, gid=f"effect:{item.name}"
            )
            words = f"{item.effect:+.2f}".replace("-", "\N{MINUS SIGN}") if math.isfinite(item.effect) else "undefined"
            sheet.write(left + self._width, y, words, NOTE_SIZE, ha="right", va="center", color=INK, gid="effect:words")
