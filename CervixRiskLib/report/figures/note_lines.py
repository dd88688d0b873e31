"""Sentences below a figure, broken into lines that fit its width without growing smaller."""

from __future__ import annotations

from collections.abc import Sequence

from ..style import NOTE_SIZE
from .sheet import Sheet

# What a figure of panels has at least, and what it leaves free on both sides together; inches.
_LEAST_WIDTH = 5.4
_MARGINS = 0.5


def note_lines(notes: Sequence[str], panels_wide: float) -> list[str]:
    """``notes`` in the house's size, each begun on a line of its own; ``panels_wide`` in inches, margins aside."""
    if not notes:
        return []
    room = max(panels_wide, _LEAST_WIDTH - _MARGINS)
    measure = Sheet(1.0, 1.0)
    return [line for note in notes for line in measure.wrap(note, NOTE_SIZE, room)]
