"""Step 1: the image, its slice, its pixel size, and what else the model asks for: further images, clinical values."""

import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, ImageError
from CervixRiskLib.workflow.case_facts import image_notes, image_words, slice_words
from CervixRiskLib.workflow.signal import Signal

from .clinical_fields import ClinicalFields
from .further_images import FurtherImages
from .image_choice import ImageChoice
from .pixel_size_row import PixelSizeRow
from .slice_row import SliceRow
from .tints import show_problem, show_quietly, show_remark

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
        self._problem = self._remark = ""
        self._notes_of = _NOTHING_YET
        self.image_choice = ImageChoice(context, self.ui)
        self.further = FurtherImages(context, self.ui)
        self.slice = SliceRow(context, self.ui)
        self.pixel_size = PixelSizeRow(self.session, self.ui, self.slice.fit_view)
        self.clinical = ClinicalFields(self.session, self.ui.clinicalFrame, self.ui.clinicalHint)
        self.image_choice.told.connect(self._on_told)
        self.session.image_changed.connect(self.refresh)
        self.session.reading_changed.connect(self.refresh)
        self.ui.nameEdit.editingFinished.connect(self._on_name)
        self.refresh()

    def enter(self) -> None:
        """The person comes to the module."""
        self.image_choice.enter()
        self.slice.enter()
        self.refresh()

    def exit(self) -> None:
        """The person goes to another module: nothing half-done stays in the views."""
        self.image_choice.exit()
        self.slice.exit()
        self.pixel_size.give_up()

    def close(self) -> None:
        for signal in (self.session.image_changed, self.session.reading_changed):
            signal.disconnect(self.refresh)
        self.image_choice.close()
        self.further.close()
        self.slice.close()
        self.pixel_size.close()
        self.clinical.close()
        # A reload hides the old widgets only: the selector would go on choosing images.
        self.widget.setMRMLScene(None)

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
        ui = self.ui
        for widget in (ui.nameLabel, ui.nameEdit):
            widget.visible = self.session.volume is not None
        if ui.nameEdit.text != self.session.case_id:
            ui.nameEdit.text = self.session.case_id
        ui.nameEdit.enabled = not self.session.blinded
        ui.nameEdit.toolTip = (
            _("A study round is open: the study names its cases.")
            if self.session.blinded
            else _("Your own name for the case; it stands on contours, answers and reports. No patient's name.")
        )
        self._show_notes()
        if self._problem:
            show_problem(ui.problemLabel, self._problem)
        else:
            show_remark(ui.problemLabel, self._remark)
        self.summary_changed.emit()

    def _show_notes(self) -> None:
        """What was converted when the image was read; asked once an image."""
        volume = self.session.volume
        if volume is self._notes_of:
            return
        self._notes_of, notes = volume, ()
        self._problem = self._remark = ""
        if volume is None:
            notes = (_("Open an image, drop a file onto Slicer, or begin with a sample."),)
        else:
            try:
                notes = image_notes(volume)
            except ImageError as error:
                self._problem = str(error)
        show_quietly(self.ui.notesLabel, " ".join(notes))

    def _on_name(self, *_args) -> None:
        try:
            self.session.rename_case(self.ui.nameEdit.text.strip())
        except CervixRiskError as error:
            self._problem = str(error)
        else:
            self._problem = ""
        self.refresh()

    def _on_told(self, problem: str, remark: str) -> None:
        self._problem, self._remark = problem, remark
        self.refresh()
