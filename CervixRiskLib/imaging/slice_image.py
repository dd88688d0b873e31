"""One slice, as every other room of the library sees it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from ..errors import ImageError
from .slice_geometry import SliceGeometry


@dataclass(frozen=True, eq=False)
class SliceImage:
    """A grey slice with what is known of its geometry.

    Parameters
    ----------
    pixels
        ``(rows, columns)`` float32, finite, read-only.
    spacing_mm
        ``(row_mm, column_mm)``: distance between the centres of neighbouring rows and columns. ``None`` when unknown;
        never a guess.
    spacing_source
        Where the spacing comes from, in words for the person (a DICOM attribute's name, "file header", "given by
        hand"), ``None`` when unknown.
    modality
        DICOM's code (``"US"``, ``"MR"``) or ``None``.
    slice_index, slice_count
        Which slice of how many; a single picture is slice 0 of 1.
    notes
        Sentences about conversions the person should know of ("Colour was converted to grey.").
    geometry
        Position and orientation in the patient, ``None`` when the file has none.
    weighting, frame_of_reference
        As :class:`.dicom_series.DicomSeries` has them, ``None`` when the file does not say.
    """

    pixels: np.ndarray
    spacing_mm: tuple[float, float] | None = None
    spacing_source: str | None = None
    modality: str | None = None
    slice_index: int = 0
    slice_count: int = 1
    notes: tuple[str, ...] = field(default=())
    geometry: SliceGeometry | None = None
    weighting: str | None = None
    frame_of_reference: str | None = None

    def __post_init__(self) -> None:
        pixels = np.array(self.pixels, dtype=np.float32, order="C", copy=True)
        if pixels.ndim != 2 or pixels.size == 0:
            raise ImageError(f"A slice has rows and columns; this image has the shape {pixels.shape}.")
        if not np.isfinite(pixels).all():
            raise ImageError("The image holds values that are not numbers (NaN or infinite). Export it again.")
        pixels.flags.writeable = False
        object.__setattr__(self, "pixels", pixels)
        if self.spacing_mm is not None:
            row_mm, column_mm = (float(value) for value in self.spacing_mm)
            if not (np.isfinite([row_mm, column_mm]).all() and row_mm > 0 and column_mm > 0):
                raise ImageError("The pixel size must be two positive numbers of millimetres.")
            object.__setattr__(self, "spacing_mm", (row_mm, column_mm))

    @property
    def shape(self) -> tuple[int, int]:
        """``(rows, columns)``."""
        rows, columns = self.pixels.shape
        return rows, columns

    def with_spacing(self, spacing_mm: tuple[float, float], source: str = "given by hand") -> SliceImage:
        """The same slice with a pixel size from elsewhere."""
        return replace(self, spacing_mm=spacing_mm, spacing_source=source)
