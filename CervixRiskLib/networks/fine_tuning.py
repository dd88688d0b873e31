"""Go on training a network on the cohort's own crops."""

from __future__ import annotations

import copy
import math
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from ..errors import SettingsError, TrainingError
from ..progress import SILENT, Progress
from .augmentation import Augmentation
from .device import choose_device
from .inner_split import smallest_class, stratified_folds
from .network import Network
from .torch_import import torch

Mode = Literal["head", "all"]
_LEARNING_RATES = {"head": 1e-3, "all": 1e-4}
_WEIGHT_DECAY = 1e-4


@dataclass(frozen=True)
class Epoch:
    """One pass over the training cases. Losses are class-weighted cross-entropies."""

    number: int
    training_loss: float
    validation_loss: float
    validation_auc: float


@dataclass(frozen=True)
class FineTuneResult:
    """The network of the best epoch and the way there.

    ``history`` has one entry an epoch; ``best_epoch`` counts from 1, as ``Epoch.number`` does.
    """

    network: Network
    history: tuple[Epoch, ...]
    best_epoch: int
    stopped_early: bool
    device: str


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
) -> FineTuneResult:
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
    crops = np.asarray(crops)
    labels = _checked_labels(network, crops, labels)
    if mode not in _LEARNING_RATES:
        raise SettingsError(f"Fine-tuning {mode!r} is not known: choose 'head' or 'all'.")
    if epochs < 1 or batch_size < 2 or patience < 1 or not 0 < validation_fraction < 1:
        raise SettingsError("Fine-tuning needs at least 1 epoch, batches of 2, patience 1, and a fraction in 0-1.")
    rate = _LEARNING_RATES[mode] if learning_rate is None else learning_rate
    if not (math.isfinite(rate) and rate > 0):
        raise SettingsError("The learning rate must be a positive number.")
    rarest = smallest_class(labels, groups)
    if rarest < 2:
        raise TrainingError("Fine-tuning needs at least two patients of each class: one to learn from, one to check.")
    folds = max(2, min(round(1 / validation_fraction), rarest))
    training, held_out = next(stratified_folds(labels, groups, folds=folds, seed=seed))

    chosen = choose_device(device).device
    cuda = [torch.cuda.current_device()] if chosen == "cuda" else []
    with torch.random.fork_rng(devices=cuda):
        torch.manual_seed(seed)
        tuned = copy.deepcopy(network)
        run = _Run(tuned, mode, rate, chosen, labels[training], augmentation or Augmentation(), seed)
        images = tuned.prepare(crops, chosen)
        targets = torch.from_numpy(labels).to(chosen)
        parts = ((images[training], targets[training]), (images[held_out], targets[held_out]))
        history, best_epoch = run.fit(*parts, epochs, batch_size, patience, progress)
    tuned.module.requires_grad_(True)
    tuned.module.eval()
    tuned.to("cpu")
    was = network.weights.fine_tuned
    tuned.weights = replace(
        network.weights,
        fine_tuned="all" if "all" in (mode, was) else mode,
        note=f"{network.weights.note} Fine-tuned ({mode}) on {len(labels)} crops, epoch {best_epoch} kept.".strip(),
    )
    return FineTuneResult(tuned, tuple(history), best_epoch, len(history) < epochs, chosen)


