"""The NIfTI-1 and NIfTI-2 headers (nifti.nimh.nih.gov), single files, plain or gzipped."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path

import numpy as np

from ..errors import ImageError
from .volume_header import Compression, HeaderError, VolumeHeader, check_sizes, orientation

_TYPES = {
    2: "u1", 4: "i2", 8: "i4", 16: "f4", 64: "f8", 256: "i1", 512: "u2", 768: "u4", 1024: "i8", 1280: "u8",
}  # fmt: skip
_COLOURS = {128: 3, 2304: 4}
_MM_PER_UNIT = {0: 1.0, 1: 1000.0, 2: 1.0, 3: 1e-3}
_RAS_TO_LPS = np.array([-1.0, -1.0, 1.0])


def read_nifti_header(path: Path) -> VolumeHeader:
    """Parse the header of a NIfTI file.

    The sform gives position and orientation where its code is set, else the qform, else the file has none.

    Raises
    ------
    ImageError
        Not NIfTI inside, more than three dimensions, or values that are no real numbers.
    HeaderError
        The header breaks the format.
    """
    name = path.name
    with path.open("rb") as file:
        head = file.read(1 << 16)
    gzipped = head.startswith(b"\x1f\x8b")
    if gzipped:
        head = zlib.decompressobj(31).decompress(head, 1024)
    for order in ("<", ">"):
        if head[:4] == struct.pack(order + "i", 348) and head[344:348] == b"n+1\0":
            values = _nifti1(head, order)
            break
        if head[:4] == struct.pack(order + "i", 540) and head[4:8] == b"n+2\0":
            values = _nifti2(head, order)
            break
    else:
        raise ImageError(f"“{name}” is compressed but no NIfTI image: unpack it first.")

    dimensions, datatype, voxel_offset, pixdim, slope, intercept, units, qform, sform, quaternion, rows = values
    count = dimensions[0]
    if not 1 <= count <= 7:
        raise HeaderError("dim")
    if datatype in _TYPES:
        dtype, components = np.dtype(order + _TYPES[datatype]), 1
    elif datatype in _COLOURS:
        dtype, components = np.dtype("u1"), _COLOURS[datatype]
    else:
        raise ImageError(f"“{name}” stores values that are not plain numbers or RGB colours.")
    if not (np.isfinite(voxel_offset) and voxel_offset >= len(rows)):
        raise HeaderError("vox_offset")
    if slope == 0 or not (np.isfinite(slope) and np.isfinite(intercept)) or datatype in _COLOURS:
        slope, intercept = 1.0, 0.0

    factor = _MM_PER_UNIT.get(units & 7, 1.0)
    spacing, origin, directions = _geometry(np.array(pixdim), qform, sform, quaternion, rows, factor)
    sizes = list(dimensions[1 : count + 1])
    return VolumeHeader(
        sizes=check_sizes(name, sizes),
        components=components,
        dtype=dtype,
        compression=Compression.GZIP if gzipped else Compression.NONE,
        data_file=None,
        offset=0 if gzipped else int(voxel_offset),
        unpacked_offset=int(voxel_offset) if gzipped else 0,
        slope=float(slope),
        intercept=float(intercept),
        spacing=spacing,
        origin=origin,
        directions=directions,
        planar=False,
    )


def _nifti1(head: bytes, order: str) -> tuple:
    dimensions = struct.unpack_from(order + "8h", head, 40)
    (datatype,) = struct.unpack_from(order + "h", head, 70)
    pixdim = struct.unpack_from(order + "8f", head, 76)
    voxel_offset, slope, intercept = struct.unpack_from(order + "3f", head, 108)
    units = head[123]
    qform, sform = struct.unpack_from(order + "2h", head, 252)
    quaternion = struct.unpack_from(order + "6f", head, 256)
    rows = struct.unpack_from(order + "12f", head, 280)
    return dimensions, datatype, voxel_offset, pixdim, slope, intercept, units, qform, sform, quaternion, rows


def _nifti2(head: bytes, order: str) -> tuple:
    (datatype,) = struct.unpack_from(order + "h", head, 12)
    dimensions = struct.unpack_from(order + "8q", head, 16)
    pixdim = struct.unpack_from(order + "8d", head, 104)
    (voxel_offset,) = struct.unpack_from(order + "q", head, 168)
    slope, intercept = struct.unpack_from(order + "2d", head, 176)
    qform, sform = struct.unpack_from(order + "2i", head, 344)
    quaternion = struct.unpack_from(order + "6d", head, 352)
    rows = struct.unpack_from(order + "12d", head, 400)
    (units,) = struct.unpack_from(order + "i", head, 500)
    return dimensions, datatype, voxel_offset, pixdim, slope, intercept, units, qform, sform, quaternion, rows


def _geometry(
    pixdim: np.ndarray, qform: int, sform: int, quaternion: tuple, rows: tuple, factor: float
) -> tuple[tuple[float, float, float] | None, np.ndarray | None, np.ndarray | None]:
    """Spacing, origin and directions (LPS)."""
    if sform > 0:
        affine = np.array(rows, dtype=np.float64).reshape(3, 4)
        spacing, directions = orientation((affine[:, :3] * _RAS_TO_LPS[:, None] * factor).T)
        if spacing is not None and np.isfinite(affine).all():
            return spacing, affine[:, 3] * _RAS_TO_LPS * factor, directions
    lengths = np.abs(pixdim[1:4].astype(np.float64)) * factor
    if not (np.isfinite(lengths[:2]).all() and (lengths[:2] > 0).all()):
        return None, None, None
    spacing = (float(lengths[0]), float(lengths[1]), float(lengths[2]) if lengths[2] > 0 else 1.0)
    if qform <= 0 or not np.isfinite(quaternion).all():
        return spacing, None, None
    b, c, d = (float(value) for value in quaternion[:3])
    a = np.sqrt(max(0.0, 1.0 - (b * b + c * c + d * d)))
    rotation = np.array(
        [
            [a * a + b * b - c * c - d * d, 2 * (b * c - a * d), 2 * (b * d + a * c)],
            [2 * (b * c + a * d), a * a + c * c - b * b - d * d, 2 * (c * d - a * b)],
            [2 * (b * d - a * c), 2 * (c * d + a * b), a * a + d * d - c * c - b * b],
        ]
    )
    rotation[:, 2] *= -1.0 if pixdim[0] < 0 else 1.0
    _, directions = orientation((rotation * _RAS_TO_LPS[:, None]).T)
    if directions is None:
        return spacing, None, None
    return spacing, np.array(quaternion[3:], dtype=np.float64) * _RAS_TO_LPS * factor, directions
