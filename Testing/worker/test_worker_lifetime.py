"""How the answering program begins and ends: crashes, time-outs, children, and nothing left behind."""

from __future__ import annotations

import gc
import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import numpy as np
import pytest
from child_programs import failure_of, is_alive, linux, value_of, wait_until

from CervixRiskLib.worker import (
    FailureKind,
    PredictionProgramError,
    PredictionWorker,
    WorkerAnswer,
    WorkerFailure,
    WorkerOptions,
    WorkerProgress,
)

ROOT = Path(__file__).resolve().parents[2]


@linux
@pytest.mark.parametrize(
    ("do", "kind", "said"),
    [
        ("killed", FailureKind.OUT_OF_MEMORY, "SIGKILL"),
        ("segfault", FailureKind.CRASHED, "SIGSEGV"),
        ("leave", FailureKind.CRASHED, "exit code 3"),
    ],
)
def test_a_crash_is_told_and_the_next_request_starts_another(worker, make_case, bundle, events_of, do, kind, said):
    first = worker.request(make_case("Jane-Doe", do=do), bundle)
    second = worker.request(make_case("next"), bundle)
    events = events_of(worker, second)
    failure = next(event for event in events if isinstance(event, WorkerFailure))
    assert (failure.ticket, failure.kind) == (first, kind)
    assert said in failure.sentence
    assert "Jane" not in repr(failure)
    assert ("Fatal Python error" in failure.details) == (do == "segfault")
    assert isinstance(events[-1], WorkerAnswer)
    assert events[-1].prediction.case_id == "next"


@linux
def test_a_program_killed_while_idle_is_replaced_in_silence(worker, make_case, bundle):
    assert worker.process_id is None
    process = value_of(worker.ask(make_case(), bundle), "process")
    assert worker.process_id == process
    os.kill(process, signal.SIGKILL)
    assert wait_until(lambda: not is_alive(process))
    assert wait_until(lambda: worker.process_id is None)
    assert value_of(worker.ask(make_case(), bundle), "process") != process


@linux
def test_time_out_ends_the_program_and_its_children(worker, make_case, bundle, tmp_path):
    worker.ask(make_case(), bundle)
    file = tmp_path / "grandchild"
    began = time.monotonic()
    with pytest.raises(PredictionProgramError, match=r"within 0\.5 seconds") as raised:
        worker.ask(make_case(do="with_children", then="hang", file=str(file)), bundle, timeout=0.5)
    assert raised.value.kind is FailureKind.TIMED_OUT
    assert time.monotonic() - began < 10
    grandchild = int(file.read_text(encoding="utf-8"))
    assert wait_until(lambda: not is_alive(grandchild))
    assert worker.ask(make_case(), bundle).case_id == "case"


@linux
def test_a_crash_ends_the_children_too(worker, make_case, bundle, tmp_path):
    file = tmp_path / "grandchild"
    with pytest.raises(PredictionProgramError):
        worker.ask(make_case(do="with_children", then="killed", file=str(file)), bundle)
    assert wait_until(lambda: not is_alive(int(file.read_text(encoding="utf-8"))))


def test_a_program_that_does_not_start_says_what_is_missing(bad_worker, make_worker, make_case, bundle, events_of):
    worker = bad_worker("no start")
    failure = failure_of(events_of(worker, worker.request(make_case(), bundle)))
    assert failure.kind is FailureKind.NOT_STARTED
    assert "No module named 'numpy'" in failure.details
    nobody = make_worker("/no/such/python")
    nobody.start()
    failure = failure_of(events_of(nobody, nobody.request(make_case(), bundle)))
    assert failure.kind is FailureKind.NOT_STARTED


def test_a_program_that_never_begins_is_given_up(bad_worker, make_case, bundle, events_of, monkeypatch):
    monkeypatch.setattr("CervixRiskLib.worker.conductor.START_SECONDS", 0.3)
    worker = bad_worker("silent")
    failure = failure_of(events_of(worker, worker.request(make_case(), bundle), seconds=5))
    assert failure.kind is FailureKind.NOT_STARTED


