"""Files and folders are whole or not there, whatever interrupts their writing."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from CervixRiskLib.atomic import PARTIAL_SUFFIX, atomic_file, atomic_folder, storage_errors
from CervixRiskLib.errors import StorageError

ROOT = Path(__file__).resolve().parents[1]
POSIX = pytest.mark.skipif(os.name != "posix", reason="POSIX signals and rights")

Writer = Callable[[Path], AbstractContextManager[Path]]


def _fill(place: Path, text: str) -> None:
    """Write into what either context manager gives."""
    if place.is_dir():
        (place / "deep").mkdir()
        (place / "deep" / "a.txt").write_text(text)
    else:
        place.write_text(text)


def _text(place: Path) -> str:
    return (place / "deep" / "a.txt" if place.is_dir() else place).read_text()


@pytest.fixture(params=[atomic_file, atomic_folder], ids=["file", "folder"])
def write(request: pytest.FixtureRequest) -> Writer:
    return request.param  # type: ignore[no-any-return]


def test_whole_at_the_end_and_not_before(tmp_path: Path, write: Writer) -> None:
    place = tmp_path / "new" / "thing.txt"
    with write(place) as partial:
        _fill(partial, "content")
        assert not place.exists()
        assert partial.parent == place.parent
    assert _text(place) == "content"
    assert list(place.parent.iterdir()) == [place]


def test_an_error_leaves_the_old_one(tmp_path: Path, write: Writer) -> None:
    place = tmp_path / "thing.txt"
    with write(place) as partial:
        _fill(partial, "old")
    with pytest.raises(ZeroDivisionError), write(place) as partial:  # noqa: PT012
        _fill(partial, "new")
        raise ZeroDivisionError
    assert _text(place) == "old"
    assert list(tmp_path.iterdir()) == [place]


def test_the_old_one_is_replaced(tmp_path: Path, write: Writer) -> None:
    place = tmp_path / "thing.txt"
    for text in ("old", "new"):
        with write(place) as partial:
            _fill(partial, text)
    assert _text(place) == "new"
    assert list(tmp_path.iterdir()) == [place]


def test_a_folder_is_replaced_with_all_that_was_in_it(tmp_path: Path) -> None:
    for name in ("old", "new"):
        with atomic_folder(tmp_path / "folder") as partial:
            (partial / name).touch()
    assert [item.name for item in (tmp_path / "folder").iterdir()] == ["new"]


def test_the_ending_is_kept_for_writers_that_look_at_it(tmp_path: Path) -> None:
    with atomic_file(tmp_path / "picture.png") as partial:
        assert partial.suffix == ".png"
        assert PARTIAL_SUFFIX in partial.name
        assert partial.name.startswith(".")


@POSIX
def test_rights_are_those_of_any_new_file(tmp_path: Path) -> None:
    (tmp_path / "plain").touch()
    with atomic_file(tmp_path / "atomic") as partial:
        partial.write_text("x")
    assert (tmp_path / "atomic").stat().st_mode == (tmp_path / "plain").stat().st_mode


@POSIX
@pytest.mark.parametrize("kind", ["atomic_file", "atomic_folder"])
def test_a_killed_writer_leaves_nothing_that_counts(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "thing.txt"
    program = f"""
import os, signal
from CervixRiskLib.atomic import {kind}
with {kind}({str(place)!r}) as partial:
    (partial / "x" if partial.is_dir() else partial).write_text("half")
    os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run(
        [sys.executable, "-c", program], check=False, env={**os.environ, "PYTHONPATH": str(ROOT)}, timeout=60
    )
    assert done.returncode == -signal.SIGKILL
    assert not place.exists()
    [left] = tmp_path.iterdir()
    assert left.name.startswith(".")
    assert PARTIAL_SUFFIX in left.name
    with atomic_file(place) as partial:
        partial.write_text("whole")
    assert list(tmp_path.iterdir()) == [place]


