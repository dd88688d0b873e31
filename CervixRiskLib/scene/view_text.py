"""The words, the ruler and the legend's note of an off-screen picture, drawn as VTK actors."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..bundle.prediction_text import AnswerText, pixel_size_text
from ..imaging import SliceImage
from .named_contour import NamedContour
from .picture_layout import PictureLayout, Rectangle

WHITE = (0.96, 0.96, 0.96)
GREY = (0.72, 0.72, 0.72)
YELLOW = (1.0, 0.90, 0.42)
AMBER = (1.0, 0.72, 0.30)
# In units of the layout: a line of the legend's note, the room over and under the bar, and the bar's least height.
_NOTE_LINE, _OVER_BAR, _UNDER_BAR, _LOWEST_BAR = 1.25, 2.6, 0.85, 6.0
_RULER_STEPS_MM = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500)

_Words = tuple[str, float, tuple[float, float, float], bool, float]


class _Pen:
    """Writes wrapped lines downwards inside a rectangle, smaller where a single word would not fit."""

    def __init__(self, renderer: Any, area: Rectangle) -> None:
        self.renderer = renderer
        self.area = area
        self.top = float(area.top)

    def write(self, text: str, size: float, colour: tuple[float, float, float], *, bold: bool = False) -> None:
        widest = max((text_width(word, text_style(size, colour, bold=bold)) for word in text.split()), default=0.0)
        if widest > self.area.width:
            size *= self.area.width / widest
        style = text_style(int(size), colour, bold=bold)
        for line in wrap(text, style, self.area.width):
            self.top -= 1.35 * size
            add_line(self.renderer, line, self.area.left, self.top + 0.3 * size, style)

    def height_of(self, text: str, size: float, *, bold: bool = False) -> float:
        return 1.35 * size * len(wrap(text, text_style(size, WHITE, bold=bold), self.area.width))

    def gap(self, height: float) -> None:
        self.top -= height


def draw_panel(renderer: Any, layout: PictureLayout, answer: AnswerText, contours: Sequence[NamedContour] = ()) -> None:
    """Headline, details, the contours' names, the mark of simulated data, warnings, and the research-use notice.

    The notice is always whole and closes the column of the warnings; what must be read whole is written smaller where
    it would not fit.
    """
    unit, pen = layout.unit, _Pen(renderer, layout.text)
    own_place = layout.warnings is not None
    closing = _Pen(renderer, layout.warnings or layout.text)
    notice_height = closing.height_of(answer.notice, 1.05 * unit) + 0.8 * unit
    # At least one line of warnings, or their count, stands under the details.
    reserved = 0.0 if own_place else notice_height + (2.2 * unit if answer.warnings else 0.6 * unit)
    words = _panel_words(answer, contours)
    shrink = _shrink(pen, words, unit, layout.text.height - reserved)
    for text, size, colour, bold, gap in words:
        pen.gap(gap * unit * shrink)
        pen.write(text, size * unit * shrink, colour, bold=bold)
    pen.gap(0.6 * unit)
    column = closing if own_place else pen
    _write_warnings(column, answer.warnings, unit, column.area.bottom + notice_height)
    column.gap(0.6 * unit)
    column.write(answer.notice, 1.05 * unit, GREY)


def _panel_words(answer: AnswerText, contours: Sequence[NamedContour]) -> list[_Words]:
    """Text, size in units, colour, weight, and the gap above it in units."""
    headline = [(answer.headline, 2.1, YELLOW, True, 0.0)] if answer.headline else []
    details = [(text, 1.2, WHITE, False, 0.0 if index else 0.3) for index, text in enumerate(answer.details)]
    simulated = [(answer.simulated, 1.2, AMBER, True, 0.6)] if answer.simulated else []
    # A stroke in the contour's colour before its name.
    names = [(f"━ {one.name}", 1.2, one.colour, True, 0.1 if index else 0.6) for index, one in enumerate(contours)]
    return [*headline, *details, *names, *simulated]


def _shrink(pen: _Pen, words: Sequence[_Words], unit: float, room: float) -> float:
    """The largest share of the usual sizes, in steps of 5 % down to 60 %, at which the words are ``room`` high."""
    shrink = 1.0
    while shrink > 0.6:
        height = sum(
            gap * unit * shrink + pen.height_of(text, size * unit * shrink, bold=bold)
            for text, size, _, bold, gap in words
        )
        if height <= room:
            break
        shrink -= 0.05
    return shrink


def _write_warnings(pen: _Pen, warnings: Sequence[str], unit: float, lowest: float) -> None:
    """As many whole warnings as fit above ``lowest``, and how many did not."""
    size = 1.05 * unit
    for index, warning in enumerate(warnings):
        left_over = len(warnings) - index - 1
        reserve = 1.35 * size if left_over else 0.0
        if pen.top - pen.height_of(f"▲ {warning}", size) - reserve < lowest:
            count = left_over + 1
            pen.write(f"▲ {'and ' if index else ''}{count} more warning{'s' if count > 1 else ''}", size, AMBER)
            return
        pen.write(f"▲ {warning}", size, AMBER)
        pen.gap(0.25 * unit)


def draw_legend_words(renderer: Any, layout: PictureLayout, note: Sequence[str]) -> None:
    """Over the legend its title; under it the lines of :func:`legend_note`."""
    unit, area = layout.unit, layout.legend
    add_line(renderer, "Heat map", area.left, area.top - 1.3 * unit, text_style(1.2 * unit, WHITE))
    style = text_style(0.95 * unit, GREY)
    for index, line in enumerate(reversed(note)):
        add_line(renderer, line, area.left, area.bottom + index * _NOTE_LINE * unit, style)


def legend_note(layout: PictureLayout, target: str, threshold: float) -> list[str]:
    """What the map explains and from which value on it is drawn, in as many lines as leave the bar its height."""
    unit, area = layout.unit, layout.legend
    style = text_style(0.95 * unit, GREY)
    most = max(2, int((area.height / unit - _OVER_BAR - _LOWEST_BAR - _UNDER_BAR) / _NOTE_LINE))
    lines = wrap(target, style, area.width) if target else []
    if len(lines) > most - 1:
        lines = [*lines[: most - 2], f"{lines[most - 2]} …"]
    return [*lines, f"Drawn from {threshold:.2f} on."]


def legend_box(layout: PictureLayout, note: Sequence[str]) -> Rectangle:
    """Where the bar of the legend stands, between its title and its note."""
    unit, area = layout.unit, layout.legend
    bottom = area.bottom + round((_NOTE_LINE * len(note) + _UNDER_BAR) * unit)
    return Rectangle(area.left, bottom, round(1.4 * unit), area.top - round(_OVER_BAR * unit) - bottom)


def draw_legend_numbers(renderer: Any, layout: PictureLayout, bar: Rectangle, threshold: float) -> None:
    """Ticks and numbers 0 to 1 beside the bar, and a mark at the threshold."""
    unit, style = layout.unit, text_style(layout.unit, GREY)
    for value in (0.0, 0.25, 0.5, 0.75, 1.0):
        height = bar.bottom + value * bar.height
        add_segments(renderer, ((bar.right, height, bar.right + 0.4 * unit, height),), GREY, width=1)
        add_line(renderer, f"{value:.2f}", bar.right + 0.8 * unit, height - 0.5 * unit, style)
    height = bar.bottom + threshold * bar.height
    add_segments(renderer, ((bar.left - 0.3 * unit, height, bar.right, height),), WHITE, width=2)


def draw_ruler(renderer: Any, layout: PictureLayout, image: SliceImage) -> None:
    """A ruler of a round length under the slice, and the pixel size; without a pixel size only the words."""
    unit, area = layout.unit, layout.ruler
    baseline = area.bottom + 1.1 * unit
    words = pixel_size_text(image)
    if image.spacing_mm is None:
        add_line(renderer, words, layout.image.left + 0.5 * unit, baseline, text_style(1.1 * unit, AMBER))
        return
    style, small = text_style(1.1 * unit, WHITE), text_style(1.0 * unit, GREY)
    longest = 0.4 * layout.image.width / layout.scale
    length_mm = max((step for step in _RULER_STEPS_MM if step <= longest), default=0)
    length, number = length_mm * layout.scale, f"{length_mm} mm"
    needed = text_width(words, small) + (length + text_width(number, style) + 3.2 * unit if length_mm else 0)
    # Under the slice's left edge, or further left when a narrow slice leaves too little room.
    left = max(area.left + 0.5 * unit, min(layout.image.left + 0.5 * unit, area.right - needed))
    if length_mm:
        height, tick = baseline + 0.45 * unit, 0.45 * unit
        ends = [(x, height - tick, x, height + tick) for x in (left, left + length)]
        add_segments(renderer, [(left, height, left + length, height), *ends], WHITE, width=2)
        left = add_line(renderer, number, left + length + 0.7 * unit, baseline, style) + 2 * unit
    add_line(renderer, words, left, baseline, small)


def wrap(text: str, style: Any, width: float) -> list[str]:
    """Break ``text`` between words so that no line of several words is wider than ``width`` pixels in ``style``."""
    lines: list[str] = []
    # A per cent sign stays with its number.
    for word in text.replace(" %", "\N{NO-BREAK SPACE}%").split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, style) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


def text_width(text: str, style: Any) -> float:
    """Width of one line in pixels."""
    import vtk

    box = [0, 0, 0, 0]
    vtk.vtkTextRenderer.GetInstance().GetBoundingBox(style, text, box, 72)
    return box[1] - box[0]


def text_style(size: float, colour: tuple[float, float, float], *, bold: bool = False) -> Any:
    """A text property in DejaVu Sans, which has every sign the sentences use; VTK's own font lacks some."""
    import vtk

    style = vtk.vtkTextProperty()
    style.SetFontFamily(vtk.VTK_FONT_FILE)
    style.SetFontFile(str(_font_folder() / ("DejaVuSans-Bold.ttf" if bold else "DejaVuSans.ttf")))
    style.SetFontSize(round(size))
    style.SetColor(*colour)
    style.SetVerticalJustificationToBottom()
    return style


