"""One segment of a DICOM segmentation (SEG), laid on an image's grid.

Segmentation Storage (1.2.840.10008.5.1.4.1.1.66.4) with BINARY or FRACTIONAL segments, and Label Map Segmentation
Storage (1.2.840.10008.5.1.4.1.1.66.7); PS3.3 A.51 and C.8.20. Fractional segments are cut at half of
MaximumFractionalValue.

A slice does not carry the identifier of its DICOM instance, which would lead to the patient. So a frame finds its place
by its position in the patient (PlanePositionSequence, PlaneOrientationSequence and PixelMeasuresSequence) where image
and segmentation have one; else, as in ultrasound, by the number of the film's frame that it refers to
(ReferencedFrameNumber); else a segment's only frame is taken, or as many frames as the image has slices in their order.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError, MissingComponentError, RoiError
from .dicom_geometry import frame_attribute, frame_geometry, pixel_size
from .dicom_reader import decode_frame, refuse_deflate_bomb, transfer_syntax
from .file_format import MAX_PIXELS
from .segment_words import elsewhere, listed, shown_name
from .slice_geometry import SliceGeometry
from .slice_image import SliceImage

_SEGMENTATION = "1.2.840.10008.5.1.4.1.1.66.4"
_LABEL_MAP = "1.2.840.10008.5.1.4.1.1.66.7"
_RT_STRUCTURE_SET = "1.2.840.10008.5.1.4.1.1.481.3"
_SURFACE = "1.2.840.10008.5.1.4.1.1.66.5"
_OTHER_KINDS = {
    _RT_STRUCTURE_SET: "contours of a radiotherapy plan (RTSTRUCT)",
    _SURFACE: "a surface segmentation",
}
_MAX_FRAMES = 100_000
_DIRECTION_TOLERANCE = 1e-3
_RELATIVE_SPACING_TOLERANCE = 1e-3
# Parts of a pixel by which a frame may lie beside the image's grid and beside its plane.
_GRID_TOLERANCE = 0.1


@dataclass(frozen=True)
class _Segment:
    number: int
    label: str


def read_dicom_segment(
    path: Path,
    image: SliceImage,
    *,
    segment: str | None = None,
    label: int | None = None,
    slice_index: int | None = None,
) -> np.ndarray:
    """One segment as ``(rows, columns)`` bool on the image's grid, not empty.

    Parameters
    ----------
    path
        The file.
    image
        The slice the segment was drawn on.
    segment, label
        SegmentLabel or SegmentNumber of the one to take where there are several.
    slice_index
        For files without a position in the patient: the film's frame (from 0) that the segment's frames refer to, or
        which of the segment's frames to take. Left out: the image's own.

    Raises
    ------
    RoiError
        Not a segmentation, several segments and none named, drawn on another grid, or nothing marked on this slice.
    ImageError
        Damaged, cut off, or too large.
    MissingComponentError
        Compressed with a method for which no decoder is installed.
    """
    name = path.name
    with warnings.catch_warnings():
        # pydicom warns of every small breach of the standard; what matters here ends in an error.
        warnings.simplefilter("ignore")
        try:
            return _read(path, image, segment, label, slice_index)
        except (RoiError, ImageError, MissingComponentError):
            raise
        except MemoryError as error:
            raise ImageError(f"“{name}” is too large to be read as a region of interest.") from error
        except Exception as error:  # a parser meets a hostile file with whatever it stumbles over
            raise ImageError(f"“{name}” is damaged or cut off: send or copy the DICOM file again.") from error


def _read(path: Path, image: SliceImage, segment: str | None, label: int | None, slice_index: int | None) -> np.ndarray:
    import pydicom

    name = path.name
    refuse_deflate_bomb(path)
    dataset = pydicom.dcmread(path, force=True)
    label_map = _is_label_map(name, dataset)
    fractional = not label_map and dataset.get("SegmentationType") == "FRACTIONAL"
    if not (label_map or fractional or dataset.get("SegmentationType") == "BINARY"):
        raise RoiError(f"“{name}” does not say how its segments are stored: save the segmentation again.")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    frames = int(dataset.get("NumberOfFrames") or 1)
    if not 0 < rows * columns <= MAX_PIXELS or rows < 0 or not 0 < frames <= _MAX_FRAMES:
        raise ImageError(f"“{name}” claims {frames} frames of {rows} × {columns} pixels: that is no segmentation.")
    if int(dataset.get("SamplesPerPixel") or 1) != 1:
        raise ImageError(f"“{name}” has several values per pixel: that is no segmentation.")
    chosen = _choose(name, _segments(dataset), segment, label)
    mine = range(frames) if label_map else _frames_of(name, dataset, frames, chosen.number)
    mask = np.zeros(image.shape, dtype=bool)
    for index, row, column in _places(name, dataset, mine, image, slice_index):
        stored = _frame(dataset, name, index)
        if stored.shape != (rows, columns):
            raise ImageError(f"“{name}” has frames of another size than it claims: save the segmentation again.")
        if label_map:
            part = stored == chosen.number
        else:
            highest = int(dataset.MaximumFractionalValue) if fractional else 1
            part = 2 * stored.astype(np.int64) >= max(highest, 1)
        _lay(name, mask, part, row, column)
    if not mask.any():
        raise elsewhere(chosen.label)
    return mask


def _frame(dataset: Any, name: str, index: int) -> np.ndarray:
    if int(dataset.BitsAllocated) != 1 or transfer_syntax(dataset).is_encapsulated:
        return decode_frame(dataset, name, index)
    # Eight pixels a byte, the first in the lowest bit, and frames follow each other without a gap (PS3.5 8.1.1);
    # pydicom finds single frames only where they end with a byte.
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    first, last = index * rows * columns, (index + 1) * rows * columns
    packed = np.frombuffer(dataset.PixelData, dtype=np.uint8)[first // 8 : -(-last // 8)]
    bits = np.unpackbits(packed, bitorder="little")[first % 8 : first % 8 + rows * columns]
    return bits.reshape(rows, columns)


def _is_label_map(name: str, dataset: Any) -> bool:
    kind = str(dataset.get("SOPClassUID") or "")
    if kind in (_SEGMENTATION, _LABEL_MAP):
        return kind == _LABEL_MAP or dataset.get("SegmentationType") == "LABELMAP"
    what = _OTHER_KINDS.get(kind, "no segmentation")
    if kind not in _OTHER_KINDS and dataset.get("Rows") is not None:
        what = "an image, not a region of interest"
    raise RoiError(
        f"“{name}” holds {what}: choose a DICOM segmentation (SEG), or open it in 3D Slicer and save the region as "
        ".seg.nrrd."
    )


def _segments(dataset: Any) -> list[_Segment]:
    """The file's segments; a label map's number 0 is its background."""
    return [
        _Segment(int(item.SegmentNumber), str(item.get("SegmentLabel") or f"segment {int(item.SegmentNumber)}"))
        for item in dataset.get("SegmentSequence") or []
        if int(item.SegmentNumber) != 0
    ]


def _choose(name: str, segments: list[_Segment], segment: str | None, label: int | None) -> _Segment:
    if not segments:
        raise RoiError(f"“{name}” describes no segment: save the segmentation again.")
    known = listed([f"{item.number} “{shown_name(item.label)}”" for item in segments])
    matching = [
        item
        for item in segments
        if (segment is None or item.label == segment) and (label is None or item.number == label)
    ]
    if len(matching) == 1:
        return matching[0]
    if not matching:
        raise RoiError(f"“{name}” has no such segment: it has {known}.")
    raise RoiError(
        f"“{name}” has {len(segments)} segments ({known}): say which one is the tumour by its name (--segment) or "
        "number (--label)."
    )


def _frames_of(name: str, dataset: Any, frames: int, number: int) -> list[int]:
    """Indices of the frames that belong to segment ``number``."""
    if len(dataset.get("PerFrameFunctionalGroupsSequence") or []) != frames:
        raise RoiError(f"“{name}” does not describe each of its frames: save the segmentation again.")
    numbers = [
        frame_attribute(dataset, index, "SegmentIdentificationSequence", "ReferencedSegmentNumber")
        for index in range(frames)
    ]
    if None in numbers:
        raise RoiError(f"“{name}” does not say which segment its frames belong to: save the segmentation again.")
    return [index for index, value in enumerate(numbers) if value == number]


def _places(
    name: str, dataset: Any, frames: Sequence[int], image: SliceImage, slice_index: int | None
) -> list[tuple[int, int, int]]:
    """The frames that lie on this slice, each with the image's row and column of its first pixel."""
    if not frames:
        return []
    if image.geometry is not None and not image.geometry.planar:
        planes = [_plane(dataset, index) for index in frames]
        if None not in planes:
            places = [_place_in_patient(name, plane, image.geometry, image) for plane in planes if plane is not None]
            return [(index, *place) for index, place in zip(frames, places, strict=True) if place is not None]
    here = image.slice_index if slice_index is None else slice_index
    referred = {index: _source_frames(dataset, index) for index in frames}
    if all(referred.values()) and (slice_index is not None or image.slice_count > 1):
        matching = [index for index, numbers in referred.items() if here + 1 in numbers]
    elif slice_index is None and len(referred) == 1:
        matching = list(referred)
    elif slice_index is not None or len(referred) == image.slice_count:
        matching = list(referred)[here : here + 1]
    else:
        raise RoiError(
            f"“{name}” marks {len(referred)} slices and does not say where they lie: say on which one the region was "
            f"drawn, 0 to {len(referred) - 1}."
        )
    size = (int(dataset.Rows), int(dataset.Columns))
    if matching and size != image.shape:
        raise RoiError(
            f"“{name}” has {size[0]} × {size[1]} pixels but the image has {image.shape[0]} × {image.shape[1]} "
            "(rows × columns): save the region on the grid of this image."
        )
    return [(index, 0, 0) for index in matching]


