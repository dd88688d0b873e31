"""Step 1: the image, its slice, its pixel size, and the clinical values the model asks for."""

import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, ImageError
from CervixRiskLib.workflow.case_facts import image_notes, image_words, slice_words
from CervixRiskLib.workflow.signal import Signal

from .clinical_fields import ClinicalFields
from .image_choice import ImageChoice
from .pixel_size_row import PixelSizeRow
from .tints import show_problem, show_quietly

_NOTHING_YET = object()


class CaseStep:
    """Writes into the session what the person says of the case.

    Parameters
    ----------
    context
        A :class:`~.context.PanelContext`.
    """

    def __init__(self, context) -> None:
        self.context = context
        self.session = context.session
        self.widget = slicer.util.loadUI(context.resource("UI/CaseStep.ui"))
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.summary_changed = Signal()
        self._problem = ""
        self._notes_of = _NOTHING_YET
        self._slice_node = None
        self._slice_tag = None
        self._shown_choice = None
        self.image_choice = ImageChoice(context, self.ui)
        self.pixel_size = PixelSizeRow(self.session, self.ui, self._fit_view)
        self.clinical = ClinicalFields(self.session, self.ui.clinicalFrame, self.ui.clinicalHint)
        self.image_choice.told.connect(self._on_told)
        self.session.image_changed.connect(self.refresh)
        self.session.contour_changed.connect(self.refresh)
        self.session.reading_changed.connect(self.refresh)
        self.ui.nameEdit.editingFinished.connect(self._on_name)
        self.ui.showSliceButton.clicked.connect(self._on_show_slice)
        self.ui.showSliceButton.toolTip = _("Scroll the view to the contour's slice.")
        self.refresh()

    def enter(self) -> None:
        """Follow the red view's slice."""
        self._slice_node = self.context.slices.slice_node()
        if self._slice_node is not None and self._slice_tag is None:
            self._slice_tag = self._slice_node.AddObserver("ModifiedEvent", self._on_view)
        self.image_choice.enter()
        self.refresh()

    def exit(self) -> None:
        """The person goes to another module: nothing half-done stays in the views."""
        self._leave_view()
        self.image_choice.exit()
        self.pixel_size.give_up()

    def close(self) -> None:
        self._leave_view()
        for signal in (self.session.image_changed, self.session.contour_changed, self.session.reading_changed):
            signal.disconnect(self.refresh)
        self.image_choice.close()
        self.pixel_size.close()
        self.clinical.close()

    def summary(self) -> str:
        """For the step's header: ``"US · 416 × 416"``."""
        if self.session.volume is None:
            return ""
        try:
            choice = self.session.choice()
            parts = (image_words(self.session.volume, choice), slice_words(self.session.volume, choice))
        except ImageError:
            return ""
        return " · ".join(part for part in parts if part)

    def refresh(self) -> None:
        """Show what the session holds."""
        ui, volume = self.ui, self.session.volume
        self._shown_choice = self._choice()
        for widget in (ui.nameLabel, ui.nameEdit):
            widget.visible = volume is not None
        if ui.nameEdit.text != self.session.case_id:
            ui.nameEdit.text = self.session.case_id
        ui.nameEdit.enabled = not self.session.blinded
        ui.nameEdit.toolTip = (
            _("A study round is open: the study names its cases.")
            if self.session.blinded
            else _("Your own name for the case; it stands on contours, answers and reports. No patient's name.")
        )
        self._show_slice()
        self._show_notes()
        show_problem(ui.problemLabel, self._problem)
        self.summary_changed.emit()

    def _show_slice(self) -> None:
        from CervixRiskLib.scene.volume_frames import frame_place

        ui, volume = self.ui, self.session.volume
        words, problem = "", ""
        if volume is not None:
            try:
                words = slice_words(volume, self.session.choice())
            except ImageError as error:
                problem = str(error)
        for widget in (ui.sliceTitle, ui.sliceLabel):
            widget.visible = bool(words or problem)
        ui.showSliceButton.visible = bool(words) and self.session.slice_is_fixed and not self._view_shows_slice()
        if problem:
            show_problem(ui.sliceLabel, problem)
            return
        ui.sliceLabel.styleSheet = ""
        kind, _space, place = words.partition(" ")
        ui.sliceTitle.text = _("Frame") if kind == "frame" else _("Slice")
        if volume is not None and frame_place(volume) is not None:
            ui.sliceLabel.text = _("{place} · as in the sequence browser").format(place=place)
            ui.sliceLabel.toolTip = _("Play or scroll the film to the frame that shows the lesion best, then draw.")
        elif self.session.slice_is_fixed:
            ui.sliceLabel.text = _("{place} · fixed by the contour").format(place=place)
            ui.sliceLabel.toolTip = _("The contour was begun on this slice. Delete it in step 2 to take another slice.")
        else:
            ui.sliceLabel.text = _("{place} · as in the red view").format(place=place)
            ui.sliceLabel.toolTip = _("Scroll in the red view to the slice that shows the lesion best.")

    def _show_notes(self) -> None:
        """What was converted when the image was read; asked once an image."""
        volume = self.session.volume
        if volume is self._notes_of:
            return
        self._notes_of, notes, self._problem = volume, (), ""
        if volume is not None:
            try:
                notes = image_notes(volume)
            except ImageError as error:
                self._problem = str(error)
        else:
            notes = (_("Open an image, drop a file onto Slicer, or begin with a sample."),)
        show_quietly(self.ui.notesLabel, " ".join(notes))

    def _choice(self):
        """The session's slice, ``None`` where there is none to speak of."""
        try:
            return None if self.session.volume is None else self.session.choice()
        except ImageError:
            return None

    def _view_shows_slice(self) -> bool:
        from CervixRiskLib.scene import choose_slice

        try:
            return choose_slice(self.session.volume, self.context.slices.slice_node()) == self.session.choice()
        except ImageError:
            return False

    def _leave_view(self) -> None:
        if self._slice_tag is not None:
            self._slice_node.RemoveObserver(self._slice_tag)
            self._slice_tag = None

    def _on_view(self, *_args) -> None:
        """The view was scrolled or turned: another slice may be meant now."""
        if self.session.volume is None:
            return
        if self.session.slice_is_fixed:
            self._show_slice()
        elif self._choice() != self._shown_choice:
            self.session.touch_image()

    def _on_name(self, *_args) -> None:
        try:
            self.session.rename_case(self.ui.nameEdit.text.strip())
        except CervixRiskError as error:
            self._problem = str(error)
        else:
            self._problem = ""
        self.refresh()

    def _on_told(self, sentence: str) -> None:
        self._problem = sentence
        self.refresh()

    def _on_show_slice(self, *_args) -> None:
        self._scroll_to(self.session.choice())

    def _fit_view(self) -> None:
        """The image has another size in millimetres: fill the view with it again, on the same slice."""
        choice = self._choice()
        self.context.slices.fit()
        if choice is not None:
            self._scroll_to(choice)

    def _scroll_to(self, choice) -> None:
        from CervixRiskLib.scene.slice_grid import slice_matrix

        node = self.context.slices.slice_node()
        if node is not None:
            node.JumpSliceByOffsetting(*slice_matrix(self.session.volume, choice)[:3, 3])
