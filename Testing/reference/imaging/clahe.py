"""Draw the slices and OpenCV's equalised copies of them in clahe.npz. Run from any folder: ``python clahe.py``.

Needs opencv-python-headless 4 (written with 4.14.0). The slices are kept with the results, so that the values do not
depend on the generator of a NumPy version.
"""

from pathlib import Path

import cv2
import numpy as np

# Rows and columns, tiles along each axis, clip limit. 50 and 45 cannot be divided into 8 tiles.
CASES = ((64, 64, 8, 2.0), (50, 45, 8, 3.0), (96, 64, 4, 1.5), (64, 96, 2, 40.0), (40, 40, 1, 2.0), (64, 64, 8, 0.1))


def draw(rows: int, columns: int, rng: np.random.Generator) -> np.ndarray:
    """A bright ellipse with noise and a slope on a dark ground, some of it black and some of it white."""
    row, column = np.mgrid[:rows, :columns]
    inside = ((row - rows / 2) / (0.4 * rows)) ** 2 + ((column - columns / 2) / (0.35 * columns)) ** 2 < 1
    grey = 20 + 90 * inside + 120 * inside * column / columns + rng.normal(0, 12, (rows, columns))
    grey[rows // 2 : rows // 2 + 5, columns // 2 : columns // 2 + 5] = 255
    return np.clip(grey, 0, 255).round().astype(np.uint8)


def main() -> None:
    """Write clahe.npz."""
    rng = np.random.default_rng(42)
    values: dict[str, np.ndarray] = {}
    for number, (rows, columns, tiles, clip) in enumerate(CASES):
        grey = draw(rows, columns, rng)
        values[f"slice_{number}"] = grey
        values[f"equalised_{number}"] = cv2.createCLAHE(clip, (tiles, tiles)).apply(grey)
        values[f"settings_{number}"] = np.array([tiles, clip])
    np.savez_compressed(Path(__file__).parent / "clahe.npz", **values)


if __name__ == "__main__":
    main()
