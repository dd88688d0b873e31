"""The NRRD header (teem.sourceforge.net/nrrd/format.html), versions 1 to 5."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

from ..errors import ImageError
from .exact_grid import read_exact_grid
from .volume_header import Compression, HeaderError, VolumeHeader, check_sizes, orientation

_MAX_HEADER_BYTES = 1 << 20

_TYPES = {
    **dict.fromkeys(("signed char", "int8", "int8_t"), "i1"),
    **dict.fromkeys(("uchar", "unsigned char", "uint8", "uint8_t"), "u1"),
    **dict.fromkeys(("short", "short int", "signed short", "signed short int", "int16", "int16_t"), "i2"),
    **dict.fromkeys(("ushort", "unsigned short", "unsigned short int", "uint16", "uint16_t"), "u2"),
    **dict.fromkeys(("int", "signed int", "int32", "int32_t"), "i4"),
    **dict.fromkeys(("uint", "unsigned int", "uint32", "uint32_t"), "u4"),
    **dict.fromkeys(
        ("longlong", "long long", "long long int", "signed long long", "signed long long int", "int64", "int64_t"), "i8"
    ),
    **dict.fromkeys(("ulonglong", "unsigned long long", "unsigned long long int", "uint64", "uint64_t"), "u8"),
    "float": "f4",
    "double": "f8",
}
_ENCODINGS = {
    "raw": Compression.NONE,
    **dict.fromkeys(("gzip", "gz"), Compression.GZIP),
    **dict.fromkeys(("bzip2", "bz2"), Compression.BZIP2),
    **dict.fromkeys(("txt", "text", "ascii"), Compression.TEXT),
}
# Signs that turn each space's axes into LPS.
_SPACES = {
    **dict.fromkeys(("left-posterior-superior", "lps"), (1.0, 1.0, 1.0)),
    **dict.fromkeys(("right-anterior-superior", "ras"), (-1.0, -1.0, 1.0)),
    **dict.fromkeys(("left-anterior-superior", "las"), (1.0, -1.0, 1.0)),
}
_MM_PER_UNIT = {"": 1.0, "mm": 1.0, "millimeter": 1.0, "millimeters": 1.0, "cm": 10.0, "m": 1000.0, "um": 1e-3}
_SPATIAL_KINDS = frozenset({"domain", "space", "???", "none"})


def read_nrrd_header(path: Path) -> VolumeHeader:
    """Parse the header of an NRRD file.

    Raises
    ------
    ImageError
        More than three dimensions, or something that cannot be read here, in a sentence.
    HeaderError
        The header breaks the format.
    """
    name = path.name
    text, end = _header_text(path)
    fields, metadata = _fields(text)
    dimension = int(fields["dimension"])
    sizes = [int(size) for size in fields["sizes"].split()]
    if len(sizes) != dimension:
        raise HeaderError("sizes")
    if fields["type"].lower() not in _TYPES:
        raise ImageError(f"“{name}” stores values of a type that is not a number.")
    dtype = np.dtype(
        ("<" if fields.get("endian", "little").lower() == "little" else ">") + _TYPES[fields["type"].lower()]
    )
    encoding = fields["encoding"].lower()
    if encoding not in _ENCODINGS:
        raise ImageError(f"“{name}” is written in an encoding that cannot be read: save it as gzip or raw.")

    components, spatial = _split_components(name, sizes, fields)
    spacing, origin, directions, notes = _geometry(fields, spatial, len(sizes))
    planar = len(spatial) == 2
    exact = read_exact_grid(metadata, spacing, origin, directions)
    if exact is not None:
        spacing, origin, directions, planar = exact.spacing, exact.origin, exact.directions, exact.planar
    skip = int(fields.get("byte skip", "0"))
    if int(fields.get("line skip", "0")) != 0 or skip < -1:
        raise ImageError(f"“{name}” has skipped lines before its data: save it again as gzip or raw.")
    data_file = fields.get("data file", fields.get("datafile"))
    if _ENCODINGS[encoding] is not Compression.NONE and skip:
        raise ImageError(f"“{name}” has skipped bytes before its data: save it again without.")
    return VolumeHeader(
        sizes=check_sizes(name, [sizes[axis] for axis in spatial]),
        components=components,
        dtype=dtype,
        compression=_ENCODINGS[encoding],
        data_file=data_file,
        offset=-1 if skip < 0 else skip + (0 if data_file else end),
        spacing=spacing,
        origin=origin,
        directions=directions,
        planar=planar,
        notes=notes,
        metadata=metadata,
    )


def _header_text(path: Path) -> tuple[str, int]:
    """The header and the offset of the first byte behind the empty line that ends it."""
    with path.open("rb") as file:
        head = file.read(_MAX_HEADER_BYTES)
    match = re.search(rb"\r?\n\r?\n", head)
    # A header with detached data may end with the file.
    end = match.end() if match else len(head)
    return head[: match.start() if match else len(head)].decode("utf-8", errors="replace"), end


def _fields(text: str) -> tuple[dict[str, str], dict[str, str]]:
    fields: dict[str, str] = {}
    metadata: dict[str, str] = {}
    for line in text.splitlines()[1:]:
        if line.startswith("#"):
            continue
        key, separator, value = line.partition(":")
        if not separator:
            raise HeaderError("line")
        if value.startswith("="):
            metadata[key] = value[1:].replace("\\n", "\n").replace("\\\\", "\\").strip()
        else:
            fields[key.strip().lower()] = value.strip()
    return fields, metadata


def _split_components(name: str, sizes: list[int], fields: dict[str, str]) -> tuple[int, list[int]]:
    """Values per voxel, and which axes are spatial."""
    kinds = fields.get("kinds", "").lower().split()
    if "space directions" in fields and fields["space directions"].lower().startswith("none"):
        kinds = ["list", *["domain"] * (len(sizes) - 1)]
    if len(kinds) != len(sizes):
        return 1, list(range(len(sizes)))
    spatial = [axis for axis, kind in enumerate(kinds) if kind in _SPATIAL_KINDS]
    others = [axis for axis in range(len(sizes)) if axis not in spatial]
    if not others:
        return 1, spatial
    if others != [0]:
        raise ImageError(f"“{name}” has more than three dimensions: save one time point or channel of it.")
    if sizes[0] < 1:
        raise HeaderError("sizes")
    return sizes[0], spatial


def _geometry(
    fields: dict[str, str], spatial: list[int], dimension: int
) -> tuple[tuple[float, float, float] | None, np.ndarray | None, np.ndarray | None, tuple[str, ...]]:
    """Spacing, origin, directions and notes."""
    units = set(re.findall(r'"([^"]*)"', fields.get("space units", fields.get("units", ""))))
    if not units <= _MM_PER_UNIT.keys():
        return None, None, None, ("The file gives its pixel size in a unit that is no length; it was not used.",)
    factors = {_MM_PER_UNIT[unit] for unit in units} or {1.0}
    if len(factors) > 1:
        return None, None, None, ("The file gives its pixel size in several units; it was not used.",)
    factor = factors.pop()

    vectors = _vectors(fields.get("space directions", ""))
    if vectors is None or len(vectors) not in (2, 3):
        listed = fields.get("spacings", "").split()
        values = [float(listed[axis]) * factor for axis in spatial[:3]] if len(listed) == dimension else []
        if len(values) == 2:
            values.append(1.0)
        # Not a number is NRRD's way to say that a spacing is unknown; along k it does not matter.
        if len(values) < 3 or not all(np.isfinite(value) and value > 0 for value in values[:2]):
            return None, None, None, ()
        return (values[0], values[1], values[2] if np.isfinite(values[2]) and values[2] > 0 else 1.0), None, None, ()
    width = vectors.shape[1]
    axes = np.eye(3)
    if width not in (2, 3) or width < len(vectors):
        raise HeaderError("space directions")
    axes[: len(vectors), :width] = vectors * factor
    if len(vectors) == 2 and width == 3:
        axes[2] = np.cross(axes[0], axes[1])
    signs = _SPACES.get(fields.get("space", "").lower())
    spacing, directions = orientation(axes * np.array(signs if signs else (1.0, 1.0, 1.0)))
    origins = _vectors(fields.get("space origin", ""))
    if directions is None or origins is None or origins.shape != (1, width) or (signs is None and width == 3):
        return spacing, None, None, ()
    origin = np.zeros(3)
    origin[:width] = origins[0] * factor
    return spacing, origin * np.array(signs if signs else (1.0, 1.0, 1.0)), directions, ()


def _vectors(text: str) -> np.ndarray | None:
    rows = [[float(number) for number in group.split(",")] for group in re.findall(r"\(([^)]*)\)", text)]
    if not rows or len({len(row) for row in rows}) != 1:
        return None
    vectors = np.array(rows)
    return vectors if np.isfinite(vectors).all() else None
