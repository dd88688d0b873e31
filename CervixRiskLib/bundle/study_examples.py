"""Example cases of a training run with their pictures, for the heat map panel of a study report.

They show patients' images, so they lie only in the folder that training writes beside the bundle, never in a bundle.
"""

from __future__ import annotations

import io
import json
import os
import zipfile
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ..atomic import atomic_file
from ..errors import BundleError
from .json_record import from_json, to_json

EXAMPLES_NAME = "examples.npz"
MOST_EXAMPLES = 64
MOST_PIXELS = 4096 * 4096
"""Of one example's picture."""

_DAMAGED = "The file with the example cases is damaged: train again, or take it from its source again."
_ABOUT = "about"
_MOST_BYTES = 256 << 20
# What zipfile, NumPy and json raise on content that is not theirs.
_UNREADABLE = (
    zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, RecursionError, NotImplementedError, MemoryError,
)  # fmt: skip


@dataclass(frozen=True, eq=False)
class StudyExample:
    """A case as the heat map panel shows it; nothing in it names the patient.

    Parameters
    ----------
    image
        ``(rows, columns)`` float32, the part of the slice around the tumour.
    mask
        ``(rows, columns)`` bool, the contour's inside; ``None`` where the model needs no contour.
    heat_map
        ``(rows, columns)`` float32 in 0-1, NaN outside the network's field of view; ``None`` without one.
    outcome
        The case's true class.
    probability, probability_of
        The final model's answer, 0-1, and the class it is of.
    reason
        By which rule it was chosen ("10th percentile of metastasis").
    held_out
        The final model was not fitted on this case.
    heat_map_target
        In words, what the map explains; why there is none where there is none.
    spacing_mm
        ``(row_mm, column_mm)``, ``None`` where the pixel size is unknown.
    """

    image: np.ndarray
    mask: np.ndarray | None
    heat_map: np.ndarray | None
    outcome: str
    probability: float
    probability_of: str
    reason: str
    held_out: bool
    heat_map_target: str = ""
    spacing_mm: tuple[float, float] | None = None


@dataclass(frozen=True)
class _About:
    """What the file says of an example beside its pixels."""

    outcome: str
    probability: float
    probability_of: str
    reason: str
    held_out: bool
    heat_map_target: str
    spacing_mm: tuple[float, ...] | None
    has_mask: bool
    has_heat_map: bool


@dataclass(frozen=True)
class _Contents:
    examples: tuple[_About, ...]


def write_examples(path: str | os.PathLike[str], examples: Sequence[StudyExample]) -> Path:
    """Write the examples as one ``.npz`` without pickled objects; the same examples give the same file.

    Raises
    ------
    BundleError
        Too many examples, or one whose arrays do not fit together.
    StorageError
        The disk is full or the place cannot be written.
    """
    arrays: dict[str, np.ndarray] = {}
    abouts = []
    if len(examples) > MOST_EXAMPLES:
        raise BundleError(f"A study has at most {MOST_EXAMPLES} examples.")
    for number, example in enumerate(examples):
        pictures = {"image": example.image, "mask": example.mask, "heat_map": example.heat_map}
        kept = {f"{name}_{number:03d}": array for name, array in pictures.items() if array is not None}
        about = _About(
            example.outcome,
            float(example.probability),
            example.probability_of,
            example.reason,
            example.held_out,
            example.heat_map_target,
            example.spacing_mm,
            example.mask is not None,
            example.heat_map is not None,
        )
        _example(about, number, kept)
        arrays |= kept
        abouts.append(about)
    text = json.dumps(to_json(_Contents(tuple(abouts))), ensure_ascii=False, allow_nan=False)
    arrays[_ABOUT] = np.frombuffer(text.encode("utf-8"), dtype=np.uint8)
    path = Path(path)
    with atomic_file(path) as partial, partial.open("wb") as handle:
        np.savez_compressed(handle, allow_pickle=False, **arrays)
    return path


def read_examples(path: str | os.PathLike[str]) -> tuple[StudyExample, ...]:
    """Read what :func:`write_examples` wrote; whatever else the file holds makes it invalid.

    Raises
    ------
    BundleError
        There is no such file, or it is damaged.
    """
    try:
        arrays = _arrays(Path(path).read_bytes())
        text = arrays.pop(_ABOUT).tobytes().decode("utf-8")
        contents = from_json(_Contents, json.loads(text))
    except OSError as error:
        raise BundleError("The file with the example cases cannot be read.") from error
    except _UNREADABLE as error:
        raise BundleError(_DAMAGED) from error
    examples = tuple(_example(about, number, arrays) for number, about in enumerate(contents.examples))
    if len(arrays) != sum(1 + about.has_mask + about.has_heat_map for about in contents.examples):
        raise BundleError(_DAMAGED)
    return examples


def _arrays(content: bytes) -> dict[str, np.ndarray]:
    """Every array by name, once the file's own account of its size is sane."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entries = archive.infolist()
        names = [entry.filename for entry in entries]
        # A picture, a mask and a heat map each, and what is told of them.
        if len(names) > 3 * MOST_EXAMPLES + 1 or len(set(names)) != len(names):
            raise BundleError(_DAMAGED)
        if sum(entry.file_size for entry in entries) > _MOST_BYTES or any(entry.flag_bits & 0x1 for entry in entries):
            raise BundleError(_DAMAGED)
    with np.load(io.BytesIO(content), allow_pickle=False) as loaded:
        arrays = {name: np.asarray(loaded[name]) for name in loaded.files}
    if arrays.get(_ABOUT, np.empty(0)).dtype != np.uint8:
        raise BundleError(_DAMAGED)
    return arrays


def _example(about: _About, number: int, arrays: Mapping[str, np.ndarray]) -> StudyExample:
    """The example, checked.

    Raises
    ------
    BundleError
    """
    image = arrays.get(f"image_{number:03d}")
    mask = arrays.get(f"mask_{number:03d}")
    heat_map = arrays.get(f"heat_map_{number:03d}")
    sound = (
        image is not None
        and image.ndim == 2
        and 0 < image.size <= MOST_PIXELS
        and image.dtype == np.float32
        and bool(np.isfinite(image).all())
        and (mask is not None) == about.has_mask
        and (mask is None or (mask.dtype == np.bool_ and mask.shape == image.shape))
        and (heat_map is not None) == about.has_heat_map
        and (heat_map is None or (heat_map.dtype == np.float32 and heat_map.shape == image.shape))
        and (heat_map is None or not (np.nanmax(heat_map, initial=0) > 1 or np.nanmin(heat_map, initial=1) < 0))
        and 0 <= about.probability <= 1
        and (about.spacing_mm is None or (len(about.spacing_mm) == 2 and min(about.spacing_mm) > 0))
    )
    if not sound:
        raise BundleError(_DAMAGED)
    assert image is not None
    spacing = None if about.spacing_mm is None else (about.spacing_mm[0], about.spacing_mm[1])
    return StudyExample(
        image, mask, heat_map, about.outcome, about.probability, about.probability_of, about.reason, about.held_out,
        about.heat_map_target, spacing,
    )  # fmt: skip
