"""Where the parts of a picture lie: image, words, legend, ruler. Arithmetic only, in pixels from the lower left."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SettingsError

MINIMUM_SIZE = (640, 480)


@dataclass(frozen=True)
class Rectangle:
    """``left, bottom, width, height`` in pixels; the origin is the picture's lower left corner."""

    left: int
    bottom: int
    width: int
    height: int

    @property
    def right(self) -> int:
        return self.left + self.width

    @property
    def top(self) -> int:
        return self.bottom + self.height

    def overlaps(self, other: Rectangle) -> bool:
        return not (
            self.right <= other.left or other.right <= self.left or self.top <= other.bottom or other.top <= self.bottom
        )


@dataclass(frozen=True)
class PictureLayout:
    """The parts never overlap, so words cannot cover the lesion.

    Parameters
    ----------
    width, height
        Of the whole picture.
    image
        The slice, in its own proportions.
    text
        The answer; its warnings too, unless they have a place of their own.
    warnings
        The warnings' own place, or ``None``.
    legend
        The heat map's colours.
    ruler
        Ruler and pixel size, under the slice and as wide as the slice may become.
    scale
        Picture pixels per millimetre (per image pixel where the pixel size is unknown).
    unit
        Side of the picture's type size, for fonts and gaps.
    """

    width: int
    height: int
    image: Rectangle
    text: Rectangle
    warnings: Rectangle | None
    legend: Rectangle
    ruler: Rectangle
    scale: float
    unit: float


def lay_out(size: tuple[int, int], extent: tuple[float, float], *, with_legend: bool = True) -> PictureLayout:
    """Lay out a picture of ``size`` (width, height) for a slice of ``extent`` (height, width) in mm.

    Words and legend stand to the right of the slice, or below it when the slice comes out larger that way. Without a
    legend its place goes to the words.

    Raises
    ------
    SettingsError
        The picture is too small for readable words.
    """
    width, height = size
    if width < MINIMUM_SIZE[0] or height < MINIMUM_SIZE[1]:
        raise SettingsError(f"A picture needs at least {MINIMUM_SIZE[0]} × {MINIMUM_SIZE[1]} pixels.")
    beside = _beside(width, height, extent, with_legend)
    below = _below(width, height, extent)
    return below if below.scale > 1.15 * beside.scale else beside


def _beside(width: int, height: int, extent: tuple[float, float], with_legend: bool) -> PictureLayout:
    unit = _unit(width, height)
    panel = round(19 * unit)
    strip = round(3.2 * unit)
    area = Rectangle(0, strip, width - panel, height - strip)
    image, scale = _fit(extent, area)
    left = width - panel + round(unit)
    legend = Rectangle(left, strip + round(unit), panel - round(2 * unit), round(0.32 * height))
    text_bottom = (legend.top if with_legend else legend.bottom) + round(unit)
    text = Rectangle(left, text_bottom, panel - round(1.6 * unit), height - text_bottom - round(unit))
    ruler = Rectangle(area.left, image.bottom - strip, area.width, strip)
    return PictureLayout(width, height, image, text, None, legend, ruler, scale, unit)


def _below(width: int, height: int, extent: tuple[float, float]) -> PictureLayout:
    unit = _unit(width, height)
    panel = round(15 * unit)
    strip = round(3.2 * unit)
    image, scale = _fit(extent, Rectangle(0, panel + strip, width, height - panel - strip))
    gap, bottom, tall = round(unit), round(0.6 * unit), panel - round(unit)
    legend = Rectangle(width - gap - round(14 * unit), bottom, round(14 * unit), tall)
    column = (legend.left - 3 * gap) // 2
    text = Rectangle(gap, bottom, column, tall)
    warnings = Rectangle(text.right + gap, bottom, column, tall)
    ruler = Rectangle(0, image.bottom - strip, width, strip)
    return PictureLayout(width, height, image, text, warnings, legend, ruler, scale, unit)


def _fit(extent: tuple[float, float], area: Rectangle) -> tuple[Rectangle, float]:
    """The largest rectangle of the slice's proportions in ``area``, and pixels per millimetre."""
    height_mm, width_mm = extent
    scale = min(area.width / width_mm, area.height / height_mm)
    width, height = max(1, round(scale * width_mm)), max(1, round(scale * height_mm))
    return (
        Rectangle(area.left + (area.width - width) // 2, area.bottom + (area.height - height) // 2, width, height),
        scale,
    )


def _unit(width: int, height: int) -> float:
    return min(width / 75, height / 56)
