"""Questions to a real child process, heard by polling as a panel's timer does."""

from __future__ import annotations

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.bundle import CaseInput
from CervixRiskLib.errors import MissingComponentError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.worker import FailureKind
from CervixRiskLib.workflow.questions import Questions


class Heard:
    """Writes down how a question ended."""

    def __init__(self) -> None:
        self.ends: list[Any] = []
        self.failures: list[Any] = []

    @property
    def callbacks(self) -> dict[str, Callable[[Any], None]]:
        return {"on_answer": self.ends.append, "on_failure": self.failures.append}

    @property
    def ended(self) -> bool:
        return bool(self.ends or self.failures)


@pytest.fixture
def questions(fake_worker: Any) -> Iterator[Questions]:
    asked = Questions(fake_worker)
    yield asked
    asked.close()


@pytest.fixture
def model(write_model: Any) -> Path:
    return write_model()


def case(name: str = "case") -> CaseInput:
    mask = np.zeros((40, 30), bool)
    mask[10:20, 10:20] = True
    return CaseInput(name, SliceImage(np.ones((40, 30))), Roi(mask, None))


def wait(questions: Questions, until: Callable[[], bool], seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not until():
        assert time.monotonic() < deadline, "no end"
        questions.poll()
        time.sleep(0.002)


def test_prepared_asked_and_answered(questions: Questions, model: Path) -> None:
    facts: list[Any] = []
    heard = Heard()
    assert not questions.busy
    assert questions.progress is None
    questions.prepare(model, on_prepared=facts.append, on_failure=heard.failures.append, title="Loading")
    assert questions.busy
    progress = questions.progress
    assert progress is not None
    assert progress.title == "Loading"
    questions.ask(case(), model, title="Lymph nodes", **heard.callbacks)
    wait(questions, lambda: heard.ended)
    assert heard.failures == []
    assert facts[0].manifest.training.cases == 168
    assert heard.ends[0].prediction.score == 100
    assert heard.ends[0].prediction.heatmap.shape == (40, 30)
    assert not questions.busy
    assert questions.last_log() == ""


def test_no_poll_waits_and_progress_is_told(questions: Questions, model: Path) -> None:
    heard, told, polls = Heard(), [], []
    changes: list[int] = []
    questions.changed.connect(lambda: changes.append(1))
    questions.ask(case("steps"), model, title="Lymph nodes", **heard.callbacks)
    while not heard.ended:
        began = time.perf_counter()
        questions.poll()
        polls.append(time.perf_counter() - began)
        if questions.progress is not None:
            told.append(questions.progress)
        time.sleep(0.005)
    # Two may fall on a pause that the operating system makes.
    assert sorted(polls)[-3] < 0.05
    assert {"Starting the prediction program", "Answering"} <= {progress.description for progress in told}
    last = [progress for progress in told if progress.description == "Answering"][-1]
    assert (last.title, last.total) == ("Lymph nodes", 5)
    assert last.detail in ("score", "map")
    assert 0.3 < last.seconds < 20
    assert len(changes) > 5


@pytest.mark.parametrize(
    ("name", "kind", "words"),
    [
        ("killed", FailureKind.OUT_OF_MEMORY, "memory ran out"),
        ("crash", FailureKind.CRASHED, "ended unexpectedly"),
        ("memory", FailureKind.OUT_OF_MEMORY, "memory was not enough"),
        ("refuse", FailureKind.REFUSED, "too small"),
        ("fault", FailureKind.FAULT, "KeyError"),
    ],
)
def test_a_failure_is_told_and_the_next_question_answered(
    questions: Questions, model: Path, name: str, kind: FailureKind, words: str
) -> None:
    failed, after = Heard(), Heard()
    questions.ask(case(name), model, **failed.callbacks)
    wait(questions, lambda: failed.ended)
    assert failed.failures[0].kind is kind
    assert words in failed.failures[0].sentence
    assert kind.value in questions.last_log()
    assert ("too small" in questions.last_log()) is False
    assert "patient" not in questions.last_log()
    questions.ask(case(), model, **after.callbacks)
    wait(questions, lambda: after.ended)
    assert len(after.ends) == 1


def test_the_time_limit_ends_the_program(questions: Questions, model: Path) -> None:
    heard = Heard()
    questions.ask(case("hang"), model, timeout=0.5, **heard.callbacks)
    wait(questions, lambda: heard.ended)
    assert heard.failures[0].kind is FailureKind.TIMED_OUT


def test_what_is_under_way_is_cancelled_and_the_next_goes_on(questions: Questions, model: Path) -> None:
    first, second = Heard(), Heard()
    questions.ask(case("hang"), model, **first.callbacks)
    questions.ask(case(), model, **second.callbacks)
    for _ in range(20):
        questions.poll()
    questions.cancel()
    wait(questions, lambda: second.ended)
    assert first.failures[0].kind is FailureKind.CANCELLED
    assert len(second.ends) == 1
    assert questions.last_log() == ""


def test_everything_is_cancelled(questions: Questions, model: Path) -> None:
    first, second = Heard(), Heard()
    questions.ask(case("hang"), model, **first.callbacks)
    questions.ask(case(), model, **second.callbacks)
    questions.cancel_all()
    wait(questions, lambda: not questions.busy)
    assert [heard.failures[0].kind for heard in (first, second)] == [FailureKind.CANCELLED] * 2


def test_background_questions_give_way_and_show_nothing(questions: Questions, model: Path) -> None:
    background, own = Heard(), Heard()
    questions.ask(case("hang"), model, background=True, **background.callbacks)
    assert questions.progress is None
    assert questions.busy
    questions.cancel()
    questions.ask(case(), model, title="Own", **own.callbacks)
    assert questions.progress is not None
    assert questions.progress.title == "Own"
    wait(questions, lambda: own.ended)
    assert background.failures[0].kind is FailureKind.CANCELLED
    assert len(own.ends) == 1


def test_another_processor_is_another_program(questions: Questions, model: Path) -> None:
    facts: list[Any] = []
    heard = Heard()
    questions.ask(case(), model, **heard.callbacks)
    wait(questions, lambda: heard.ended)
    before = heard.ends[0].prediction.contributions[0].value
    waiting = Heard()
    questions.ask(case("hang"), model, **waiting.callbacks)
    began = time.perf_counter()
    questions.set_force_cpu(True)
    assert time.perf_counter() - began < 0.05
    questions.set_force_cpu(True)
    questions.prepare(model, on_prepared=facts.append, on_failure=heard.failures.append)
    questions.ask(case(), model, **heard.callbacks)
    wait(questions, lambda: len(heard.ends) == 2)
    assert waiting.failures[0].kind is FailureKind.CANCELLED
    assert heard.ends[1].prediction.contributions[0].value != before
    assert facts[0].processor == "Computed on cpu."
    assert questions.force_cpu


def test_an_error_of_one_asker_does_not_swallow_the_others(questions: Questions, model: Path) -> None:
    heard = Heard()

    def spoil(_answer: Any) -> None:
        raise ValueError("of the asker")

    questions.ask(case(), model, on_answer=spoil, on_failure=heard.failures.append)
    questions.ask(case(), model, **heard.callbacks)
    deadline = time.monotonic() + 20
    raised = 0
    while not heard.ended and time.monotonic() < deadline:
        # Both may be heard by the same poll.
        time.sleep(0.3)
        try:
            questions.poll()
        except ValueError:
            raised += 1
    assert (raised, len(heard.ends)) == (1, 1)


def test_without_a_python_the_question_ends_in_a_sentence(model: Path) -> None:
    def none(force_cpu: bool) -> Any:
        raise MissingComponentError("PythonSlicer was not found.")

    questions, heard = Questions(none), Heard()
    questions.ask(case(), model, **heard.callbacks)
    assert not heard.ended
    assert questions.busy
    questions.poll()
    assert heard.failures[0].kind is FailureKind.NOT_STARTED
    assert heard.failures[0].sentence == "PythonSlicer was not found."
    assert not questions.busy
    questions.close()
    with pytest.raises(RuntimeError, match="closed"):
        questions.ask(case(), model, **heard.callbacks)


@pytest.mark.skipif(sys.platform == "win32", reason="needs usleep")
def test_answers_come_while_the_owner_holds_pythons_lock(questions: Questions, model: Path) -> None:
    """As in Slicer, whose main thread lets go of the lock only while its Python code runs."""
    hold = ctypes.PyDLL(None).usleep  # a C call that keeps the lock
    heard = Heard()
    seconds = []
    for _ in range(4):
        heard = Heard()
        began = time.perf_counter()
        questions.ask(case(), model, **heard.callbacks)
        while not heard.ended:
            hold(20_000)
            questions.poll()
        assert heard.failures == []
        seconds.append(time.perf_counter() - began)
    # The first starts the program. A loaded machine takes a multiple of the usual 0.05 s.
    assert min(seconds[1:]) < 0.4
