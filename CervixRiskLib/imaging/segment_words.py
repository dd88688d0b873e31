"""What is said of a segmentation's segments, whichever kind of file they are in."""

from __future__ import annotations

from collections.abc import Sequence

from ..errors import RoiError

_LISTED = 8


def shown_name(name: str) -> str:
    """A segment's name as a sentence can hold it: printable, and not longer than 40 characters."""
    return "".join(sign if sign.isprintable() else " " for sign in name)[:40]


def listed(segments: Sequence[str]) -> str:
    """The first eight of them, and whether there are more."""
    return ", ".join(segments[:_LISTED]) + (", ..." if len(segments) > _LISTED else "")


def elsewhere(name: str) -> RoiError:
    """The error of a segment that marks nothing here."""
    return RoiError(f"The segment “{shown_name(name)}” does not reach this slice: no pixel is marked.")
