"""How long work reports and stops."""

from __future__ import annotations

import pytest

from CervixRiskLib.errors import Cancelled, CervixRiskError
from CervixRiskLib.progress import SILENT, Progress, Task


class Recorder(Progress):
    """Writes down what it is told; cancels after a number of updates."""

    def __init__(self, cancel_after: int | None = None) -> None:
        self.events: list[tuple[str, str, int, str]] = []
        self.cancel_after = cancel_after

    def cancelled(self) -> bool:
        updates = sum(kind == "update" for kind, *_ in self.events)
        return self.cancel_after is not None and updates >= self.cancel_after

    def _note(self, kind: str, task: Task) -> None:
        self.events.append((kind, task.description, task.done, task.detail))

    def _begin(self, task: Task) -> None:
        self._note("begin", task)

    def _update(self, task: Task) -> None:
        self._note("update", task)

    def _end(self, task: Task) -> None:
        self._note("end", task)


def test_a_task_tells_its_steps() -> None:
    recorder = Recorder()
    with recorder.task("Work", total=3) as task:
        task.advance()
        task.advance(2, detail="last")
        assert task.total == 3
    assert recorder.events == [
        ("begin", "Work", 0, ""),
        ("update", "Work", 1, ""),
        ("update", "Work", 3, "last"),
        ("end", "Work", 3, "last"),
    ]


def test_cancelling_stops_at_the_next_step_and_ends_the_task() -> None:
    recorder = Recorder(cancel_after=2)
    done = []
    with pytest.raises(Cancelled), recorder.task("Work") as task:  # noqa: PT012
        for step in range(10):
            done.append(step)
            task.advance()
    assert done == [0, 1]
    assert recorder.events[-1][0] == "end"


def test_cancelling_stops_nested_tasks() -> None:
    recorder = Recorder(cancel_after=1)
    with pytest.raises(Cancelled), recorder.task("Outer"), recorder.task("Inner") as inner:
        inner.advance()
    assert [name for kind, name, *_ in recorder.events if kind == "end"] == ["Inner", "Outer"]


def test_a_task_does_not_begin_once_cancelled() -> None:
    with pytest.raises(Cancelled), Recorder(cancel_after=0).task("Work"):
        pytest.fail("the work began")


def test_an_error_inside_ends_the_task_and_goes_on() -> None:
    recorder = Recorder()
    with pytest.raises(ValueError, match="bad"), recorder.task("Work"):
        raise ValueError("bad")
    assert recorder.events[-1][0] == "end"


def test_silence_counts_and_never_cancels() -> None:
    with SILENT.task("Work", total=1) as task:
        for _ in range(1000):
            task.advance()
    assert task.done == 1000
    assert not SILENT.cancelled()


def test_cancelled_is_a_choice_and_not_an_error_to_mend() -> None:
    assert not issubclass(Cancelled, CervixRiskError)
