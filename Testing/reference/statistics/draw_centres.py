"""Draw the features of four centres on which tables.R harmonises. Run from any folder: ``python draw_centres.py``."""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def draw() -> None:
    """Write centres.csv."""
    rng = np.random.default_rng(11)
    sizes = {"Ankara": 24, "Bergen": 15, "Cork": 9, "Delft": 4}
    centre = np.repeat(list(sizes), list(sizes.values()))
    rng.shuffle(centre)
    codes = np.searchsorted(list(sizes), centre)
    age = rng.normal(50, 11, size=len(centre)).round(1)
    features = 12
    shift = rng.normal(0.4, 0.7, size=(4, features))
    scale = rng.gamma(8, 1 / 8, size=(4, features))
    noise = rng.normal(size=(len(centre), features))
    unit = 10.0 ** rng.integers(-2, 4, size=features)
    values = (3 + 0.03 * (age - 50)[:, np.newaxis] + shift[codes] + scale[codes] * noise) * unit
    table = pd.DataFrame({"centre": centre, "age": age})
    for place in range(features):
        table[f"feature_{place + 1}"] = [float(f"{value:.6g}") for value in values[:, place]]
    table.to_csv(HERE / "centres.csv", index=False)


if __name__ == "__main__":
    draw()
