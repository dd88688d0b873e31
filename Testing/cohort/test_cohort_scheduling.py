"""Running tasks here and in worker processes."""

from __future__ import annotations

import os
import signal
import time

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


@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_workers_that_others_started_leave_interrupts_to_this_process_too() -> None:
    # joblib hands over whatever processes with the same environment are idle.
    with joblib.parallel_config(backend="loky", inner_max_num_threads=1):
        started = set(joblib.Parallel(n_jobs=2)(joblib.delayed(_pid_later)(_) for _ in range(4)))
    pids = {pid for _, pid in run_tasks(_pid_despite_interrupt, range(6), jobs=2)}
    assert pids <= started


def _pid_later(_: int) -> int:
    time.sleep(0.2)  # so that both workers have a task
    return os.getpid()


def _pid_despite_interrupt(_: int) -> int:
    signal.raise_signal(signal.SIGINT)
    return _pid_later(_)


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
