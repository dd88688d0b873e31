"""A running stand-in: the application, its window, and what a test does with them."""

from __future__ import annotations

import contextlib
import gc
import logging
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

from PySide6 import QtCore, QtWidgets

from . import parameter_node_wrapper, sample_data, scripted_module, texts
from .application import SLICER_VERSION, qSlicerApplication, qSlicerMainWindow
from .ctk_widgets import WIDGETS, make_ctk_module
from .dialogs import DialogRecord
from .event_loop import run_for
from .installation import attributes, imports, modules
from .interpreter_lock import InterpreterLock
from .keyboard import press
from .modules import ModuleManager, qSlicerScriptedLoadableModule, qSlicerScriptedLoadableModuleWidget
from .mrml_widgets import qMRMLNodeComboBox, qMRMLWidget
from .mrml_world import MrmlWorld
from .opened_urls import desktop_services_class
from .packaging_module import make_packaging, make_pytorch_utils
from .palette import dark_palette
from .qt_module import QT_MODULES, make_qt_module
from .qt_properties import python_properties
from .reference_count import keep_constants_alive
from .segment_editor import qMRMLSegmentEditorWidget
from .util_overrides import overrides

_MRML_WIDGETS: dict[str, type] = {
    widget.__name__: widget for widget in (qMRMLWidget, qMRMLNodeComboBox, qMRMLSegmentEditorWidget)
}


WINDOW_SIZE = (1280, 860)


class SlicerSession:
    """What a test holds of the stand-in.

    Attributes
    ----------
    dialogs
        Every dialog shown, and the answers laid out.
    installed
        What was asked to be installed; nothing is.
    errors
        Exceptions that reached Qt from a slot, as ``(type, exception)``.
    opened_urls
        What the desktop was asked to open; nothing is.
    """

    def __init__(self, application: qSlicerApplication, manager: ModuleManager, dialogs: DialogRecord) -> None:
        self.application = application
        self.manager = manager
        self.dialogs = dialogs
        self.installed: list[Any] = []
        self.errors: list[BaseException] = []
        self.opened_urls: list[str] = []

    @property
    def window(self) -> qSlicerMainWindow:
        return self.application.mainWindow()

    def load(self, path: Path | str) -> qSlicerScriptedLoadableModule:
        """Load a module's file, as at Slicer's start; its panel is made by :meth:`open`."""
        return self.manager.load(Path(path))

    def startup_completed(self) -> None:
        """Tell modules that the application has started."""
        self.application.send("startupCompleted()")

    def open(self, name: str) -> Any:
        """Enter a module and return its widget object."""
        self.manager.selectModule(name)
        self.window.show()
        run_for(0.02)
        return self.manager.module(name).widgetRepresentation().self()

    def leave(self) -> None:
        """Go to another module."""
        self.manager.selectModule("Volumes")

    def close_scene(self) -> None:
        """As "File, Close scene"."""
        self.application.mrmlScene().Clear(False)
        run_for(0.02)

    def press(self, keys: str, *, widget: Any = None) -> None:
        """Press keys (``"Ctrl+Return"``) in ``widget``, or in the window where no field has the focus."""
        press(self.window, keys, widget)

    def grab(self, path: Path, *, size: tuple[int, int] = WINDOW_SIZE, widget: Any = None) -> Path:
        """Write the window, or one widget of it, as a PNG."""
        self.window.resize(*size)
        self.window.show()
        self.application.layoutManager().show_scene()
        run_for(0.05)
        (self.window if widget is None else widget).grab().save(str(path), "PNG")
        return path


def _qt_application() -> QtWidgets.QApplication:
    """The process's only one: made once, off-screen, and kept."""
    existing = QtWidgets.QApplication.instance()
    if existing is not None:
        return existing  # type: ignore[return-value]
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QtWidgets.QApplication(["Slicer"])
    application.setStyle("Fusion")
    application.setQuitOnLastWindowClosed(False)
    return application


def _fold(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split("."))


