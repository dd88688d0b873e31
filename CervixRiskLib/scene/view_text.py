"""The words, the ruler and the legend's note of an off-screen picture, drawn as VTK actors."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..imaging import SliceImage
from .answer_text import AnswerText, pixel_size_text
from .picture_layout import PictureLayout, Rectangle

WHITE = (0.96, 0.96, 0.96)
GREY = (0.72, 0.72, 0.72)
YELLOW = (1.0, 0.90, 0.42)
AMBER = (1.0, 0.72, 0.30)
_RULER_STEPS_MM = (1, 2, 5, 10, 20, 50, 100, 200, 500)


class _Pen:
    """Writes wrapped lines downwards inside a rectangle."""

    def __init__(self, renderer: Any, area: Rectangle) -> None:
        self.renderer = renderer
        self.area = area
        self.top = float(area.top)

    def write(self, text: str, size: float, colour: tuple[float, float, float], *, bold: bool = False) -> None:
        style = text_style(size, colour, bold=bold)
        for line in wrap(text, style, self.area.width):
            self.top -= 1.35 * size
            add_line(self.renderer, line, self.area.left, self.top + 0.3 * size, style)

    def height_of(self, text: str, size: float) -> float:
        return 1.35 * size * len(wrap(text, text_style(size, WHITE), self.area.width))

    def gap(self, height: float) -> None:
        self.top -= height


def draw_panel(renderer: Any, layout: PictureLayout, answer: AnswerText) -> None:
    """Headline, details, the mark of simulated data, warnings, and the research-use notice, which is always whole."""
    unit, pen = layout.unit, _Pen(renderer, layout.text)
    if answer.headline:
        pen.write(answer.headline, 2.1 * unit, YELLOW, bold=True)
        pen.gap(0.3 * unit)
    for detail in answer.details:
        pen.write(detail, 1.2 * unit, WHITE)
    if answer.simulated:
        pen.gap(0.6 * unit)
        pen.write(answer.simulated, 1.2 * unit, AMBER, bold=True)
    pen.gap(0.6 * unit)
    notice_height = pen.height_of(answer.notice, 1.05 * unit) + 0.8 * unit
    for index, warning in enumerate(answer.warnings):
        left_over = len(answer.warnings) - index - 1
        reserve = notice_height + (1.35 * unit if left_over else 0)
        if pen.top - pen.height_of(f"▲ {warning}", 1.05 * unit) - reserve < layout.text.bottom:
            pen.write(f"▲ {left_over + 1} more warnings in the report", 1.05 * unit, AMBER)
            break
        pen.write(f"▲ {warning}", 1.05 * unit, AMBER)
        pen.gap(0.25 * unit)
    pen.gap(0.6 * unit)
    pen.write(answer.notice, 1.05 * unit, GREY)


def draw_legend_note(renderer: Any, layout: PictureLayout, note: str, threshold: float) -> None:
    """Under the legend: what the map explains, and from which value on it is drawn."""
    unit, area = layout.unit, layout.legend
    sentences = [f"Drawn from {threshold:.2f} on."]
    if note:
        sentences.insert(0, note)
    style = text_style(0.95 * unit, GREY)
    lines = [line for sentence in sentences for line in wrap(sentence, style, area.width)]
    for index, line in enumerate(lines[:3]):
        add_line(renderer, line, area.left, area.bottom + (len(lines[:3]) - 1 - index) * 1.25 * unit, style)


def draw_ruler(renderer: Any, layout: PictureLayout, image: SliceImage) -> None:
    """A ruler of a round length under the slice, and the pixel size; without a pixel size only the words."""
    unit, area = layout.unit, layout.ruler
    baseline = area.bottom + 1.1 * unit
    style = text_style(1.1 * unit, WHITE if image.spacing_mm else AMBER)
    words = pixel_size_text(image)
    if image.spacing_mm is None:
        add_line(renderer, words, area.left + 0.5 * unit, baseline, style)
        return
    longest = 0.4 * area.width / layout.scale
    length_mm = max((step for step in _RULER_STEPS_MM if step <= longest), default=None)
    left = area.left + 0.5 * unit
    if length_mm is not None:
        length = length_mm * layout.scale
        _add_ruler(renderer, left, baseline + 0.35 * unit, length, 0.45 * unit)
        left = add_line(renderer, f"{length_mm} mm", left + length + 0.7 * unit, baseline, style) + 2 * unit
    add_line(renderer, words, left, baseline, text_style(1.0 * unit, GREY))


def wrap(text: str, style: Any, width: float) -> list[str]:
    """Break ``text`` between words so that no line is wider than ``width`` pixels in ``style``."""
    lines: list[str] = []
    for word in text.split():
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


def _add_ruler(renderer: Any, left: float, height: float, length: float, tick: float) -> None:
    import vtk

    points, lines = vtk.vtkPoints(), vtk.vtkCellArray()
    ends = ((left, height, left + length, height),)
    ticks = tuple((x, height - tick, x, height + tick) for x in (left, left + length))
    for x0, y0, x1, y1 in ends + ticks:
        first = points.InsertNextPoint(round(x0), round(y0), 0)
        second = points.InsertNextPoint(round(x1), round(y1), 0)
        lines.InsertNextCell(2)
        lines.InsertCellPoint(first)
        lines.InsertCellPoint(second)
    shape = vtk.vtkPolyData()
    shape.SetPoints(points)
    shape.SetLines(lines)
    mapper = vtk.vtkPolyDataMapper2D()
    mapper.SetInputData(shape)
    actor = vtk.vtkActor2D()
    actor.SetMapper(mapper)
    actor.GetProperty().SetColor(*WHITE)
    actor.GetProperty().SetLineWidth(2)
    renderer.AddViewProp(actor)


def _font_folder() -> Path:
    import matplotlib

    return Path(matplotlib.get_data_path()) / "fonts" / "ttf"
