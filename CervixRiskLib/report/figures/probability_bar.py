"""Probabilities as bars: one with interval and threshold, or one for each group."""

from __future__ import annotations

from collections.abc import Sequence

from ...bundle.prediction_text import percent
from ..style import BLUE, GREY, INK, LIGHT_GREY, NOTE_SIZE, SKY, TICK_SIZE
from .fitted_text import fit_width
from .page_blocks import line_height, write_line
from .sheet import Sheet

_BAR = 0.13
_ROW = 0.2


class ProbabilityBar:
    """The probability on a line from 0 to 100 %, its interval as a band, the threshold as a mark above.

    The line has one colour on purpose: where a probability becomes high is for the threshold to say, not for a green
    and a red end.
    """

    def __init__(
        self, probability: float, interval: tuple[float, float], threshold: float | None, width: float
    ) -> None:
        self._probability, self._interval, self._threshold, self._width = probability, interval, threshold, width

    @property
    def height(self) -> float:
        return (0.2 if self._threshold is not None else 0.05) + _BAR + 0.06 + line_height(NOTE_SIZE)

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        def place(share: float) -> float:
            return left + self._width * share

        middle = top - (0.2 if self._threshold is not None else 0.05) - _BAR / 2
        ends = [place(share) for share in self._interval]
        sheet.axes.fill_between([left, place(1)], middle - _BAR / 2, middle + _BAR / 2, color="#E8E8E8", lw=0)
        sheet.axes.fill_between(ends, middle - _BAR / 2, middle + _BAR / 2, color=SKY, lw=0, gid="interval")
        x = place(self._probability)
        sheet.axes.plot([x, x], [middle - 0.1, middle + 0.1], color=BLUE, linewidth=3, zorder=5, gid="probability")
        if self._threshold is not None:
            x = place(self._threshold)
            sheet.axes.plot([x, x], [middle - 0.08, middle + 0.12], color=INK, linewidth=1.0, zorder=4, gid="threshold")
            words = f"threshold {percent(self._threshold)}"
            room = sheet.text_width(words, NOTE_SIZE)
            begin = min(max(left, x - room / 2), left + self._width - room)
            sheet.write(begin, middle + 0.14, words, NOTE_SIZE, color=INK, va="bottom", gid="threshold:words")
        for share, side in ((0.0, "left"), (0.5, "center"), (1.0, "right")):
            y = middle - _BAR / 2 - 0.05
            write_line(sheet, place(share), y, f"{100 * share:.0f} %", NOTE_SIZE, color=GREY, ha=side, gid="scale")


class GroupBars:
    """A line for each group: its name, its probability as a bar, in per cent."""

    def __init__(self, groups: Sequence[tuple[str, float]], chosen: str, width: float) -> None:
        self._groups, self._chosen, self._width = tuple(groups), chosen, width

    @property
    def height(self) -> float:
        return _ROW * len(self._groups) + 0.05

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        begin, room = left + 0.45 * self._width, 0.4 * self._width
        for number, (name, probability) in enumerate(self._groups):
            y = top - (number + 0.5) * _ROW
            weight = "bold" if name == self._chosen else "normal"
            text = sheet.axes.text(left, y, name, fontsize=TICK_SIZE, va="center", weight=weight, gid="group")
            fit_width(text, 0.43 * self._width, least=NOTE_SIZE - 1)
            low, high = y - 0.055, y + 0.055
            sheet.axes.fill_between([begin, begin + room], low, high, color="#E8E8E8", lw=0)
            colour = BLUE if name == self._chosen else LIGHT_GREY
            sheet.axes.fill_between(
                [begin, begin + room * probability], low, high, color=colour, lw=0, gid=f"bar:{name}"
            )
            style = {"ha": "right", "va": "center", "weight": weight, "gid": "group:percent"}
            sheet.write(left + self._width, y, percent(probability), TICK_SIZE, **style)
