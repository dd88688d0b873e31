"""What a panel says of an image, in few words: size, slice, pixel size."""

from __future__ import annotations

from typing import Any

from ..scene import PixelSize, SliceChoice

# DICOM's attributes, as a person at the scanner calls what they hold.
_SOURCES = {
    "SequenceOfUltrasoundRegions": "calibrated by the scanner",
    "PixelSpacing": "DICOM file",
    "ImagerPixelSpacing": "DICOM file",
}


def image_words(volume: Any, choice: SliceChoice) -> str:
    """``"US · 416 × 416"``: modality where it is known, columns × rows as viewers count them."""
    from ..scene.slice_grid import slice_shape
    from ..scene.volume_origin import node_modality

    rows, columns = slice_shape(volume, choice)
    return " · ".join([*filter(None, [node_modality(volume)]), f"{columns} × {rows}"])


def slice_words(volume: Any, choice: SliceChoice) -> str:
    """``"slice 12 of 24"`` or ``"frame 3 of 40"``, counted from 1; empty for a single picture."""
    from ..scene.volume_frames import frame_place
    from ..scene.volume_origin import node_modality
    from ..scene.volume_slice import GEOMETRY, slice_place

    index, count = slice_place(volume, choice)
    if count < 2:
        return ""
    film = frame_place(volume) is not None or (
        node_modality(volume) == "US" and volume.GetAttribute(GEOMETRY) == "none"
    )
    return f"{'frame' if film else 'slice'} {index + 1} of {count}"


def image_notes(volume: Any) -> tuple[str, ...]:
    """Sentences about what was converted when the image was read; those of the first slice stand for all.

    Raises
    ------
    ImageError
        The volume is no image that can be used.
    """
    from ..scene import read_volume_slice
    from ..scene.slice_grid import only_slice

    return read_volume_slice(volume, only_slice(volume) or SliceChoice(2, 0)).notes


def pixel_size_words(size: PixelSize) -> str:
    """``"0.104 mm · line on the ruler, 20 mm"``, or what to do where it is unknown."""
    if size.spacing_mm is None:
        return "unknown: calibrate on the image's ruler"
    source = _SOURCES.get(size.source, size.source)
    return f"{spacing_words(size.spacing_mm)} · {source}" if source else spacing_words(size.spacing_mm)


def spacing_words(spacing_mm: tuple[float, float]) -> str:
    """``"0.104 mm"``, or ``"0.104 × 0.2 mm"`` (between rows, between columns) where pixels are not square."""
    row_mm, column_mm = spacing_mm
    if abs(row_mm - column_mm) < 1e-3 * row_mm:
        return f"{row_mm:.3g} mm"
    return f"{row_mm:.3g} × {column_mm:.3g} mm"


def view_words(volume: Any, choice: SliceChoice, spacing_mm: tuple[float, float]) -> str:
    """``"43 × 32 mm"``: how large the slice is with this pixel size, columns × rows."""
    from ..scene.slice_grid import slice_shape

    rows, columns = slice_shape(volume, choice)
    return f"{columns * spacing_mm[1]:.0f} × {rows * spacing_mm[0]:.0f} mm"
