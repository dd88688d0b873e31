"""One slice, or all of them, of an NRRD, NIfTI or MetaImage volume.

Only the slice that is asked for is unpacked and kept, so a large volume costs little memory and a file that lies about
its size cannot exhaust it. SimpleITK would read the whole volume, follow detached data files anywhere, and turn an
unknown pixel size into 1 mm.
"""

from __future__ import annotations

import bz2
import math
import os
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import numpy as np

from ..errors import ImageError
from .file_format import MAX_PIXELS, FileFormat
from .raw_slice import RawSlice, check_stack_size, choose_slice
from .slice_geometry import SliceGeometry
from .volume_header import MAX_VOLUME_BYTES, Compression, VolumeHeader

SPACING_SOURCE = "file header"

# A plane this close to a slice, in slice distances, is that slice.
_PLANE_TOLERANCE = 0.1
_CHUNK = 1 << 20
_MAX_TEXT_BYTES = 1 << 28


def read_volume_header(path: Path, file_format: FileFormat) -> VolumeHeader:
    """The checked header of a volume file.

    Raises
    ------
    ImageError
        The header is damaged or describes something that is no volume.
    """
    if file_format is FileFormat.NRRD:
        from .nrrd_header import read_nrrd_header as read
    elif file_format is FileFormat.NIFTI:
        from .nifti_header import read_nifti_header as read
    else:
        from .metaimage_header import read_metaimage_header as read
    name = path.name
    try:
        header = read(path)
    except ImageError:
        raise
    except Exception as error:  # a hostile header breaks the parser in any way
        raise ImageError(
            f"“{name}” has a damaged {file_format.value} header: export or copy the file again."
        ) from error
    if header.total_bytes > MAX_VOLUME_BYTES:
        raise ImageError(f"“{name}” claims to hold {header.total_bytes >> 30} GiB: too much for one volume.")
    return header


def read_volume_slice(path: Path, file_format: FileFormat, slice_index: int | None) -> RawSlice:
    """Read one slice as ``(rows, columns)`` or ``(rows, columns, components)`` in the file's own number type.

    Volumes are cut across k, their slowest axis; one that is a single voxel thick along j or i is that slice.

    Raises
    ------
    ImageError
        The file is damaged, cut off, names data outside its folder, or has several slices and none was named.
    """
    header = read_volume_header(path, file_format)
    axis = slice_axis(header)
    index = choose_slice(path.name, header.sizes[axis], slice_index)
    return cut_slice(path, header, axis, index)


def slice_axis(header: VolumeHeader) -> int:
    """Across which of i, j, k (0, 1, 2) the volume is cut."""
    i, j, k = header.sizes
    if k > 1 and j == 1 and i > 1:
        return 1
    if k > 1 and i == 1 and j > 1:
        return 0
    return 2


def slice_in_patient(header: VolumeHeader, axis: int, geometry: SliceGeometry | None) -> int | None:
    """Index of the slice that lies in the plane of ``geometry``, perhaps outside the volume.

    ``None`` where either position is unknown or the plane lies between two slices.
    """
    if geometry is None or geometry.planar or header.planar:
        return None
    if header.spacing is None or header.origin is None or header.directions is None:
        return None
    distance = float((np.array(geometry.origin_mm) - header.origin) @ header.directions[axis]) / header.spacing[axis]
    return round(distance) if abs(distance - round(distance)) < _PLANE_TOLERANCE else None


def cut_slice(path: Path, header: VolumeHeader, axis: int, index: int) -> RawSlice:
    """Read slice ``index`` across ``axis``. An axis other than k must be one voxel long."""
    name = path.name
    row_axis, column_axis = (axis_ for axis_ in (2, 1, 0) if axis_ != axis)
    rows, columns = header.sizes[row_axis], header.sizes[column_axis]
    if rows * columns * header.components > MAX_PIXELS:
        raise ImageError(f"“{name}” claims {rows} × {columns} pixels per slice: too many.")
    if axis != 2 and header.sizes[axis] != 1:
        raise ImageError(f"“{name}” is cut across another axis than the image: save it on the image's grid.")
    length = rows * columns * header.components * header.dtype.itemsize
    stored = _checked_values(path, header, index * length if axis == 2 else 0, length)
    return _raw_slice(header, axis, index, stored)


def read_volume_slices(path: Path, file_format: FileFormat) -> Iterator[RawSlice]:
    """All slices as :func:`read_volume_slice` gives them, unpacked in one go.

    Raises
    ------
    ImageError
        The file is damaged, cut off, names data outside its folder, or is too large to be held whole.
    """
    header = read_volume_header(path, file_format)
    axis = slice_axis(header)
    count = header.sizes[axis]
    if count == 1:
        yield cut_slice(path, header, axis, 0)
        return
    check_stack_size(path.name, math.prod(header.sizes) * header.components)
    stored = _checked_values(path, header, 0, header.total_bytes)
    for index, values in enumerate(np.split(stored, count)):
        yield _raw_slice(header, axis, index, values)


def _checked_values(path: Path, header: VolumeHeader, start: int, length: int) -> np.ndarray:
    try:
        return _stored_values(path, header, start, length)
    except ImageError:
        raise
    except (OSError, ValueError, EOFError, zlib.error, MemoryError) as error:
        raise ImageError(f"“{path.name}” is damaged or cut off: export or copy it again.") from error