def add_line(renderer: Any, text: str, left: float, baseline: float, style: Any) -> float:
    """Write one line; the right end of it in pixels."""
    import vtk

    actor = vtk.vtkTextActor()
    actor.SetInput(text)
    actor.GetTextProperty().ShallowCopy(style)
    actor.SetPosition(left, baseline)
    renderer.AddViewProp(actor)
    return left + text_width(text, style)


def add_segments(
    renderer: Any,
    segments: Sequence[tuple[float, float, float, float]],
    colour: tuple[float, float, float],
    *,
    width: float,
) -> None:
    """Straight lines, each ``(x0, y0, x1, y1)`` in pixels."""
    import vtk

    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    for x0, y0, x1, y1 in segments:
        lines.InsertNextCell(2)
        lines.InsertCellPoint(points.InsertNextPoint(round(x0), round(y0), 0))
        lines.InsertCellPoint(points.InsertNextPoint(round(x1), round(y1), 0))
    shape = vtk.vtkPolyData()
    shape.SetPoints(points)
    shape.SetLines(lines)
    mapper = vtk.vtkPolyDataMapper2D()
    mapper.SetInputData(shape)
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*colour)
    actor.GetProperty().SetLineWidth(width)
    renderer.AddViewProp(actor)


def _font_folder() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
