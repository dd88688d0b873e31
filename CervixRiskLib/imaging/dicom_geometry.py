"""Pixel size and position of a DICOM frame."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from .slice_geometry import SliceGeometry

# PS3.3 C.8.5.5.1: region spatial format 2D, data type tissue, physical units cm.
_FORMAT_2D = 1
_DATA_TISSUE = 1
_UNIT_CM = 3
# Vendors give the last pixel or the one behind it.
_REGION_SLACK = 1
_RELATIVE_TOLERANCE = 1e-3

PixelSize = tuple[tuple[float, float] | None, str | None, tuple[str, ...]]


def frame_attribute(dataset: Any, index: int, sequence: str, keyword: str) -> Any:
    """An attribute at the top level, or in an enhanced file's per-frame or shared functional groups; else ``None``."""
    for groups, position in (("PerFrameFunctionalGroupsSequence", index), ("SharedFunctionalGroupsSequence", 0)):
        items = dataset.get(groups) or []
        if position < len(items):
            macro = items[position].get(sequence) or []
            if len(macro) and macro[0].get(keyword) is not None:
                return macro[0].get(keyword)
    return dataset.get(keyword)


def pixel_size(dataset: Any, index: int) -> PixelSize:
    """``(row_mm, column_mm)``, where it comes from, and notes; ``None`` twice when unknown.

    In this order: calibrated ultrasound regions, PixelSpacing, ImagerPixelSpacing.
    """
    notes: tuple[str, ...] = ()
    if dataset.get("SequenceOfUltrasoundRegions"):
        spacing, notes = _ultrasound_pixel_size(dataset)
        if spacing is not None:
            return spacing, "SequenceOfUltrasoundRegions", notes
    for keyword in ("PixelSpacing", "ImagerPixelSpacing"):
        value = frame_attribute(dataset, index, "PixelMeasuresSequence", keyword)
        if value is None or value == "":
            continue
        spacing = _two_positive(value)
        if spacing is None:
            notes += (f"The file's {keyword} is not a pair of positive numbers and was not used.",)
            continue
        if keyword == "ImagerPixelSpacing":
            notes += ("The pixel size is that at the detector, not in the patient.",)
        return spacing, keyword, notes
    return None, None, notes


def _ultrasound_pixel_size(dataset: Any) -> tuple[tuple[float, float] | None, tuple[str, ...]]:
    """The size on which the image's calibrated 2-D regions in cm agree (PS3.3 C.8.5.5).

    Tissue regions are asked first; colour-flow and other 2-D regions only where there is none.
    """
    regions = [region for region in dataset.SequenceOfUltrasoundRegions if _is_spatial(region)]
    regions = [region for region in regions if region.get("RegionDataType") == _DATA_TISSUE] or regions
    if not regions:
        return None, ("The file has no ultrasound region calibrated in cm.",)
    sizes = np.array(
        [[abs(10.0 * float(region.PhysicalDeltaY)), abs(10.0 * float(region.PhysicalDeltaX))] for region in regions]
    )
    if not np.allclose(sizes, sizes[0], rtol=_RELATIVE_TOLERANCE, atol=0):
        return None, (f"The file's {len(regions)} ultrasound regions have different pixel sizes; none was used.",)
    spacing = _two_positive(sizes[0])
    if spacing is None:
        return None, ("The file's ultrasound calibration is not a positive number and was not used.",)

    # Regions that reach beyond the image tell that the picture was changed after calibration. Cutting keeps the pixel
    # size, shrinking does not; shrinking makes both axes too short for the regions.
    last_row = max(int(region.get("RegionLocationMaxY1", 0)) for region in regions)
    last_column = max(int(region.get("RegionLocationMaxX1", 0)) for region in regions)
    too_low = last_row >= int(dataset.Rows) + _REGION_SLACK
    too_wide = last_column >= int(dataset.Columns) + _REGION_SLACK
    if too_low and too_wide:
        return None, ("The picture was resized after the scanner calibrated it; its pixel size was not used.",)
    if too_low or too_wide:
        return spacing, ("The picture was cut after the scanner calibrated it.",)
    return spacing, ()


def _is_spatial(region: Any) -> bool:
    return bool(
        region.get("RegionSpatialFormat") == _FORMAT_2D
        and region.get("PhysicalUnitsXDirection") == _UNIT_CM
        and region.get("PhysicalUnitsYDirection") == _UNIT_CM
        and region.get("PhysicalDeltaX") is not None
        and region.get("PhysicalDeltaY") is not None
    )


def _two_positive(value: Any) -> tuple[float, float] | None:
    try:
        row, column = (float(part) for part in value)
    except (TypeError, ValueError):
        return None
    if not (math.isfinite(row) and math.isfinite(column) and row > 0 and column > 0):
        return None
    return row, column


def frame_geometry(dataset: Any, index: int) -> SliceGeometry | None:
    """The frame's plane (PS3.3 C.7.6.2), ``None`` where the file gives none, as ultrasound does."""
    position = frame_attribute(dataset, index, "PlanePositionSequence", "ImagePositionPatient")
    orientation = frame_attribute(dataset, index, "PlaneOrientationSequence", "ImageOrientationPatient")
    try:
        origin = tuple(float(value) for value in position)
        cosines = [float(value) for value in orientation]
    except (TypeError, ValueError):
        return None
    if len(origin) != 3 or len(cosines) != 6 or not np.isfinite([*origin, *cosines]).all():
        return None
    return SliceGeometry(
        (origin[0], origin[1], origin[2]),
        (cosines[0], cosines[1], cosines[2]),
        (cosines[3], cosines[4], cosines[5]),
    )
