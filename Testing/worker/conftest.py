"""Cases, a fake program to ask, and a way to wait for what it says."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.bundle import CaseInput
from CervixRiskLib.imaging import Roi, SliceGeometry, SliceImage
from CervixRiskLib.worker import FINAL_EVENTS, PredictionWorker, WorkerEvent

HERE = Path(__file__).parent
FAKE = (sys.executable, str(HERE / "fake_program.py"))


@pytest.fixture
def make_worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., PredictionWorker]]:
    """Workers whose folders lie below ``tmp_path / "temporary"``; closed at the end, and nothing may be left there."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    made: list[PredictionWorker] = []

    def make(*command: str, **options: object) -> PredictionWorker:
        options.setdefault("grace_seconds", 0.5)
        made.append(PredictionWorker(command or FAKE, **options))  # type: ignore[arg-type]
        return made[-1]

    yield make
    for worker in made:
        worker.close()
    assert list(temporary.iterdir()) == []


@pytest.fixture
def worker(make_worker: Callable[..., PredictionWorker]) -> PredictionWorker:
    """Asks the fake program."""
    return make_worker()


@pytest.fixture
def bad_worker(make_worker: Callable[..., PredictionWorker]) -> Callable[[str], PredictionWorker]:
    """``bad_worker("garbage")`` asks the program that speaks badly."""
    return lambda way: make_worker(sys.executable, str(HERE / "bad_program.py"), way)


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    """What the fake program takes for a bundle."""
    path = tmp_path / "bundle.txt"
    path.write_text("one", encoding="utf-8")
    os.utime(path, (1e9, 1e9))
    return path


@pytest.fixture
def make_case() -> Callable[..., CaseInput]:
    """``make_case("name", do="loop")``: a case with everything a case can have."""

    def make(case_id: str = "case", *, shape: tuple[int, int] = (40, 30), **clinical: float | str) -> CaseInput:
        random = np.random.default_rng(5)
        geometry = SliceGeometry((1.0, -0.1, 1 / 3), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))
        image = SliceImage(random.normal(size=shape), (0.1, 1 / 3), "by hand", "US", 2, 5, ("Grey.",), geometry)
        further = SliceImage(random.normal(size=shape))
        mask = random.random(shape) > 0.5
        return CaseInput(case_id, image, Roi(mask, (0.1, 1 / 3)), clinical, (further,))

    return make


@pytest.fixture
def events_of() -> Callable[..., list[WorkerEvent]]:
    """``events_of(worker, ticket)``: everything up to the end of the ticket; no call of ``poll`` takes long."""

    def wait(worker: PredictionWorker, ticket: int, *, seconds: float = 30.0) -> list[WorkerEvent]:
        events: list[WorkerEvent] = []
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            events += worker.poll()
            if any(isinstance(event, FINAL_EVENTS) and event.ticket == ticket for event in events):
                return events
            time.sleep(0.005)
        raise AssertionError(f"no end within {seconds} s: {events}")

    return wait
