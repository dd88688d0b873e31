"""The pixel size from a line that a person draws along the ruler in the image.

With both ends of the line read to half a pixel, its length of n pixels is uncertain by up to one pixel: the pixel size
by the share 1 / n.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ImageError
from .pixel_size import CALIBRATED, PixelSize, PixelSizeState, read_pixel_size, set_pixel_size
from .slice_grid import SliceChoice, checked_choice, slice_shape, world_to_voxels
from .volume_spacing import drawn_on

LARGEST_READING_ERROR = 0.05
# A line meant for one axis may lean by 0.1 in 1: its length along the axis is then wrong by less than 0.5 %.
_LARGEST_LEAN = 0.1
# Images of the female pelvis, endovaginal to whole-body, are as large as this; anything else is a slip of a unit.
_SMALLEST_VIEW_MM, _LARGEST_VIEW_MM = 15.0, 700.0
_ALONG = (None, "rows", "columns")


@dataclass(frozen=True)
class RulerReading:
    """What a line on the ruler says.

    Parameters
    ----------
    length_px
        In pixels; along one axis where the calibration is for that axis alone.
    length_mm
        As the person read it off the ruler.
    mm_per_px
        Their ratio.
    reading_error
        By what share ``mm_per_px`` changes when the line is one pixel longer.
    spacing_mm
        ``(row_mm, column_mm)`` that follows.
    warnings
        Sentences: the file says another size, the size is implausible.
    """

    length_px: float
    length_mm: float
    mm_per_px: float
    reading_error: float
    spacing_mm: tuple[float, float]
    warnings: tuple[str, ...] = ()


def read_ruler(
    volume: Any, line: Any, length_mm: float, *, along: str | None = None, choice: SliceChoice | None = None
) -> RulerReading:
    """What calibrating would give; nothing is changed.

    Parameters
    ----------
    volume
        The image, scalar or vector volume.
    line
        A ``vtkMRMLMarkupsLineNode`` from one mark of the ruler to another.
    length_mm
        The distance between the two marks.
    along
        ``None``: square pixels. ``"rows"`` or ``"columns"``: the line runs down the rows or across the columns and
        only that distance is set; the other one must be known.
    choice
        The slice with the ruler; a volume of one slice needs none.

    Raises
    ------
    ImageError
        The length is not positive, the line has not two points, lies on another slice or outside the image, is too
        short to be read, or leans where one axis was asked for.
    """
    if along not in _ALONG:
        raise ImageError("A ruler is read along rows or columns, or as it lies.")
    if not (math.isfinite(length_mm) and length_mm > 0):
        raise ImageError("The length between the two marks must be a positive number of millimetres.")
    choice = checked_choice(volume, choice)
    rows, columns = (abs(float(step)) for step in _steps(volume, line, choice))
    length_px = math.hypot(rows, columns) if along is None else rows if along == "rows" else columns
    other = 0.0 if along is None else columns if along == "rows" else rows
    if other > _LARGEST_LEAN * length_px:
        direction = "up and down" if along == "rows" else "from left to right"
        raise ImageError(f"The line leans. Draw it straight {direction} to measure the {along} alone.")
    error = math.inf if length_px == 0 else 1 / length_px
    if error > LARGEST_READING_ERROR:
        told = "has no length" if length_px < 1 else f"is {length_px:.0f} pixels long"
        share = "" if length_px < 1 else f": one pixel misread changes the size by {100 * error:.0f} %"
        raise ImageError(
            f"The line {told}{share}. Draw it along a longer part of the ruler, {1 / LARGEST_READING_ERROR:.0f} "
            "pixels or more."
        )
    mm_per_px = length_mm / length_px
    before = read_pixel_size(volume, choice)
    spacing_mm = (mm_per_px, mm_per_px)
    if along is not None:
        if before.spacing_mm is None:
            raise ImageError("The distance along the other axis is unknown. Calibrate square pixels first.")
        row_mm, column_mm = before.spacing_mm
        spacing_mm = (mm_per_px, column_mm) if along == "rows" else (row_mm, mm_per_px)
    warnings = [*_disagreement(before, spacing_mm, error), *_implausible(volume, choice, spacing_mm)]
    return RulerReading(length_px, length_mm, mm_per_px, error, spacing_mm, tuple(warnings))


def calibrate_pixel_size(
    volume: Any, line: Any, length_mm: float, *, along: str | None = None, choice: SliceChoice | None = None
) -> RulerReading:
    """Set the pixel size of ``volume`` from :func:`read_ruler`; contours and maps on its grid and the line follow.

    :func:`~.pixel_size.undo_pixel_size` takes it back.

    Raises
    ------
    ImageError
        As :func:`read_ruler`.
    """
    choice = checked_choice(volume, choice)
    reading = read_ruler(volume, line, length_mm, along=along, choice=choice)
    if not drawn_on(line, volume):
        # Said by Slicer for points placed in a slice view, and by us for all others: the line stays on its pixels.
        for index in range(line.GetNumberOfControlPoints()):
            line.SetNthControlPointAssociatedNodeID(index, volume.GetID())
    source = f"{CALIBRATED}, {length_mm:g} mm"
    set_pixel_size(volume, PixelSize(PixelSizeState.CALIBRATED, reading.spacing_mm, source), choice)
    return reading


def _steps(volume: Any, line: Any, choice: SliceChoice) -> tuple[float, float]:
    """Rows and columns from the line's first point to its second."""
    count = line.GetNumberOfDefinedControlPoints() if line.IsA("vtkMRMLMarkupsLineNode") else 0
    if count != 2:
        raise ImageError("Draw a line with two points, from one mark of the ruler to another.")
    to_voxels = world_to_voxels(volume)
    ends = np.array([to_voxels @ [*line.GetNthControlPointPositionWorld(index), 1.0] for index in range(2)])
    if (np.abs(ends[:, choice.axis] - choice.index) > 0.5 + 1e-6).any():
        raise ImageError("The line was drawn on another slice. Draw it on the ruler of this one.")
    places = ends[:, [choice.row_axis, choice.column_axis]]
    # Half a pixel beyond the centres of the outermost pixels the image ends.
    if (places < -0.5).any() or (places > np.array(slice_shape(volume, choice)) - 0.5).any():
        raise ImageError("The line leaves the image. Draw it from one mark of the ruler to another.")
    rows, columns = places[1] - places[0]
    return float(rows), float(columns)


def _disagreement(before: PixelSize, spacing_mm: tuple[float, float], error: float) -> list[str]:
    """The file knew a size, and the ruler's is further from it than a misread pixel at each end explains."""
    if before.state is not PixelSizeState.FILE or before.spacing_mm is None:
        return []
    shares = [abs(new / old - 1) for new, old in zip(spacing_mm, before.spacing_mm, strict=True)]
    if max(shares) <= error + 0.01:
        return []
    worst = int(np.argmax(shares))
    return [
        f"The file says {before.spacing_mm[worst]:.3g} mm per pixel, the ruler {spacing_mm[worst]:.3g} mm. "
        "Check the length (in mm, not cm) and that the line lies on this image's ruler."
    ]


def _implausible(volume: Any, choice: SliceChoice, spacing_mm: tuple[float, float]) -> list[str]:
    rows, columns = slice_shape(volume, choice)
    longest = max(rows * spacing_mm[0], columns * spacing_mm[1])
    if _SMALLEST_VIEW_MM <= longest <= _LARGEST_VIEW_MM:
        return []
    return [f"With this pixel size the image is {longest:.3g} mm across. Check the length: in mm, not cm."]
