"""Everything that can be reached from a value, and whether a secret is in it."""

from __future__ import annotations

import dataclasses
import gzip
from collections.abc import Iterator
from datetime import date
from enum import Enum
from pathlib import Path
from typing import Any

import numpy as np

from CervixRiskLib.imaging import read_image

from .theatre import COLUMNS, PEOPLE, ROWS

# Words of the cohort that must reach nobody: case names, outcome, prediction, a colleague's opinion, file names.
SECRET_WORDS = (
    "malignant",
    "Mueller",
    "metastatic",
    "harmless",
    "0.98765",
    "suspicious-opinion",
    "geheimakte",
    "cohort",
)


def everything(value: Any, seen: set[int] | None = None) -> Iterator[str | bytes | np.ndarray]:
    """Every text, file content and array that can be reached from a value."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Enum):
        yield str(value.value)
    elif isinstance(value, str | bytes | np.ndarray):
        yield value
    elif isinstance(value, Path):
        yield value.name
        yield from _file(value)
    elif isinstance(value, BaseException):
        yield str(value)
        yield repr(value.args)
        for linked in (value.__cause__, value.__context__):
            yield from everything(linked, seen)
    elif isinstance(value, dict):
        for item in value.items():
            yield from everything(item, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from everything(item, seen)
    elif value is None or isinstance(value, bool | int | float | np.generic | date):
        yield str(value)
    else:
        # Any object: all that is public, fields and computed properties alike.
        assert dataclasses.is_dataclass(value), f"{type(value)} is not understood: teach the attack to look into it"
        for name in dir(value):
            if not name.startswith("_"):
                found = getattr(value, name)
                if not callable(found):
                    yield from everything(found, seen)


def _file(path: Path) -> Iterator[str | bytes | np.ndarray]:
    content = path.read_bytes()
    yield content
    if path.suffix == ".nrrd":
        yield gzip.decompress(content[content.index(b"\n\n") + 2 :])
        yield read_image(path).pixels


def check(found: Iterator[str | bytes | np.ndarray], name: str, drawn: list[Any], allowed: set[bytes]) -> int:
    """Assert that nothing found is a secret to ``name``; returns how much was looked at."""
    others = [other for other in PEOPLE if other != name]
    words = [word.lower() for word in (*SECRET_WORDS, *others, *(part for other in others for part in other.split()))]
    words += [f"remark-for-{other}".lower() for other in others] + ["remark-on-adjusting"]
    masks = {mask.tobytes(): (who, number, round_.value) for who, number, round_, mask in drawn}
    secret = {mask: whose for mask, whose in masks.items() if mask not in allowed}
    count = 0
    for item in found:
        count += 1
        if isinstance(item, np.ndarray):
            if item.shape == (ROWS, COLUMNS):
                for mask in (item != 0, item > 0.5 * item.max()):
                    assert mask.tobytes() not in secret, f"{name} was given {secret[mask.tobytes()]}"
            continue
        text = item.lower() if isinstance(item, str) else item.decode("latin-1").lower()
        for word in words:
            assert word not in text, f"{name} was told “{word}”: {text[:200]}"
        if isinstance(item, bytes):
            for mask, whose in secret.items():
                assert mask not in item, f"{name} was given {whose}"
    return count
