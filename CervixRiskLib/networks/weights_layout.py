"""Where each tensor lies in a ``.safetensors`` file, read with nothing but Python.

The file is eight bytes (little-endian length of the header), the header in JSON, the tensors' bytes:
github.com/huggingface/safetensors, "Format". Nothing of the tensors is read here.
"""

from __future__ import annotations

import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import BundleError

# What the reference implementation allows.
_LONGEST_HEADER = 100_000_000
_METADATA = "__metadata__"
_DAMAGED = "The network file is damaged: copy the bundle again."


@dataclass(frozen=True)
class TensorPlace:
    """A tensor's element type as the format names it (``"F32"``), its shape, and its bytes in the file."""

    dtype: str
    shape: tuple[int, ...]
    offset: int
    length: int


@dataclass(frozen=True)
class WeightsLayout:
    """``tensors`` by name, and the file's ``metadata``."""

    tensors: Mapping[str, TensorPlace]
    metadata: Mapping[str, str]


def read_layout(path: str | os.PathLike[str]) -> WeightsLayout:
    """Read the header of a ``.safetensors`` file.

    Raises
    ------
    BundleError
        The file is missing, is no such file, or places a tensor outside of itself.
    """
    path = Path(path)
    try:
        size = path.stat().st_size
        with path.open("rb") as handle:
            (length,) = struct.unpack("<Q", handle.read(8))
            if length > min(_LONGEST_HEADER, size - 8):
                raise BundleError(_DAMAGED)
            header = json.loads(handle.read(length).decode("utf-8"))
        start = 8 + length
        metadata = header.pop(_METADATA, {})
        tensors = {name: _place(stated, start, size) for name, stated in header.items()}
    except FileNotFoundError as error:
        raise BundleError(f"The network file {path.name!r} is missing: copy the whole bundle again.") from error
    except (OSError, ValueError, struct.error, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise BundleError(_DAMAGED) from error
    if not isinstance(metadata, dict) or not all(isinstance(text, str) for text in metadata.values()):
        raise BundleError(_DAMAGED)
    return WeightsLayout(tensors, metadata)


def _place(stated: dict[str, object], start: int, size: int) -> TensorPlace:
    dtype, shape, offsets = stated["dtype"], stated["shape"], stated["data_offsets"]
    if not isinstance(dtype, str) or not isinstance(shape, list) or not isinstance(offsets, list):
        raise TypeError("tensor")
    begin, end = offsets
    if not all(type(value) is int and value >= 0 for value in (*shape, begin, end)):
        raise ValueError("tensor")
    place = TensorPlace(dtype, tuple(shape), start + begin, end - begin)
    if begin > end or start + end > size:
        raise ValueError("tensor outside of the file")
    if dtype == "F32" and place.length != 4 * math.prod(shape):
        raise ValueError("tensor of another length")
    return place
