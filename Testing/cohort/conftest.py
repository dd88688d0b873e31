"""A small cohort on disk: speckled ellipses with their masks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


def _write_case(folder: Path, name: str, seed: int, side: int) -> None:
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[:side, :side]
    centre, radius = side / 2, side * random.uniform(0.2, 0.3)
    mask = ((rows - centre) / radius) ** 2 + ((columns - centre) / (0.8 * radius)) ** 2 < 1
    pixels = random.rayleigh(40, (side, side)) * np.where(mask, 0.6, 1.0)
    (folder / "images").mkdir(exist_ok=True)
    (folder / "rois").mkdir(exist_ok=True)
    Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / "images" / f"{name}.png")
    Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "rois" / f"{name}.png")


@pytest.fixture
def make_cohort(tmp_path: Path) -> Callable[..., Path]:
    """``make_cohort(cases, side)`` writes images, masks and ``cohort.csv``; outcomes alternate."""

    def make(cases: int = 4, side: int = 48) -> Path:
        lines = ["case_id,image,roi,outcome"]
        for number in range(cases):
            name = f"C{number:03d}"
            _write_case(tmp_path, name, number, side)
            lines.append(f"{name},images/{name}.png,rois/{name}.png,{number % 2}")
        table = tmp_path / "cohort.csv"
        table.write_text("\n".join(lines) + "\n", encoding="utf-8")
        return table

    return make


@pytest.fixture
def write_table(tmp_path: Path) -> Callable[..., Path]:
    """``write_table(text)`` writes a table whose files ``a.png`` … ``f.png`` and ``a-roi.png`` … exist (empty)."""

    def write(text: str | bytes, name: str = "cohort.csv") -> Path:
        for letter in "abcdef":
            (tmp_path / f"{letter}.png").touch()
            (tmp_path / f"{letter}-roi.png").touch()
        table = tmp_path / name
        table.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        return table

    return write
