"""A contour of an own case: whose it is, into a file and out of one."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, RoiError
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
        """Take a contour from a file: as this reader's, or another reader's beside it, to compare."""
        if self._session.blinded:
            return
        dialog = self._dialog(_("Open a contour"))
        dialog.setFileMode(qt.QFileDialog.ExistingFile)
        chosen = dialog.selectedFiles() if dialog.exec_() else ()
        dialog.deleteLater()
        if not chosen:
            return
        path = Path(chosen[0])
        try:
            opened = self._open(path)
        except CervixRiskError as error:
            self.told.emit(str(error), True)
            return
        if opened:
            self._context.settings.set_text(_FOLDER, str(path.parent))
            self.told.emit(_("Opened {file}.").format(file=path.name), False)

    def drawn(self):
        """The contour as a ``Roi``; ``None`` where nothing is drawn on the case's slice."""
        try:
            return self._session.contour()
        except CervixRiskError:
            return None

    def _open(self, path) -> bool:
        from CervixRiskLib.scene.reading_file import readings_in_file

        own = self._session.reading
        told = readings_in_file(path)
        others = [
            one
            for one in told
            if (one.reader or own.reader, one.reading_round or own.reading_round) != (own.reader, own.reading_round)
        ]
        if others:
            return self._open_beside(path, others[0])
        elsewhere = [one.case_id for one in told if one.case_id not in ("", own.case_id)]
        if elsewhere and not _asked(
            _("The file says that this contour is of the case “{case}”. Take it for this image all the same?").format(
                case=elsewhere[0]
            )
        ):
            return False
        return self._replace(path)

    def _open_beside(self, path, other) -> bool:
        """Another reader's contour, or another round's, as a second one of this case."""
        from CervixRiskLib.scene import CaseRole, Reading, load_reading
        from CervixRiskLib.scene.named_contour import contour_colour
        from CervixRiskLib.scene.reader_segmentation import segment_ids, tag_reading

        session = self._session
        if not _asked(
            _("This is the contour of {reader}, round {round}. Open it beside yours, to compare?").format(
                reader=other.reader or _("an unnamed reader"), round=other.reading_round or "?"
            )
        ):
            return False
        reading = Reading(session.case_id, other.reader, other.reading_round)
        node = load_reading(session.scene, path, session.volume, reading, blinded=False)
        tag_reading(node, reading)
        colour = contour_colour(len(session.other_readings()))
        for segment in segment_ids(node):
            node.GetSegmentation().GetSegment(segment).SetColor(*colour)
        session.folder.add(node, CaseRole.CONTOUR)
        session.contour_changed.emit()
        return True

    def _replace(self, path) -> bool:
        """The file's contour as this reader's, in place of what is drawn; that stays where the file is no good."""
        from CervixRiskLib.scene import load_reading
        from CervixRiskLib.scene.reader_segmentation import tag_reading

        session = self._session
        before = self.drawn()
        if before is not None and not _asked(_("The contour in work is replaced by the one from the file.")):
            return False
        session.drop_contour()
        try:
            node = load_reading(session.scene, path, session.volume, session.reading, blinded=False)
        except CervixRiskError:
            if before is not None:
                session.start_contour(before)
            raise
        tag_reading(node, session.reading)
        session.take_contour(node)
        self._keeper.forget()
        self._path, self._path_of = path, node
        return True

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
        if path.name.lower().endswith(_EXTENSION):
            return path
        # The dialog has asked about the name that was typed, not about this one.
        path = path.with_name(path.name + _EXTENSION)
        if path.exists() and not slicer.util.confirmOkCancelDisplay(
            _("{file} is there already. Replace it?").format(file=path.name), windowTitle=_("Save the contour")
        ):
            return None
        return path

    def _dialog(self, title: str):
        dialog = qt.QFileDialog(self._context.panel_widget, title)
        dialog.setNameFilters([_("Contours") + f" (*{_EXTENSION})"])
        folder = self._context.settings.text(_FOLDER)
        if folder:
            dialog.setDirectory(folder)
        return dialog

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


def _asked(question: str) -> bool:
    return slicer.util.confirmOkCancelDisplay(question, windowTitle=_("Open a contour"))
