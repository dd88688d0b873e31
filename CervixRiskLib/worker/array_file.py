"""Arrays between two processes: one file that the reader maps into its memory.

Layout, little-endian: magic (8 bytes), version (uint32), number of arrays (uint32), token (16 bytes), size of the whole
file (uint64); then for each array its type (uint32), number of axes (uint32), two lengths (uint64 each, the second 1
where there is one axis) and position in the file (uint64); then the arrays in C order, each at a multiple of 64 bytes.

The token is a random number that the message beside the file repeats: a file of another request is not mistaken for
this one. Files are written with ordinary writes, since a disk that fills up under a mapping ends the process instead of
raising an error, and their size is checked against the header before anything is mapped.
"""

from __future__ import annotations

import math
import mmap
import os
import struct
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ..atomic import storage_errors

MAGIC = b"CXRARRAY"
VERSION = 1
TOKEN_BYTES = 16
MOST_ARRAYS = 64
MOST_BYTES = 2 << 30

_HEAD = struct.Struct(f"<8sII{TOKEN_BYTES}sQ")
_ENTRY = struct.Struct("<IIQQQ")
_ALIGNMENT = 64
_TYPES = {1: np.dtype("<f4"), 2: np.dtype(np.bool_), 3: np.dtype("<f8")}


class ArrayFileError(ValueError):
    """A file that is not the arrays of this message: foreign, cut off, or too large."""


def write_arrays(path: str | os.PathLike[str], token: bytes, arrays: Sequence[np.ndarray]) -> None:
    """Write ``arrays`` (float32, float64 or bool, one or two axes) to a new file.

    Raises
    ------
    ArrayFileError
        More or larger arrays than travel, or of another type.
    StorageError
        The disk is full.
    """
    if len(arrays) > MOST_ARRAYS:
        raise ArrayFileError(f"more than {MOST_ARRAYS} arrays")
    position = _HEAD.size + _ENTRY.size * len(arrays)
    entries, contents = [], []
    for array in arrays:
        code = next((code for code, kind in _TYPES.items() if kind == array.dtype), None)
        if code is None or array.ndim not in (1, 2):
            raise ArrayFileError(f"an array of {array.dtype} with {array.ndim} axes does not travel")
        gap = -position % _ALIGNMENT
        position += gap
        entries.append(_ENTRY.pack(code, array.ndim, array.shape[0], (*array.shape, 1)[1], position))
        contents.append((gap, array))
        position += array.nbytes
    if position > MOST_BYTES:
        raise ArrayFileError(f"more than {MOST_BYTES >> 20} MiB")
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_BINARY", 0)
    with storage_errors(), open(os.open(path, flags, 0o600), "wb") as handle:
        handle.write(_HEAD.pack(MAGIC, VERSION, len(arrays), token, position))
        handle.writelines(entries)
        for gap, array in contents:
            handle.write(bytes(gap))
            if array.nbytes:
                handle.write(np.ascontiguousarray(array).data.cast("B"))


def read_arrays(path: str | os.PathLike[str], token: bytes) -> list[np.ndarray]:
    """The arrays of the file, copied: the file may be removed afterwards.

    Raises
    ------
    ArrayFileError
        The file is missing, cut off, of another version, or carries another token.
    """
    try:
        with Path(path).open("rb") as handle:
            size = os.fstat(handle.fileno()).st_size
            if not _HEAD.size <= size <= MOST_BYTES:
                raise ArrayFileError("the file is cut off")
            with mmap.mmap(handle.fileno(), 0, access=mmap.ACCESS_READ) as mapped:
                return _parse(mapped, size, token)
    except OSError as error:
        raise ArrayFileError(f"the file cannot be read ({error.strerror or 'input/output error'})") from error


def _parse(mapped: mmap.mmap, size: int, token: bytes) -> list[np.ndarray]:
    magic, version, count, found, stated = _HEAD.unpack_from(mapped, 0)
    if magic != MAGIC:
        raise ArrayFileError("the file does not hold arrays")
    if version != VERSION:
        raise ArrayFileError(f"the file is of version {version}, not {VERSION}")
    if found != token:
        raise ArrayFileError("the file belongs to another request")
    if stated != size or count > MOST_ARRAYS or _HEAD.size + count * _ENTRY.size > size:
        raise ArrayFileError("the file is cut off")
    return [_array(mapped, size, _HEAD.size + index * _ENTRY.size) for index in range(count)]


def _array(mapped: mmap.mmap, size: int, entry: int) -> np.ndarray:
    code, axes, first, second, position = _ENTRY.unpack_from(mapped, entry)
    kind = _TYPES.get(code)
    if kind is None or axes not in (1, 2) or (axes == 1 and second != 1):
        raise ArrayFileError("the file holds an array of an unknown type")
    shape = (first, second)[:axes]
    count = math.prod(shape)
    if position + count * kind.itemsize > size:
        raise ArrayFileError("the file is cut off")
    content = mapped[position : position + count * kind.itemsize]
    values = np.frombuffer(content, np.uint8 if kind == np.bool_ else kind)
    # A byte that is neither 0 nor 1 would make a bool that is both.
    return (values != 0 if kind == np.bool_ else values.copy()).reshape(shape)
