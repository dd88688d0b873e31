"""What can be seen of a slice's recording: its size, its file, the scanner, and the grey values far from the tumour.

Where these differ between the outcomes a model can tell them apart without having seen a tumour (Zech et al., PLoS
Medicine 2018;15:e1002683; DeGrave et al., Nature Machine Intelligence 2021;3:610-619). The contour's size and place are
kept beside them: they are the tumour's, not the recording's.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from .shown_text import shown

if TYPE_CHECKING:
    from ..imaging import Roi, SliceImage

_FRAME = 0.15
# Around the contour's box: halo, posterior shadow and enhancement are the tumour's.
_NEIGHBOURHOOD = 0.25
# What is left of the frame must be this part of the slice; less is no sample of it.
_LEAST_FRAME = 0.02
_DARK_END = 0.01
_BRIGHT_END = 0.9
_EQUIPMENT = ("Manufacturer", "ManufacturerModelName")


@dataclass(frozen=True)
class AcquisitionTraits:
    """One slice's recording. Grey values are the file's own; NaN where something is not known.

    Parameters
    ----------
    rows, columns
        In pixels.
    pixel_mm
        Row spacing.
    slices
        How many the file holds.
    coloured
        1 where the picture had colour, 0 where it was grey.
    brightness, contrast
        Median and interquartile range of the frame: the slice's outer 15 % on each side, without the contour's
        neighbourhood.
    dark_share, bright_share
        Parts of the frame within 1 % of the slice's range of its lowest grey value (padding, the black around a
        sector), and in the upper tenth of that range (burnt-in text).
    highest_grey
        Of the whole slice: an 8-bit picture ends at 255.
    contour_size
        Square root of the contour's part of the slice.
    contour_row, contour_column
        Centre of the contour's box, in parts of the slice.
    contour_at_border
        1 where it reaches the slice's border, else 0.
    file_kind
        The format, as :class:`CervixRiskLib.imaging.file_format.FileFormat` names it.
    scanner
        Modality, manufacturer and model, where DICOM says so; empty otherwise.
    """

    rows: float
    columns: float
    pixel_mm: float
    slices: float
    coloured: float
    brightness: float
    contrast: float
    dark_share: float
    bright_share: float
    highest_grey: float
    contour_size: float
    contour_row: float
    contour_column: float
    contour_at_border: float
    file_kind: str
    scanner: str


def acquisition_traits(path: str | Path, image: SliceImage, roi: Roi | None) -> AcquisitionTraits:
    """The traits of a slice that was just read from ``path``; only the file's header is opened again.

    Raises
    ------
    ImageError
        The file is not there any more.
    """
    from ..imaging.file_format import FileFormat, detect_format
    from ..imaging.luma import COLOUR_NOTE

    path = Path(path)
    file_format = detect_format(path)
    pixels = image.pixels
    rows, columns = pixels.shape
    low, high = float(pixels.min()), float(pixels.max())
    frame = pixels[_frame(image.shape, roi)].astype(np.float64)
    brightness = contrast = dark = bright = np.nan
    if frame.size >= _LEAST_FRAME * pixels.size:
        lower, brightness, upper = (float(value) for value in np.percentile(frame, (25.0, 50.0, 75.0)))
        contrast = upper - lower
        dark = float((frame <= low + _DARK_END * (high - low)).mean())
        bright = float((frame >= low + _BRIGHT_END * (high - low)).mean()) if high > low else 0.0
    size = row = column = at_border = np.nan
    if roi is not None:
        row0, column0, row1, column1 = roi.bounding_box
        size = float(np.sqrt(roi.n_pixels / pixels.size))
        row, column = (row0 + row1) / 2 / rows, (column0 + column1) / 2 / columns
        at_border = float(roi.touches_border)
    return AcquisitionTraits(
        rows=float(rows),
        columns=float(columns),
        pixel_mm=np.nan if image.spacing_mm is None else image.spacing_mm[0],
        slices=float(image.slice_count),
        coloured=float(COLOUR_NOTE in image.notes),
        brightness=brightness,
        contrast=contrast,
        dark_share=dark,
        bright_share=bright,
        highest_grey=high,
        contour_size=size,
        contour_row=row,
        contour_column=column,
        contour_at_border=at_border,
        file_kind=str(file_format.value),
        scanner=_scanner(path, image) if file_format is FileFormat.DICOM else "",
    )


def _frame(shape: tuple[int, int], roi: Roi | None) -> np.ndarray:
    """``(rows, columns)`` bool: the band along the slice's border, without the contour's neighbourhood."""
    frame = np.ones(shape, dtype=bool)
    top, left = (max(1, round(_FRAME * length)) for length in shape)
    frame[top:-top, left:-left] = False
    if roi is not None:
        row0, column0, row1, column1 = roi.bounding_box
        high, wide = (round(_NEIGHBOURHOOD * length) for length in (row1 - row0, column1 - column0))
        frame[max(0, row0 - high) : row1 + high, max(0, column0 - wide) : column1 + wide] = False
    return frame


def _scanner(path: Path, image: SliceImage) -> str:
    """Attributes of equipment alone are read: nothing of a patient."""
    import pydicom

    header = pydicom.dcmread(path, stop_before_pixels=True, force=True, specific_tags=list(_EQUIPMENT))
    return shown(" ".join([image.modality or "", *(str(header.get(name) or "") for name in _EQUIPMENT)]))
