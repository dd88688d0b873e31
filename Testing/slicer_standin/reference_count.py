"""A fault of PySide6 (seen in 6.12): ``emit`` of a signal that nobody hears gives back ``True`` without counting it.

Before Python 3.12 made ``True`` immortal, enough of them bring its count to zero and end the process with
"deallocating True or False".
"""

from __future__ import annotations

import ctypes
import sys

_MORE = 1_000_000


def keep_true_alive() -> None:
    """Count so many references more that a session cannot use them up."""
    if sys.version_info < (3, 12):
        # The count is the first field of every object.
        ctypes.c_ssize_t.from_address(id(True)).value += _MORE
