"""The name under which a finished case is kept: a hash of everything that decides its result."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

from .case_worker import CaseTask

_FORMAT = 1
# Headers whose pixels lie in a file of the same name beside them (MetaImage, NRRD, NIfTI and Analyze pairs).
_DETACHED = frozenset({".mhd", ".nhdr", ".hdr", ".img"})


def case_key(task: CaseTask) -> str:
    """SHA-256 in hex over the files' bytes, how they are read, the preset, the engine's version and the crop.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    content = {
        "format": _FORMAT,
        "image": image_file_hash(Path(task.image)),
        "roi": image_file_hash(Path(task.roi)),
        "slice": task.slice_index,
        "label": task.label,
        "spacing_mm": task.spacing_mm,
        "preset": task.preset.content_hash,
        "engine": task.engine,
        "engine_version": task.engine_version,
        "crop": None if task.crop_size is None else [task.crop_size, task.crop_margin],
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode("ascii")).hexdigest()


def image_file_hash(path: Path) -> str:
    """SHA-256 in hex of an image's bytes, with the file beside a header that holds its pixels.

    Raises
    ------
    OSError
        A file cannot be read.
    """
    digest = hashlib.sha256()
    files = [path]
    if path.suffix.lower() in _DETACHED:
        files += sorted(other for other in path.parent.iterdir() if other.is_file() and other.stem == path.stem)
    for file in files:
        digest.update(file.suffix.lower().encode("utf-8", "surrogateescape") + b"\n")
        with file.open("rb") as handle:
            while block := handle.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
