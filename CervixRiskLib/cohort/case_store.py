"""Finished cases on the disk: one small file each, whole or absent, never trusted without its checksum.

A file is a line of magic, the SHA-256 of key and payload (32 bytes), and the payload, a NumPy ``.npz`` of plain
arrays. The digest is checked before a single byte is interpreted, so a file that is cut short, altered, or stands under
another key's name counts as not there and the case is measured again. File names are hashes: they name no patient.
"""

from __future__ import annotations

import hashlib
import io
from dataclasses import astuple, dataclass, fields
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import atomic_file
from .acquisition_traits import AcquisitionTraits
from .case_result import CaseResult

_MAGIC = b"CERVIXRISK-CASE-1\n"
_DIGEST = 32
# With another number the traits are looked at again: they are made otherwise than before.
_TRAITS = "acquisition_1"


@dataclass(frozen=True)
class CaseStore:
    """A folder of finished cases, by key (64 hexadecimal digits; see :mod:`.case_key`)."""

    folder: Path

    def path(self, key: str) -> Path:
        """Where the case of ``key`` lies. Folders by the first two digits keep listings short in large cohorts."""
        return self.folder / key[:2] / f"{key}.case"

    def write(self, key: str, result: CaseResult) -> None:
        """Keep ``result``.

        Raises
        ------
        StorageError
            The disk is full or the folder cannot be written.
        """
        buffer = io.BytesIO()
        arrays = {
            "values": np.asarray(result.values, dtype="<f8"),
            "undefined": np.asarray(result.undefined, dtype="<i4"),
            "pixel_count": np.array(result.pixel_count, dtype="<i8"),
            "diameter_mm": np.array(result.diameter_mm, dtype="<f8"),
            "touches_border": np.array(result.touches_border, dtype="?"),
        }
        if result.crop is not None:
            arrays["crop"] = np.asarray(result.crop, dtype="<f4")
        if result.acquisition is not None:
            # As text, which gives every number back exactly: words stand among them.
            arrays[_TRAITS] = np.array([str(value) for value in astuple(result.acquisition)], dtype=np.str_)
        np.savez(buffer, allow_pickle=False, **arrays)
        payload = buffer.getvalue()
        with atomic_file(self.path(key)) as partial:
            partial.write_bytes(_MAGIC + _digest(key, payload) + payload)

    def read(self, key: str) -> CaseResult | None:
        """The case of ``key``, or ``None`` where there is no whole, unaltered file."""
        try:
            raw = self.path(key).read_bytes()
        except OSError:
            return None
        payload = raw[len(_MAGIC) + _DIGEST :]
        if raw[: len(_MAGIC) + _DIGEST] != _MAGIC + _digest(key, payload):
            return None
        with np.load(io.BytesIO(payload), allow_pickle=False) as arrays:
            return CaseResult(
                values=arrays["values"].astype(np.float64),
                undefined=arrays["undefined"].astype(np.intp),
                pixel_count=int(arrays["pixel_count"]),
                diameter_mm=float(arrays["diameter_mm"]),
                touches_border=bool(arrays["touches_border"]),
                crop=arrays["crop"].astype(np.float32) if "crop" in arrays else None,
                acquisition=_traits(arrays[_TRAITS]) if _TRAITS in arrays else None,
            )


def _traits(kept: np.ndarray) -> AcquisitionTraits:
    values: dict[str, Any] = {
        field.name: str(value) if field.type == "str" else float(value)
        for field, value in zip(fields(AcquisitionTraits), kept, strict=True)
    }
    return AcquisitionTraits(**values)


def _digest(key: str, payload: bytes) -> bytes:
    return hashlib.sha256(key.encode("ascii") + b"\n" + payload).digest()
