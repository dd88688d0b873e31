"""The MetaImage header (itk.org/Wiki/ITK/MetaIO/Documentation)."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ..errors import ImageError
from .volume_header import Compression, HeaderError, VolumeHeader, check_sizes, orientation

_MAX_HEADER_BYTES = 1 << 20
# MetaIO's MET_LONG has four bytes on every machine.
_TYPES = {
    "MET_CHAR": "i1", "MET_UCHAR": "u1", "MET_SHORT": "i2", "MET_USHORT": "u2", "MET_INT": "i4", "MET_UINT": "u4",
    "MET_LONG": "i4", "MET_ULONG": "u4", "MET_LONG_LONG": "i8", "MET_ULONG_LONG": "u8", "MET_FLOAT": "f4",
    "MET_DOUBLE": "f8",
}  # fmt: skip


def read_metaimage_header(path: Path) -> VolumeHeader:
    """Parse the header of a MetaImage file.

    Raises
    ------
    ImageError
        No image inside, more than three dimensions, or an unknown number type.
    HeaderError
        The header breaks the format.
    """
    name = path.name
    fields, end = _fields(path)
    dimension = int(fields["NDims"])
    sizes = [int(size) for size in fields["DimSize"].split()]
    if fields.get("ObjectType", "Image") != "Image":
        raise ImageError(f"“{name}” is a MetaIO file without an image.")
    if len(sizes) != dimension:
        raise HeaderError("DimSize")
    if fields["ElementType"] not in _TYPES:
        raise ImageError(f"“{name}” stores values of a type that cannot be read.")
    big_endian = _is_true(fields.get("BinaryDataByteOrderMSB", fields.get("ElementByteOrderMSB", "False")))
    if not _is_true(fields.get("BinaryData", "True")):
        compression = Compression.TEXT
    else:
        compression = Compression.ZLIB if _is_true(fields.get("CompressedData", "False")) else Compression.NONE
    data_file = None if fields["ElementDataFile"].upper() == "LOCAL" else fields["ElementDataFile"]
    skip = int(fields.get("HeaderSize", "0"))
    spacing, origin, directions = _geometry(fields, dimension)
    components = int(fields.get("ElementNumberOfChannels", "1"))
    if components < 1 or skip < -1:
        raise HeaderError("ElementNumberOfChannels")
    return VolumeHeader(
        sizes=check_sizes(name, sizes),
        components=components,
        dtype=np.dtype((">" if big_endian else "<") + _TYPES[fields["ElementType"]]),
        compression=compression,
        data_file=data_file,
        offset=end if data_file is None else skip,
        spacing=spacing,
        origin=origin,
        directions=directions,
        planar=dimension == 2,
    )


def _fields(path: Path) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    end = 0
    with path.open("rb") as file:
        while end < _MAX_HEADER_BYTES:
            line = file.readline(1 << 16)
            if not line:
                break
            end += len(line)
            key, separator, value = line.decode("utf-8", errors="replace").partition("=")
            if not separator:
                if line.strip():
                    raise HeaderError("line")
                continue
            fields[key.strip()] = value.strip()
            if key.strip() == "ElementDataFile":  # always the header's last line
                return fields, end
    raise HeaderError("ElementDataFile")


def _geometry(
    fields: dict[str, str], dimension: int
) -> tuple[tuple[float, float, float] | None, np.ndarray | None, np.ndarray | None]:
    """Spacing, origin and directions. MetaIO's coordinates are taken as LPS, as ITK does."""
    lengths = _numbers(fields.get("ElementSpacing", fields.get("ElementSize", "")))
    if len(lengths) != dimension or not (np.isfinite(lengths[:2]).all() and (lengths[:2] > 0).all()):
        return None, None, None
    spacing = np.ones(3)
    spacing[: min(dimension, 3)] = lengths[:3]
    sizes = (float(spacing[0]), float(spacing[1]), float(spacing[2]) if spacing[2] > 0 else 1.0)
    offset = _numbers(fields.get("Offset", fields.get("Position", fields.get("Origin", ""))))
    matrix = _numbers(fields.get("TransformMatrix", fields.get("Rotation", fields.get("Orientation", ""))))
    if len(offset) != dimension or len(matrix) != dimension**2 or dimension > 3:
        return sizes, None, None
    axes = np.eye(3)
    axes[:dimension, :dimension] = matrix.reshape(dimension, dimension)
    _, directions = orientation(axes)
    if directions is None or not np.isfinite(offset).all():
        return sizes, None, None
    origin = np.zeros(3)
    origin[:dimension] = offset
    return sizes, origin, directions


def _numbers(text: str) -> np.ndarray:
    return np.array([float(number) for number in text.split()])


def _is_true(text: str) -> bool:
    return text.strip().lower() in ("true", "t", "1", "yes")
