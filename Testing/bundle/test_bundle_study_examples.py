"""Example cases on the disk: they come back as they went, and whatever is not one of ours is refused."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.bundle.study_examples import MOST_EXAMPLES, StudyExample, read_examples, write_examples
from CervixRiskLib.errors import BundleError


def example(**more: Any) -> StudyExample:
    generator = np.random.default_rng(1)
    heat_map = generator.random((30, 40)).astype(np.float32)
    heat_map[:, 0] = np.nan
    made = StudyExample(
        generator.normal(size=(30, 40)).astype(np.float32),
        generator.random((30, 40)) > 0.5,
        heat_map,
        "metastasis",
        0.31,
        "metastasis",
        "10th percentile of metastasis",
        True,
        "Grad-CAM of the fusion score",
        (0.1, 0.2),
    )
    return replace(made, **more)


def test_examples_come_back_as_they_went(tmp_path: Path) -> None:
    given = (example(), example(mask=None, heat_map=None, spacing_mm=None, held_out=False, outcome="no 转移"))
    for name in ("one.npz", "two.npz"):
        write_examples(tmp_path / name, given)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    back = read_examples(tmp_path / "one.npz")
    assert len(back) == 2
    for one, other in zip(given, back, strict=True):
        for field, value in vars(one).items():
            if isinstance(value, np.ndarray):
                np.testing.assert_array_equal(value, getattr(other, field))
                assert value.dtype == getattr(other, field).dtype
            else:
                assert value == getattr(other, field)


def test_no_example_is_a_file_too(tmp_path: Path) -> None:
    assert read_examples(write_examples(tmp_path / "none.npz", ())) == ()


@pytest.mark.parametrize(
    "spoiled",
    [
        {"image": np.zeros((30, 40))},
        {"image": np.full((30, 40), np.nan, np.float32)},
        {"image": np.zeros((30, 40, 3), np.float32)},
        {"mask": np.zeros((30, 41), bool)},
        {"mask": np.zeros((30, 40), np.uint8)},
        {"heat_map": np.full((30, 40), 1.5, np.float32)},
        {"heat_map": np.zeros((3, 4), np.float32)},
        {"probability": 1.5},
        {"spacing_mm": (0.0, 1.0)},
    ],
)
def test_what_does_not_fit_together_is_never_written(spoiled: dict[str, Any], tmp_path: Path) -> None:
    with pytest.raises(BundleError):
        write_examples(tmp_path / "x.npz", (example(**spoiled),))
    assert list(tmp_path.iterdir()) == []


def test_a_heat_map_without_any_value_is_allowed(tmp_path: Path) -> None:
    nothing = np.full((30, 40), np.nan, np.float32)
    (back,) = read_examples(write_examples(tmp_path / "x.npz", (example(heat_map=nothing),)))
    assert back.heat_map is not None
    assert np.isnan(back.heat_map).all()


def test_too_many(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="at most"):
        write_examples(tmp_path / "x.npz", (example(),) * (MOST_EXAMPLES + 1))


def arrays_of(path: Path) -> dict[str, np.ndarray]:
    with np.load(path) as loaded:
        return {name: loaded[name] for name in loaded.files}


@pytest.mark.parametrize("how", ["missing", "text", "cut", "pickle", "further", "lost", "about", "extra key", "deep"])
def test_foreign_and_damaged_files_are_refused(how: str, tmp_path: Path) -> None:
    path = write_examples(tmp_path / "x.npz", (example(),))
    arrays: dict[str, Any] = arrays_of(path)
    if how == "missing":
        path.unlink()
    elif how == "text":
        path.write_text("no archive", encoding="utf-8")
    elif how == "cut":
        path.write_bytes(path.read_bytes()[:-500])
    else:
        if how == "pickle":
            arrays["image_000"] = np.array([object()], dtype=object)
        elif how == "further":
            arrays["image_001"] = arrays["image_000"]
        elif how == "lost":
            del arrays["mask_000"]
        elif how == "about":
            arrays["about"] = np.zeros(3, np.float32)
        elif how == "extra key":
            text = arrays["about"].tobytes().decode().replace('"outcome"', '"name": "Doe", "outcome"')
            arrays["about"] = np.frombuffer(text.encode(), np.uint8)
        else:
            arrays["about"] = np.frombuffer(b"[" * 200_000, np.uint8)
        np.savez_compressed(path, **arrays)
    with pytest.raises(BundleError):
        read_examples(path)


def test_an_array_that_claims_more_than_any_memory_is_damaged(tmp_path: Path) -> None:
    header = io.BytesIO()
    claimed = {"descr": "<f4", "fortran_order": False, "shape": (1 << 28, 1 << 28)}
    np.lib.format.write_array_header_1_0(header, claimed)
    path = tmp_path / "x.npz"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("image_000.npy", header.getvalue())
    with pytest.raises(BundleError, match="damaged"):
        read_examples(path)
