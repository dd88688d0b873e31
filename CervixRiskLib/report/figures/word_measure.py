"""Words of any length in lines of any width, each word measured once."""

from __future__ import annotations

import re

from .sheet import Sheet

SPACES = re.compile(r"[^\S\u00a0]+")
"""Where a line may end; not at a no-break space."""
_JOINTS = re.compile(r"(?<=[_\-/,;])(?=\S)")


class WordMeasure:
    """Widths of words in inches, each measured once; type that is not fitted to dots grows with its size."""

    _SIZE = 10.0

    def __init__(self, sheet: Sheet) -> None:
        self._sheet = sheet
        self._known: dict[tuple[str, bool], float] = {}

    def width(self, words: str, size: float, *, bold: bool = False) -> float:
        key = (words, bold)
        if key not in self._known:
            self._known[key] = self._sheet.text_width(words, self._SIZE, weight="bold" if bold else "normal")
        return self._known[key] * size / self._SIZE

    def lines(self, words: str, size: float, room: float, *, bold: bool = False) -> tuple[str, ...]:
        """``words`` in lines no wider than ``room``: parted at spaces, else after a joint, else anywhere."""
        lines, taken, space = [""], 0.0, self.width(" ", size, bold=bold)
        for word in SPACES.split(words.strip()):
            wide = self.width(word, size, bold=bold)
            if lines[-1] and taken + space + wide <= room:
                lines[-1] += f" {word}"
                taken += space + wide
                continue
            if lines[-1]:
                lines.append("")
            if wide <= room:
                lines[-1], taken = word, wide
                continue
            for piece in self._pieces(word, size, room, bold):
                if lines[-1] and self.width(lines[-1] + piece, size, bold=bold) > room:
                    lines.append("")
                lines[-1] += piece
            taken = self.width(lines[-1], size, bold=bold)
        return tuple(lines)

    def _pieces(self, word: str, size: float, room: float, bold: bool) -> list[str]:
        pieces = []
        for part in _JOINTS.split(word):
            rest = part
            while len(rest) > 1 and self.width(rest, size, bold=bold) > room:
                fits = max(1, int(len(rest) * room / self.width(rest, size, bold=bold)))
                while fits > 1 and self.width(rest[:fits], size, bold=bold) > room:
                    fits -= 1
                pieces.append(rest[:fits])
                rest = rest[fits:]
            pieces.append(rest)
        return pieces
