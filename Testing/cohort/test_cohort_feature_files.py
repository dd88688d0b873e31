"""Feature tables as files."""

from __future__ import annotations

import errno
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.cohort import Extraction, read_features, write_features
from CervixRiskLib.errors import CohortError, SettingsError, StorageError


@pytest.fixture
def extraction() -> Extraction:
    index = pd.Index(["001", "NA", "c, d"], name="case_id", dtype=object)
    values = np.random.default_rng(0).normal(size=(3, 4)) * [1e-300, 1, 1 / 3, 1e300]
    return Extraction(
        features=pd.DataFrame(values, index=index, columns=["a_b_C", "d", "e", "wavelet-LLH_glcm_Id"]),
        crops=None,
        undefined={},
        pixel_counts=pd.Series([1, 2, 3], index=index),
        diameters_mm=pd.Series([1.0, np.nan, 2.0], index=index),
        touches_border=pd.Series([False, True, False], index=index),
        failed=(),
        preset="wang2025",
        preset_hash="ab",
        engine="cervixrisk",
        engine_version="1",
    )


@pytest.mark.parametrize("name", ["f.parquet", "f.csv", "f.CSV"])
def test_every_bit_comes_back(tmp_path: Path, extraction: Extraction, name: str) -> None:
    write_features(tmp_path / "new" / name, extraction)
    read = read_features(tmp_path / "new" / name)
    pd.testing.assert_frame_equal(read.features, extraction.features, check_exact=True)
    if name == "f.parquet":
        assert (read.preset, read.preset_hash, read.engine, read.engine_version) == (
            "wang2025",
            "ab",
            "cervixrisk",
            "1",
        )
    assert [path.name for path in (tmp_path / "new").iterdir()] == [name]


def test_other_endings_are_refused(tmp_path: Path, extraction: Extraction) -> None:
    for call in (lambda: write_features(tmp_path / "f.xlsx", extraction), lambda: read_features(tmp_path / "f.pkl")):
        with pytest.raises(SettingsError, match=r"\.parquet or a \.csv"):
            call()


def test_a_full_disk_keeps_the_old_file(
    tmp_path: Path, extraction: Extraction, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "f.csv"
    write_features(path, extraction)
    before = path.read_bytes()

    def refuse(*args: object, **kwargs: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(pd.DataFrame, "to_csv", refuse)
    with pytest.raises(StorageError, match="disk is full"):
        write_features(path, extraction)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("a,b\n1,2\n", "no column case_id"),
        ("case_id,b\n1,2\n1,3\n", "twice"),
        ("case_id,b\n1,x\n", "not a number"),
        ("", "not a readable CSV"),
    ],
)
def test_csv_files_of_another_form(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "f.csv"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CohortError, match=sentence):
        read_features(path)


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="does not exist"):
        read_features(tmp_path / "f.parquet")


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.binary(max_size=60), st.sampled_from([".csv", ".parquet"]))
def test_any_bytes_give_a_table_or_a_sentence(tmp_path: Path, raw: bytes, suffix: str) -> None:
    path = tmp_path / f"f{suffix}"
    path.write_bytes(raw)
    try:
        read = read_features(path)
    except CohortError:
        return
    assert read.features.index.name == "case_id"


def test_a_parquet_file_cut_or_altered_is_a_sentence_or_a_table(tmp_path: Path, extraction: Extraction) -> None:
    path = tmp_path / "f.parquet"
    write_features(path, extraction)
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(CohortError):
            read_features(path)
