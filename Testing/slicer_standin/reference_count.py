"""A fault of PySide6 (seen in 6.12): many calls give back ``None`` or ``True`` without counting it.

``QPainter.setPen`` is one of them. Before Python 3.12 made these objects immortal, enough such calls bring their count
to zero and end the process with "deallocating None" or "deallocating True or False".
"""

from __future__ import annotations

import ctypes
import sys

_MORE = 1_000_000_000


def keep_constants_alive() -> None:
    """Count so many references more that a session cannot use them up."""
    if sys.version_info < (3, 12):
        for constant in (None, True, False):
            # The count is the first field of every object.
            ctypes.c_ssize_t.from_address(id(constant)).value += _MORE
