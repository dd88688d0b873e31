"""A network for the demo: taught on simulated slices that take no part in anything else.

Without a hub there are no ImageNet weights, and a network with random weights draws meaningless heat maps. So the demo
does what a hospital with other images of the same kind could do: it teaches the network on them first, and gives the
weights to the training as a file. The cohort's own labels are not touched.
"""

from __future__ import annotations

from pathlib import Path

from ..progress import SILENT, Progress

NETWORK = "densenet121"
_SEED = 7
_CROP_SIZE = 128
_CROP_MARGIN = 0.1
_LEARNING_RATE = 1e-3


def teach_network(
    folder: Path, *, cases: int, epochs: int, jobs: int | None = None, progress: Progress = SILENT
) -> Path:
    """Simulate ``cases`` slices in ``folder``, teach DenseNet121 on them, and return the path of its weights.

    Raises
    ------
    MissingComponentError
        PyTorch is not installed.
    """
    import numpy as np

    from ..cohort import load_case, load_cohort
    from ..cohort.simulation import simulate_ultrasound
    from ..imaging import crop_around_roi
    from ..networks import build_network, fine_tune, save_network

    cohort = load_cohort(simulate_ultrasound(folder, cases, _SEED, prevalence=0.5, jobs=jobs, progress=progress))
    crops = np.stack(
        [
            crop_around_roi(*load_case(cohort, case_id), size=_CROP_SIZE, margin=_CROP_MARGIN).pixels
            for case_id in cohort.case_ids
        ]
    )
    taught = fine_tune(
        build_network(NETWORK, weights="none"),
        crops,
        cohort.outcomes.astype(int),
        mode="all",
        epochs=epochs,
        learning_rate=_LEARNING_RATE,
        patience=epochs,
        progress=progress,
    )
    path = folder / "densenet121.safetensors"
    save_network(taught.network, path)
    return path
