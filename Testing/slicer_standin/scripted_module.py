"""``slicer.ScriptedLoadableModule``: the four classes a scripted module derives from."""

from __future__ import annotations

import sys
import unittest
from pathlib import Path
from types import ModuleType
from typing import Any


class ScriptedLoadableModule:
    """What a module tells of itself; ``parent`` is the module object of the application."""

    def __init__(self, parent: Any) -> None:
        import slicer

        self.parent = parent
        self.moduleName = type(self).__name__
        tests = getattr(slicer, "selfTests", None)
        if tests is not None:
            tests[self.moduleName] = self.runTest

    def resourcePath(self, filename: str) -> str:  # noqa: N802
        return str(Path(self.parent.path).parent / "Resources" / filename)

    def getDefaultModuleDocumentationLink(self, docPage: str | None = None) -> str:  # noqa: N802
        return (
            f'<p>For more information, see the <a href="https://slicer.readthedocs.io/{docPage or ""}">manual</a>.</p>'
        )

    def runTest(self, msec: int = 100, **arguments: Any) -> None:
        """Run the module's ``...Test`` class, as "Reload and Test" does."""
        case = getattr(sys.modules[type(self).__module__], f"{self.moduleName}Test")()
        case.messageDelay = msec
        case.runTest(**arguments)


class ScriptedLoadableModuleWidget:
    """A module's panel; ``parent`` is the widget the application gives it."""

    def __init__(self, parent: Any = None) -> None:
        import slicer

        if parent is None:
            raise TypeError("In the stand-in, open a module through the session.")
        self.moduleName = _without(type(self).__name__, "Widget")
        self.developerMode = slicer.util.settingsValue("Developer/DeveloperMode", False, slicer.util.toBool)
        self.parent = parent
        self.layout = parent.layout()

    def resourcePath(self, filename: str) -> str:  # noqa: N802
        import slicer

        return str(Path(slicer.util.modulePath(self.moduleName)).parent / "Resources" / filename)

    def setup(self) -> None:
        """The stand-in shows no developer section."""

    def cleanup(self) -> None:
        """Called before the panel goes."""

    def onReload(self) -> None:  # noqa: N802
        import slicer

        slicer.util.reloadScriptedModule(self.moduleName)


class ScriptedLoadableModuleLogic:
    """A module's logic, with its parameter node."""

    def __init__(self, parent: Any = None) -> None:
        self.moduleName = _without(type(self).__name__, "Logic")
        self.isSingletonParameterNode = True

    def getParameterNode(self) -> Any:  # noqa: N802
        """The module's parameter node; made when there is none yet."""
        import slicer

        if self.isSingletonParameterNode:
            existing = slicer.mrmlScene.GetSingletonNode(self.moduleName, "vtkMRMLScriptedModuleNode")
        else:
            existing = next(iter(self.getAllParameterNodes()), None)
        if existing is None:
            return slicer.mrmlScene.AddNode(self.createParameterNode())
        existing.SetAttribute("ModuleName", self.moduleName)
        return existing

    def getAllParameterNodes(self) -> list[Any]:  # noqa: N802
        import slicer

        nodes = slicer.util.getNodesByClass("vtkMRMLScriptedModuleNode")
        return [node for node in nodes if node.GetAttribute("ModuleName") == self.moduleName]

    def createParameterNode(self) -> Any:  # noqa: N802
        import slicer

        node = slicer.vtkMRMLScriptedModuleNode()
        if self.isSingletonParameterNode:
            node.SetSingletonTag(self.moduleName)
        node.SetAttribute("ModuleName", self.moduleName)
        node.SetName(slicer.mrmlScene.GenerateUniqueName(self.moduleName))
        return node


class ScriptedLoadableModuleTest(unittest.TestCase):
    """A module's self-test, which Slicer runs too."""

    messageDelay = 0  # noqa: N815

    def delayDisplay(self, message: str, requestedDelay: int | None = None, msec: int | None = None) -> None:  # noqa: N802
        """Let the event loop catch up; the message is not shown."""
        import slicer

        slicer.app.processEvents()

    def runTest(self) -> None:
        """Run every method whose name holds "test", each after ``setUp``."""
        for name in sorted(dir(self)):
            if name.startswith("test"):
                self.setUp()
                try:
                    getattr(self, name)()
                finally:
                    self.tearDown()


def _without(name: str, ending: str) -> str:
    return name[: -len(ending)] if name.endswith(ending) else name


def make_module() -> ModuleType:
    """The module ``slicer.ScriptedLoadableModule``."""
    module = ModuleType("slicer.ScriptedLoadableModule", "Stand-in.")
    classes = (
        ScriptedLoadableModule,
        ScriptedLoadableModuleWidget,
        ScriptedLoadableModuleLogic,
        ScriptedLoadableModuleTest,
    )
    for entry in classes:
        setattr(module, entry.__name__, entry)
    module.__all__ = [entry.__name__ for entry in classes]  # type: ignore[attr-defined]
    return module
