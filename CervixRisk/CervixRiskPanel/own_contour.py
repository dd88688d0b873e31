"""A contour of an own case: whose it is, into a file and out of one."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, ReadingError, RoiError
from CervixRiskLib.workflow.signal import Signal

_READER, _ROUND, _FOLDER = "reader", "readingRound", "contourFolder"
_EXTENSION = ".seg.nrrd"


class OwnContour:
    """Binds reader and round of ``ContourStep.ui`` and opens and saves files.

    Attributes
    ----------
    told
        Signal with a sentence and whether it is a problem.
    """

    def __init__(self, context, ui, keeper) -> None:
        self.told = Signal()
        self._context, self._session, self._ui, self._keeper = context, context.session, ui, keeper
        self._path = None
        self._path_of = None
        ui.readerEdit.placeholderText = _("Your name or initials")
        ui.readerEdit.toolTip = _("Who draws. It is kept with the contour, so that two readers can be compared.")
        ui.roundBox.toolTip = _(
            "1 for your first contour of a case, 2 when you draw it again to see how far you agree."
        )
        ui.readerEdit.editingFinished.connect(self._on_reading)
        ui.roundBox.valueChanged.connect(self._on_reading)
        self._session.reading_changed.connect(self.refresh)
        if not self._session.reader:
            settings = context.settings
            self._session.set_reading(settings.text(_READER), settings.text(_ROUND, "1"))
        self.refresh()

    def close(self) -> None:
        self._session.reading_changed.disconnect(self.refresh)

    def refresh(self) -> None:
        """Show the session's reader and round."""
        if self._session.blinded:
            return
        ui = self._ui
        if ui.readerEdit.text != self._session.reader:
            ui.readerEdit.text = self._session.reader
        shown = self._session.reading_round
        if shown.isdigit() and ui.roundBox.value != int(shown):
            ui.roundBox.blockSignals(True)
            ui.roundBox.value = int(shown)
            ui.roundBox.blockSignals(False)

    def save(self) -> None:
        """Into the file that the contour came from or was saved to; else a person is asked for one."""
        path = self._path if self._path_of is self._session.segmentation else None
        if path is None:
            path = self._ask_where()
        if path is None:
            return
        from CervixRiskLib.scene import save_reading

        try:
            save_reading(self._session.segmentation, path)
            self._keeper.forget()
        except CervixRiskError as error:
            self.told.emit(str(error), True)
            return
        self._path, self._path_of = path, self._session.segmentation
        self._context.settings.set_text(_FOLDER, str(path.parent))
        self.told.emit(_("Saved as {file}.").format(file=path.name), False)

    def open(self) -> None:
        """Take a contour from a file as this reader's."""
        session = self._session
        dialog = self._dialog(_("Open a contour"))
        dialog.setFileMode(qt.QFileDialog.ExistingFile)
        chosen = dialog.selectedFiles() if dialog.exec_() else ()
        dialog.deleteLater()
        if not chosen:
            return
        path = Path(chosen[0])
        before = self._drawn()
        if before is not None and not slicer.util.confirmOkCancelDisplay(
            _("The contour in work is replaced by the one from the file."), windowTitle=_("Open a contour")
        ):
            return
        session.drop_contour()
        try:
            node = self._load(path)
        except CervixRiskError as error:
            if before is not None:
                session.start_contour(before)
            self.told.emit(str(error), True)
            return
        if node is None:
            if before is not None:
                session.start_contour(before)
            return
        session.take_contour(node)
        try:
            self._keeper.forget()
        except CervixRiskError as error:
            self.told.emit(str(error), True)
            return
        self._path, self._path_of = path, node
        self._context.settings.set_text(_FOLDER, str(path.parent))
        self.told.emit(_("Opened {file}.").format(file=path.name), False)

    def _load(self, path):
        """The segmentation node; ``None`` where it is somebody else's and stays so."""
        from CervixRiskLib.scene import load_reading

        session = self._session
        try:
            return load_reading(session.scene, path, session.volume, session.reading)
        except ReadingError:
            question = _(
                "The file says that this contour is of another reader, round or case. Open it as yours ({reader}, "
                "round {round}) of this case? The file itself stays as it is."
            ).format(reader=session.reader or _("no name"), round=session.reading_round)
            if not slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Open a contour")):
                return None
        return load_reading(session.scene, path, session.volume, session.reading, blinded=False)

    def _ask_where(self):
        dialog = self._dialog(_("Save the contour"))
        dialog.setAcceptMode(qt.QFileDialog.AcceptSave)
        dialog.setFileMode(qt.QFileDialog.AnyFile)
        # No case in the proposal: it may be a patient's name.
        parts = ("contour", self._session.reader, self._session.reading_round)
        name = " ".join("".join(sign if sign.isalnum() else "-" for sign in part) for part in parts if part)
        dialog.selectFile(f"{name}{_EXTENSION}")
        chosen = dialog.selectedFiles() if dialog.exec_() else ()
        dialog.deleteLater()
        if not chosen:
            return None
        path = Path(chosen[0])
        return path if path.name.lower().endswith(_EXTENSION) else path.with_name(path.name + _EXTENSION)

    def _dialog(self, title: str):
        dialog = qt.QFileDialog(self._context.panel_widget, title)
        dialog.setNameFilters([_("Contours") + f" (*{_EXTENSION})"])
        folder = self._context.settings.text(_FOLDER)
        if folder:
            dialog.setDirectory(folder)
        return dialog

    def _drawn(self):
        try:
            return self._session.contour()
        except RoiError:
            return None

    def _on_reading(self, *_args) -> None:
        if self._session.blinded:
            return
        reader, reading_round = self._ui.readerEdit.text.strip(), str(self._ui.roundBox.value)
        try:
            self._session.set_reading(reader, reading_round)
        except RoiError as error:
            self.told.emit(str(error), True)
            return
        self._context.settings.set_text(_READER, reader)
        self._context.settings.set_text(_ROUND, reading_round)
