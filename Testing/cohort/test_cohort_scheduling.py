"""Running tasks here and in worker processes."""

from __future__ import annotations

import os
import signal

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
