"""Standard output and error as they are found: of any code page, closed, or on a disk that is full."""

from __future__ import annotations

import codecs
import os
import sys
from typing import TextIO

_PLAIN_SIGNS = "cervixrisk.plain_signs"
# What the program's own sentences hold beyond ASCII.
_PLAIN = {
    "…": "...", "–": "-", "—": "-", "−": "-", "×": "x", "·": "-", "≥": ">=", "≤": "<=", "±": "+-", "²": "2",
    "“": '"', "”": '"', "„": '"', "’": "'", "‘": "'", "→": "->", "≈": "~",
}  # fmt: skip


def prepare_streams() -> None:
    """Make stdout and stderr take any text; a program started without them (``>&-``) gets empty ones.

    Signs that the terminal's code page lacks (an ``≥`` on a Windows console) are written plainly, else as ``?``: so are
    bytes of a file's name that are no letters of any.
    """
    codecs.register_error(_PLAIN_SIGNS, _plainly)
    if sys.stdout is None:
        sys.stdout = _nowhere()
    if sys.stderr is None:
        sys.stderr = _nowhere()
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)
        if reconfigure is not None and (not takes_unicode(stream) or stream.errors == "strict"):
            reconfigure(errors=_PLAIN_SIGNS)


def takes_unicode(stream: TextIO) -> bool:
    """Whether every letter can be written to the stream."""
    return str(getattr(stream, "encoding", None) or "utf-8").lower().replace("_", "-").startswith(("utf-", "utf8"))


def abandon_stdout() -> None:
    """Lead what stdout still holds nowhere: its reader has gone, or its disk is full."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _nowhere() -> TextIO:
    return open(os.devnull, "w", encoding="utf-8")


def _plainly(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_PLAIN.get(sign, "?") for sign in text), error.end
