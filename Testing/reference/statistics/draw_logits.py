"""Draw logits.csv, on which classification.R computes its reference values. Run from any folder.

The table is kept, so that the values do not depend on the generator of a NumPy version.
"""

from pathlib import Path

import numpy as np
import pandas as pd

HERE = Path(__file__).parent


def draw() -> None:
    """90 cases of three groups: their group, three logits that are too sure of themselves, and a rival's call."""
    rng = np.random.default_rng(42)
    truth = rng.choice(3, size=90, p=[0.5, 0.3, 0.2])
    logits = rng.normal(0, 2.5, size=(90, 3))
    logits[np.arange(90), truth] += 2.0
    logits = logits.round(1)  # ties between cases belong into the test of an AUC
    rival = np.where(rng.random(90) < 0.6, truth, rng.integers(0, 3, size=90))
    table = pd.DataFrame({"truth": truth, "a": logits[:, 0], "b": logits[:, 1], "c": logits[:, 2], "rival": rival})
    table.to_csv(HERE / "logits.csv", index=False)


if __name__ == "__main__":
    draw()
