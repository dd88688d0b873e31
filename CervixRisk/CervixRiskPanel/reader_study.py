"""A reader study in the panel: which one, who reads, and one case after the other."""

import ctk
import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import CervixRiskError, MissingComponentError
from CervixRiskLib.workflow.signal import Signal

from .single_shot import single_shot
from .study_packages import offer_study_packages
from .tints import show_remark

_FOLDER, _READER = "studyFolder", "studyReader"
# A path is typed letter by letter.
_TYPING_MS = 400


class ReaderStudy:
    """Binds ``studyFrame`` and ``roundFrame`` of ``ContourStep.ui`` to a :class:`StudyRound`.

    Attributes
    ----------
    round
        The open :class:`~CervixRiskLib.workflow.study_round.StudyRound`; ``None`` before and after.
    changed
        Signal: what is shown here is another.
    case_opened
        Signal: a case is in the scene, ready to be drawn on.
    told
        Signal with a sentence and whether it is a problem.
    """

    def __init__(self, context, ui, keeper) -> None:
        self.round = None
        self.changed = Signal()
        self.case_opened = Signal()
        self.told = Signal()
        self._context, self._session, self._ui, self._keeper = context, context.session, ui, keeper
        self._counts = ""
        self._is_busy = False
        self._known_folder = None
        self._typing = single_shot(_TYPING_MS, self._show_readers)
        ui.folderEdit.filters = ctk.ctkPathLineEdit.Dirs
        ui.folderEdit.toolTip = _(
            "The study's folder, as its coordinator has given it to you. It may be a network drive."
        )
        ui.whoBox.toolTip = _("Your name in this study. You see your own cases and nothing of anybody else's.")
        ui.leaveButton.toolTip = _("Close the study. What you have not submitted is kept and comes back next time.")
        ui.folderEdit.currentPathChanged.connect(self._on_folder)
        ui.whoBox.currentIndexChanged.connect(self.refresh)
        ui.startButton.clicked.connect(self._on_start)
        ui.leaveButton.clicked.connect(self._on_leave)
        self._session.image_changed.connect(self._on_image)
        self.refresh()

    def show(self) -> None:
        """Offer the study of last time; its folder is looked at only now."""
        if self._known_folder is None:
            self._ui.folderEdit.currentPath = self._context.settings.text(_FOLDER)
        if self._ui.whoBox.count == 0:
            # A network drive that was away may be back.
            self._known_folder = None
            self._typing.stop()
            self._show_readers()

    def close(self) -> None:
        self._typing.stop()
        self.leave()
        self._session.image_changed.disconnect(self._on_image)

    @property
    def is_lost(self) -> bool:
        """Whether a case is open that is not in the scene any more."""
        return self.round is not None and self.round.opened is not None and not self.round.is_in_scene

    def refresh(self, *_args) -> None:
        """Show the round, or what is missing to open one."""
        ui, reading = self._ui, self.round is not None
        ready = ui.whoBox.currentIndex >= 0
        ui.startButton.enabled = ready
        ui.startButton.toolTip = (
            _("Opens your next case. Everything else is taken out of the scene; no predictions until you leave.")
            if ready
            else _("Choose the study's folder and your name first.")
        )
        ui.progressLabel.text = self._counts if reading else ""
        show_remark(ui.remarkLabel, self._remark())

    def summary(self) -> str:
        """For the step's header."""
        if self.round is None:
            return ""
        opened = self.round.opened
        if opened is None:
            return _("{reader} · done for today").format(reader=self.round.work_list.reader)
        return opened.label

    def start(self) -> None:
        """Open the study and its first case; what is in the scene and saved nowhere is asked about."""
        from CervixRiskLib.workflow.scene_sweep import unsaved_words

        unsaved = unsaved_words(self._session.scene)
        if unsaved and not slicer.util.confirmOkCancelDisplay(
            _(
                "This is not saved: {things}. A study begins with an empty scene. Take everything out, and lose it?"
            ).format(things=unsaved),
            windowTitle=_("Start reading"),
        ):
            return
        self._run(self._open_study, _("The study could not be opened."))

    def submit_and_next(self, *_args) -> None:
        """Hand the contour in and open the next case; or only what is left of that to do."""
        if self.round is None:
            return
        if self.is_lost:
            self.reopen()
        elif self.round.opened is not None:
            self._run(self._hand_in, _("The contour was not submitted."))

    def reopen(self) -> None:
        """Put the case into the scene again."""
        if self.round is not None:
            self._run(self._reopen, _("The case could not be opened again."))

    def start_anew(self) -> None:
        """Throw the drawing of this case away, after a question."""
        if self.round is None or not slicer.util.confirmOkCancelDisplay(
            _("Throw away what you have drawn on this case?"), windowTitle=_("Start anew")
        ):
            return
        self._run(self._start_anew, _("The drawing could not be thrown away."))

    def leave(self) -> None:
        """Close the study; its case goes out of the scene before predictions come back."""
        if self.round is None or self._is_busy:
            return
        study, self.round = self.round, None
        study.told.disconnect(self._on_round_told)
        unfinished = self._keeper.is_drawn
        study.leave()
        self.told.emit(_("What you have drawn is kept for the next time.") if unfinished else "", False)
        self._counts = ""
        self.refresh()
        self.changed.emit()

    def _reopen(self) -> None:
        self.told.emit("", False)
        self.round.reopen()
        self._tell_opened()

    def _start_anew(self) -> None:
        self.told.emit("", False)
        self.round.start_anew()
        self._tell_opened()

    def _tell_opened(self) -> None:
        self.changed.emit()
        if self.round.opened is not None:
            self.case_opened.emit()

    def _open_study(self) -> None:
        from CervixRiskLib.workflow.study_round import StudyRound
        from CervixRiskLib.workflow.work_list import WorkList

        folder, reader = self._ui.folderEdit.currentPath, self._ui.whoBox.currentText
        work_list = WorkList(folder, reader, software=f"3D Slicer {slicer.app.applicationVersion}, CervixRisk")
        opened_round = StudyRound(self._session, work_list, self._keeper, _after_this_event)
        opened_round.told.connect(self._on_round_told)
        self.told.emit("", False)
        # Known from here on: the scene's signals come while it opens.
        self.round = opened_round
        try:
            opened_round.start()
        except BaseException:
            self.round = None
            raise
        self._context.settings.set_text(_FOLDER, folder)
        self._context.settings.set_text(_READER, reader)
        self._after_opening("")

    def _hand_in(self) -> None:
        done = ""
        if not self.round.handed_in:
            receipt = self.round.submit()
            done = _("Case {number} submitted, version {version}.").format(
                number=f"{receipt.number:04d}", version=receipt.version
            )
            if receipt.already_there:
                done = _("Case {number}: this contour was submitted before.").format(number=f"{receipt.number:04d}")
            self.told.emit(done, False)
        self.round.next()
        self._after_opening(done)

    def _after_opening(self, done: str) -> None:
        work_list = self.round.work_list
        self._counts = work_list.progress().words
        if work_list.simulated:
            self._counts += _(" · simulated study")
        if self.round.opened is None:
            rest = _("That was all for today, thank you.")
            self.told.emit(" ".join(part for part in (done, rest, work_list.waiting()) if part), False)
        elif done:
            self.told.emit(done, False)
        self.refresh()
        self._tell_opened()

    def _run(self, work, failed: str) -> None:
        """Do ``work``; a sentence goes into the panel, a fault of the program into a dialog."""
        if self._is_busy:
            # The wait cursor lets events through: a second press of the same key.
            return
        self._is_busy = True
        try:
            with slicer.util.WaitCursor():
                work()
        except CervixRiskError as error:
            self.told.emit(f"{failed} {error}", True)
            self.changed.emit()
        except Exception as error:
            self._context.show_error(error, failed)
            self.changed.emit()
        finally:
            self._is_busy = False

    def _remark(self) -> str:
        if self.round is None or self.round.opened is None or not self.round.opened.remark:
            return ""
        return _("Returned to you: “{remark}”").format(remark=self.round.opened.remark)

    def _on_folder(self, *_args) -> None:
        self._typing.start()

    def _show_readers(self) -> None:
        """Who reads in the study of this folder; the names are there as soon as the folder is a study."""
        folder = self._ui.folderEdit.currentPath
        if folder == self._known_folder:
            return
        self._known_folder = folder
        names, problem = (), ""
        if folder:
            try:
                names = self._readers(folder)
            except CervixRiskError as error:
                problem = str(error)
        box = self._ui.whoBox
        box.blockSignals(True)
        box.clear()
        for name in names:
            box.addItem(name)
        box.setCurrentIndex(box.findText(self._context.settings.text(_READER)))
        box.blockSignals(False)
        self.told.emit(problem, True)
        self.refresh()

    def _readers(self, folder: str):
        from CervixRiskLib.workflow.work_list import study_readers

        try:
            with slicer.util.WaitCursor():
                return study_readers(folder)
        except MissingComponentError:
            if not offer_study_packages():
                raise
        with slicer.util.WaitCursor():
            return study_readers(folder)

    def _on_start(self, *_args) -> None:
        self.start()

    def _on_leave(self, *_args) -> None:
        self.leave()

    def _on_round_told(self, sentence: str) -> None:
        self.told.emit(sentence, False)

    def _on_image(self) -> None:
        """The scene was closed over the case: it comes back, for the study is still open."""
        if self.is_lost and self._session.volume is None:
            qt.QTimer.singleShot(0, self._bring_back)
        elif self.is_lost:
            self.changed.emit()

    def _bring_back(self) -> None:
        if self.is_lost and self._session.volume is None:
            self.reopen()
            self.told.emit(
                _("The study is still open, so its case is back. Leave the study to open other scenes."), False
            )


def _after_this_event(act) -> None:
    qt.QTimer.singleShot(0, act)
