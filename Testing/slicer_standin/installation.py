"""Puts ``qt``, ``ctk`` and what slicer-core lacks of ``slicer`` in place, and takes every bit away again.

slicer-core's ``slicer`` package stays the one that is imported, with the same classes: it gets the application's
names for the time of a session. What runs before and after, in the same process, never sees them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

_MISSING = object()


@contextlib.contextmanager
def attributes(owner: Any, values: dict[str, Any]) -> Iterator[None]:
    """Set ``values`` on ``owner``; on exit everything is as before, names set in between too."""
    before = dict(vars(owner))
    for name, value in values.items():
        setattr(owner, name, value)
    try:
        yield
    finally:
        for name in set(vars(owner)) - set(before):
            delattr(owner, name)
        for name, value in before.items():
            if vars(owner).get(name, _MISSING) is not value:
                setattr(owner, name, value)


@contextlib.contextmanager
def modules(values: dict[str, ModuleType]) -> Iterator[None]:
    """Put ``values`` into ``sys.modules``; on exit what was there before is there again."""
    before = {name: sys.modules.get(name) for name in values}
    path = list(sys.path)
    sys.modules.update(values)
    try:
        yield
    finally:
        sys.path[:] = path
        for name, module in before.items():
            if module is None:
                sys.modules.pop(name, None)
            else:
                sys.modules[name] = module
