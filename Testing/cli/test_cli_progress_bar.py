"""Ctrl-C asks for a stop at the next step, twice stops at once; a log gets lines, not bars."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from CervixRiskLib.cli.interrupts import interrupted, remembered_interrupts
from CervixRiskLib.cli.progress_bar import ProgressBar
from CervixRiskLib.errors import Cancelled, CohortError

ROOT = Path(__file__).resolve().parents[2]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """Interrupts are heard, also where the tests themselves run as a background job, which ignores them."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def _interrupt() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(0.01)  # the handler runs between two instructions of this thread


def test_the_first_interrupt_stops_at_the_next_step() -> None:
    done = []
    with pytest.raises(Cancelled), ProgressBar() as progress, progress.task("Work", total=9) as task:  # noqa: PT012
        for step in range(9):
            if step == 2:
                _interrupt()
            done.append(step)
            task.advance()
    assert done == [0, 1, 2]


def test_the_second_interrupt_stops_at_once() -> None:
    with pytest.raises(KeyboardInterrupt), ProgressBar():  # noqa: PT012
        _interrupt()
        _interrupt()


def test_the_handler_of_before_comes_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with ProgressBar():
        assert signal.getsignal(signal.SIGINT) != before
    assert signal.getsignal(signal.SIGINT) == before


def test_workers_that_die_of_the_interrupt_are_a_stop() -> None:
    with pytest.raises(Cancelled), ProgressBar():  # noqa: PT012
        _interrupt()
        raise RuntimeError("a worker has died")


def test_the_mistake_of_an_interrupt_is_a_stop() -> None:
    """Workers that Ctrl-C has ended are told as ended by the system, for lack of memory."""
    with pytest.raises(Cancelled), ProgressBar():  # noqa: PT012
        _interrupt()
        raise CohortError("A worker process was ended by the system.")


def test_an_interrupt_that_a_package_swallows_still_stops() -> None:
    done = []
    with remembered_interrupts():
        with suppress(KeyboardInterrupt):
            _interrupt()
        with pytest.raises(Cancelled), ProgressBar() as progress, progress.task("Work", total=9) as task:  # noqa: PT012
            for step in range(9):
                done.append(step)
                task.advance()
    assert len(done) <= 1
    assert not interrupted()


def test_a_background_job_goes_on_ignoring_interrupts() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with remembered_interrupts(), ProgressBar() as progress:
            _interrupt()
            assert not progress.cancelled()
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_mistake_stays_a_mistake() -> None:
    with pytest.raises(CohortError), ProgressBar():
        raise CohortError("x")


def test_a_log_gets_lines(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressBar() as progress, progress.task("Work", total=3) as task:
        for _ in range(3):
            task.advance()
    assert capsys.readouterr().err == "Work (3) …\n"


def test_a_screen_gets_a_bar(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    monkeypatch.setenv("TERM", "xterm")
    with ProgressBar() as progress:  # noqa: SIM117
        with progress.task("Outer", total=2) as outer, progress.task("Inner [x]") as inner:
            inner.advance(detail="one [y]")
            outer.advance()
            time.sleep(0.2)
    text = capsys.readouterr().err
    assert "Outer" in text
    assert "Inner [x]" in text


def test_a_stopped_command(tmp_path: Path) -> None:
    """130, a sentence, and nothing that a later run would take for finished."""
    process = subprocess.Popen(
        [sys.executable, "-m", "CervixRiskLib.cli", "simulate", "ultrasound", "many", "--cases", "5000", "--jobs", "1"],
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert process.stderr is not None
    assert process.stderr.readline().startswith("Simulating")
    time.sleep(1.0)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert errors.strip().endswith("Stopped on request; nothing half-written is left behind.")
    assert not (tmp_path / "many" / "cohort.csv").exists()
    assert not list(tmp_path.rglob("*.partial*"))
