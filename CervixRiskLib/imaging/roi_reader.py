"""A region of interest from a file: a picture, a label image, a segmentation (3D Slicer, DICOM) or points."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import RoiError
from .file_format import PICTURE_FORMATS, FileFormat, detect_format
from .image_reader import read_raw_slice
from .picture_kind import is_grey_picture
from .roi import Roi
from .segmentation_file import is_segmentation, read_segment
from .slice_geometry import SliceGeometry
from .slice_image import SliceImage
from .volume_header import VolumeHeader
from .volume_reader import cut_slice, read_volume_header, slice_axis, slice_in_patient

# A picture whose brightest value is no higher than this holds label numbers, not brightness.
_HIGHEST_PICTURE_LABEL = 10
_MAX_JSON_BYTES = 1 << 24
_RELATIVE_SPACING_TOLERANCE = 1e-3
_ORIGIN_TOLERANCE_PIXELS = 0.1
_SHOWN = 8


def read_roi(
    path: str | os.PathLike[str],
    image: SliceImage,
    *,
    label: int | None = None,
    segment: str | None = None,
    slice_index: int | None = None,
) -> Roi:
    """Read a region of interest and check that it lies on ``image``.

    - Pictures (PNG, JPEG, TIFF, BMP) are cut at half of their number type's range (128 of 255; floats at half of their
      maximum); of colours the brightest channel counts. A picture whose highest value is at most 10 holds labels; one
      in shades of grey (:func:`.picture_kind.is_grey_picture`) is refused unless ``label`` names one of them.
    - Label images (NRRD, NIfTI, MetaImage) hold one label beside 0, or ``label`` names one of several.
    - ``.seg.nrrd`` files of 3D Slicer hold one segment, or ``segment`` names one by its name or identifier. Cropped
      and layered files are laid back on the image's grid.
    - DICOM segmentations (SEG) hold one segment, or ``segment`` (SegmentLabel) or ``label`` (SegmentNumber) names one;
      see :mod:`.dicom_segmentation`.
    - JSON files hold one polygon, ``[[row, column], ...]`` in pixels, as in :meth:`Roi.from_polygon`.

    Parameters
    ----------
    path
        The file; its format is told from its content.
    image
        The slice the region was drawn on.
    label, segment
        Which one to take where there are several.
    slice_index
        Slice of a label volume, from 0. Left out: the slice in the image's plane where both files know their position
        in the patient, else that of the image's own number if both have as many slices.

    Raises
    ------
    RoiError
        Empty, several labels or segments and none named, another size, pixel size or position than the image.
    ImageError
        The file is missing, damaged, or of an unknown format.
    """
    path = Path(path)
    file_format = detect_format(path)
    if file_format is FileFormat.JSON:
        return Roi.from_polygon(_points(path), image)
    if file_format is FileFormat.DICOM:
        from .dicom_segmentation import read_dicom_segment

        mask = read_dicom_segment(path, image, segment=segment, label=label, slice_index=slice_index)
        return Roi.from_mask(mask, image)
    if file_format in PICTURE_FORMATS:
        if segment is not None:
            raise RoiError(f"“{path.name}” is a picture and has no named segments.")
        return _roi_from_picture(path, file_format, image, label, slice_index)

    header = read_volume_header(path, file_format)
    if is_segmentation(header.metadata):
        mask, spacing, geometry = read_segment(path, header, image, segment, label, slice_index)
        _check_grid(path.name, image, mask.shape, spacing, geometry)
        return Roi.from_mask(mask, image)
    if segment is not None:
        raise RoiError(f"“{path.name}” has no named segments: give the label's number instead.")
    axis = slice_axis(header)
    index = _choose_roi_slice(path.name, header, axis, image, slice_index)
    raw = cut_slice(path, header, axis, index)
    if raw.values.ndim != 2:
        raise RoiError(f"“{path.name}” has {raw.values.shape[2]} values per pixel: a label image has one.")
    _check_grid(path.name, image, raw.values.shape, raw.spacing_mm, raw.geometry)
    return Roi.from_mask(_select_label(path.name, raw.values, label), image)


def _choose_roi_slice(name: str, header: VolumeHeader, axis: int, image: SliceImage, slice_index: int | None) -> int:
    """Which slice of a label volume belongs to the image: the named one, that in the image's plane, or its number."""
    count = header.sizes[axis]
    if slice_index is not None:
        if not 0 <= slice_index < count:
            raise RoiError(f"“{name}” has no slice {slice_index}: it has slices 0 to {count - 1}.")
        return slice_index
    if count == 1:
        return 0
    in_plane = slice_in_patient(header, axis, image.geometry)
    if in_plane is not None and 0 <= in_plane < count:
        return in_plane
    if count == image.slice_count:
        return image.slice_index
    raise RoiError(f"“{name}” has {count} slices: say on which one the region was drawn, 0 to {count - 1}.")


