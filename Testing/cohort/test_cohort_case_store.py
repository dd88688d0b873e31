"""Finished cases on disk: whole or not there."""

from __future__ import annotations

import errno
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.cohort.acquisition_traits import AcquisitionTraits
from CervixRiskLib.cohort.case_result import CaseResult
from CervixRiskLib.cohort.case_store import CaseStore
from CervixRiskLib.errors import StorageError

KEY = "ab" * 32
OTHER = "cd" * 32


def _result(crop: bool = True) -> CaseResult:
    random = np.random.default_rng(1)
    values = np.append(random.normal(size=5), [0.1, 1e300])
    pixels = random.normal(size=(3, 3)).astype(np.float32) if crop else None
    return CaseResult(values, np.array([1, 4]), 123, 4.5, True, pixels)


@pytest.mark.parametrize("crop", [True, False])
def test_what_is_written_is_read(tmp_path: Path, crop: bool) -> None:
    store, result = CaseStore(tmp_path / "work"), _result(crop)
    store.write(KEY, result)
    read = store.read(KEY)
    assert read is not None
    np.testing.assert_array_equal(read.values, result.values)
    np.testing.assert_array_equal(read.undefined, result.undefined)
    assert (read.pixel_count, read.diameter_mm, read.touches_border) == (123, 4.5, True)
    if crop:
        np.testing.assert_array_equal(read.crop, result.crop)
        assert read.crop.dtype == np.float32
    else:
        assert read.crop is None


def test_the_recording_is_read_as_it_was_and_older_files_have_none(tmp_path: Path) -> None:
    traits = AcquisitionTraits(*np.random.default_rng(2).normal(size=13).tolist(), np.nan, "DICOM", "US Größe \u00a0")
    store, result = CaseStore(tmp_path), _result()
    store.write(KEY, result)
    kept = store.read(KEY)
    assert kept is not None
    assert kept.acquisition is None
    store.write(KEY, replace(result, acquisition=traits))
    kept = store.read(KEY)
    assert kept is not None
    assert repr(kept.acquisition) == repr(traits)  # NaN is not equal to itself


def test_nothing_is_there_at_first(tmp_path: Path) -> None:
    assert CaseStore(tmp_path / "none").read(KEY) is None


def test_a_file_cut_short_anywhere_is_not_there(tmp_path: Path) -> None:
    store = CaseStore(tmp_path)
    store.write(KEY, _result())
    whole = store.path(KEY).read_bytes()
    for length in range(0, len(whole), 7):
        store.path(KEY).write_bytes(whole[:length])
        assert store.read(KEY) is None
    store.path(KEY).write_bytes(whole + b"\0")
    assert store.read(KEY) is None


def test_a_file_altered_anywhere_is_not_there(tmp_path: Path) -> None:
    store = CaseStore(tmp_path)
    store.write(KEY, _result())
    whole = store.path(KEY).read_bytes()
    for position in [*range(60), *range(60, len(whole), 11)]:
        changed = bytearray(whole)
        changed[position] ^= 1
        store.path(KEY).write_bytes(changed)
        assert store.read(KEY) is None
    store.path(KEY).write_bytes(whole)
    assert store.read(KEY) is not None


def test_a_file_under_another_key_is_not_there(tmp_path: Path) -> None:
    store = CaseStore(tmp_path)
    store.write(KEY, _result())
    store.path(OTHER).parent.mkdir()
    os.rename(store.path(KEY), store.path(OTHER))
    assert store.read(OTHER) is None


def test_a_folder_in_the_files_place_is_not_a_case(tmp_path: Path) -> None:
    store = CaseStore(tmp_path)
    store.path(KEY).mkdir(parents=True)
    assert store.read(KEY) is None


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EACCES])
def test_a_full_disk_gets_a_sentence_and_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int
) -> None:
    store = CaseStore(tmp_path)

    def refuse(self: Path, data: bytes) -> int:
        self.touch()
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(Path, "write_bytes", refuse)
    with pytest.raises(StorageError):
        store.write(KEY, _result())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
