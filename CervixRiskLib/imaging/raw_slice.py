"""A slice as its file stores it, before it is turned into grey float32."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from ..errors import ImageError
from .slice_geometry import SliceGeometry

# A gigabyte as float32: 500 slices of 720 × 720.
_MAX_STACK_PIXELS = 1 << 28


@dataclass(frozen=True, eq=False)
class RawSlice:
    """What the format readers hand on.

    Parameters
    ----------
    values
        ``(rows, columns)``, or ``(rows, columns, components)`` for colour and for the layers of a segmentation, in the
        file's own type.
    metadata
        The file's own keys, where the format has such (NRRD).
    first_slice
        Index of the file's first slice on the reference grid; not 0 only for cropped segmentations.

    The others are those of :class:`SliceImage`.
    """

    values: np.ndarray
    spacing_mm: tuple[float, float] | None = None
    spacing_source: str | None = None
    modality: str | None = None
    slice_index: int = 0
    slice_count: int = 1
    notes: tuple[str, ...] = ()
    geometry: SliceGeometry | None = None
    metadata: Mapping[str, str] = field(default_factory=dict)
    weighting: str | None = None
    frame_of_reference: str | None = None


def choose_slice(name: str, slice_count: int, slice_index: int | None, kind: str = "slices") -> int:
    """The index of the slice to read.

    Raises
    ------
    ImageError
        There are several and none was named, or the index lies outside.
    """
    if slice_index is None:
        if slice_count == 1:
            return 0
        raise ImageError(f"“{name}” has {slice_count} {kind}: say which one to take, 0 to {slice_count - 1}.")
    if not 0 <= slice_index < slice_count:
        choices = "only slice 0" if slice_count == 1 else f"slices 0 to {slice_count - 1}"
        raise ImageError(f"“{name}” has no slice {slice_index}: it has {choices}.")
    return int(slice_index)


def check_stack_size(name: str, pixels: int) -> None:
    """Refuse to hold all slices of a file at once where that would take too much memory.

    Raises
    ------
    ImageError
    """
    if pixels > _MAX_STACK_PIXELS:
        raise ImageError(f"“{name}” is too large to be opened whole: export the slices that show the tumour.")
