"""The slice with its contours, and beside it the same slice with the heat map, or the contour seen closer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ...bundle.prediction_text import heat_map_caption
from ...imaging import Roi
from ..case_report import CaseReport
from ..style import INK, NOTE_SIZE, TICK_SIZE
from .fitted_text import fit_width
from .heat_legend import HeatLegend, blended, draw_map_frame
from .outline import LINES, draw_outline, line_style
from .page_blocks import Block, Stack, line_height
from .sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Inches.
_GAP = 0.25
_TITLE = 0.2
_RULER = 0.22
# Between a picture and what explains it, and below that.
_UNDER = 0.12
# Flatter slices stand below each other.
_FLATTEST_BESIDE = 0.5
_CLOSE_UP_MARGIN = 0.25
_LEAST_PIXELS = 24
_LONGEST_RULER = 0.45
_SHOWN_PERCENTILES = (0.5, 99.5)


@dataclass(frozen=True)
class _View:
    """One picture: its title, the part of the slice it shows (left, top, right, bottom in mm or pixels), heat map."""

    title: str
    part: tuple[float, float, float, float]
    heat_map: np.ndarray | None = None

    @property
    def width(self) -> float:
        return self.part[2] - self.part[0]

    @property
    def height(self) -> float:
        return self.part[3] - self.part[1]


class SlicePictures:
    """The pictures in ``width`` inches, each at most ``most_height`` inches high, with what explains them below.

    ``shape`` of a picture is the slice's own, in mm where the pixel size is known.
    """

    def __init__(self, measure: Sheet, report: CaseReport, width: float, most_height: float) -> None:
        self._report, self._width = report, width
        self._views = _views(report)
        first = self._views[0]
        shape = first.height / first.width
        self._below = len(self._views) > 1 and shape < _FLATTEST_BESIDE
        columns = 1 if self._below else 2
        self._column = (width - (columns - 1) * _GAP) / columns
        most = most_height * (0.5 if self._below else 1.0)
        self._scale = min(self._column / first.width, most / first.height)
        self._captions = [self._caption(measure, view) for view in self._views]

    @property
    def height(self) -> float:
        heights = [_TITLE + self._picture_height(view) + _UNDER + caption.height for view, caption in self._parts()]
        return (sum(heights) if self._below else max(heights)) + 0.04

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        for number, (view, caption) in enumerate(self._parts()):
            title = sheet.axes.text(
                left, top - 0.13, view.title, fontsize=TICK_SIZE, weight="bold", color=INK, gid="picture"
            )
            fit_width(title, self._column, least=NOTE_SIZE - 1)
            height = self._picture_height(view)
            self._draw_picture(sheet, view, left, top - _TITLE - height, number)
            caption.draw(sheet, left, top - _TITLE - height - 0.06)
            if self._below:
                top -= _TITLE + height + _UNDER + caption.height
            else:
                left += self._column + _GAP

    def _parts(self) -> list[tuple[_View, Block]]:
        return list(zip(self._views, self._captions, strict=True))

    def _picture_height(self, view: _View) -> float:
        return self._scale_of(view) * view.height

    def _scale_of(self, view: _View) -> float:
        """Inches on paper for one mm (or pixel); a close-up is as wide as the slice."""
        return self._scale * self._views[0].width / view.width

    def _caption(self, measure: Sheet, view: _View) -> Block:
        blocks: list[Block] = []
        if view.heat_map is not None:
            words, report = heat_map_caption(self._report.prediction), self._report
            blocks.append(HeatLegend(measure, words, self._column, report.heat_threshold, report.heat_opacity))
        else:
            unit = "px" if self._report.image.spacing_mm is None else "mm"
            blocks.append(_Ruler(self._scale_of(view), view.width, unit))
        if view is self._views[0]:
            drawn = _contours(self._report)
            if len(drawn) > 1:
                blocks += [_OutlineName(name, number, self._column) for number, (name, _) in enumerate(drawn)]
        return Stack(blocks)

    def _draw_picture(self, sheet: Sheet, view: _View, left: float, bottom: float, number: int) -> None:
        scale = self._scale_of(view)
        axes = Sheet(scale * view.width, scale * view.height, sheet.figure, *_on_figure(sheet, left, bottom)).axes
        report = self._report
        _draw_slice(axes, report, view)
        if view.heat_map is not None:
            draw_map_frame(axes, view.heat_map, report.image.spacing_mm)
        contours = _contours(report) if number == 0 or view.heat_map is None else _contours(report)[:1]
        for place, (name, roi) in enumerate(contours):
            draw_outline(axes, roi, place, gid=f"contour:{name}", scale=0.75)
        axes.set_xlim(view.part[0], view.part[2])
        axes.set_ylim(view.part[3], view.part[1])


class _Ruler:
    """A length in mm below a picture, in pixels where their size is unknown."""

    def __init__(self, scale: float, shown: float, unit: str) -> None:
        longest = _LONGEST_RULER * shown
        power = 10.0 ** math.floor(math.log10(longest))
        self._length = next(step * power for step in (5, 2, 1) if step * power <= longest)
        self._scale, self._unit = scale, unit

    @property
    def height(self) -> float:
        return _RULER

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        y, end = top - 0.09, left + self._scale * self._length
        sheet.axes.plot([left, end], [y, y], color=INK, linewidth=1.4, gid="ruler", zorder=3)
        for x in (left, end):
            sheet.axes.plot([x, x], [y - 0.035, y + 0.035], color=INK, linewidth=1.0, zorder=3)
        words = f"{self._length:g} mm" if self._unit == "mm" else f"{self._length:g} pixels, size unknown"
        sheet.write(end + 0.07, y, words, NOTE_SIZE, va="center", color=INK, gid="ruler:words")


class _OutlineName:
    """A contour's line and whose it is."""

    def __init__(self, name: str, number: int, width: float) -> None:
        self._name, self._number, self._width = name, number, width

    @property
    def height(self) -> float:
        return line_height(NOTE_SIZE) + 0.02

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        y = top - self.height / 2
        sheet.axes.plot([left, left + 0.45], [y, y], **line_style(self._number, 0.75))
        text = sheet.axes.text(left + 0.55, y, self._name, fontsize=NOTE_SIZE, va="center", color=INK, gid="reader")
        fit_width(text, self._width - 0.55, least=NOTE_SIZE - 1)


