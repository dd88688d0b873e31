"""Example cases with the heat map beside the slice, in a column for each outcome: Figure 8 of Wang et al. 2025."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.prediction_text import percent
from ...bundle.study_examples import StudyExample
from ...errors import TrainingError
from ...imaging import Roi
from ..style import GREY, INK, NOTE_SIZE, TEXT_SIZE, TICK_SIZE, TITLE_SIZE, closing_line, house_style, save_figure
from .fitted_text import fit_width
from .heat_legend import HeatLegend, blended, draw_map_frame
from .outline import draw_outline
from .page_blocks import Words, line_height, write_line
from .sheet import Sheet
from .slice_figure import grey_levels

if TYPE_CHECKING:
    from matplotlib.figure import Figure

# Inches.
_MARGIN = 0.25
_PICTURE = 1.62
_PAIR_GAP = 0.08
_COLUMN_GAP = 0.35
_ROW_GAP = 0.18
_HEADING = 0.3
_FOOT = 0.36
_MOST_COLUMNS = 3
_THRESHOLD = 0.35
_OPACITY = 0.5
_NO_MAP = "no heat map"
_ONE = "Heat map"
_SEVERAL = "Heat map; what each explains stands below it"


def draw_heat_map_panel(
    examples: Sequence[StudyExample],
    *,
    notes: Sequence[str] = (),
    path: str | os.PathLike[str] | None = None,
    title: str = "",
    simulated: bool = False,
) -> Figure:
    """Draw each example twice, with its contour and under its heat map, and say how it was chosen.

    Parameters
    ----------
    examples
        At least one; those of one outcome stand below each other in their order.
    notes
        Sentences under the pictures, such as the rule by which the examples were chosen.
    path
        Where to write it: ``.png``, ``.svg`` or ``.pdf``.
    simulated
        The images were simulated; said under the figure.

    Raises
    ------
    TrainingError
        There is no example.
    SettingsError, StorageError
        The file cannot be written.
    """
    if not examples:
        raise TrainingError("There is no example case to draw.")
    by_outcome: dict[str, list[StudyExample]] = {}
    for example in examples:
        by_outcome.setdefault(example.outcome, []).append(example)
    with house_style():
        figure = _Drawing(by_outcome, notes, title, simulated).figure
    if path is not None:
        save_figure(figure, path)
    return figure


class _Drawing:
    """The sheet and what stands where on it."""

    def __init__(
        self, by_outcome: dict[str, list[StudyExample]], notes: Sequence[str], title: str, simulated: bool
    ) -> None:
        outcomes = list(by_outcome)
        # Outcomes beyond the third begin a further band of rows.
        bands = [outcomes[start : start + _MOST_COLUMNS] for start in range(0, len(outcomes), _MOST_COLUMNS)]
        columns = max(2, len(bands[0]))
        targets = _targets(by_outcome)
        # Where maps explain different things, each says its own.
        self._told_apart = len(targets) > 1
        self._pair = 2 * _PICTURE + _PAIR_GAP
        self._cell = _PICTURE + (3 if self._told_apart else 2) * line_height(NOTE_SIZE) + 0.06
        width = columns * self._pair + (columns - 1) * _COLUMN_GAP + 2 * _MARGIN
        measure = Sheet(width, 1.0)
        room = width - 2 * _MARGIN
        drawn = any(example.heat_map is not None for of_outcome in by_outcome.values() for example in of_outcome)
        words = _SEVERAL if self._told_apart else "".join(targets) or _ONE
        legend = HeatLegend(measure, words, room, _THRESHOLD, _OPACITY) if drawn else None
        told = [Words(measure, note, room, NOTE_SIZE, gid="note") for note in notes]
        rows = sum(max(len(by_outcome[name]) for name in band) for band in bands)
        head = 0.48 if title else 0.12
        height = head + len(bands) * _HEADING + rows * (self._cell + _ROW_GAP) + _FOOT
        height += (legend.height + 0.1 if legend else 0.0) + sum(block.height for block in told)
        self._sheet = Sheet(width, height)
        self.figure = self._sheet.figure
        if title:
            text = self._sheet.axes.text(
                _MARGIN, height - 0.32, title, fontsize=TITLE_SIZE, weight="bold", color=INK, gid="title"
            )
            fit_width(text, room)
        top = height - head
        for band in bands:
            top = self._draw_band(band, by_outcome, top)
        if legend is not None:
            legend.draw(self._sheet, _MARGIN, top)
            top -= legend.height + 0.1
        for block in told:
            block.draw(self._sheet, _MARGIN, top)
            top -= block.height
        weight, colour = ("bold", INK) if simulated else ("normal", GREY)
        text = self._sheet.axes.text(
            _MARGIN, 0.12, closing_line(simulated), fontsize=NOTE_SIZE, weight=weight, color=colour, gid="closing"
        )
        fit_width(text, room)

    def _draw_band(self, outcomes: Sequence[str], by_outcome: dict[str, list[StudyExample]], top: float) -> float:
        """The outcomes beside each other; gives the height at which they end."""
        for column, name in enumerate(outcomes):
            left = _MARGIN + column * (self._pair + _COLUMN_GAP)
            heading = self._sheet.axes.text(
                left, top - 0.17, f"Outcome: {name}", fontsize=TEXT_SIZE, weight="bold", color=INK, gid="heading"
            )
            fit_width(heading, self._pair, least=TICK_SIZE)
            for row, example in enumerate(by_outcome[name]):
                self._draw_example(example, left, top - _HEADING - row * (self._cell + _ROW_GAP))
        rows = max(len(by_outcome[name]) for name in outcomes)
        return top - _HEADING - rows * (self._cell + _ROW_GAP)

    def _draw_example(self, example: StudyExample, left: float, top: float) -> None:
        self._draw_picture(example, left, top, with_heat=False)
        second = left + _PICTURE + _PAIR_GAP
        if example.heat_map is not None:
            self._draw_picture(example, second, top, with_heat=True)
        else:
            style = {"ha": "center", "va": "center", "color": GREY, "gid": "no heat map"}
            self._sheet.write(second + _PICTURE / 2, top - _PICTURE / 2, _NO_MAP, NOTE_SIZE, **style)
        seen = "held out" if example.held_out else "seen in training"
        under = top - _PICTURE - 0.05
        lines = [
            (f"Probability of {example.probability_of} {percent(example.probability)}", INK, "probability"),
            (f"{example.reason}; {seen}", GREY, "reason"),
        ]
        if self._told_apart and example.heat_map is not None:
            lines.append((example.heat_map_target, GREY, "target"))
        for number, (words, colour, gid) in enumerate(lines):
            write_line(
                self._sheet, left, under - number * line_height(NOTE_SIZE), words, NOTE_SIZE, color=colour, gid=gid
            )
            fit_width(self._sheet.axes.texts[-1], self._pair, least=NOTE_SIZE - 1.5)

    def _draw_picture(self, example: StudyExample, left: float, top: float, *, with_heat: bool) -> None:
        """The slice as large as its square allows, in its true proportions."""
        rows, columns = example.image.shape
        row_size, column_size = example.spacing_mm or (1.0, 1.0)
        scale = _PICTURE / max(rows * row_size, columns * column_size)
        width, height = scale * columns * column_size, scale * rows * row_size
        left += (_PICTURE - width) / 2
        bottom = top - (_PICTURE + height) / 2
        axes = Sheet(width, height, self.figure, left, bottom).axes
        picture = np.repeat(grey_levels(example.image)[:, :, np.newaxis], 3, axis=2)
        if with_heat and example.heat_map is not None:
            picture = blended(picture, example.heat_map, _THRESHOLD, _OPACITY)
        extent = (0.0, columns * column_size, rows * row_size, 0.0)
        gid = "example:heat" if with_heat else "example"
        axes.imshow(picture, extent=extent, aspect="auto", interpolation="bilinear", gid=gid)
        if with_heat and example.heat_map is not None:
            draw_map_frame(axes, example.heat_map, example.spacing_mm)
        if example.mask is not None and example.mask.any():
            draw_outline(axes, Roi(example.mask, example.spacing_mm), 0, gid="contour", scale=0.6)
        axes.set_xlim(extent[0], extent[1])
        axes.set_ylim(extent[2], extent[3])


def _targets(by_outcome: dict[str, list[StudyExample]]) -> list[str]:
    """What the maps explain, each once."""
    told = [
        example.heat_map_target
        for of_outcome in by_outcome.values()
        for example in of_outcome
        if example.heat_map is not None and example.heat_map_target
    ]
    return list(dict.fromkeys(told))
