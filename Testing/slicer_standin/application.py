"""``slicer.app`` and the main window."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from .interpreter_lock import process_events
from .layout_manager import qMRMLLayoutManager
from .mrml_world import MrmlWorld

PANEL_WIDTH = 400
SLICER_VERSION = "5.10.0"


class PythonSignals:
    """Signals connected as PythonQt's ``connect("name(types)", function)``."""

    def __init__(self, *names: str) -> None:
        self._receivers: dict[str, list[Callable[..., Any]]] = {name: [] for name in names}

    def connect(self, signal: str, receiver: Callable[..., Any]) -> bool:
        self._receivers[signal].append(receiver)
        return True

    def disconnect(self, signal: str, receiver: Callable[..., Any]) -> bool:
        if receiver in self._receivers[signal]:
            self._receivers[signal].remove(receiver)
            return True
        return False

    def send(self, signal: str, *arguments: Any) -> None:
        for receiver in tuple(self._receivers[signal]):
            receiver(*arguments)


class qSlicerMainWindow(QtWidgets.QMainWindow):  # noqa: N801
    """The module's panel on the left, the views on the right."""

    def __init__(self) -> None:
        super().__init__()
        self.setObjectName("qSlicerMainWindow")
        self.panel = QtWidgets.QScrollArea()
        self.panel.setWidgetResizable(True)
        self.panel.setFixedWidth(PANEL_WIDTH)
        self.panel.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.views = QtWidgets.QWidget()
        QtWidgets.QVBoxLayout(self.views).setContentsMargins(0, 0, 0, 0)
        centre = QtWidgets.QWidget()
        row = QtWidgets.QHBoxLayout(centre)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.panel)
        row.addWidget(self.views, 1)
        self.setCentralWidget(centre)
        self.selector: Any = None

    def moduleSelector(self) -> Any:  # noqa: N802
        return self.selector


class qSlicerApplication(PythonSignals):  # noqa: N801
    """``slicer.app``: what modules ask of the application. One of it lives for a session."""

    def __init__(
        self, qt_application: QtWidgets.QApplication, world: MrmlWorld, folder: Path, version: str = SLICER_VERSION
    ) -> None:
        super().__init__("startupCompleted()", "lastWindowClosed()", "aboutToQuit()")
        self._qt = qt_application
        self._world = world
        self._folder = folder
        self._manager: Any = None
        self.window = qSlicerMainWindow()
        self._layout_manager = qMRMLLayoutManager(world, self.window.views)
        self._settings = QtCore.QSettings(str(folder / "Slicer.ini"), QtCore.QSettings.Format.IniFormat)
        (folder / "temporary").mkdir(exist_ok=True)
        (folder / "cache").mkdir(exist_ok=True)
        world.keep_files_in(folder / "cache")
        self.applicationVersion = version
        self.majorVersion, self.minorVersion = (int(part) for part in version.split(".")[:2])

    applicationName = "Slicer"  # noqa: N815
    revision = "stand-in"
    platform = "linux-amd64"

    @property
    def temporaryPath(self) -> str:  # noqa: N802
        return str(self._folder / "temporary")

    @property
    def cachePath(self) -> str:  # noqa: N802
        return str(self._folder / "cache")

    @property
    def slicerHome(self) -> str:  # noqa: N802
        return str(self._folder)

    @property
    def slicerUserSettingsFilePath(self) -> str:  # noqa: N802
        return str(self._settings.fileName())

    def mrmlScene(self) -> Any:  # noqa: N802
        return self._world.scene

    def applicationLogic(self) -> Any:  # noqa: N802
        return self._world.application

    def layoutManager(self) -> qMRMLLayoutManager:  # noqa: N802
        return self._layout_manager

    def moduleManager(self) -> Any:  # noqa: N802
        return self._manager

    def setModuleManager(self, manager: Any) -> None:  # noqa: N802
        self._manager = manager

    def settings(self) -> QtCore.QSettings:
        return self._settings

    userSettings = settings  # noqa: N815

    def revisionUserSettings(self) -> QtCore.QSettings:  # noqa: N802
        return self._settings

    def testingEnabled(self) -> bool:  # noqa: N802
        """False: dialogs are shown, to the record, as a person would see them."""
        return False

    def commandOptions(self) -> Any:  # noqa: N802
        return None

    def mainWindow(self) -> qSlicerMainWindow:  # noqa: N802
        return self.window

    def topLevelWidgets(self) -> list[QtWidgets.QWidget]:  # noqa: N802
        return [self.window, *(widget for widget in self._qt.topLevelWidgets() if widget is not self.window)]

    def processEvents(self, *arguments: Any) -> None:  # noqa: N802
        if arguments:
            self._qt.processEvents(*arguments)
        else:
            process_events()

    def pauseRender(self) -> None:  # noqa: N802
        self.window.views.setUpdatesEnabled(False)

    def resumeRender(self) -> None:  # noqa: N802
        self.window.views.setUpdatesEnabled(True)

    def setRenderPaused(self, paused: bool) -> None:  # noqa: N802
        self.window.views.setUpdatesEnabled(not paused)

    def setOverrideCursor(self, cursor: Any) -> None:  # noqa: N802
        self._qt.setOverrideCursor(QtGui.QCursor(cursor))

    def restoreOverrideCursor(self) -> None:  # noqa: N802
        self._qt.restoreOverrideCursor()

    def clipboard(self) -> QtGui.QClipboard:
        return self._qt.clipboard()

    def keyboardModifiers(self) -> Any:  # noqa: N802
        return self._qt.keyboardModifiers()

    def palette(self) -> QtGui.QPalette:
        return self._qt.property("palette")

    def startupEnvironment(self) -> Any:  # noqa: N802
        return QtCore.QProcessEnvironment.systemEnvironment()

    def release(self) -> None:
        self._layout_manager.release()
        self.window.close()
        self.window.deleteLater()
