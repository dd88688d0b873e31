"""Step 3, Ask: which model, what computes, the two questions, how far the answer is, and why there is none."""

from pathlib import Path

import qt
import slicer
from slicer.i18n import tr as _

from CervixRiskLib.scene.volume_origin import node_modality
from CervixRiskLib.workflow.asking import Asking
from CervixRiskLib.workflow.model_shelf import ModelShelf
from CervixRiskLib.workflow.model_words import SIMULATED, model_words, processor_words
from CervixRiskLib.workflow.signal import Signal
from CervixRiskLib.workflow.study_questions import QUESTIONS

from .ask_progress import AskProgress
from .child_python import make_worker
from .dependencies import Dependencies
from .shortcuts import Shortcuts

__all__ = ["AskStep", "make_worker"]

_RECENT, _FORCE_CPU, _HEAT_MAP = "ask/recentModels", "ask/forceCpu", "ask/heatMapMethod"
_SAMPLES = "SampleData"


class AskStep:
    """Binds the widgets of ``AskStep.ui`` to :class:`~CervixRiskLib.workflow.asking.Asking`.

    Attributes
    ----------
    widget
        Of the step.
    summary_changed
        Signal without arguments: :meth:`summary` says something else.
    """

    def __init__(self, context, dependencies=None) -> None:
        self.context = context
        self.summary_changed = Signal()
        self.widget = slicer.util.loadUI(context.resource("UI/AskStep.ui"))
        self.ui = slicer.util.childWidgetVariables(self.widget)
        self.dependencies = dependencies or Dependencies(context.resource("requirements.txt"))
        settings = context.settings
        context.questions.set_force_cpu(settings.flag(_FORCE_CPU))
        shelf = ModelShelf([context.resource(_SAMPLES)], settings.text(_RECENT).split("\n"))
        self.asking = Asking(
            context.session,
            shelf,
            context.questions,
            lacking=self.dependencies.sentence,
            obstacle=self.dependencies.obstacle,
        )
        self._buttons = {"plnm": self.ui.plnmButton, "staging": self.ui.stagingButton}
        self._progress = AskProgress(self.ui, context.questions, self.asking)
        self._entered = False
        self._filling = False
        self._installing = False
        self._connect()
        context.choose_model = self.choose
        context.ask_again = self.ask_again
        context.set_heat_map_method = self._on_heat_map_method
        self.asking.heat_map_method = settings.text(_HEAT_MAP)
        self.asking.take_remembered()
        self.refresh()

    def _connect(self) -> None:
        ui, session = self.ui, self.context.session
        for text, forced in ((_("Automatic"), False), (_("CPU only"), True)):
            ui.processorBox.addItem(text, forced)
        ui.processorBox.currentIndex = 1 if self.context.questions.force_cpu else 0
        ui.modelBox.currentIndexChanged.connect(self._on_model)
        ui.processorBox.currentIndexChanged.connect(self._on_processor)
        ui.openButton.clicked.connect(self._on_open)
        ui.plnmButton.clicked.connect(self._on_plnm)
        ui.stagingButton.clicked.connect(self._on_staging)
        ui.cancelButton.clicked.connect(self._on_cancel)
        ui.retryButton.clicked.connect(self._on_retry)
        ui.installButton.clicked.connect(self._on_install)
        ui.detailsButton.toggled.connect(self._on_details)
        self._shortcuts = Shortcuts({"Ctrl+G": self._on_shortcut})
        self._signals = (
            session.image_changed,
            session.contour_changed,
            session.clinical_changed,
            session.study_changed,
            session.reading_changed,
            self.asking.changed,
        )
        for signal in self._signals:
            signal.connect(self.refresh)
        session.image_changed.connect(self._prepare)
        self.asking.answered.connect(self._on_answered)

    def enter(self) -> None:
        """The person comes to the module: look what is installed, and load the model used last for an open image."""
        self._entered = True
        self._shortcuts.install()
        self.dependencies.look_again()
        self.asking.shelf.look_again()
        self.asking.take_remembered()
        self._prepare()
        self.refresh()

    def exit(self) -> None:
        """The person goes to another module; what was asked goes on."""
        self._entered = False
        self._shortcuts.remove()

    def close(self) -> None:
        """Hear nothing any more."""
        for signal in self._signals:
            signal.disconnect(self.refresh)
        self.context.session.image_changed.disconnect(self._prepare)
        self.asking.answered.disconnect(self._on_answered)
        self._progress.close()
        self.asking.close()
        self._shortcuts.remove()

    def summary(self) -> str:
        """Beside the step's name."""
        if self.asking.asking:
            return _("answering…")
        if self.asking.loading:
            return _("loading the model…")
        return self.asking.model.title if self.asking.model is not None else _("no model")

    def choose(self, path) -> None:
        """Take the model at ``path`` for the next question."""
        self.asking.choose(Path(path))
        self._remember()

    def ask(self, task: str) -> None:
        """Ask ``"plnm"`` or ``"staging"``; what is missing is offered for installation first, once."""
        if self._installing:
            return
        model = self.asking.model_for(task)
        if model is not None and self.asking.readiness(task).enabled and self.dependencies.lacking(model):
            self._install(model)
        self.asking.ask(task)
        self._remember()

    def ask_again(self) -> None:
        """Ask what was asked last, or what the answer of an opened scene answers."""
        answer = self.context.session.answer
        task = self.asking.task or ("" if answer is None else answer.prediction.task)
        if task:
            self.ask(task)

    def _on_heat_map_method(self, method) -> None:
        self.asking.heat_map_method = method
        self.context.settings.set_text(_HEAT_MAP, method)

    def refresh(self) -> None:
        """Show everything as it is now, beside the progress."""
        self._show_models()
        self._show_questions()
        self._show_message()
        self._progress.show()
        self.summary_changed.emit()

    def _show_models(self) -> None:
        ui, entries, model = self.ui, self.asking.shelf.entries(), self.asking.model
        rows = [(entry.title, str(entry.path), entry.problem or _task_title(entry)) for entry in entries]
        box = ui.modelBox
        shown = [(box.itemText(row), box.itemData(row)) for row in range(box.count)]
        self._filling = True
        try:
            if shown != [row[:2] for row in rows]:
                box.clear()
                for row, (title, path, tip) in enumerate(rows):
                    box.addItem(title, path)
                    box.setItemData(row, tip, qt.Qt.ToolTipRole)
            box.currentIndex = -1 if model is None else box.findData(str(model.path))
        finally:
            self._filling = False
        box.enabled = bool(rows) and not self.asking.asking
        ui.openButton.enabled = not self.asking.asking
        facts = self.context.session.facts if self.asking.loaded else None
        if facts is not None:
            ui.modelLine.text = model_words(facts)
        elif model is None:
            ui.modelLine.text = _("Open a model of your department, or a sample in step 1, which brings a demo model.")
        else:
            ui.modelLine.text = f"{_task_title(model)}. {SIMULATED if model.simulated else ''}".strip()
        ui.processorLine.text = "" if facts is None else processor_words(facts)
        ui.processorLine.visible = facts is not None

    def _show_questions(self) -> None:
        hints = []
        for task, button in self._buttons.items():
            ready = self.asking.readiness(task)
            button.enabled = ready.enabled
            button.toolTip = f"{ready.sentence} (Ctrl+G)" if ready.enabled else ready.sentence
            font = button.font
            font.setBold(ready.enabled)
            button.font = font
            if not ready.enabled and ready.sentence not in hints:
                hints.append(ready.sentence)
        self.ui.hintLine.text = "" if self.asking.asking else "\n".join(hints)
        self.ui.hintLine.visible = bool(self.ui.hintLine.text)

    def _show_message(self) -> None:
        ui, asking = self.ui, self.asking
        note = "" if asking.note in ui.hintLine.text else asking.note
        model = asking.model
        obstacle = "" if model is None else self.dependencies.obstacle(model)
        installable = bool(obstacle) and self.dependencies.can_install(model)
        details = asking.failure.details if asking.failure is not None else ""
        if obstacle:
            details = self.dependencies.details or details
        ui.messageLine.text = note
        ui.messageLine.visible = bool(note)
        ui.retryButton.visible = asking.failure is not None
        ui.retryButton.enabled = not asking.asking and not asking.loading
        ui.installButton.visible = installable
        ui.detailsButton.visible = bool(details)
        ui.detailsText.plainText = details
        ui.detailsText.visible = bool(details) and ui.detailsButton.checked
        ui.messagePanel.visible = bool(note) or asking.failure is not None or installable or bool(details)

    def _prepare(self) -> None:
        """Load the model that was used before, once there is an image that it may be asked about."""
        model, volume = self.asking.model, self.context.session.volume
        if not self._entered or model is None or volume is None or str(model.path) not in self.asking.shelf.recent:
            return
        if model.problem:
            # Its file has gone or is damaged by now; the button says so.
            return
        if node_modality(volume) in (None, QUESTIONS[model.task].modality):
            self.asking.prepare()

    def _install(self, model, again: bool = False) -> None:
        self._installing = True
        try:
            if self.dependencies.ensure(model, again):
                # The program that runs has not seen what came.
                self.context.questions.restart()
        finally:
            self._installing = False

    def _remember(self) -> None:
        self.context.settings.set_text(_RECENT, "\n".join(self.asking.shelf.recent))

    def _on_model(self, *_args) -> None:
        if not self._filling and self.ui.modelBox.currentIndex >= 0:
            self.choose(self.ui.modelBox.currentData)

    def _on_processor(self, *_args) -> None:
        forced = self.ui.processorBox.currentIndex == 1
        self.context.settings.set_flag(_FORCE_CPU, forced)
        self.asking.set_force_cpu(forced)

    def _on_open(self, *_args) -> None:
        dialog = qt.QFileDialog(self.context.panel_widget)
        dialog.windowTitle = _("Open a model")
        dialog.setFileMode(qt.QFileDialog.ExistingFile)
        dialog.setNameFilters([_("Models (*.zip bundle.json)")])
        if dialog.exec_() and dialog.selectedFiles():
            chosen = Path(dialog.selectedFiles()[0])
            self.choose(chosen.parent if chosen.name == "bundle.json" else chosen)

    def _on_plnm(self, *_args) -> None:
        self.ask("plnm")

    def _on_staging(self, *_args) -> None:
        self.ask("staging")

    def _on_shortcut(self, *_args) -> None:
        """Ask what can be asked; where both can, the question of the chosen model."""
        ready = [task for task in self._buttons if self.asking.readiness(task).enabled]
        own = self.asking.model.task if self.asking.model is not None else ""
        if own in ready or (own and not ready):
            self.ask(own)
        elif ready:
            self.ask(ready[0])

    def _on_cancel(self, *_args) -> None:
        self.asking.cancel()

    def _on_retry(self, *_args) -> None:
        self.asking.ask_again()

    def _on_install(self, *_args) -> None:
        self._install(self.asking.model, again=True)
        self._prepare()
        self.refresh()

    def _on_details(self, *_args) -> None:
        self._show_message()

    def _on_answered(self) -> None:
        self.context.go_to("answer")


def _task_title(entry) -> str:
    return _("Answers: {question}").format(question=QUESTIONS[entry.task].title) if entry.task else ""
