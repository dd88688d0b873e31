"""What is found out about an answer after it has come: other readers' contours, and the contour moved by a pixel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import CervixRiskError
from .contour_sensitivity import SensitivityRun
from .reader_comparison import ReaderComparison
from .signal import Signal

if TYPE_CHECKING:
    from .case_answer import CaseAnswer
    from .case_session import CaseSession
    from .questions import Questions


class AnswerChecks:
    """The background questions about a session's answer: begun by :meth:`begin`, dropped when the answer goes.

    A question of the person interrupts them; when nothing else is under way they go on.

    Attributes
    ----------
    changed
        Signal without arguments: something more is known, or there is nothing to know any more.
    readers, sensitivity
        ``None`` before they have begun.
    """

    def __init__(self, session: CaseSession, questions: Questions) -> None:
        self.changed = Signal()
        self.readers: ReaderComparison | None = None
        self.sensitivity: SensitivityRun | None = None
        self._session = session
        self._questions = questions
        self._answer: CaseAnswer | None = None
        session.answer_changed.connect(self._drop_another)
        questions.changed.connect(self._go_on)

    def begin(self) -> None:
        """Ask about the session's answer, unless that was begun, or there is none that is still the case's."""
        session, answer = self._session, self._session.answer
        if answer is None or answer is self._answer or session.answer_is_stale or session.blinded:
            return
        if answer.bundle != session.bundle or not answer.study.needs_roi:
            # The answer of a loaded scene, whose model is not at hand; or a model that looks at no contour.
            return
        self.drop()
        try:
            case = session.case_input()
        except CervixRiskError:
            # What was asked cannot be asked again; the step that asks says why.
            return
        drawn = "" if case.roi is None else case.roi.mask_hash
        if not answer.prediction.mask_hash or drawn != answer.prediction.mask_hash:
            return
        self._answer = answer
        self.readers = ReaderComparison(self._questions, session, case, answer)
        self.sensitivity = SensitivityRun(self._questions, case, answer)
        self.readers.changed.connect(self._on_readers)
        self.sensitivity.changed.connect(self.changed.emit)
        self.readers.start()
        self.changed.emit()

    def drop(self) -> None:
        """Ask nothing more, and forget what is known."""
        readers, sensitivity = self.readers, self.sensitivity
        self._answer = self.readers = self.sensitivity = None
        for run in (readers, sensitivity):
            if run is not None:
                run.stop()
        if readers is not None:
            self.changed.emit()

    def close(self) -> None:
        self.drop()
        self._session.answer_changed.disconnect(self._drop_another)
        self._questions.changed.disconnect(self._go_on)

    def _drop_another(self) -> None:
        if self._session.answer is not self._answer or self._session.answer_is_stale:
            self.drop()

    def _on_readers(self) -> None:
        readers, sensitivity = self.readers, self.sensitivity
        if readers is not None and sensitivity is not None and readers.ended and not sensitivity.begun:
            sensitivity.start()
        self.changed.emit()

    def _go_on(self) -> None:
        if self._questions.busy:
            return
        for run in (self.readers, self.sensitivity):
            if run is not None and run.interrupted:
                run.start()
                return
