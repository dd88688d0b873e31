"""CTK's widgets for files and folders."""

from __future__ import annotations

from PySide6 import QtCore, QtWidgets


class ctkPathLineEdit(QtWidgets.QWidget):  # noqa: N801
    """A line for a path, with a button to browse (which does nothing here: set ``currentPath``)."""

    currentPathChanged = QtCore.Signal(str)  # noqa: N815
    # What may be chosen; Qt's own numbers.
    Dirs, Files = 0x001, 0x002

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._filters = self.Dirs | self.Files
        self._name_filters: list[str] = []
        self._settings_key = ""
        self._line = QtWidgets.QLineEdit(self)
        self._browse = QtWidgets.QToolButton(self)
        self._browse.setText("…")
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._line, 1)
        layout.addWidget(self._browse)
        self._line.textChanged.connect(self.currentPathChanged)

    def setCurrentPath(self, path: str) -> None:  # noqa: N802
        self._line.setText(path)

    def addCurrentPathToHistory(self) -> None:  # noqa: N802
        """The stand-in keeps no history."""

    def _set_name_filters(self, filters: list[str]) -> None:
        self._name_filters = list(filters)

    def _set_filters(self, filters: int) -> None:
        self._filters = filters

    def _set_settings_key(self, key: str) -> None:
        self._settings_key = key

    currentPath = QtCore.Property(str, lambda self: self._line.property("text"), setCurrentPath)  # noqa: N815
    filters = QtCore.Property(int, lambda self: self._filters, _set_filters)
    nameFilters = QtCore.Property("QStringList", lambda self: self._name_filters, _set_name_filters)  # noqa: N815
    settingKey = QtCore.Property(str, lambda self: self._settings_key, _set_settings_key)  # noqa: N815


class ctkDirectoryButton(QtWidgets.QWidget):  # noqa: N801
    """A button that shows a folder."""

    directoryChanged = QtCore.Signal(str)  # noqa: N815
    directorySelected = QtCore.Signal(str)  # noqa: N815

    def __init__(self, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._directory = ""
        self._button = QtWidgets.QPushButton(self)
        layout = QtWidgets.QHBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._button)

    def setDirectory(self, path: str) -> None:  # noqa: N802
        if path != self._directory:
            self._directory = path
            self._button.setText(path)
            self.directoryChanged.emit(path)

    directory = QtCore.Property(str, lambda self: self._directory, setDirectory)