def _points(path: Path) -> Any:
    if path.stat().st_size > _MAX_JSON_BYTES:
        raise RoiError(f"“{path.name}” is too large for a contour.")
    try:
        return json.loads(path.read_text(encoding="utf-8-sig"))
    except (ValueError, RecursionError, OSError) as error:
        raise RoiError(f"“{path.name}” is not a JSON list of [row, column] points.") from error


def _roi_from_picture(
    path: Path, file_format: FileFormat, image: SliceImage, label: int | None, slice_index: int | None
) -> Roi:
    raw = read_raw_slice(path, file_format, slice_index)
    values = raw.values if raw.values.ndim == 2 else raw.values.max(axis=2)
    _check_grid(path.name, image, values.shape, None, None)
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise RoiError(f"“{path.name}” holds values that are not numbers (NaN or infinite).")
    highest = values.max()
    if highest <= 0:
        raise RoiError(_empty(path.name))
    if label is not None or (values.dtype.kind in "iu" and highest <= _HIGHEST_PICTURE_LABEL):
        return Roi.from_mask(_select_label(path.name, values, label), image)
    if is_grey_picture(values):
        raise RoiError(
            f"“{path.name}” is a picture in shades of grey and no contour: give the mask in black and white, or the "
            "number of its label."
        )
    mask = _cut(values, float(highest))
    if not mask.any():
        raise RoiError(
            f"“{path.name}” has no pixel above half of its range (the highest is {highest:g}): "
            "save the mask in black and white."
        )
    return Roi.from_mask(mask, image)


def _cut(values: np.ndarray, highest: float) -> np.ndarray:
    if values.dtype.kind == "f":
        return values > highest / 2.0
    if values.dtype.itemsize == 1 or highest <= 255:
        return values >= 128
    return values >= (1 << 15 if highest <= 65535 else 1 << 30)


def _select_label(name: str, values: np.ndarray, label: int | None) -> np.ndarray:
    if values.dtype.kind == "f" and not np.isfinite(values).all():
        raise RoiError(f"“{name}” holds values that are not numbers (NaN or infinite).")
    if label is not None:
        if label == 0:
            raise RoiError("Label 0 is the background: name another one.")
        mask = values == label
        if not mask.any():
            raise RoiError(f"“{name}” has no label {label} on this slice.")
        return mask
    present = np.unique(values)
    present = present[present != 0]
    if present.size == 0:
        raise RoiError(_empty(name))
    if present.size > 1:
        shown = ", ".join(f"{value:g}" for value in present[:_SHOWN]) + (", ..." if present.size > _SHOWN else "")
        raise RoiError(
            f"“{name}” holds {present.size} labels ({shown}): say which one is the tumour by its number (--label)."
        )
    return values != 0


def _check_grid(
    name: str,
    image: SliceImage,
    shape: tuple[int, ...],
    spacing_mm: tuple[float, float] | None,
    geometry: SliceGeometry | None,
) -> None:
    """Raise ``RoiError`` unless the region lies on the image's own grid."""
    if shape != image.shape:
        raise RoiError(
            f"“{name}” has {shape[0]} × {shape[1]} pixels but the image has {image.shape[0]} × {image.shape[1]} "
            "(rows × columns): save the region on the grid of this image."
        )
    if image.spacing_mm is None or spacing_mm is None:
        return
    # Writers put 1 mm where they know none, and a size given by hand replaces whatever the files say.
    comparable = spacing_mm != (1.0, 1.0) and image.spacing_source != "given by hand"
    if comparable and not np.allclose(spacing_mm, image.spacing_mm, rtol=_RELATIVE_SPACING_TOLERANCE, atol=0):
        raise RoiError(f"“{name}” has another pixel size than the image: it was drawn on another image.")
    if geometry is not None and image.geometry is not None:
        tolerance = _ORIGIN_TOLERANCE_PIXELS * min(image.spacing_mm)
        if not geometry.agrees_with(image.geometry, tolerance):
            raise RoiError(f"“{name}” lies elsewhere in the patient than the image: it belongs to another slice.")


def _empty(name: str) -> str:
    return f"“{name}” is empty on this slice: no pixel is marked."
