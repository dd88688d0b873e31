"""One slice, or all of them, from a file of any of the formats that clinics and researchers use."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from ..errors import ImageError
from .file_format import PICTURE_FORMATS, FileFormat, detect_format
from .luma import to_grey
from .raw_slice import RawSlice, check_stack_size
from .slice_image import SliceImage


def read_image(
    path: str | os.PathLike[str],
    *,
    slice_index: int | None = None,
    spacing_mm: tuple[float, float] | None = None,
) -> SliceImage:
    """Read one slice as grey float32.

    The format is told from the content, not from the name: DICOM, NRRD, NIfTI, MetaImage, PNG, JPEG, TIFF or BMP.
    Values keep the file's scale (DICOM and NIfTI: rescaled with the file's slope and intercept). Equal colour channels
    are taken as grey, other colour becomes BT.601 luma with a note.

    Parameters
    ----------
    path
        The file.
    slice_index
        Which slice, frame or page, counted from 0; needed only where there are several. Volumes are cut across their
        last (slowest, k) axis; a volume that is one voxel thick along any axis is that slice.
    spacing_mm
        Pixel size ``(row_mm, column_mm)`` to use instead of the file's.

    Raises
    ------
    ImageError
        One sentence about what is wrong: no such file, not an image, damaged, several slices, not finite, ...
    """
    path = Path(path)
    file_format = detect_format(path)
    if file_format is FileFormat.JSON:
        raise ImageError(f"“{path.name}” is a JSON text, not an image.")
    image = _in_grey(path.name, read_raw_slice(path, file_format, slice_index))
    return image if spacing_mm is None else image.with_spacing(spacing_mm)


def read_slices(path: str | os.PathLike[str]) -> tuple[SliceImage, ...]:
    """All slices, frames or pages of a file, each as :func:`read_image` gives it; the file is unpacked once.

    Raises
    ------
    ImageError
        As :func:`read_image`, and where all of it is too much to be held at once.
    """
    path = Path(path)
    file_format = detect_format(path)
    if file_format is FileFormat.JSON:
        raise ImageError(f"“{path.name}” is a JSON text, not an image.")
    return tuple(_in_grey(path.name, raw) for raw in _raw_slices(path, file_format))


def _raw_slices(path: Path, file_format: FileFormat) -> Iterator[RawSlice]:
    if file_format in PICTURE_FORMATS:
        first = read_raw_slice(path, file_format, 0)
        check_stack_size(path.name, first.slice_count * first.values.size)
        yield first
        for index in range(1, first.slice_count):
            yield read_raw_slice(path, file_format, index)
    elif file_format is FileFormat.DICOM:
        from .dicom_reader import read_dicom_frames

        yield from read_dicom_frames(path)
    else:
        from .volume_reader import read_volume_slices

        yield from read_volume_slices(path, file_format)


def _in_grey(name: str, raw: RawSlice) -> SliceImage:
    values, notes = raw.values, raw.notes
    if values.ndim == 3:
        if values.shape[2] not in (3, 4):
            raise ImageError(
                f"“{name}” has {values.shape[2]} values per pixel: one (grey) or three (colour) are needed."
            )
        values, colour_notes = to_grey(values[..., :3])
        notes += colour_notes
    with np.errstate(over="ignore"):
        values = values.astype(np.float32)
    return SliceImage(
        values,
        raw.spacing_mm,
        raw.spacing_source,
        raw.modality,
        raw.slice_index,
        raw.slice_count,
        notes,
        raw.geometry,
        raw.weighting,
        raw.frame_of_reference,
    )


def read_raw_slice(path: Path, file_format: FileFormat, slice_index: int | None) -> RawSlice:
    """Read one slice of a file of known format without turning it into grey."""
    if file_format in PICTURE_FORMATS:
        from .picture_reader import read_picture

        return read_picture(path, file_format, slice_index)
    if file_format is FileFormat.DICOM:
        from .dicom_reader import read_dicom

        return read_dicom(path, slice_index)
    from .volume_reader import read_volume_slice

    return read_volume_slice(path, file_format, slice_index)
