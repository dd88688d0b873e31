"""What stays loaded, and when a bundle is looked at again."""

from __future__ import annotations

import os
from pathlib import Path
from types import SimpleNamespace

import pytest

from CervixRiskLib.errors import BundleError
from CervixRiskLib.worker.warm_predictors import WarmPredictors

OLD = 1e9


class Shelf:
    """Counts how often bundles are opened and read."""

    def __init__(self) -> None:
        self.opened: list[tuple[str, str, str]] = []
        self.read = 0
        self.warm = WarmPredictors(self.open, self.content_hash, most=2)

    def open(self, path: Path, *, device: str, runtime: str):
        content = path.read_text(encoding="utf-8")
        if content == "bad":
            raise BundleError("The bundle is damaged.")
        self.opened.append((path.name, device, runtime))
        return "study", SimpleNamespace(bundle=SimpleNamespace(hash=content))

    def content_hash(self, path: Path) -> str:
        self.read += 1
        return path.read_text(encoding="utf-8")

    def get(self, path: Path, device: str = "auto", runtime: str = "auto"):
        return self.warm.get(str(path), device, runtime)[1]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def write(tmp_path):
    """``write("a", "content")``: a file whose modification lies long ago; ``os.stat`` times as told here."""

    def make(name: str, content: str) -> Path:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        os.utime(path, (OLD, OLD))
        return path

    return make


@pytest.fixture(autouse=True)
def later(monkeypatch):
    """A clock that runs ahead, so that fresh files count as old; ``later.by = 0`` makes them young."""
    import time

    really = time.time_ns
    state = SimpleNamespace(by=10_000_000_000)
    monkeypatch.setattr("CervixRiskLib.worker.warm_predictors.time.time_ns", lambda: really() + state.by)
    return state


def test_an_unchanged_bundle_is_neither_opened_nor_read_again(shelf, write):
    path = write("a", "one")
    assert shelf.get(path) is shelf.get(path)
    assert (len(shelf.opened), shelf.read) == (1, 0)


def test_a_young_bundle_is_read_again_until_it_is_old(shelf, write, later):
    path = write("a", "one")
    later.by = 0
    first = shelf.get(path)
    assert shelf.get(path) is first
    assert shelf.read == 1
    later.by = 10_000_000_000
    assert shelf.get(path) is first
    assert shelf.read == 2
    assert shelf.get(path) is first
    assert shelf.read == 2


def test_a_touched_bundle_of_the_same_content_stays(shelf, write):
    path = write("a", "one")
    first = shelf.get(path)
    os.utime(path, (OLD + 5, OLD + 5))
    assert shelf.get(path) is first
    assert (len(shelf.opened), shelf.read) == (1, 1)


def test_another_content_of_the_same_size_and_date_is_loaded(shelf, write):
    path = write("a", "one")
    first = shelf.get(path)
    write("a", "two")
    assert shelf.get(path) is not first
    assert len(shelf.opened) == 2


def test_a_file_deep_in_a_folder_counts(tmp_path):
    warm = WarmPredictors(
        lambda path, **_: ("study", SimpleNamespace()), lambda path: (path / "deep" / "x").read_text(), most=2
    )
    (tmp_path / "b" / "deep").mkdir(parents=True)
    (tmp_path / "b" / "deep" / "x").write_text("one")
    first = warm.get(str(tmp_path / "b"), "cpu", "auto")[1]
    assert warm.get(str(tmp_path / "b"), "cpu", "auto")[1] is first
    (tmp_path / "b" / "deep" / "x").write_text("two")
    assert warm.get(str(tmp_path / "b"), "cpu", "auto")[1] is not first


def test_a_bundle_that_turned_bad_does_not_answer(shelf, write):
    path = write("a", "one")
    shelf.get(path)
    write("a", "bad")
    for _ in range(2):
        with pytest.raises(BundleError):
            shelf.get(path)
    path.unlink()
    with pytest.raises(OSError, match="No such file"):
        shelf.get(path)


def test_device_and_runtime_are_part_of_it_and_the_least_used_goes(shelf, write):
    path = write("a", "one")
    on_cpu, anywhere = shelf.get(path, "cpu"), shelf.get(path)
    assert on_cpu is not anywhere
    assert shelf.get(path, "cpu") is on_cpu
    shelf.get(write("b", "two"))
    assert shelf.get(path, "cpu") is on_cpu
    assert shelf.get(path) is not anywhere
