"""The pixel size: what is known, calibrating it on the image's ruler, typing it, taking it back."""

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import ImageError
from CervixRiskLib.workflow.calibration import Calibration, parse_pixel_size
from CervixRiskLib.workflow.case_facts import pixel_size_words, spacing_words, view_words

from .tints import show_problem, show_quietly, show_remark


class PixelSizeRow:
    """Binds the widgets of ``CaseStep.ui`` that are about the pixel size.

    One frame serves both ways of giving it: ``calibrateButton`` and ``byHandButton`` open it, each for itself.

    Parameters
    ----------
    fit_view
        Called after the pixel size was changed, hence the image's extent in the view.
    """

    def __init__(self, session, ui, fit_view) -> None:
        self.calibration = Calibration(session)
        self._session, self._ui, self._fit_view = session, ui, fit_view
        self._points_missing = 0
        self._interaction = slicer.app.applicationLogic().GetInteractionNode()
        self._placing = self._interaction.AddObserver(
            self._interaction.InteractionModeChangedEvent, self._on_mouse_mode
        )
        ui.calibrateButton.clicked.connect(self._on_calibrate)
        ui.byHandButton.clicked.connect(self._on_by_hand)
        ui.undoButton.clicked.connect(self._on_undo)
        ui.applyButton.clicked.connect(self._on_apply)
        ui.cancelButton.clicked.connect(self._on_cancel)
        ui.sizeEdit.textChanged.connect(self._on_length)
        ui.sizeEdit.returnPressed.connect(self._on_apply)
        ui.applyButton.toolTip = _("Set this pixel size. Contours stay on their pixels; Undo takes it back.")
        ui.cancelButton.toolTip = _("Leave the pixel size as it is.")
        self.calibration.changed.connect(self.refresh)
        session.image_changed.connect(self.refresh)
        self.refresh()

    def close(self) -> None:
        self._session.image_changed.disconnect(self.refresh)
        self.calibration.changed.disconnect(self.refresh)
        self._interaction.RemoveObserver(self._placing)
        self.calibration.close()

    def give_up(self) -> None:
        """Leave calibrating and typing, the pixel size as it is."""
        self._ui.byHandButton.checked = False
        if self.calibration.line is not None:
            self.calibration.cancel()
            self._stop_placing()
        self.refresh()

    def refresh(self) -> None:
        """Show what is known and what is being done."""
        ui, volume = self._ui, self._session.volume
        if volume is None:
            ui.byHandButton.checked = False
        for widget in (ui.pixelSizeTitle, ui.pixelSizeLabel, ui.pixelSizeRow):
            widget.visible = volume is not None
        ui.calibrateButton.checked = self.calibration.line is not None
        ui.sizeFrame.visible = ui.calibrateButton.checked or ui.byHandButton.checked
        if volume is None:
            return
        self._show_size()
        ui.undoButton.enabled = self.calibration.can_undo
        ui.undoButton.toolTip = (
            _("Take back the last change of the pixel size.")
            if ui.undoButton.enabled
            else _("Nothing to take back: the pixel size was not changed here.")
        )
        if ui.calibrateButton.checked:
            self._show_calibration()
        elif ui.byHandButton.checked:
            self._show_by_hand()

    def _show_size(self) -> None:
        ui = self._ui
        try:
            size = self._session.pixel_size()
        except ImageError as error:
            ui.calibrateButton.enabled = ui.byHandButton.enabled = False
            ui.calibrateButton.toolTip = ui.byHandButton.toolTip = str(error)
            show_quietly(ui.pixelSizeLabel, "–")
            return
        ui.calibrateButton.enabled = ui.byHandButton.enabled = True
        ui.calibrateButton.toolTip = _(
            "Click two marks of the ruler in the image, then type the distance between them. A pixel size makes "
            "millimetres of what is measured."
        )
        ui.byHandButton.toolTip = _("Type the pixel size, where you know it from the scanner or an export.")
        if size.spacing_mm is None:
            show_remark(ui.pixelSizeLabel, pixel_size_words(size))
            ui.pixelSizeLabel.toolTip = _(
                "The file does not say it reliably. Without it, lengths are unknown and the model's answer is less "
                "certain."
            )
        else:
            ui.pixelSizeLabel.styleSheet = ""
            ui.pixelSizeLabel.text = pixel_size_words(size)
            extent = view_words(self._session.volume, self._session.choice(), size.spacing_mm)
            ui.pixelSizeLabel.toolTip = _("From one pixel to the next. The whole image is {size}.").format(size=extent)

    def _show_calibration(self) -> None:
        ui, missing = self._ui, self.calibration.points_missing
        ui.sizeTitle.text, ui.sizeUnit.text = _("Length"), _("mm")
        ui.sizeEdit.toolTip = _("The distance between the two marks, read off the ruler: 20, or 2 cm.")
        ui.sizeHelp.text = (
            _("Click two marks of the ruler in the image, far apart.")
            if missing == 2
            else _("Click the second mark.")
            if missing
            else _("Drag the ends to make them fit; zoom in to see them better.")
        )
        if self._points_missing and not missing:
            ui.sizeEdit.enabled = True
            ui.sizeEdit.setFocus()
        self._points_missing = missing
        if missing or not ui.sizeEdit.text.strip():
            self._show_result("", "", missing == 0)
            ui.applyButton.enabled = False
            return
        try:
            reading = self.calibration.reading(ui.sizeEdit.text)
        except ImageError as error:
            self._show_result("", str(error), True)
            return
        told = _("{length:.0f} pixels: {size} per pixel, ± {error:.1f} %.\nThe image is then {extent}.").format(
            length=reading.length_px,
            size=spacing_words(reading.spacing_mm),
            error=100 * reading.reading_error,
            extent=view_words(self._session.volume, self._session.choice(), reading.spacing_mm),
        )
        self._show_result(told, "", True)
        show_remark(ui.sizeWarning, " ".join(reading.warnings))

    def _show_by_hand(self) -> None:
        ui = self._ui
        ui.sizeTitle.text, ui.sizeUnit.text = _("Size"), _("mm")
        ui.sizeHelp.text = _("Millimetres from one pixel to the next.")
        ui.sizeEdit.toolTip = _("0.104 for square pixels, or 0.1 x 0.12: between rows, between columns.")
        if not ui.sizeEdit.text.strip():
            self._show_result("", "", True)
            ui.applyButton.enabled = False
            return
        try:
            spacing_mm = parse_pixel_size(ui.sizeEdit.text)
            extent = view_words(self._session.volume, self._session.choice(), spacing_mm)
        except ImageError as error:
            self._show_result("", str(error), True)
            return
        self._show_result(_("The image is then {size}.").format(size=extent), "", True)

    def _show_result(self, result: str, problem: str, can_type: bool) -> None:
        ui = self._ui
        ui.sizeEdit.enabled = can_type
        ui.applyButton.enabled = bool(result)
        show_quietly(ui.sizeResult, result)
        show_problem(ui.sizeWarning, problem)

    def _on_calibrate(self, *_args) -> None:
        if self.calibration.line is not None:
            self.give_up()
            return
        self._ui.byHandButton.checked = False
        self._ui.sizeEdit.text = ""
        try:
            line = self.calibration.start()
        except ImageError as error:
            self.refresh()
            show_problem(self._ui.problemLabel, str(error))
            return
        selection, interaction = slicer.app.applicationLogic().GetSelectionNode(), self._interaction
        selection.SetReferenceActivePlaceNodeClassName("vtkMRMLMarkupsLineNode")
        selection.SetActivePlaceNodeID(line.GetID())
        # One line; the view is the person's again when both ends stand.
        interaction.SetPlaceModePersistence(0)
        interaction.SetCurrentInteractionMode(interaction.Place)

    def _on_by_hand(self, *_args) -> None:
        wanted = self._ui.byHandButton.checked
        self.give_up()
        self._ui.byHandButton.checked = wanted
        self._ui.sizeEdit.text = ""
        self.refresh()
        if wanted:
            self._ui.sizeEdit.setFocus()

    def _on_length(self, *_args) -> None:
        if self._ui.calibrateButton.checked or self._ui.byHandButton.checked:
            self.refresh()

    def _on_apply(self, *_args) -> None:
        try:
            if self.calibration.line is not None:
                self.calibration.apply(self._ui.sizeEdit.text)
                self._stop_placing()
            else:
                self.calibration.set_by_hand(self._ui.sizeEdit.text)
                self._ui.byHandButton.checked = False
        except ImageError as error:
            show_problem(self._ui.sizeWarning, str(error))
            return
        self._fit_view()
        self.refresh()

    def _on_cancel(self, *_args) -> None:
        self.give_up()

    def _on_undo(self, *_args) -> None:
        self.calibration.undo()
        self._fit_view()
        self.refresh()

    def _on_mouse_mode(self, *_args) -> None:
        # Escape or another tool ends placing; both clicks end it too, and may be told a moment later.
        qt.QTimer.singleShot(0, self._give_up_unplaced)

    def _give_up_unplaced(self) -> None:
        placing = self._interaction.GetCurrentInteractionMode() == self._interaction.Place
        if self.calibration.points_missing and not placing:
            self.give_up()

    def _stop_placing(self) -> None:
        interaction = self._interaction
        if interaction.GetCurrentInteractionMode() == interaction.Place:
            interaction.SetCurrentInteractionMode(interaction.ViewTransform)
