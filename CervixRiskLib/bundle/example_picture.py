"""The part of a slice that an example shows: the tumour with tissue around it."""

from __future__ import annotations

import numpy as np

from ..imaging import Roi, SliceImage
from .contracts import Prediction, WarningCode
from .study_examples import StudyExample

_MARGIN = 0.45
_MOST_SIDE = 640
_FEWEST_PIXELS = 24


def picture_example(
    image: SliceImage, roi: Roi | None, prediction: Prediction, *, outcome: str, reason: str, held_out: bool
) -> StudyExample:
    """The example of one answered case: its slice around the contour, or the whole slice without one.

    Slices of more than 640 pixels a side are thinned.
    """
    part = _whole(image) if roi is None else _around(image, roi)
    step = max(1, -(-max(part[0].stop - part[0].start, part[1].stop - part[1].start) // _MOST_SIDE))
    rows = slice(part[0].start, part[0].stop, step)
    columns = slice(part[1].start, part[1].stop, step)

    def cut(array: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(array[rows, columns])

    heat_map = None if prediction.heatmap is None else cut(prediction.heatmap).astype(np.float32)
    target = prediction.heatmap_target
    if heat_map is None:
        told = [one.text for one in prediction.warnings if one.code is WarningCode.HEATMAP_UNAVAILABLE]
        target = told[0] if told else ""
    spacing = image.spacing_mm
    return StudyExample(
        cut(image.pixels).astype(np.float32),
        None if roi is None else cut(roi.mask).astype(bool),
        heat_map,
        outcome,
        float(prediction.probability),
        prediction.positive_class,
        reason,
        held_out,
        target,
        None if spacing is None else (spacing[0] * step, spacing[1] * step),
    )


def _whole(image: SliceImage) -> tuple[slice, slice]:
    return slice(0, image.shape[0]), slice(0, image.shape[1])


def _around(image: SliceImage, roi: Roi) -> tuple[slice, slice]:
    """A square of tissue around the contour's bounding box, as far as the slice goes."""
    row_size, column_size = image.spacing_mm or (1.0, 1.0)
    top, left, bottom, right = roi.bounding_box
    side = max((bottom - top) * row_size, (right - left) * column_size) * (1 + 2 * _MARGIN)
    found = []
    for low, high, size, most in ((top, bottom, row_size, image.shape[0]), (left, right, column_size, image.shape[1])):
        half = max(side / size, _FEWEST_PIXELS) / 2
        middle = (low + high) / 2
        found.append(slice(max(0, int(np.floor(middle - half))), min(most, int(np.ceil(middle + half)))))
    return found[0], found[1]