@linux
def test_the_program_ends_with_a_killed_parent(tmp_path, bundle):
    script = textwrap.dedent(f"""
        import sys, tempfile, time
        tempfile.tempdir = {str(tmp_path)!r}
        from CervixRiskLib.worker import PredictionWorker
        worker = PredictionWorker([sys.executable, {str(ROOT / "Testing" / "worker" / "fake_program.py")!r}])
        worker.load({str(bundle)!r})
        print(worker._conductor._child.pid, flush=True)
        time.sleep(600)
    """)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    parent = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, env=environment)
    try:
        assert parent.stdout is not None
        child = int(parent.stdout.readline())
        assert is_alive(child)
        assert list(tmp_path.glob("cervixrisk-worker-*"))
    finally:
        parent.kill()
        parent.communicate()
    assert wait_until(lambda: not is_alive(child))
    assert wait_until(lambda: not list(tmp_path.glob("cervixrisk-worker-*")), 2)


@linux
def test_close_ends_everything_and_cancels_what_is_open(make_worker, make_case, bundle):
    worker = make_worker()
    process = value_of(worker.ask(make_case(), bundle), "process")
    running, waiting = worker.request(make_case(do="hang"), bundle), worker.request(make_case(), bundle)
    time.sleep(0.1)
    worker.close()
    assert not is_alive(process)
    ends = [event for event in worker.poll() if isinstance(event, WorkerFailure)]
    assert [(end.ticket, end.kind) for end in ends] == [
        (running, FailureKind.CANCELLED),
        (waiting, FailureKind.CANCELLED),
    ]
    worker.close()
    with pytest.raises(RuntimeError):
        worker.request(make_case(), bundle)


@linux
def test_a_forgotten_worker_closes(make_case, bundle):
    worker = PredictionWorker([sys.executable, str(ROOT / "Testing" / "worker" / "fake_program.py")])
    process = value_of(worker.ask(make_case(), bundle), "process")
    del worker
    assert wait_until(lambda: not is_alive(process))


@linux
def test_many_requests_leave_no_files_threads_or_handles(worker, make_case, bundle, tmp_path):
    worker.ask(make_case(do="litter"), bundle)
    gc.collect()  # what earlier tests left open is not counted, whenever Python would have closed it
    folder = next((tmp_path / "temporary").iterdir())
    threads, handles = threading.active_count(), len(os.listdir("/proc/self/fd"))
    child = worker._conductor._child.pid
    child_handles = len(os.listdir(f"/proc/{child}/fd"))
    for index in range(60):
        assert worker.ask(make_case(f"case {index}"), bundle).case_id == f"case {index}"
    assert threading.active_count() <= threads
    assert len(os.listdir("/proc/self/fd")) <= handles
    assert len(os.listdir(f"/proc/{child}/fd")) <= child_handles
    assert [path for path in folder.iterdir() if path.is_file()] == []


@linux
def test_many_crashes_leave_nothing(worker, make_case, bundle, tmp_path):
    gc.collect()
    handles = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        with pytest.raises(PredictionProgramError):
            worker.ask(make_case(do="killed"), bundle)
    assert wait_until(lambda: len(os.listdir("/proc/self/fd")) <= handles)
    assert wait_until(lambda: not list((tmp_path / "temporary").iterdir()))


@linux
@pytest.mark.parametrize("seed", [1])
def test_every_ticket_ends_once_whatever_happens(make_worker, make_case, bundle, seed):
    """Requests, cancels and kills at random moments."""
    random = np.random.default_rng(seed)
    worker = make_worker(grace_seconds=0.1)
    actions = ("answer", "answer", "steps", "loop", "hang", "refuse", "fault", "killed", "leave", "memory")
    ends: dict[int, list] = {}

    def listen():
        for event in worker.poll():
            if not isinstance(event, WorkerProgress):
                ends[event.ticket].append(event)

    for _ in range(18):
        ticket = worker.request(make_case(do=str(random.choice(actions))), bundle, WorkerOptions(timeout=0.6))
        ends[ticket] = []
        time.sleep(random.choice([0.0, 0.01, 0.1]))
        listen()
        if random.random() < 0.3:
            worker.cancel(int(random.integers(1, ticket + 1)))
        child = worker._conductor._child
        if child is not None and random.random() < 0.15:
            os.kill(child.pid, signal.SIGKILL)
    assert wait_until(lambda: listen() or not worker.busy, 30)
    assert [len(events) for events in ends.values()] == [1] * 18
    assert worker.ask(make_case("last"), bundle).case_id == "last"