def _on_figure(sheet: Sheet, left: float, bottom: float) -> tuple[float, float]:
    """Inches of a sheet as inches of its figure."""
    place = sheet.axes.get_position()
    across, up = sheet.figure.get_size_inches()
    return left + place.x0 * across, bottom + place.y0 * up


def _views(report: CaseReport) -> list[_View]:
    rows, columns = report.image.shape
    row_size, column_size = report.image.spacing_mm or (1.0, 1.0)
    whole = (0.0, 0.0, columns * column_size, rows * row_size)
    kind = {"US": "Ultrasound", "MR": "MR"}.get(report.image.modality or "", "Slice")
    size = f"{kind}, {columns} × {rows} pixels"
    if report.image.slice_count > 1:
        size += f", slice {report.image.slice_index + 1} of {report.image.slice_count}"
    views = [_View(size, whole)]
    if report.prediction.heatmap is not None:
        views.append(_View("Where the model looks", whole, report.prediction.heatmap))
    elif report.roi is not None:
        views.append(_View("The contour, closer", _close_up(report.roi, whole)))
    return views


def _close_up(roi: Roi, whole: tuple[float, float, float, float]) -> tuple[float, float, float, float]:
    """The contour with tissue around it, in the proportions of the slice and inside it."""
    row_size, column_size = roi.spacing_mm or (1.0, 1.0)
    top, left, bottom, right = roi.bounding_box
    width, height = whole[2], whole[3]
    share = max(
        (right - left) * column_size * (1 + 2 * _CLOSE_UP_MARGIN) / width,
        (bottom - top) * row_size * (1 + 2 * _CLOSE_UP_MARGIN) / height,
        _LEAST_PIXELS * column_size / width,
    )
    share = min(1.0, share)
    begins = []
    for middle, length in (((left + right) / 2 * column_size, width), ((top + bottom) / 2 * row_size, height)):
        begins.append(min(max(middle - share * length / 2, 0.0), (1 - share) * length))
    return begins[0], begins[1], begins[0] + share * width, begins[1] + share * height


def _contours(report: CaseReport) -> list[tuple[str, Roi]]:
    """The reported contour first, then the others, as far as lines can be told apart."""
    own = [] if report.roi is None else [(report.reader or "Contour", report.roi)]
    others = [(other.name, other.roi) for other in report.other_contours if other.roi is not None]
    return [*own, *others][: len(LINES)]


def _draw_slice(axes: Axes, report: CaseReport, view: _View) -> None:
    grey = grey_levels(report.image.pixels)
    picture = np.repeat(grey[:, :, np.newaxis], 3, axis=2)
    if view.heat_map is not None:
        picture = blended(picture, view.heat_map, report.heat_threshold, report.heat_opacity)
    row_size, column_size = report.image.spacing_mm or (1.0, 1.0)
    rows, columns = report.image.shape
    extent = (0.0, columns * column_size, rows * row_size, 0.0)
    gid = "slice" if view.heat_map is None else "slice:heat"
    axes.imshow(picture, extent=extent, aspect="auto", interpolation="bilinear", gid=gid)


def grey_levels(pixels: np.ndarray) -> np.ndarray:
    """``(rows, columns)`` in 0-1; the darkest and brightest few pixels are clipped."""
    dark, bright = (float(value) for value in np.percentile(pixels, _SHOWN_PERCENTILES))
    return np.clip((pixels - dark) / (bright - dark if bright > dark else 1.0), 0.0, 1.0)