def _raw_slice(header: VolumeHeader, axis: int, index: int, stored: np.ndarray) -> RawSlice:
    row_axis, column_axis = (axis_ for axis_ in (2, 1, 0) if axis_ != axis)
    rows, columns = header.sizes[row_axis], header.sizes[column_axis]
    shape = (rows, columns) if header.components == 1 else (rows, columns, header.components)
    values = stored.reshape(shape)
    if (header.slope, header.intercept) != (1.0, 0.0):
        values = values * header.slope + header.intercept
    spacing = None if header.spacing is None else (header.spacing[row_axis], header.spacing[column_axis])
    return RawSlice(
        values,
        spacing,
        None if spacing is None else SPACING_SOURCE,
        slice_index=index,
        slice_count=header.sizes[axis],
        notes=header.notes,
        geometry=_slice_geometry(header, axis, index),
        metadata=header.metadata,
    )


def _slice_geometry(header: VolumeHeader, axis: int, index: int) -> SliceGeometry | None:
    if header.origin is None or header.directions is None or (header.spacing is None and index > 0):
        return None
    row_axis, column_axis = (axis_ for axis_ in (2, 1, 0) if axis_ != axis)
    distance = 0.0 if header.spacing is None else header.spacing[axis] * index
    x, y, z = header.origin + header.directions[axis] * distance
    right, down = header.directions[column_axis], header.directions[row_axis]
    return SliceGeometry(
        (float(x), float(y), float(z)),
        (float(right[0]), float(right[1]), float(right[2])),
        (float(down[0]), float(down[1]), float(down[2])),
        header.planar,
    )


def _stored_values(path: Path, header: VolumeHeader, start: int, length: int) -> np.ndarray:
    name = path.name
    data_path = path if header.data_file is None else _data_beside(path, header.data_file)
    size = data_path.stat().st_size
    if header.compression is Compression.TEXT:
        if size - header.offset > _MAX_TEXT_BYTES:
            raise ImageError(f"“{name}” is too large a text: save it as gzip or raw.")
        with data_path.open("rb") as file:
            file.seek(header.offset)
            numbers = np.array(file.read().split()).astype(header.dtype)
        first, count = start // header.dtype.itemsize, length // header.dtype.itemsize
        if len(numbers) * header.dtype.itemsize < header.total_bytes:
            raise ImageError(f"“{name}” holds fewer values than its header claims: export or copy it again.")
        return numbers[first : first + count]
    with data_path.open("rb") as file:
        if header.compression is Compression.NONE:
            offset = size - header.total_bytes if header.offset < 0 else header.offset
            if offset < 0 or size - offset < header.total_bytes:
                raise ImageError(f"“{name}” holds fewer bytes than its header claims: export or copy it again.")
            file.seek(offset + start)
            data = file.read(length)
        else:
            file.seek(max(header.offset, 0))
            data = _unpack(file, header.compression, header.unpacked_offset + start, length)
    if len(data) != length:
        raise ImageError(f"“{name}” holds fewer bytes than its header claims: export or copy it again.")
    return np.frombuffer(data, dtype=header.dtype)


def _data_beside(path: Path, data_file: str) -> Path:
    """The detached data file, only if it is an ordinary file in the header's own folder."""
    if data_file in ("", ".", "..") or "LIST" in data_file.split() or any(sign in data_file for sign in "/\\:%\0"):
        raise ImageError(f"“{path.name}” keeps its data elsewhere or in several files: save it as one file.")
    beside = path.parent / data_file
    if os.path.islink(beside) or not beside.is_file():
        raise ImageError(f"“{path.name}” keeps its data in a second file that is not beside it: copy both.")
    return beside


class _Reader(Protocol):
    def read(self, size: int, /) -> bytes: ...


def _unpack(file: _Reader, compression: Compression, start: int, length: int) -> bytes:
    """``length`` bytes from ``start`` of the unpacked stream, without keeping what comes before; fewer if it ends."""
    unpacker = _Bzip2() if compression is Compression.BZIP2 else _Zlib(31 if compression is Compression.GZIP else 15)
    skipped = 0
    kept = bytearray()
    while len(kept) < length:
        piece = unpacker.read(file)
        if not piece:
            break
        drop = min(start - skipped, len(piece))
        skipped += drop
        kept += memoryview(piece)[drop : drop + length - len(kept)]
    return bytes(kept)


class _Zlib:
    """Unpacks zlib and gzip streams a bounded piece at a time."""

    def __init__(self, window: int) -> None:
        self._decoder = zlib.decompressobj(window)
        self._pending = b""

    def read(self, file: _Reader) -> bytes:
        while not self._decoder.eof:
            packed = self._pending or file.read(_CHUNK)
            piece = self._decoder.decompress(packed, _CHUNK)
            self._pending = self._decoder.unconsumed_tail
            if piece or not packed:
                return piece
        return b""


class _Bzip2:
    """Unpacks a bzip2 stream a bounded piece at a time."""

    def __init__(self) -> None:
        self._decoder = bz2.BZ2Decompressor()

    def read(self, file: _Reader) -> bytes:
        while not self._decoder.eof:
            packed = file.read(_CHUNK) if self._decoder.needs_input else b""
            if self._decoder.needs_input and not packed:
                return b""
            piece = self._decoder.decompress(packed, _CHUNK)
            if piece:
                return piece
        return b""
