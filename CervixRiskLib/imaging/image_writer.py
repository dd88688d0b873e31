"""Contours, maps and pictures on an image's grid, written whole or not at all."""

from __future__ import annotations

import gzip
import io
import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from ..atomic import atomic_file, storage_errors
from ..errors import ImageError, SettingsError
from .exact_grid import exact_grid_metadata
from .roi import Roi
from .slice_image import SliceImage
from .volume_header import orientation

_NRRD_TYPES = {"uint8": "uchar", "float32": "float"}


def write_roi(path: str | os.PathLike[str], roi: Roi, image: SliceImage) -> None:
    """Write a region as a label image: NRRD (0 and 1) or PNG (0 and 255), by the name's extension.

    A name ending in ``.seg.nrrd`` becomes a segmentation that 3D Slicer opens, with one segment named ``tumour``.

    Raises
    ------
    RoiError
        ``roi`` has another size than ``image``.
    SettingsError
        The extension is neither.
    StorageError
        The disk is full or the place cannot be written.
    """
    path = Path(path)
    roi.check_lies_on(image)
    if path.suffix.lower() == ".png":
        _write_bytes(path, _png(roi.mask.astype(np.uint8) * np.uint8(255)))
    elif path.name.lower().endswith(".seg.nrrd"):
        _write_bytes(path, segmentation_bytes(roi, image))
    elif path.suffix.lower() == ".nrrd":
        _write_bytes(path, _nrrd(roi.mask.astype(np.uint8), image, {}))
    else:
        raise SettingsError(f"A region of interest is saved as .nrrd or .png, not as “{path.suffix}”.")


def segmentation_bytes(roi: Roi, image: SliceImage) -> bytes:
    """The content of a ``.seg.nrrd`` file; the same region on the same image gives the same bytes.

    Raises
    ------
    RoiError
        ``roi`` has another size than ``image``.
    """
    roi.check_lies_on(image)
    return _nrrd(roi.mask.astype(np.uint8), image, _segment_metadata(image))


def write_map(path: str | os.PathLike[str], array: np.ndarray, image: SliceImage) -> None:
    """Write a map ``(rows, columns)`` on the image's grid, a heat map say, as float32 NRRD; NaN marks no value.

    Raises
    ------
    ImageError
        ``array`` has another size than ``image``.
    SettingsError
        The name does not end in ``.nrrd``.
    StorageError
        The disk is full or the place cannot be written.
    """
    path = Path(path)
    values = np.asarray(array, dtype=np.float32)
    if values.shape != image.shape:
        raise ImageError("The map does not have the size of the image: make it anew for this image.")
    if path.suffix.lower() != ".nrrd":
        raise SettingsError(f"A map is saved as .nrrd, not as “{path.suffix}”.")
    _write_bytes(path, _nrrd(values, image, {}))


def write_image_png(path: str | os.PathLike[str], image: SliceImage) -> None:
    """Write a slice whose values lie in 0-255 as an 8-bit grey PNG, rounded.

    Raises
    ------
    ImageError
        A value lies outside 0-255; nothing is rescaled silently.
    StorageError
        The disk is full or the place cannot be written.
    """
    if image.pixels.min() < -0.5 or image.pixels.max() > 255.5:
        raise ImageError("An 8-bit picture holds values from 0 to 255; this slice has others.")
    _write_bytes(Path(path), _png(np.clip(np.rint(image.pixels), 0, 255).astype(np.uint8)))


def _write_bytes(path: Path, content: bytes) -> None:
    with storage_errors(), atomic_file(path) as partial:
        partial.write_bytes(content)


def _png(values: np.ndarray) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(values).save(buffer, format="PNG")
    return buffer.getvalue()


def _nrrd(values: np.ndarray, image: SliceImage, metadata: Mapping[str, str]) -> bytes:
    """A one-slice NRRD volume, as Slicer likes them.

    Where the pixel size is unknown no size is written. The slice's thickness is unknown to us and written as 1 mm.
    Read again it has the same pixel size and position to the last digit; see :mod:`.exact_grid`.
    """
    rows, columns = image.shape
    lines = [
        "NRRD0004",
        f"type: {_NRRD_TYPES[values.dtype.name]}",
        "dimension: 3",
        f"sizes: {columns} {rows} 1",
        "encoding: gzip",
        "endian: little",
    ]
    if image.spacing_mm is not None:
        row_mm, column_mm = image.spacing_mm
        directions = _directions(image)
        if directions is None or image.geometry is None:
            lines.append(f"spacings: {column_mm!r} {row_mm!r} 1")
        else:
            right, down, away = directions
            lines += [
                "space: left-posterior-superior",
                "space directions: " + " ".join(_vector(axis) for axis in (right * column_mm, down * row_mm, away)),
                "space origin: " + _vector(np.array(image.geometry.origin_mm)),
                "kinds: domain domain domain",
            ]
    lines += [f"{key}:={value}" for key, value in {**metadata, **exact_grid_metadata(image)}.items()]
    little = values.astype(values.dtype.newbyteorder("<"), copy=False)
    # No time of writing inside: the same content gives the same file.
    return ("\n".join(lines) + "\n\n").encode() + gzip.compress(little.tobytes(), compresslevel=4, mtime=0)


def _directions(image: SliceImage) -> np.ndarray | None:
    """Unit vectors along columns, rows and across the slice, as rows; ``None`` where unknown or in one line."""
    if image.geometry is None:
        return None
    right, down = np.array(image.geometry.column_direction), np.array(image.geometry.row_direction)
    return orientation(np.array([right, down, np.cross(right, down)]))[1]


def _vector(values: np.ndarray) -> str:
    return "(" + ",".join(repr(float(value)) for value in values) + ")"


def _segment_metadata(image: SliceImage) -> dict[str, str]:
    rows, columns = image.shape
    return {
        "Segment0_ID": "tumour",
        "Segment0_Name": "tumour",
        "Segment0_LabelValue": "1",
        "Segment0_Layer": "0",
        "Segment0_Extent": f"0 {columns - 1} 0 {rows - 1} 0 0",
        "Segmentation_MasterRepresentation": "Binary labelmap",
        "Segmentation_ContainedRepresentationNames": "Binary labelmap|",
        "Segmentation_ReferenceImageExtentOffset": f"0 0 {image.slice_index}",
    }
