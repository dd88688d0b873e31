"""What the images of a section are called: a cohort's column ``image_t1`` is T1 to a person."""

from __future__ import annotations

from ..bundle.foreign_text import printable

_PREFIX = "image_"
_LONGEST = 24
# Sequences are known by letters: T1, DWI, ADC.
_LONGEST_ABBREVIATION = 3


def channel_title(name: str) -> str:
    """``"T1"`` for ``"image_t1"``, ``"DWI b800"`` for ``"image_dwi_b800"``; for sentences."""
    words = printable(name.removeprefix(_PREFIX), _LONGEST).replace("_", " ").split()
    return " ".join(word.upper() if len(word) <= _LONGEST_ABBREVIATION else word for word in words) or "image"


def channel_label(name: str) -> str:
    """``"T1 (image_t1)"``: with the name that the model uses."""
    return f"{channel_title(name)} ({printable(name, _LONGEST)})"
