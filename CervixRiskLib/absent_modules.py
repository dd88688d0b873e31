"""Let an optional import of another library fail, where what it would bring costs much and is not wanted."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator


@contextlib.contextmanager
def absent_modules(*names: str) -> Iterator[None]:
    """Inside the block ``import name`` raises ModuleNotFoundError, unless ``name`` is imported already."""
    hidden = [name for name in names if name not in sys.modules]
    for name in hidden:
        sys.modules[name] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        for name in hidden:
            sys.modules.pop(name, None)
