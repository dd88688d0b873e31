"""Step 2: draw around the lesion, in an own case or in a reader study."""

from pathlib import Path

import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, StorageError
from CervixRiskLib.workflow.contour_facts import contour_facts, load_measures
from CervixRiskLib.workflow.draft_keeper import DraftKeeper
from CervixRiskLib.workflow.signal import Signal

from .contour_buttons import show_buttons
from .contour_editor import ContourEditor
from .own_contour import OwnContour
from .reader_study import ReaderStudy
from .shortcuts import Shortcuts
from .single_shot import single_shot
from .tints import show_problem, show_quietly, show_remark

_DRAFT_MS, _FACTS_MS = 1000, 150


class ContourStep:
    """The reader's place: whose contour, the editor, what was drawn, where it goes.

    Parameters
    ----------
    context
        A :class:`~.context.PanelContext`.
    """

    def __init__(self, context) -> None:
        self.context = context
        self.session = context.session
        self.widget = slicer.util.loadUI(context.resource("UI/ContourStep.ui"))
        self.widget.setMRMLScene(slicer.mrmlScene)
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.summary_changed = Signal()
        self._seen_volume = self._seen_contour = None
        self._told_problem = False
        self.keeper = DraftKeeper(self.session, _draft_folder())
        self._draft_timer = single_shot(_DRAFT_MS, self._on_draft)
        self._facts_timer = single_shot(_FACTS_MS, self._show_facts)
        self.editor = ContourEditor(self.session, self.ui.editorFrame.layout())
        self.own = OwnContour(context, self.ui, self.keeper)
        self.study = ReaderStudy(context, self.ui, self.keeper)
        self.shortcuts = Shortcuts(
            {
                "Ctrl+Return": self.study.submit_and_next,
                "Ctrl+Enter": self.study.submit_and_next,
                "Ctrl+S": self.save,
                "D": self._on_draw_key,
                "P": self._on_paint_key,
                "E": self._on_erase_key,
            }
        )
        self._connect()
        show_quietly(self.ui.toldLabel, "")
        self.refresh()

    def _connect(self) -> None:
        ui = self.ui
        self.keeper.fell_behind.connect(self._on_behind)
        self.keeper.failed.connect(self._on_not_kept)
        self.own.told.connect(self._show_told)
        self.study.told.connect(self._show_told)
        self.study.changed.connect(self.refresh)
        self.study.case_opened.connect(self._on_case_opened)
        self.session.image_changed.connect(self._on_image)
        self.session.contour_changed.connect(self._on_contour)
        self.session.reading_changed.connect(self.refresh)
        scene = self.session.scene
        self._removals = scene.AddObserver(scene.NodeRemovedEvent, self._on_removed)
        for button, slot in (
            (ui.ownButton, self._on_mode),
            (ui.studyButton, self._on_mode),
            (ui.drawButton, self._on_draw_key),
            (ui.saveButton, self.save),
            (ui.openButton, self._on_open),
            (ui.deleteButton, self._on_delete),
            (ui.submitButton, self.study.submit_and_next),
        ):
            button.clicked.connect(slot)

    def enter(self) -> None:
        """The person comes to the module: keys work, the time of drawing goes on."""
        self.editor.enter()
        self.shortcuts.install()
        if self.study.round is not None:
            self.study.round.resume()
        self.refresh()

    def exit(self) -> None:
        """The person goes to another module: what was drawn is kept, the keys are Slicer's again."""
        self._on_draft()
        if self.study.round is not None:
            self.study.round.pause()
        self.editor.exit()
        self.shortcuts.remove()

    def close(self) -> None:
        self._on_draft()
        self.shortcuts.remove()
        self.study.close()
        self.own.close()
        self._draft_timer.stop()
        self._facts_timer.stop()
        self.session.scene.RemoveObserver(self._removals)
        self.session.image_changed.disconnect(self._on_image)
        self.session.contour_changed.disconnect(self._on_contour)
        self.session.reading_changed.disconnect(self.refresh)
        self.keeper.close()
        self.editor.close()

    def summary(self) -> str:
        """For the step's header: ``"Dr. A · round 1 · 12 of 50"``."""
        if self.study.round is not None:
            return self.study.summary()
        if not self.session.reader:
            return ""
        words = _("{reader} · round {number}").format(reader=self.session.reader, number=self.session.reading_round)
        return words if self.session.reading_round else self.session.reader

    @property
    def in_study(self) -> bool:
        return self.study.round is not None

    def start_drawing(self, effect: str = "Draw") -> None:
        """Take an effect into the hand; begin this reading's contour where there is none."""
        if not self.in_study and self.ui.studyButton.checked:
            return
        if not self.session.can_be_drawn_on:
            if self.session.volume is None or self.in_study:
                return
            try:
                self.session.drop_contour()
                self._begin_contour()
            except CervixRiskError as error:
                self._show_told(str(error), True)
                return
        self.editor.use(effect)

    def save(self, *_args) -> None:
        """Keep the draft in a study; write a file of an own case."""
        if self.in_study:
            self._on_draft()
            self._show_told(_("Kept as a draft on this computer. Submit hands it in."), False)
        elif self.session.segmentation is not None:
            self.own.save()
            self.refresh()

    def refresh(self) -> None:
        """Show what the session and the study hold."""
        ui, study = self.ui, self.in_study
        own = not ui.studyButton.checked
        has_contour = self.session.segmentation is not None
        self.editor.show()
        show_buttons(
            ui,
            has_image=self.session.volume is not None,
            has_contour=has_contour,
            round_=self.study.round,
            is_lost=self.study.is_lost,
        )
        ui.ownFrame.visible = own
        ui.studyFrame.visible = not own and not study
        ui.roundFrame.visible = study
        ui.editorFrame.visible = self._shows_editor()
        ui.drawButton.visible = own and not self.session.can_be_drawn_on
        ui.openButton.visible = own
        on_a_case = study and self.study.round.opened is not None
        ui.submitButton.visible = on_a_case
        ui.saveButton.visible = ui.deleteButton.visible = ui.keysLabel.visible = own or on_a_case
        self._show_facts()
        self.study.refresh()
        self.summary_changed.emit()

    def _show_facts(self) -> None:
        facts, warnings = "", ()
        if self._shows_editor():
            try:
                told = contour_facts(self.session.contour())
                facts, warnings = told.summary, told.warnings
            except CervixRiskError as error:
                facts = str(error)
        self.ui.factsLabel.text = facts
        self.ui.factsLabel.visible = bool(facts)
        show_remark(self.ui.warningsLabel, "\n".join(f"▲ {sentence}" for sentence in warnings))

    def _shows_editor(self) -> bool:
        return self.session.segmentation is not None and (self.in_study or not self.ui.studyButton.checked)

    def _show_told(self, sentence: str, is_problem: bool) -> None:
        self._told_problem = is_problem and bool(sentence)
        (show_problem if is_problem else show_quietly)(self.ui.toldLabel, sentence)

    def _begin_contour(self) -> None:
        """This reading's contour, with what an earlier sitting has left of it."""
        from CervixRiskLib.imaging import Roi

        load_measures()
        image = self.session.image()
        found = self.keeper.look(self.session.reading, image)
        self.session.start_contour(None if found is None else Roi.from_mask(found.mask, image))
        self._show_told("" if found is None else _("What you had drawn on this image before is back."), False)

    def _on_case_opened(self) -> None:
        """The next case of a study: shown, and the pencil is in the hand."""
        load_measures()
        self.context.slices.show_case()
        self.editor.use("Draw")

    def _on_image(self) -> None:
        """Who opens an image of their own has turned away from the choice of a study."""
        if self.session.volume is not self._seen_volume:
            self._seen_volume = self.session.volume
            if self._told_problem and not self.in_study:
                # What was wrong with the image before.
                self._show_told("", False)
            if self.session.volume is not None and not self.in_study:
                self.ui.ownButton.checked = True
        self.refresh()

    def _on_removed(self, *_args) -> None:
        """The contour's node was taken out of the scene by somebody else."""
        node = self.session.segmentation
        if node is not None and not self.session.scene.IsNodePresent(node):
            self.session.drop_contour()

    def _on_contour(self) -> None:
        contour = (self.session.segmentation, self.session.can_be_drawn_on)
        if contour != self._seen_contour:
            self._seen_contour = contour
            self.refresh()
        if not self.in_study and self.session.segmentation is not None and not self.keeper.is_following:
            try:
                self.keeper.follow()
            except CervixRiskError as error:
                self._show_told(str(error), True)
        self._facts_timer.start()

    def _on_behind(self) -> None:
        if self._told_problem:
            # What was wrong with the contour before this stroke.
            self._show_told("", False)
        # Not begun anew with each stroke: a second after the first that is not kept, it is.
        if not self._draft_timer.isActive():
            self._draft_timer.start()

    def _on_draft(self, *_args) -> None:
        self._draft_timer.stop()
        try:
            self.keeper.save()
        except StorageError as error:
            self._on_not_kept(str(error))

    def _on_not_kept(self, sentence: str) -> None:
        self._show_told(_("The draft could not be kept. {error}").format(error=sentence), True)

    def _on_mode(self, *_args) -> None:
        if self.ui.studyButton.checked:
            self.study.show()
        self.refresh()

    def _on_draw_key(self, *_args) -> None:
        self.start_drawing()

    def _on_paint_key(self, *_args) -> None:
        self.start_drawing("Paint")

    def _on_erase_key(self, *_args) -> None:
        self.start_drawing("Erase")

    def _on_open(self, *_args) -> None:
        self.own.open()
        self.refresh()

    def _on_delete(self, *_args) -> None:
        if self.in_study:
            self.study.start_anew()
            return
        if self.own.drawn() is not None and not slicer.util.confirmOkCancelDisplay(
            _("Delete this contour? A file that it was saved to stays."), windowTitle=_("Delete")
        ):
            return
        try:
            self.keeper.forget()
        except CervixRiskError as error:
            self._show_told(str(error), True)
        self.session.drop_contour()
        self.refresh()


def _draft_folder() -> Path:
    """Beside Slicer's settings: of this person, on this computer."""
    return Path(slicer.app.slicerUserSettingsFilePath).parent / "CervixRisk" / "drafts"
