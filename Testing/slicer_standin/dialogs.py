"""Dialogs that never wait for a person: they write down what they were asked and answer as the test has said."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from PySide6 import QtWidgets

StandardButton = QtWidgets.QMessageBox.StandardButton
# What is answered to a question the test said nothing about: the careful button.
_CAREFUL = (StandardButton.Cancel, StandardButton.No, StandardButton.Close, StandardButton.Abort, StandardButton.Ok)


@dataclass(frozen=True)
class Shown:
    """One dialog: what it said, which buttons it had, what was answered."""

    kind: str
    title: str
    text: str
    informative_text: str = ""
    detailed_text: str = ""
    buttons: tuple[str, ...] = ()
    answer: str = ""


@dataclass
class DialogRecord:
    """All dialogs of a session in order, and the answers a test has laid out.

    ``unexpected`` holds questions (more than one button, or a file dialog) for which no answer was laid out; the
    fixture fails a test that leaves any there.
    """

    shown: list[Shown] = field(default_factory=list)
    unexpected: list[Shown] = field(default_factory=list)
    _answers: list[tuple[str, Any]] = field(default_factory=list)
    _files: list[list[str]] = field(default_factory=list)

    def answer(self, fragment: str, button: Any) -> None:
        """Answer the next message whose text contains ``fragment`` with ``button`` (a ``QMessageBox`` button)."""
        self._answers.append((fragment, button))

    def choose_files(self, *paths: object) -> None:
        """The files the next file dialog gives back; none means it is cancelled."""
        self._files.append([str(path) for path in paths])

    def texts(self) -> list[str]:
        return [entry.text for entry in self.shown]

    def last(self) -> Shown:
        return self.shown[-1]

    def message(self, box: QtWidgets.QMessageBox) -> StandardButton:
        """Write ``box`` down and answer it."""
        given = [button for button in StandardButton if button.value and box.button(button) is not None]
        labels = tuple(button.text() if callable(button.text) else button.text for button in box.buttons())
        chosen: Any = None
        for index, (fragment, button) in enumerate(self._answers):
            if fragment in box.property("text"):
                chosen = button
                del self._answers[index]
                break
        # "Show details" is a button, but not an answer.
        expected = chosen is not None or len(given) <= 1
        if chosen is None:
            chosen = next((button for button in _CAREFUL if button in given), StandardButton.Ok)
        entry = Shown(
            "message",
            box.property("windowTitle").strip(),
            box.property("text"),
            box.property("informativeText"),
            box.property("detailedText"),
            labels,
            StandardButton(chosen).name or "",
        )
        self.shown.append(entry)
        if not expected:
            self.unexpected.append(entry)
        return StandardButton(chosen)

    def files(self, dialog: QtWidgets.QFileDialog) -> list[str]:
        """Write the file dialog down and give the paths laid out for it."""
        told = bool(self._files)
        paths = self._files.pop(0) if told else []
        entry = Shown("file", dialog.property("windowTitle"), "; ".join(dialog.nameFilters()), answer="; ".join(paths))
        self.shown.append(entry)
        if not told:
            self.unexpected.append(entry)
        return paths


def message_box_class(record: DialogRecord) -> type[QtWidgets.QMessageBox]:
    """A ``QMessageBox`` that answers from ``record``."""

    class QMessageBox(QtWidgets.QMessageBox):
        def exec(self) -> int:
            return record.message(self)

        exec_ = exec  # noqa: A003

        def open(self, *_: Any) -> None:
            self.done(int(record.message(self).value))

        def show(self) -> None:
            record.message(self)

        def setVisible(self, visible: bool) -> None:  # noqa: N802
            """Never on the screen."""

    def asking(default: StandardButton) -> Any:
        def ask(
            parent: Any, title: str, text: str, buttons: Any = default, default_button: Any = StandardButton.NoButton
        ) -> StandardButton:
            box = QMessageBox(parent)
            box.setWindowTitle(title)
            box.setText(text)
            box.setStandardButtons(buttons)
            return record.message(box)

        return staticmethod(ask)

    for name in ("information", "warning", "critical"):
        setattr(QMessageBox, name, asking(StandardButton.Ok))
    QMessageBox.question = asking(StandardButton.Yes | StandardButton.No)  # type: ignore[method-assign]
    return QMessageBox


def file_dialog_class(record: DialogRecord) -> type[QtWidgets.QFileDialog]:
    """A ``QFileDialog`` that chooses what ``record`` was told.

    The static ``get...`` functions are missing on purpose: they give a string in PythonQt and a tuple in PySide6.
    """

    class QFileDialog(QtWidgets.QFileDialog):
        def __init__(self, *arguments: Any) -> None:
            super().__init__(*arguments)
            self._chosen: list[str] = []

        def exec(self) -> int:
            self._chosen = record.files(self)
            code = QtWidgets.QDialog.DialogCode.Accepted if self._chosen else QtWidgets.QDialog.DialogCode.Rejected
            return int(code.value)

        exec_ = exec  # noqa: A003

        def selectedFiles(self) -> list[str]:  # noqa: N802
            return list(self._chosen)

        def setVisible(self, visible: bool) -> None:  # noqa: N802
            """Never on the screen."""

    for name in ("getOpenFileName", "getOpenFileNames", "getSaveFileName", "getExistingDirectory"):
        setattr(QFileDialog, name, _Missing(name))
    return QFileDialog


class _Missing:
    """A class attribute that is not there."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: Any, owner: type) -> Any:
        raise AttributeError(f"{owner.__name__}.{self._name} differs between PythonQt and PySide6; use exec_()")
