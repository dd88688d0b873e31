"""``slicer.parameterNodeWrapper``: a class whose annotated members live on a ``vtkMRMLScriptedModuleNode``.

Written from Slicer's developer guide ("Parameter Nodes"); parameter packs, lists and dictionaries are left out.
"""

from __future__ import annotations

import typing
from types import ModuleType
from typing import Any

from . import parameter_values
from .parameter_gui import Binding, bind
from .parameter_values import Parameter, parameter_of

_PROPERTY = "SlicerParameterName"


class _Connection:
    """One panel bound to one parameter node, both ways."""

    def __init__(self, wrapper: Any, widgets: dict[str, Any]) -> None:
        self._wrapper = wrapper
        self._bindings: list[tuple[str, Binding, Any]] = []
        self._busy = False
        for name, widget in widgets.items():
            binding = bind(widget, wrapper.allParameters[name])

            def receive(*_: Any, name: str = name, binding: Binding = binding) -> None:
                if not self._busy:
                    wrapper.setValue(name, binding.read())

            self._bindings.append((name, binding, receive))
        self._show()
        for _, binding, receive in self._bindings:
            if binding.changed is not None:
                binding.changed.connect(receive)
        self._tag = wrapper.parameterNode.AddObserver("ModifiedEvent", lambda *_: self._show())

    def _show(self) -> None:
        if self._busy:
            return
        self._busy = True
        try:
            for name, binding, _ in self._bindings:
                binding.write(self._wrapper.getValue(name))
        finally:
            self._busy = False

    def end(self) -> None:
        self._wrapper.parameterNode.RemoveObserver(self._tag)
        for _, binding, receive in self._bindings:
            if binding.changed is not None:
                binding.changed.disconnect(receive)


class _Methods:
    """What every wrapper class has beside its parameters."""

    allParameters: dict[str, Parameter]  # noqa: N815

    def __init__(self, parameterNode: Any, prefix: str | None = None) -> None:
        if prefix is not None:
            raise TypeError("The stand-in has no prefixes.")
        self.parameterNode = parameterNode
        self._connections: dict[int, _Connection] = {}
        for parameter in self.allParameters.values():
            # Defaults are written at once, so that a saved scene has them.
            if not parameter.is_node and not parameterNode.HasParameter(parameter.name):
                parameter.write(parameterNode, parameter.default)

    def default(self, name: str) -> parameter_values.Default:
        return parameter_values.Default(self.allParameters[name].default)

    def isCached(self, name: str) -> bool:  # noqa: N802
        self.allParameters[name]
        return False

    def dataType(self, name: str) -> Any:  # noqa: N802
        return self.allParameters[name].kind

    def getValue(self, name: str) -> Any:  # noqa: N802
        return self.allParameters[name].read(self.parameterNode)

    def setValue(self, name: str, value: Any) -> None:  # noqa: N802
        self.allParameters[name].write(self.parameterNode, value)

    def connectGui(self, gui: Any) -> int:  # noqa: N802
        """Bind every widget of ``gui`` (a widget or ``childWidgetVariables``) that names a parameter."""
        found: dict[str, Any] = {}
        for widget in _widgets(gui):
            name = widget.property(_PROPERTY)
            if not name:
                continue
            if name not in self.allParameters:
                raise ValueError(f"A widget names the parameter {name!r}, which there is not.")
            found[name] = widget
        return self.connectParametersToGui(found)

    def connectParametersToGui(self, mapping: dict[str, Any]) -> int:  # noqa: N802
        tag = max(self._connections, default=0) + 1
        self._connections[tag] = _Connection(self, mapping)
        return tag

    def disconnectGui(self, tag: int | None) -> None:  # noqa: N802
        connection = self._connections.pop(tag, None) if tag is not None else None
        if connection is not None:
            connection.end()

    def StartModify(self) -> int:  # noqa: N802
        return self.parameterNode.StartModify()

    def EndModify(self, was_modified: int) -> int:  # noqa: N802
        return self.parameterNode.EndModify(was_modified)

    def AddObserver(self, event: Any, callback: Any, priority: float = 0.0) -> int:  # noqa: N802
        return self.parameterNode.AddObserver(event, callback, priority)

    def RemoveObserver(self, tag: int) -> None:  # noqa: N802
        self.parameterNode.RemoveObserver(tag)

    def Modified(self) -> None:  # noqa: N802
        self.parameterNode.Modified()


def _widgets(gui: Any) -> list[Any]:
    from PySide6 import QtWidgets

    if isinstance(gui, QtWidgets.QWidget):
        return [gui, *gui.findChildren(QtWidgets.QWidget)]
    return [value for value in vars(gui).values() if isinstance(value, QtWidgets.QWidget)]


def parameterNodeWrapper(classtype: type) -> type:  # noqa: N802
    """Class decorator: each annotated member becomes a parameter on the node given to the constructor."""
    members = typing.get_type_hints(classtype, include_extras=True)
    parameters = {
        name: parameter_of(name, annotated, getattr(classtype, name, None), hasattr(classtype, name))
        for name, annotated in members.items()
    }
    for name, member in vars(_Methods).items():
        if name == "__init__" or not name.startswith("__"):
            if name in parameters:
                raise ValueError(f"Cannot use reserved name {name!r} in a parameterNodeWrapper")
            setattr(classtype, name, member)
    classtype.allParameters = parameters  # type: ignore[attr-defined]
    for name in parameters:
        setattr(classtype, name, _member(name))
    return classtype


def _member(name: str) -> property:
    return property(lambda self: self.getValue(name), lambda self, value: self.setValue(name, value))


def make_module() -> ModuleType:
    """The module ``slicer.parameterNodeWrapper``."""
    module = ModuleType("slicer.parameterNodeWrapper", "Stand-in.")
    module.parameterNodeWrapper = parameterNodeWrapper  # type: ignore[attr-defined]
    for name in ("WithinRange", "Minimum", "Maximum", "Choice", "Default", "Decimals", "SingleStep"):
        setattr(module, name, getattr(parameter_values, name))
    return module