class _Run:
    """The state of one training."""

    def __init__(
        self, network: Network, mode: Mode, rate: float, device: str, labels: np.ndarray, augmentation: Any, seed: int
    ) -> None:
        self.network = network.to(device)
        self.module = network.module
        self.mode = mode
        self.augmentation = augmentation
        self.generator = torch.Generator().manual_seed(seed)
        for name, parameter in self.module.named_parameters():
            parameter.requires_grad_(mode == "all" or name.startswith(network.spec.head))
        trained = [parameter for parameter in self.module.parameters() if parameter.requires_grad]
        self.optimizer = torch.optim.AdamW(trained, lr=rate, weight_decay=_WEIGHT_DECAY)
        counts = np.bincount(labels, minlength=network.n_classes)
        # A class without cases has no term in the loss; its weight only must not be infinite.
        weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        self.class_weights = torch.tensor(weights, dtype=torch.float32, device=device)

    def fit(
        self,
        training: tuple[Any, Any],
        held_out: tuple[Any, Any],
        epochs: int,
        batch: int,
        patience: int,
        progress: Progress,
    ) -> tuple[list[Epoch], int]:
        """Train, and leave the module with the weights of the best epoch; returns every epoch and the best's number."""
        n = len(training[1])
        # Even parts, none of a single case: batch normalisation over one pixel of one case has no spread.
        parts = min(math.ceil(n / batch), max(1, n // 2))
        history: list[Epoch] = []
        detail = f"epoch 1 of {epochs}"
        best: tuple[float, int, dict[str, Any]] | None = None
        with progress.task(f"Fine-tuning {self.network.spec.title}", total=epochs * parts) as task:
            for number in range(1, epochs + 1):
                losses = []
                for indices in torch.tensor_split(torch.randperm(n, generator=self.generator), parts):
                    losses.append(self._step(training[0][indices], training[1][indices]) * len(indices))
                    task.advance(detail=detail)
                loss, auc = self._validate(*held_out, batch)
                history.append(Epoch(number, sum(losses) / n, loss, auc))
                detail = f"epoch {number} of {epochs}, validation AUC {auc:.2f}"
                if not math.isfinite(history[-1].training_loss + loss):
                    raise TrainingError("The training diverged (its loss is not finite): lower the learning rate.")
                if best is None or loss < best[0]:
                    best = (loss, number, copy.deepcopy(self.module.state_dict()))
                elif number - best[1] >= patience:
                    break
        assert best is not None
        self.module.load_state_dict(best[2])
        return history, best[1]

    def _step(self, images: Any, targets: Any) -> float:
        self.module.train(self.mode == "all")
        images = self.augmentation(images, self.generator)
        self.optimizer.zero_grad(set_to_none=True)
        logits = self.module(images.contiguous(memory_format=torch.channels_last))
        loss = torch.nn.functional.cross_entropy(logits, targets, weight=self.class_weights)
        loss.backward()
        self.optimizer.step()
        return float(loss.detach())

    def _validate(self, images: Any, targets: Any, batch: int) -> tuple[float, float]:
        from sklearn.metrics import roc_auc_score

        self.module.eval()
        with torch.inference_mode():
            logits = torch.cat([self.module(part) for part in torch.split(images, batch)])
            loss = float(torch.nn.functional.cross_entropy(logits, targets, weight=self.class_weights))
            probabilities = torch.softmax(logits.float(), dim=1).cpu().numpy().astype(np.float64)
        if not np.isfinite(probabilities).all():
            return math.inf, math.nan
        truth = targets.cpu().numpy()
        present = np.unique(truth)
        if len(present) == 2:
            auc = roc_auc_score(truth == present[1], probabilities[:, present[1]] - probabilities[:, present[0]])
        else:
            shares = probabilities[:, present]
            auc = roc_auc_score(truth, shares / shares.sum(axis=1, keepdims=True), multi_class="ovr", labels=present)
        return loss, float(auc)


def _checked_labels(network: Network, crops: np.ndarray, labels: np.ndarray) -> np.ndarray:
    given = np.asarray(labels)
    if given.ndim != 1 or len(given) != len(crops):
        raise SettingsError(f"Each of the {len(crops)} crops needs one label; {given.size} came.")
    whole = given.astype(np.int64)
    if not np.array_equal(whole, given) or whole.min() < 0 or whole.max() >= network.n_classes:
        raise SettingsError(f"Labels must be whole numbers from 0 to {network.n_classes - 1}.")
    if len(np.unique(whole)) < 2:
        raise TrainingError("All cases have the same outcome: there is nothing to learn from.")
    return whole
