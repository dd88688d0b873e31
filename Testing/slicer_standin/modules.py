"""``slicer.modules``: Slicer's own modules (with their real logics) and the scripted ones a session opens."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from PySide6 import QtWidgets

from .application import PythonSignals
from .mrml_widgets import forget_scene, qMRMLWidget
from .mrml_world import MrmlWorld


class LoadedModule:
    """A module that only gives its logic, for example ``slicer.modules.colors``."""

    def __init__(self, name: str, logic: Any) -> None:
        self.name = name
        self._logic = logic

    def logic(self) -> Any:
        return self._logic


class qSlicerScriptedLoadableModuleWidget(qMRMLWidget):  # noqa: N801
    """The application's side of a scripted panel: makes it, enters and leaves it, makes it anew on reload."""

    def __init__(self, module: qSlicerScriptedLoadableModule) -> None:
        super().__init__()
        self._module = module
        self._python: Any = None
        self._entered = False
        QtWidgets.QVBoxLayout(self)

    def self(self) -> Any:
        return self._python

    @property
    def isEntered(self) -> bool:  # noqa: N802
        return self._entered

    def setup(self) -> None:
        import slicer

        self.setMRMLScene(slicer.mrmlScene)
        self._python = getattr(sys.modules[self._module.name], f"{self._module.name}Widget")(self)
        setattr(slicer.modules, f"{self._module.name}Widget", self._python)
        self._python.setup()
        self.layout().addStretch(1)

    def reload(self) -> None:
        # As Slicer: who is open already is not entered again (qSlicerScriptedLoadableModuleWidget.cxx).
        self.setup()

    def enter(self) -> None:
        self._entered = True
        if hasattr(self._python, "enter"):
            self._python.enter()

    def exit(self) -> None:
        self._entered = False
        if hasattr(self._python, "exit"):
            self._python.exit()


class qSlicerScriptedLoadableModule:  # noqa: N801
    """One scripted module: the object given to its ``__init__`` as ``parent``."""

    def __init__(self, path: Path) -> None:
        self.path = str(path)
        self.name = path.stem
        self.title = self.name
        self.categories: list[str] = []
        self.dependencies: list[str] = []
        self.contributors: list[str] = []
        self.helpText = ""
        self.acknowledgementText = ""
        self.icon: Any = None
        self.hidden = False
        self._widget: qSlicerScriptedLoadableModuleWidget | None = None
        spec = importlib.util.spec_from_file_location(self.name, path)
        if spec is None or spec.loader is None:
            raise ImportError(f"{path.name} is not a Python module.")
        module = importlib.util.module_from_spec(spec)
        sys.modules[self.name] = module
        spec.loader.exec_module(module)
        self.python = getattr(module, self.name)(self)

    def widgetRepresentation(self) -> qSlicerScriptedLoadableModuleWidget:  # noqa: N802
        if self._widget is None:
            self._widget = qSlicerScriptedLoadableModuleWidget(self)
            self._widget.setup()
        return self._widget

    def widget_made(self) -> qSlicerScriptedLoadableModuleWidget | None:
        """The panel, when the module was opened already."""
        return self._widget


class ModuleManager(PythonSignals):
    """``slicer.app.moduleManager()`` and the module selector."""

    def __init__(self, world: MrmlWorld, panel: QtWidgets.QScrollArea) -> None:
        super().__init__("moduleAboutToBeUnloaded(QString)", "moduleLoaded(QString)")
        self.namespace = ModuleType("slicer.modules")
        self._panel = panel
        self._modules: dict[str, Any] = {}
        self._selected: str | None = None
        for name, logic in world.logics.items():
            self._add(name, LoadedModule(name, logic))

    def _add(self, name: str, module: Any) -> None:
        self._modules[name] = module
        setattr(self.namespace, name.lower(), module)

    def load(self, path: Path) -> qSlicerScriptedLoadableModule:
        module = qSlicerScriptedLoadableModule(path)
        self._add(module.name, module)
        return module

    def module(self, name: str) -> Any:
        return self._modules.get(name)

    def factoryManager(self) -> ModuleManager:  # noqa: N802
        return self

    def loadedModuleNames(self) -> list[str]:  # noqa: N802
        return list(self._modules)

    def scripted(self) -> list[qSlicerScriptedLoadableModule]:
        return [module for module in self._modules.values() if isinstance(module, qSlicerScriptedLoadableModule)]

    @property
    def selectedModule(self) -> str:  # noqa: N802
        return self._selected or ""

    def selectModule(self, name: str) -> None:  # noqa: N802
        """Leave the open module and enter another; an empty name or one without a panel only leaves."""
        if name == self._selected:
            return
        for module in self.scripted():
            widget = module.widget_made()
            if widget is not None and widget.isEntered:
                widget.exit()
        self._selected = name
        if self._panel.widget() is not None:
            self._panel.takeWidget().setParent(None)
        module = self._modules.get(name)
        if isinstance(module, qSlicerScriptedLoadableModule):
            widget = module.widgetRepresentation()
            self._panel.setWidget(widget)
            widget.show()
            widget.enter()

    def close(self) -> None:
        """What Slicer does as it ends: leave, then clean up every panel."""
        self.selectModule("")
        for module in self.scripted():
            widget = module.widget_made()
            self.send("moduleAboutToBeUnloaded(QString)", module.name)
            if widget is not None:
                widget.self().cleanup()
                forget_scene(widget)
                widget.deleteLater()
            sys.modules.pop(module.name, None)
