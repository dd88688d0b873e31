"""Qt properties as Python attributes, as PythonQt gives them: ``label.text``, not ``label.text()``; setters stay.

PySide6's own ``true_property`` would take the setters (``setText``) away.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from types import ModuleType
from typing import Any

from PySide6 import QtCore

# Qt asks the Python side for these virtual methods; an attribute in their place would break the layouts.
VIRTUAL = frozenset({"sizeHint", "minimumSizeHint"})
_MISSING = object()


class _Attribute:
    """One Qt property; asked of the class itself it is what was there before (``QTimer.singleShot`` is also static)."""

    def __init__(self, name: str, method: Any) -> None:
        self._name = name
        self._method = method

    def __get__(self, instance: QtCore.QObject | None, owner: type) -> Any:
        return self._method if instance is None else instance.property(self._name)

    def __set__(self, instance: QtCore.QObject, value: Any) -> None:
        # Qt would drop an unsuitable value without a word; here it is an error.
        if not instance.setProperty(self._name, value):
            raise TypeError(f"{type(instance).__name__}.{self._name} does not take {value!r}")


def _own_properties(qt_class: type) -> list[str]:
    meta = qt_class.staticMetaObject  # type: ignore[attr-defined]
    return [meta.property(index).name() for index in range(meta.propertyOffset(), meta.propertyCount())]


def _qt_classes(modules: tuple[ModuleType, ...]) -> list[type]:
    found: dict[int, type] = {}
    for module in modules:
        # PySide6 makes its classes when they are first asked for.
        for value in (getattr(module, name) for name in dir(module)):
            if isinstance(value, type) and issubclass(value, QtCore.QObject):
                found[id(value)] = value
    return list(found.values())


@contextlib.contextmanager
def python_properties(modules: tuple[ModuleType, ...]) -> Iterator[None]:
    """Give every ``QObject`` class of ``modules`` its properties as attributes; take them away again on exit.

    The classes are the process's only ones: outside the context they are PySide6's again.
    """
    changed: list[tuple[type, str, Any]] = []
    for qt_class in _qt_classes(modules):
        for name in _own_properties(qt_class):
            if name not in VIRTUAL:
                changed.append((qt_class, name, vars(qt_class).get(name, _MISSING)))
                setattr(qt_class, name, _Attribute(name, getattr(qt_class, name, None)))
        for old, new in (("exec_", "exec"),):
            if hasattr(qt_class, new) and not hasattr(qt_class, old):
                changed.append((qt_class, old, _MISSING))
                setattr(qt_class, old, getattr(qt_class, new))
    try:
        yield
    finally:
        for qt_class, name, before in reversed(changed):
            if before is _MISSING:
                delattr(qt_class, name)
            else:
                setattr(qt_class, name, before)
