"""What the headers of NRRD, NIfTI and MetaImage files have in common."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from ..errors import ImageError

# Beyond this a volume cannot be held or streamed in reasonable time; larger claims are lies or bombs.
MAX_VOLUME_BYTES = 1 << 32


class Compression(Enum):
    NONE = "none"
    GZIP = "gzip"
    ZLIB = "zlib"
    BZIP2 = "bzip2"
    TEXT = "text"  # numbers written out


@dataclass(frozen=True, eq=False)
class VolumeHeader:
    """A checked header: what to read, from where, and where it lies in the patient.

    Parameters
    ----------
    sizes
        Voxels along i, j, k, the fastest axis first; k is 1 for two-dimensional files.
    components
        Values per voxel, stored side by side; 1 for grey.
    dtype
        Number type with its byte order.
    compression
        How the voxels are packed.
    data_file
        Bare name of the file in the same folder that holds the voxels; ``None`` when they follow the header.
    offset
        Bytes in the data file before the (compressed) voxels; -1: the voxels are the file's last bytes.
    unpacked_offset
        Bytes to skip after unpacking; NIfTI is compressed together with its header.
    slope, intercept
        Stored values are multiplied and added with these.
    spacing
        Voxel size along i, j, k in mm, ``None`` when the file does not say.
    origin, directions
        Centre of the first voxel, and unit vectors along i, j, k as rows, in LPS mm; ``None`` when the file has none.
    planar
        The file has two dimensions and knows no third coordinate.
    metadata
        The file's own key-value pairs.
    """

    sizes: tuple[int, int, int]
    components: int
    dtype: np.dtype
    compression: Compression
    data_file: str | None
    offset: int
    unpacked_offset: int = 0
    slope: float = 1.0
    intercept: float = 0.0
    spacing: tuple[float, float, float] | None = None
    origin: np.ndarray | None = None
    directions: np.ndarray | None = None
    planar: bool = False
    notes: tuple[str, ...] = ()
    metadata: Mapping[str, str] = field(default_factory=dict)

    @property
    def total_bytes(self) -> int:
        i, j, k = self.sizes
        return i * j * k * self.components * self.dtype.itemsize


class HeaderError(Exception):
    """A header that breaks its format; the reader adds the file's name."""


def check_sizes(name: str, sizes: list[int]) -> tuple[int, int, int]:
    """The sizes as i, j, k.

    Raises
    ------
    ImageError
        More than three dimensions.
    HeaderError
        Fewer than two, or not positive.
    """
    if len(sizes) < 2 or any(size < 1 for size in sizes):
        raise HeaderError("sizes")
    if any(size > 1 for size in sizes[3:]):
        raise ImageError(f"“{name}” has {len(sizes)} dimensions: save one time point or channel of it.")
    i, j, k = (*sizes[:3], 1)[:3]
    return i, j, k


def orientation(vectors: np.ndarray) -> tuple[tuple[float, float, float] | None, np.ndarray | None]:
    """Voxel sizes and unit vectors of ``(3, 3)`` axis vectors (rows); ``None`` twice if they span no volume."""
    lengths = np.linalg.norm(vectors, axis=1)
    if not np.isfinite(vectors).all() or (lengths <= 0).any():
        return None, None
    units = vectors / lengths[:, None]
    if abs(np.linalg.det(units)) < 1e-3:
        return None, None
    return (float(lengths[0]), float(lengths[1]), float(lengths[2])), units
