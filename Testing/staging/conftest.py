"""A small cohort whose groups a network can learn in seconds: discs of two sizes in noise."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from PIL import Image


@pytest.fixture(scope="session")
def write_disc_cohort():
    """A function that writes a cohort of discs and returns the path of its table."""

    def write(
        folder: Path,
        cases: int = 24,
        *,
        groups: tuple[str, ...] = ("0", "1"),
        roi: bool = True,
        spacing: str = "1.0",
        t1: bool = False,
        column: str = "outcome",
        seed: int = 0,
    ) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        rng = np.random.default_rng(seed)
        header = ["case_id", "image", column] + ["roi"] * roi + ["spacing_mm"] * bool(spacing) + ["image_t1"] * t1
        rows = []
        grid = np.mgrid[0:64, 0:64]
        for index in range(cases):
            group = index % len(groups)
            centre = 32 + rng.uniform(-4, 4, 2)
            radius = 6 + 8 * group + rng.uniform(-1, 1)
            disc = np.hypot(grid[0] - centre[0], grid[1] - centre[1]) < radius
            body = np.hypot(grid[0] - 32, grid[1] - 32) < 30
            picture = 90 * body + 90 * disc + rng.normal(0, 8, (64, 64)) + 10
            Image.fromarray(np.clip(picture, 0, 255).astype(np.uint8)).save(folder / f"c{index:02d}.png")
            row = {"case_id": f"c{index:02d}", "image": f"c{index:02d}.png", column: groups[group]}
            if roi:
                Image.fromarray((disc * 255).astype(np.uint8)).save(folder / f"c{index:02d}_roi.png")
                row["roi"] = f"c{index:02d}_roi.png"
            if spacing:
                row["spacing_mm"] = spacing
            if t1:
                inverted = np.clip(220 * body - 0.5 * picture + rng.normal(0, 8, (64, 64)), 0, 255).astype(np.uint8)
                Image.fromarray(inverted).save(folder / f"c{index:02d}_t1.png")
                row["image_t1"] = f"c{index:02d}_t1.png"
            rows.append(row)
        with (folder / "cohort.csv").open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, header)
            writer.writeheader()
            writer.writerows(rows)
        return folder / "cohort.csv"

    return write


@pytest.fixture(scope="session")
def disc_bundle(tmp_path_factory, write_disc_cohort):
    """A cohort table and a bundle trained on it for two epochs."""
    pytest.importorskip("torch")
    from dataclasses import replace

    from CervixRiskLib.imaging import SlicePreprocessing
    from CervixRiskLib.networks import TrainingPlan
    from CervixRiskLib.staging import StagingSettings, load_staging_cohort, train

    settings = StagingSettings(
        networks=("shufflenet_v2_x1_0",),
        weights="none",
        plan=replace(TrainingPlan.published(), epochs=2, batch_size=8, learning_rate=0.02),
        preprocessing=SlicePreprocessing(size=32, clahe_clip=0.0),
        field_of_view_mm=60.0,
        device="cpu",
    )
    folder = tmp_path_factory.mktemp("bundle")
    table = write_disc_cohort(folder / "cohort", 24)
    return table, train(load_staging_cohort(table, settings), settings, folder / "staging.zip").bundle_path
