"""Running tasks here and in worker processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import joblib
import pytest

from CervixRiskLib.cohort.case_scheduling import available_cores, run_tasks
from CervixRiskLib.errors import CohortError, SettingsError


def _threads(_: int) -> tuple[int, str | None]:
    return os.getpid(), os.environ.get("OMP_NUM_THREADS")


def test_few_tasks_start_no_process() -> None:
    assert {pid for _, (pid, _) in run_tasks(_threads, [1, 2, 3], jobs=2)} == {os.getpid()}


def test_workers_have_one_thread_each() -> None:
    variables = ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"] * 2
    done = list(run_tasks(os.getenv, variables, jobs=2))
    assert sorted(done) == list(enumerate(["1"] * 6))


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_workers_leave_interrupts_to_this_process() -> None:
    before = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    done = list(run_tasks(signal.raise_signal, [signal.SIGINT] * 5, jobs=3))
    assert sorted(done) == list(enumerate([None] * 5))
    assert signal.pthread_sigmask(signal.SIG_BLOCK, ()) == before


# A process of its own: idle workers of other tests may be handed over, and a background job ignores interrupts.
_WORKERS = """
import os, signal, time
import joblib
from CervixRiskLib.cohort.case_scheduling import run_tasks

signal.signal(signal.SIGINT, signal.default_int_handler)

def is_blocked(_):
    return signal.SIGINT in signal.pthread_sigmask(signal.SIG_BLOCK, ())

def pid_later(_):
    time.sleep(0.2)  # so that both workers have a task
    return os.getpid()

def pid_despite_interrupt(_):
    signal.raise_signal(signal.SIGINT)
    return pid_later(_)
"""
_OWN = "assert all(blocked for _, blocked in run_tasks(is_blocked, range(4), jobs=2))"
# joblib hands over whatever processes with the same environment are idle.
_OF_OTHERS = """
with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
    started = set(joblib.Parallel(n_jobs=2)(joblib.delayed(pid_later)(_) for _ in range(4)))
assert {pid for _, pid in run_tasks(pid_despite_interrupt, range(6), jobs=2)} <= started
"""


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
@pytest.mark.parametrize("started", [_OWN, _OF_OTHERS], ids=["here", "elsewhere"])
def test_workers_leave_interrupts_to_this_process_from_their_start_wherever_that_was(started: str) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    done = subprocess.run(
        [sys.executable, "-c", f"{_WORKERS}\n{started}"],
        capture_output=True, text=True, timeout=120, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_an_interrupt_while_workers_start_is_not_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted_start(self: joblib.Parallel, calls: object) -> object:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.01)
        reached.append("the end of the start")
        return iter(())

    reached: list[str] = []
    monkeypatch.setattr(joblib.Parallel, "__call__", interrupted_start)
    # A background job, as the tests may be one, ignores interrupts.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            list(run_tasks(abs, range(6), jobs=2))
    finally:
        signal.signal(signal.SIGINT, before)
    assert reached == ["the end of the start"]


def test_results_carry_the_position_of_their_task() -> None:
    done = list(run_tasks(os.path.basename, ["a/1", "a/2", "a/3", "a/4", "a/5"], jobs=2))
    assert sorted(done) == list(enumerate("12345"))


@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX")
@pytest.mark.filterwarnings("ignore::UserWarning")
def test_a_worker_ended_by_the_system_gets_a_sentence() -> None:
    # raise_signal(SIGKILL) in the worker is what the kernel does when memory runs out.
    with pytest.raises(CohortError, match="lack of memory"):
        list(run_tasks(signal.raise_signal, [signal.SIGKILL] * 4, jobs=2))


def test_jobs_are_at_least_one() -> None:
    with pytest.raises(SettingsError):
        list(run_tasks(_threads, [1], jobs=0))
    assert available_cores() >= 1
