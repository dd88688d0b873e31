"""From a question to its answer in the case: which model, what it lacks, loading it, asking, and what went wrong."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path

from ..errors import CervixRiskError
from ..scene.volume_origin import node_modality
from ..worker import FailureKind, StudyFacts, Ticket, WorkerAnswer, WorkerFailure
from .ask_readiness import BUSY, AskReadiness, readiness
from .asked_case import AskedCase
from .case_answer import CaseAnswer
from .case_session import CaseSession
from .heat_map_choice import heat_map_methods
from .model_entry import ModelEntry
from .model_shelf import ModelShelf
from .questions import Questions
from .signal import Signal
from .study_questions import QUESTIONS

_CHANGED = "The case was changed while the model was answering, so the answer was not shown: ask again."

_REPLACED = "The model's file was replaced by a model for another question, so its answer was not shown: open it again."

_RENEWED = "The model's file was replaced while it was asked, so its answer was not shown: ask again."


class Asking:
    """One question at a time about the session's case.

    Parameters
    ----------
    lacking
        A sentence on what a model needs and is not installed; empty when all is there.
    obstacle
        The same, where it will not be offered for installation any more.

    Attributes
    ----------
    model
        The chosen one, ``None`` where the shelf is empty.
    note
        A sentence for the person on what happened last; may be empty.
    failure
        Why the last question or loading has no result; ``None`` when it has, or was stopped.
    task
        What was asked last; empty before.
    heat_map_method
        How heat maps are made where the model offers a choice; ``""`` as it does by itself.
    changed
        Signal without arguments: any of the above; how a question gets on is told by ``questions``.
    answered
        Signal without arguments: an answer came into the case.
    """

    def __init__(
        self,
        session: CaseSession,
        shelf: ModelShelf,
        questions: Questions,
        *,
        lacking: Callable[[ModelEntry], str] = lambda _model: "",
        obstacle: Callable[[ModelEntry], str] = lambda _model: "",
    ) -> None:
        self.session = session
        self.shelf = shelf
        self.questions = questions
        self.model: ModelEntry | None = None
        self.note = ""
        self.failure: WorkerFailure | None = None
        self.task = ""
        self.heat_map_method = ""
        self.changed = Signal()
        self.answered = Signal()
        self._lacking = lacking
        self._obstacle = obstacle
        self._loading: tuple[Ticket, Path] | None = None
        self._loaded_hash = ""
        self._asked: Ticket | None = None
        self._wanted = ""
        self._volume = session.volume
        session.image_changed.connect(self._on_image)
        session.reading_changed.connect(self._on_reading)

    # The model.

    def choose(self, path: Path) -> None:
        """Take the model at ``path`` for the next question and, when nothing is missing for it, load it now."""
        model = self.shelf.remember(path)
        self.failure, self.note = None, model.problem
        if not model.problem:
            self._take(model)
            self.prepare()
        self.changed.emit()

    def take_remembered(self) -> None:
        """Take the model that was used last, or the first of the shelf, or the chosen one as its file is now; nothing
        is loaded.
        """
        if self.model is not None:
            before, now = self.model, self._as_it_is_now(self.model)
            if before.problem or now.problem:
                self.note = now.problem
        else:
            first = next((entry for entry in self.shelf.entries() if not entry.problem), None)
            if first is not None:
                self._take(first)
            self.changed.emit()

    def model_for(self, task: str) -> ModelEntry | None:
        """The chosen model if it answers ``task``, else the only one on the shelf that does."""
        if self.model is not None and self.model.task == task:
            return self.model
        others = self.shelf.of_task(task)
        return others[0] if len(others) == 1 else None

    @property
    def loaded(self) -> bool:
        """The chosen model is loaded."""
        return (
            self.model is not None
            and self.session.facts is not None
            and self.session.bundle == self.model.path
            and self._loaded_hash == self.model.hash
        )

    def prepare(self) -> None:
        """Load the chosen model, unless it is loaded or being loaded, something it needs is missing, or a round is
        open.
        """
        model = self.model
        if model is None or self.loaded or self.session.blinded or self._lacking(model):
            return
        if self._loading is not None and self._loading[1] == model.path:
            return
        loading = partial(self._on_prepared, model)
        ticket = self.questions.prepare(
            model.path, on_prepared=loading, on_failure=partial(self._on_not_loaded, model.path), title=model.title
        )
        self._loading = (ticket, model.path)

    # The question.

    @property
    def asking(self) -> bool:
        """An answer is on its way."""
        return bool(self._wanted) or self._asked is not None

    @property
    def loading(self) -> bool:
        """A model is being loaded."""
        return self._loading is not None

    def readiness(self, task: str) -> AskReadiness:
        """Whether ``task`` can be asked now; see :func:`~.ask_readiness.readiness`."""
        model = self.model_for(task)
        lacking = "" if model is None or model.problem else self._obstacle(model)
        offered = len(self.shelf.of_task(task))
        return readiness(self.session, task, model, offered=offered, busy=self.asking, lacking=lacking)

    def ask(self, task: str) -> None:
        """Ask, with the model of that task; what stands in the way becomes the note."""
        model = self.model_for(task)
        if model is not None:
            model = self._as_it_is_now(model)
        ready = self.readiness(task)
        self.failure, self.note = None, ""
        lacking = "" if model is None else model.problem
        if model is not None and ready.enabled:
            lacking = lacking or self._lacking(model)
        if not ready.enabled or model is None or lacking:
            self.note = lacking or ready.sentence
            self.changed.emit()
            return
        if model is not self.model:
            self._take(model)
            self.note = f"Took {model.title}, the model for this question."
        self.task = self._wanted = task
        self.shelf.remember(model.path)
        facts = self.session.facts
        if self.loaded and facts is not None:
            self._send(model, facts)
        else:
            self.prepare()
        self.changed.emit()

    def ask_again(self) -> None:
        """Ask what was asked last, or try to load the model again when that failed."""
        if self.task:
            self.ask(self.task)
        else:
            self.failure, self.note = None, ""
            self.prepare()
            self.changed.emit()

    def cancel(self) -> None:
        """Stop; an answer that is there already stays."""
        self._wanted = ""
        if self._asked is not None:
            self.questions.cancel(self._asked)
        elif self._loading is not None:
            self.questions.cancel(self._loading[0])

    def set_force_cpu(self, force_cpu: bool) -> None:
        """Keep away from graphics cards; the program is started anew and the model loaded again."""
        if force_cpu == self.questions.force_cpu:
            return
        had = self.loaded
        self.questions.set_force_cpu(force_cpu)
        if had:
            self.session.set_study(None, None)
            self.prepare()
        self.changed.emit()

    def close(self) -> None:
        """Hear nothing any more."""
        self.session.image_changed.disconnect(self._on_image)
        self.session.reading_changed.disconnect(self._on_reading)

    def _as_it_is_now(self, model: ModelEntry) -> ModelEntry:
        """``model``, or what its file has been replaced by since it was looked at."""
        now = self.shelf.entry(model.path)
        if now != model:
            self.shelf.look_again()
            if model is self.model:
                self._take(now)
        return now

    def _take(self, model: ModelEntry) -> None:
        self.model = model
        if self.session.bundle is not None and not self.loaded:
            self.session.set_study(None, None)
        self.session.set_channels(model.channels)

    def _on_prepared(self, model: ModelEntry, facts: StudyFacts) -> None:
        if self._loading is not None and self._loading[1] == model.path:
            self._loading = None
        if model is not self.model:  # another was chosen meanwhile, or its file was replaced
            if self._wanted:
                self.prepare()
            self.changed.emit()
            return
        self._loaded_hash = model.hash
        self.session.set_study(model.path, facts)
        if self._wanted:
            # What the model asks for is known only now.
            task, self._wanted = self._wanted, ""
            ready = self.readiness(task)
            if ready.enabled:
                self._wanted = task
                self._send(model, facts)
            else:
                self.note = ready.sentence
        self.changed.emit()

    def _send(self, model: ModelEntry, facts: StudyFacts) -> None:
        task, self._wanted = self._wanted, ""
        try:
            asked = AskedCase(self.session)
        except CervixRiskError as error:
            self.note = str(error)
            return
        self._asked = self.questions.ask(
            asked.case,
            model.path,
            on_answer=partial(self._on_answer, asked, model, facts),
            on_failure=partial(self._on_no_answer, asked),
            heat_map_method=self.heat_map_method if self.heat_map_method in heat_map_methods(task) else "",
            title=QUESTIONS[task].title,
        )

    def _on_answer(self, asked: AskedCase, model: ModelEntry, facts: StudyFacts, answer: WorkerAnswer) -> None:
        self._asked = None
        holds = asked.still_holds()
        asked.forget()
        if answer.prediction.task != model.task:
            # What is known of the model is that of the file before.
            self.session.set_study(None, None)
            self.note = _REPLACED
        elif answer.prediction.bundle_hash != model.hash:
            self.session.set_study(None, None)
            self._as_it_is_now(model)
            self.note = _RENEWED
        elif not holds:
            self.note = _CHANGED
        else:
            shown = CaseAnswer(answer.prediction, facts, model.path, asked.choice, answer.processor, answer.seconds)
            try:
                self.session.show_answer(shown)
            except CervixRiskError as error:
                self.note = str(error)
            else:
                # A second click while it was asked said so.
                self.note = "" if self.note == BUSY else self.note
                self.answered.emit()
        self.changed.emit()

    def _on_no_answer(self, asked: AskedCase, failure: WorkerFailure) -> None:
        asked.forget()
        self._asked = None
        self._tell(failure)

    def _on_not_loaded(self, path: Path, failure: WorkerFailure) -> None:
        if self._loading is not None and self._loading[1] == path:
            self._loading = None
        self._tell(failure)

    def _tell(self, failure: WorkerFailure) -> None:
        self._wanted = ""
        if failure.kind is FailureKind.CANCELLED:
            self.note = "Stopped. What was there before is unchanged."
        else:
            self.failure, self.note = failure, failure.sentence
        self.changed.emit()

    def _on_image(self) -> None:
        if self.session.volume is not self._volume:
            self._volume = self.session.volume
            if self.asking:
                self.cancel()
            self.failure, self.note = None, ""
            self._fit_to_image()
            self.changed.emit()

    def _fit_to_image(self) -> None:
        """Take the model for this kind of image, where there is no doubt which."""
        modality = None if self._volume is None else node_modality(self._volume)
        for task, question in QUESTIONS.items():
            model = self.model_for(task) if question.modality == modality else None
            if model is not None and model is not self.model:
                self._take(model)

    def _on_reading(self) -> None:
        if self.session.blinded and self.asking:
            self.cancel()
        self.changed.emit()
