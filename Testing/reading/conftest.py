"""A small cohort, a clock that can be moved, and a study of it with its readers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import Study, assign, create_study

ROWS, COLUMNS, CASES = 40, 48, 8


class Clock:
    """A clock that stands still until somebody moves it: ``clock.now += timedelta(days=57)``."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


def _ellipse(seed: int, shift: int = 0) -> np.ndarray:
    """An ellipse in the middle of the slice whose size depends on ``seed``, ``shift`` pixels to the right."""
    random = np.random.default_rng(seed)
    radius = random.uniform(7, 11)
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return ((rows - ROWS / 2) / radius) ** 2 + ((columns - COLUMNS / 2 - shift) / (1.2 * radius)) ** 2 < 1


def write_cohort(folder: Path, names: list[str]) -> Path:
    """Write one slice and mask per case, and ``cohort.csv``; outcomes alternate."""
    for place in ("images", "rois"):
        (folder / place).mkdir(parents=True)
    lines = ["case_id,image,roi,outcome,spacing_mm,age"]
    for index, name in enumerate(names):
        random, mask = np.random.default_rng(100 + index), _ellipse(index)
        pixels = random.rayleigh(40, mask.shape) * np.where(mask, 0.6, 1.0)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / "images" / f"{index}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "rois" / f"{index}.png")
        quoted = '"' + name.replace('"', '""') + '"'
        lines.append(f"{quoted},images/{index}.png,rois/{index}.png,{index % 2},0.25,{40 + index % 40}")
    table = folder / "cohort.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


@pytest.fixture
def make_cohort_table(tmp_path: Path) -> Callable[[list[str]], Path]:
    """``make_cohort_table(names)`` writes a cohort whose cases have these names."""
    return lambda names: write_cohort(tmp_path / "cohort", names)


@pytest.fixture
def cohort_table(tmp_path: Path) -> Path:
    """A ``cohort.csv`` of eight PNG slices (40 × 48, 0.25 mm) with masks, an outcome and an age."""
    return write_cohort(tmp_path / "cohort", [f"Case {index}" for index in range(CASES)])


@pytest.fixture
def clock() -> Clock:
    """Callable; ``clock.now`` and ``clock.pass_days(57)`` move it."""
    return Clock()


@pytest.fixture
def study(tmp_path: Path, cohort_table: Path, clock: Clock) -> Study:
    """Eight cases for "Reader A", four of them for "Reader B" and the repeat; "Reviewer C" reviews."""
    study = create_study(tmp_path / "study", cohort_table, clock=clock)
    assign(study, primary="Reader A", seconds=["Reader B"], reviewer="Reviewer C", second_cases=4)
    return study


@pytest.fixture
def draw(study: Study) -> Callable[..., Roi]:
    """``draw(number, shift=0)``: an ellipse on that case's image; another ``shift``, another contour."""
    cases = {case.number: case for case in study.cases()}

    def make(number: int, shift: int = 0) -> Roi:
        return Roi.from_mask(_ellipse(number, shift), study.image(cases[number]))

    return make
