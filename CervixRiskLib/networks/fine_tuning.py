"""Go on training a network on the cohort's own crops, as the ultrasound study does."""

from __future__ import annotations

from operator import index

import numpy as np

from ..progress import SILENT, Progress
from .augmentation import Augmentation
from .epoch import Epoch
from .network import Network
from .training import TrainedNetwork, train_network
from .training_plan import Mode, TrainingPlan

__all__ = ["Epoch", "Mode", "TrainedNetwork", "fine_tune"]

_LEARNING_RATES = {"head": 1e-3, "all": 1e-4}


def fine_tune(
    network: Network,
    crops: np.ndarray,
    labels: np.ndarray,
    *,
    mode: Mode = "head",
    epochs: int = 20,
    learning_rate: float | None = None,
    batch_size: int = 16,
    seed: int = 3407,
    groups: np.ndarray | None = None,
    patience: int = 5,
    validation_fraction: float = 0.2,
    augmentation: Augmentation | None = None,
    progress: Progress = SILENT,
    device: str = "auto",
) -> TrainedNetwork:
    """Train a copy of ``network`` on labelled crops; ``network`` itself stays as it was.

    A stratified part of the cases is held out; when its loss has not improved for ``patience`` epochs, training ends,
    and the weights of the best epoch are kept. Cross-entropy is weighted by inverse class frequency; AdamW with weight
    decay 1e-4 (the paper names no optimiser). On the CPU the same seed and thread count give the same bits.

    Parameters
    ----------
    crops
        ``(n, size, size)`` or ``(n, channels, size, size)``, not normalised.
    labels
        ``(n,)`` integers from 0.
    mode
        ``"head"`` trains the last layer on the unchanged feature map, batch normalisation and dropout held still, so
        embeddings do not change. ``"all"`` trains everything.
    learning_rate
        1e-3 for the head, 1e-4 for all, unless given.
    groups
        ``(n,)`` patient of each crop; the inner split divides none.
    augmentation
        The paper's where ``None``.

    Raises
    ------
    TrainingError
        One class only, fewer than two cases of a class, or a loss that is no longer finite.
    SettingsError
        A setting out of range, or labels the head has no output for.
    """
    plan = TrainingPlan(
        optimizer="adamw",
        learning_rate=_LEARNING_RATES.get(mode, 1e-3) if learning_rate is None else float(learning_rate),
        weight_decay=1e-4,
        batch_size=index(batch_size),
        epochs=index(epochs),
        schedule="constant",
        augmentation=Augmentation() if augmentation is None else augmentation,
        oversample=False,
        class_weights=True,
        patience=index(patience),
        validation_fraction=validation_fraction,
        precision="float32",
        mode=mode,
    )
    return train_network(network, crops, labels, plan, groups=groups, seed=seed, device=device, progress=progress)
