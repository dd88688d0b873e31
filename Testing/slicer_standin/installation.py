"""Puts ``qt``, ``ctk`` and what slicer-core lacks of ``slicer`` in place, and takes every bit away again.

slicer-core's ``slicer`` package stays the one that is imported, with the same classes: it gets the application's
names for the time of a session. What runs before and after, in the same process, never sees them.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterable, Iterator
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


@contextlib.contextmanager
def imports(session_objects: Callable[[], Iterable[object]]) -> Iterator[None]:
    """Forget on exit what was imported with the session's ``qt`` and the like, and give back what "Reload" threw out.

    The next session must not meet panels that hold ``session_objects()``, nor what else their package has imported. A
    library that was read anew would have classes of its own beside those that tests have imported.
    """
    before = dict(sys.modules)
    try:
        yield
    finally:
        own = {id(value) for value in session_objects()}
        new = {name: module for name, module in sys.modules.items() if name not in before}
        roots = {_root(name) for name, module in new.items() if own & {id(value) for value in vars(module).values()}}
        roots |= {name for name in before if "." not in name and sys.modules.get(name) is not before[name]}
        for name in new:
            if _root(name) in roots:
                del sys.modules[name]
                parent, _, child = name.rpartition(".")
                if parent in before:
                    vars(before[parent]).pop(child, None)
        sys.modules.update(before)


def _root(name: str) -> str:
    return name.split(".")[0]