def test_what_a_killed_writer_had_taken_away_comes_back(tmp_path: Path) -> None:
    place = tmp_path / "folder"
    taken = tmp_path / f".folder.999999999.abc{PARTIAL_SUFFIX}"
    (taken / "replaced").mkdir(parents=True)
    (taken / "replaced" / "old").touch()
    with pytest.raises(ZeroDivisionError), atomic_folder(place):
        raise ZeroDivisionError
    assert [item.name for item in place.iterdir()] == ["old"]
    assert list(tmp_path.iterdir()) == [place]


@pytest.mark.parametrize("undone", [True, False])
def test_a_folder_that_cannot_be_replaced_is_not_lost(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, undone: bool
) -> None:
    place = tmp_path / "folder"
    with atomic_folder(place) as partial:
        (partial / "old").touch()
    renames = iter([True, False, undone])
    rename = os.rename

    def sometimes(source: Path, to: Path) -> None:
        if not next(renames):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
        rename(source, to)

    with monkeypatch.context() as patch:
        patch.setattr(os, "rename", sometimes)
        with pytest.raises(StorageError), atomic_folder(place) as partial:
            (partial / "new").touch()
    assert len(list(tmp_path.rglob("old"))) == 1
    assert place.exists() is undone
    assert len(list(tmp_path.iterdir())) == 1


@POSIX
def test_a_living_writer_is_left_alone(tmp_path: Path) -> None:
    """Two writers of the same name: each finishes, the later one wins."""
    place = tmp_path / "thing.txt"
    with atomic_file(place) as first:
        first.write_text("first")
        with atomic_file(place) as second:
            second.write_text("second")
        assert first.exists()
    assert place.read_text() == "first"
    assert list(tmp_path.iterdir()) == [place]


def test_other_names_are_left_alone(tmp_path: Path) -> None:
    """Only orphans of the very same name go; wildcards in a name are letters."""
    orphan = tmp_path / f".other.txt.999999999.abc{PARTIAL_SUFFIX}"
    bracket = tmp_path / f".a[bc].txt.999999999.abc{PARTIAL_SUFFIX}"
    orphan.touch()
    bracket.touch()
    with atomic_file(tmp_path / "ab.txt") as partial:
        partial.write_text("x")
    assert orphan.exists()
    assert bracket.exists()
    with atomic_file(tmp_path / "a[bc].txt") as partial:
        partial.write_text("x")
    assert not bracket.exists()


@pytest.mark.parametrize(
    "code", [errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS, errno.EACCES, errno.EPERM, errno.ENAMETOOLONG]
)
def test_refusals_of_the_system_are_sentences(tmp_path: Path, write: Writer, code: int) -> None:
    with pytest.raises(StorageError) as caught, write(tmp_path / "thing.txt"):
        raise OSError(code, os.strerror(code))
    assert str(caught.value).endswith(".")
    assert isinstance(caught.value.__cause__, OSError)
    assert list(tmp_path.iterdir()) == []


def test_other_errors_of_the_system_stay_what_they_are() -> None:
    with pytest.raises(ConnectionResetError), storage_errors():
        raise ConnectionResetError(errno.ECONNRESET, "reset")


def test_a_place_below_a_file_is_a_sentence(tmp_path: Path, write: Writer) -> None:
    (tmp_path / "file").write_text("mine")
    for place in (tmp_path / "file" / "x", tmp_path / "file" / "deep" / "x"):
        with pytest.raises(StorageError, match="below a file"), write(place):
            pass
    assert (tmp_path / "file").read_text() == "mine"


def test_a_place_where_no_folder_can_be_made_is_a_sentence(
    tmp_path: Path, write: Writer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As below /proc, and on a drive that is not there."""

    def refuse(*_: object, **__: object) -> None:
        raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(StorageError, match="Nothing can be made"), write(tmp_path / "below" / "x"):
        pass


def test_a_file_over_a_folder_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(StorageError, match="is a folder"), atomic_file(tmp_path / "folder") as partial:
        partial.write_text("x")
    assert list(tmp_path.iterdir()) == [tmp_path / "folder"]


def test_a_name_that_is_too_long_is_a_sentence(tmp_path: Path, write: Writer) -> None:
    with pytest.raises(StorageError, match="too long"), write(tmp_path / ("x" * 300)):
        pass