def _plane(dataset: Any, index: int) -> tuple[SliceGeometry, tuple[float, float]] | None:
    """Where a frame lies in the patient and its pixel size, ``None`` where the file does not say."""
    geometry, (spacing, _, _) = frame_geometry(dataset, index), pixel_size(dataset, index)
    return None if geometry is None or spacing is None else (geometry, spacing)


def _place_in_patient(
    name: str, plane: tuple[SliceGeometry, tuple[float, float]], slice_: SliceGeometry, image: SliceImage
) -> tuple[int, int] | None:
    """The image's row and column where the frame begins, perhaps outside; ``None`` where it lies in another plane."""
    frame, spacing = plane
    if not (
        np.allclose(frame.row_direction, slice_.row_direction, rtol=0, atol=_DIRECTION_TOLERANCE)
        and np.allclose(frame.column_direction, slice_.column_direction, rtol=0, atol=_DIRECTION_TOLERANCE)
    ):
        raise RoiError(f"“{name}” is turned against the image: save the region on the grid of this image.")
    # A size given by hand replaces whatever the files say.
    expected = spacing if image.spacing_mm is None or image.spacing_source == "given by hand" else image.spacing_mm
    if not np.allclose(spacing, expected, rtol=_RELATIVE_SPACING_TOLERANCE, atol=0):
        raise RoiError(f"“{name}” has another pixel size than the image: it was drawn on another image.")
    right, down = np.array(slice_.column_direction), np.array(slice_.row_direction)
    way = np.array(frame.origin_mm) - np.array(slice_.origin_mm)
    if abs(float(way @ np.cross(right, down))) > _GRID_TOLERANCE * min(spacing):
        return None
    offset = np.array([way @ down, way @ right]) / np.array(spacing)
    nearest = np.rint(offset)
    if np.abs(offset - nearest).max() > _GRID_TOLERANCE:
        raise RoiError(f"“{name}” lies between the image's pixels: save the region on the grid of this image.")
    return int(nearest[0]), int(nearest[1])


def _source_frames(dataset: Any, index: int) -> set[int]:
    """The film's frames (from 1) from which a frame was drawn (PS3.3 C.7.6.16.2.6), empty where it does not say."""
    groups = dataset.get("PerFrameFunctionalGroupsSequence") or []
    if index >= len(groups):
        return set()
    numbers: set[int] = set()
    for derivation in groups[index].get("DerivationImageSequence") or []:
        for source in derivation.get("SourceImageSequence") or []:
            value = source.get("ReferencedFrameNumber")
            if value is not None:
                numbers.update(int(number) for number in np.atleast_1d(np.asarray(value)))
    return numbers


def _lay(name: str, mask: np.ndarray, part: np.ndarray, row: int, column: int) -> None:
    """Mark ``part`` in ``mask`` from ``row`` and ``column`` on."""
    marked = np.argwhere(part) + np.array([row, column])
    if (marked < 0).any() or (marked >= mask.shape).any():
        raise RoiError(f"“{name}” reaches beyond the image: it was drawn on another image.")
    mask[marked[:, 0], marked[:, 1]] = True
