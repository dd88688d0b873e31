"""What a test asks of a program that it has started: does it live, what did it say."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from CervixRiskLib.bundle import Prediction
from CervixRiskLib.worker import WorkerEvent, WorkerFailure

linux = pytest.mark.skipif(sys.platform != "linux", reason="signals, limits and /proc")


def value_of(prediction: Prediction, name: str) -> float:
    """What the fake program counted under this name."""
    return next(item.value for item in prediction.contributions if item.name == name)


def failure_of(events: Sequence[WorkerEvent]) -> WorkerFailure:
    """The failure that came last, told in one sentence."""
    failure = events[-1]
    assert isinstance(failure, WorkerFailure), failure
    assert 10 < len(failure.sentence) < 300
    assert failure.sentence.endswith(".")
    assert "\n" not in failure.sentence
    return failure


def is_alive(process: int) -> bool:
    """Whether it runs; a zombie does not."""
    try:
        return Path(f"/proc/{process}/stat").read_text(encoding="utf-8").rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False


def wait_until(condition: Callable[[], object], seconds: float = 10.0) -> bool:
    """Whether the condition came true within that time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