@contextlib.contextmanager
def slicer_session(
    folder: Path,
    *,
    version: str = SLICER_VERSION,
    translation_mark: str = "",
    torch_installed: bool | None = None,
    holds_interpreter_lock: bool = True,
    dark: bool = False,
) -> Iterator[SlicerSession]:
    """Run the stand-in for the time of the ``with``.

    Parameters
    ----------
    folder
        Settings, cache and temporary files go there.
    version
        The Slicer version it stands for; ``slicer.packaging`` is there from 5.12 on.
    translation_mark
        Put before every text that went through ``_()``.
    torch_installed
        ``None``: the PyTorch extension is not there. Else it is, with or without PyTorch.
    holds_interpreter_lock
        Run Qt's loop as PythonQt does, where Qt's library allows it: other threads of Python run only inside slots,
        and what needs one beside the loop stands still. See :mod:`.interpreter_lock`.
    dark
        Slicer's dark look.
    """
    import slicer
    import slicer.util

    keep_constants_alive()
    qt_application = _qt_application()
    # What is there already is not looked through at the end: beside other tests that takes longer than the session.
    gc.freeze()
    QtCore.QSettings.setPath(QtCore.QSettings.Format.IniFormat, QtCore.QSettings.Scope.UserScope, str(folder))
    QtCore.QSettings.setDefaultFormat(QtCore.QSettings.Format.IniFormat)
    dialogs = DialogRecord()
    with contextlib.ExitStack() as stack:
        stack.enter_context(attributes(InterpreterLock, {"held": holds_interpreter_lock}))
        if dark:
            stack.enter_context(dark_palette(qt_application))
        stack.enter_context(python_properties(QT_MODULES))
        world = MrmlWorld()
        application = qSlicerApplication(qt_application, world, folder, version)
        manager = ModuleManager(world, application.window.panel)
        session = SlicerSession(application, manager, dialogs)
        application.setModuleManager(manager)
        application.window.selector = manager
        application.window.resize(*WINDOW_SIZE)
        application.window.show()
        run_for(0.02)
        added: dict[str, ModuleType] = {
            "qt": make_qt_module(dialogs, WIDGETS | _MRML_WIDGETS, desktop_services_class(session.opened_urls)),
            "ctk": make_ctk_module(dialogs),
            "SampleData": sample_data.make_module(),
            "slicer.ScriptedLoadableModule": scripted_module.make_module(),
            "slicer.i18n": texts.make_module(translation_mark),
            "slicer.parameterNodeWrapper": parameter_node_wrapper.make_module(),
        }
        if _fold(version) >= (5, 12):
            added["slicer.packaging"] = make_packaging(session.installed)
        if torch_installed is not None:
            added["PyTorchUtils"] = make_pytorch_utils(session.installed, torch_installed)
        names: dict[str, Any] = {
            "app": application,
            "mrmlScene": world.scene,
            "modules": manager.namespace,
            "selfTests": {},
            "qSlicerScriptedLoadableModule": qSlicerScriptedLoadableModule,
            "qSlicerScriptedLoadableModuleWidget": qSlicerScriptedLoadableModuleWidget,
            **_MRML_WIDGETS,
        }
        names |= {name.removeprefix("slicer."): module for name, module in added.items() if name.startswith("slicer.")}
        stack.enter_context(imports(lambda: [*added.values(), added["slicer.i18n"].tr]))
        stack.enter_context(modules(added))
        stack.enter_context(attributes(slicer, names))
        stack.enter_context(attributes(slicer.util, overrides(session.installed)))
        stack.enter_context(_caught_errors(session.errors))
        try:
            yield session
        finally:
            manager.close()
            application.release()
            qt_application.sendPostedEvents(None, QtCore.QEvent.Type.DeferredDelete.value)
            world.close()
            # Qt's and VTK's objects hold each other; let them go now, not in the middle of a later test.
            gc.collect()
            gc.unfreeze()


@contextlib.contextmanager
def _caught_errors(errors: list[BaseException]) -> Iterator[None]:
    """Exceptions in slots do not reach the test by themselves; keep them."""
    before = sys.excepthook

    def hook(kind: type[BaseException], error: BaseException, trace: Any) -> None:
        errors.append(error)
        logging.getLogger(__name__).error("In a slot", exc_info=(kind, error, trace))

    sys.excepthook = hook
    try:
        yield
    finally:
        sys.excepthook = before
