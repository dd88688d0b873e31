"""Draw the data on which reference.R computes the reference values. Run from any folder: ``python draw_data.py``.

The tables are kept, so that the values do not depend on the generator of a NumPy version.
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def draw() -> None:
    """Write ratings.csv, scores.csv and clinical.csv."""
    rng = np.random.default_rng(42)

    truth = rng.normal(50, 10, size=24)
    ratings = truth[:, np.newaxis] + np.array([0.0, 3.0, -1.0]) + rng.normal(0, 5, size=(24, 3))
    pd.DataFrame(ratings.round(3), columns=["a", "b", "c"]).to_csv(HERE / "ratings.csv", index=False)

    outcome = (rng.random(90) < 0.35).astype(int)
    fine = outcome + rng.normal(0, 1.2, size=90)
    scores = pd.DataFrame(
        {
            "outcome": outcome,
            "fine": fine.round(6),
            "coarse": (fine + rng.normal(0, 0.7, size=90)).round(0),
            "useless": rng.normal(size=90).round(2),
        }
    )
    scores.to_csv(HERE / "scores.csv", index=False)

    n = 160
    diameter = rng.gamma(9, 4, size=n).round(1)
    red_cells = rng.normal(4.2, 0.5, size=n).round(2)
    age = rng.normal(50, 11, size=n).round(0)
    marker = (rng.random(n) < 0.3).astype(int)
    stage = rng.integers(0, 3, size=n)
    log_odds = -1.2 + 0.05 * (diameter - 36) - 0.8 * (red_cells - 4.2) + 0.9 * marker + 0.5 * (stage == 2)
    clinical = pd.DataFrame(
        {
            "outcome": (rng.random(n) < 1 / (1 + np.exp(-log_odds))).astype(int),
            "diameter": diameter,
            "red_cells": red_cells,
            "age": age,
            "marker": marker,
            "stage": np.array(["I", "II", "III"])[stage],
        }
    )
    clinical.to_csv(HERE / "clinical.csv", index=False)


if __name__ == "__main__":
    draw()
