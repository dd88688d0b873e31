"""One training under way: its optimiser, its epochs, and how it is put back to where a checkpoint stands."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from contextlib import nullcontext
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import TrainingError
from ..progress import Progress
from .checkpoint import Checkpoint, DamagedCheckpointError
from .checkpoint_writer import CheckpointWriter
from .epoch import Epoch, macro_auc
from .network import Network
from .oversampling import draw_epoch, epoch_length
from .random_state import seed_random_state
from .torch_import import torch
from .training_plan import TrainingPlan

# Seconds between two looks at a graphics card's numbers: each look waits for the card.
_LOOK_EVERY = 0.5


@dataclass(frozen=True)
class Cases:
    """Prepared ``images``, ``(n, channels, size, size)`` on the device, and ``labels``, ``(n,)`` int64."""

    images: Any
    labels: np.ndarray


class TrainingRun:
    """The state of one training.

    Attributes
    ----------
    history
        The epochs so far.
    best_epoch
        Number of the epoch whose weights are kept; the last without early stopping.
    class_weights
        ``(classes,)`` weights of the balanced loss, mean 1 over the training cases.
    """

    def __init__(
        self,
        network: Network,
        plan: TrainingPlan,
        training: Cases,
        watched: Cases | None,
        *,
        seed: int,
        device: str,
        precision: str,
    ) -> None:
        self.network = network.to(device)
        self.module = network.module
        self.plan = plan
        self.training = training
        self.watched = watched
        self.seed = seed
        self.device = device
        self.history: list[Epoch] = []
        self.best_epoch = 0
        self._best: dict[str, Any] = {}
        for name, parameter in self.module.named_parameters():
            parameter.requires_grad_(plan.mode == "all" or name.startswith(network.spec.head))
        self._trained = {name: value for name, value in self.module.named_parameters() if value.requires_grad}
        self._optimizer = _optimizer(plan, list(self._trained.values()))
        self._rates = learning_rates(plan)
        self._half = None if precision == "float32" else getattr(torch, precision)
        self._scaler = torch.amp.GradScaler(device, enabled=precision == "float16")
        self.class_weights = _class_weights(training.labels, network.n_classes).to(device)

    def fit(self, progress: Progress, writer: CheckpointWriter | None) -> None:
        """Train what epochs are left, and leave the module on the CPU with the weights of the best epoch.

        Raises
        ------
        TrainingError
            The loss or the weights are no longer finite.
        """
        cases = epoch_length(self.training.labels, oversample=self.plan.oversample)
        # Even parts, none of a single case: batch normalisation over one pixel of one case has no spread.
        parts = min(math.ceil(cases / self.plan.batch_size), max(1, cases // 2))
        targets = torch.from_numpy(self.training.labels).to(self.device)
        with progress.task(f"Training {self.network.spec.title}", total=self.plan.epochs * parts) as task:
            if self.history:
                task.advance(len(self.history) * parts, self._detail(self.history[-1]))
            while not self._finished():
                self._keep(self._epoch(targets, parts, task))
                if writer is not None:
                    writer.write(self.history, self.best_epoch, self._tensors(), self._scaler.state_dict())
        if self._best:
            self.module.load_state_dict(self._best)
        self.module.requires_grad_(True)
        self.module.eval()
        self.network.to("cpu")

    def restore(self, checkpoint: Checkpoint) -> None:
        """Go to where ``checkpoint`` stands.

        Raises
        ------
        DamagedCheckpointError
            Its tensors are not those of this network and optimiser.
        """
        weights = _under("network.", checkpoint.tensors)
        kept = checkpoint.best_epoch if self.plan.patience is not None else 0
        best = _under("best.", checkpoint.tensors) if kept not in (0, len(checkpoint.history)) else weights
        known = {name: tensor.shape for name, tensor in self.module.state_dict().items()}
        for state in (weights, best):
            if {name: tensor.shape for name, tensor in state.items()} != known:
                raise DamagedCheckpointError("The checkpoint does not hold this network's weights.")
        states: dict[int, dict[str, Any]] = {}
        for index, (name, parameter) in enumerate(self._trained.items()):
            states[index] = {}
            for field, tensor in _under(f"optimizer.{name}:", checkpoint.tensors).items():
                if tensor.ndim and tensor.shape != parameter.shape:
                    raise DamagedCheckpointError("The checkpoint does not hold this optimiser's state.")
                # Laid out in memory as the weight is, which the optimiser's fast path asks for.
                state = torch.empty_like(parameter, dtype=tensor.dtype) if tensor.ndim else tensor
                states[index][field] = state.copy_(tensor).detach() if tensor.ndim else tensor
        groups = self._optimizer.state_dict()["param_groups"]
        self._optimizer.load_state_dict({"state": states, "param_groups": groups})
        if checkpoint.scaler:
            self._scaler.load_state_dict(dict(checkpoint.scaler))
        self.module.load_state_dict(weights)
        self.history = list(checkpoint.history)
        self.best_epoch = checkpoint.best_epoch
        if self.plan.patience is not None:
            self._best = best

    def _finished(self) -> bool:
        done = len(self.history)
        if done >= self.plan.epochs:
            return True
        return self.plan.patience is not None and done > 0 and done - self.best_epoch >= self.plan.patience

    def _epoch(self, targets: Any, parts: int, task: Any) -> Epoch:
        number = len(self.history) + 1
        words = np.random.SeedSequence([self.seed, number]).generate_state(2, np.uint64)
        generator = torch.Generator().manual_seed(int(words[0]))
        # Dropout draws from torch's own state, which is put back after the training.
        seed_random_state(int(words[1]), self.device)
        rate = self._rates[number - 1]
        for group in self._optimizer.param_groups:
            group["lr"] = rate
        order = draw_epoch(self.training.labels, generator, oversample=self.plan.oversample)
        losses: list[Any] = []
        logits: list[Any] = []
        seen = order[:0]
        looked = -math.inf
        self.module.train(self.plan.mode == "all")
        for indices in torch.tensor_split(order, parts):
            there = indices.to(self.device)
            images = self.plan.augmentation(self.training.images[there], generator)
            loss, answer = self._step(images, targets[there])
            losses.append(loss * len(indices))
            logits.append(answer)
            seen = order[: len(seen) + len(indices)]
            detail = None
            if self.device == "cpu" or time.monotonic() - looked > _LOOK_EVERY:
                detail = self._detail(self._measured(number, rate, seen, losses, logits))
                looked = time.monotonic()
            task.advance(detail=detail)
        epoch = self._measured(number, rate, order, losses, logits)
        watched = (None, None) if self.watched is None else self._evaluate(self.watched)
        if not math.isfinite(epoch.training_loss + (watched[0] or 0.0)) or not self._weights_are_finite():
            raise TrainingError(
                "The training diverged (its loss or weights are no longer finite): lower the learning rate."
            )
        return Epoch(number, rate, epoch.training_loss, epoch.training_auc, *watched)

    def _step(self, images: Any, targets: Any) -> tuple[Any, Any]:
        self._optimizer.zero_grad(set_to_none=True)
        with self._autocast():
            logits = self.module(images.contiguous(memory_format=torch.channels_last))
        logits = logits.float()
        loss = torch.nn.functional.cross_entropy(
            logits,
            targets,
            weight=self.class_weights if self.plan.class_weights else None,
            label_smoothing=self.plan.label_smoothing,
        )
        self._scaler.scale(loss).backward()
        self._scaler.step(self._optimizer)
        self._scaler.update()
        return loss.detach(), logits.detach()

    def _measured(self, number: int, rate: float, order: Any, losses: list[Any], logits: list[Any]) -> Epoch:
        """The running epoch after the batches so far; nothing is read back from the device before this."""
        loss = sum(torch.stack(losses).tolist()) / len(order)
        labels = self.training.labels[order.numpy()]
        return Epoch(number, rate, loss, macro_auc(labels, torch.cat(logits).cpu().numpy()))

    def _evaluate(self, cases: Cases) -> tuple[float, float]:
        self.module.eval()
        with torch.no_grad(), self._autocast():
            parts = torch.split(cases.images, self.plan.batch_size)
            logits = torch.cat([self.module(part).float() for part in parts])
        balanced = self.plan.oversample or self.plan.class_weights
        targets = torch.from_numpy(cases.labels).to(self.device)
        weight = self.class_weights if balanced else None
        loss = float(torch.nn.functional.cross_entropy(logits, targets, weight=weight))
        return loss, macro_auc(cases.labels, logits.cpu().numpy())

    def _autocast(self) -> Any:
        # Before version 2.5 torch refuses to name a Mac's graphics cores here, even to switch it off.
        return nullcontext() if self._half is None else torch.autocast(self.device, dtype=self._half)

    def _weights_are_finite(self) -> bool:
        return all(
            bool(torch.isfinite(tensor).all())
            for tensor in self.module.state_dict().values()
            if tensor.is_floating_point()
        )

    def _keep(self, epoch: Epoch) -> None:
        self.history.append(epoch)
        if self.plan.patience is None:
            self.best_epoch = epoch.number
        elif self.best_epoch == 0 or epoch.validation_loss < self.history[self.best_epoch - 1].validation_loss:  # type: ignore[operator]
            self.best_epoch = epoch.number
            self._best = {name: tensor.detach().clone() for name, tensor in self.module.state_dict().items()}

    def _tensors(self) -> dict[str, Any]:
        tensors = {f"network.{name}": tensor for name, tensor in self.module.state_dict().items()}
        for name, parameter in self._trained.items():
            for field, value in self._optimizer.state[parameter].items():
                if value is not None:
                    tensors[f"optimizer.{name}:{field}"] = value
        if self.best_epoch != len(self.history):
            tensors |= {f"best.{name}": tensor for name, tensor in self._best.items()}
        return tensors

    def _detail(self, epoch: Epoch) -> str:
        text = f"epoch {epoch.number} of {self.plan.epochs}, loss {epoch.training_loss:.2f}"
        if not math.isnan(epoch.training_auc):
            text += f", AUC {epoch.training_auc:.2f}"
        if self.history and self.history[-1].validation_auc is not None:
            text += f", validation AUC {self.history[-1].validation_auc:.2f}"
        return text


def learning_rates(plan: TrainingPlan) -> tuple[float, ...]:
    """The learning rate of every epoch, to the bit as torch's own scheduler sets it."""
    dummy = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=plan.learning_rate)
    if plan.schedule == "constant":
        return (float(plan.learning_rate),) * plan.epochs
    scheduler = torch.optim.lr_scheduler.CosineAnnealingLR(dummy, T_max=plan.epochs)
    rates = []
    for _ in range(plan.epochs):
        rates.append(float(dummy.param_groups[0]["lr"]))
        dummy.step()
        scheduler.step()
    return tuple(rates)


def _optimizer(plan: TrainingPlan, parameters: list[Any]) -> Any:
    if plan.optimizer == "adamw":
        return torch.optim.AdamW(parameters, lr=plan.learning_rate, weight_decay=plan.weight_decay)
    return torch.optim.SGD(
        parameters,
        lr=plan.learning_rate,
        momentum=plan.momentum,
        nesterov=plan.nesterov,
        weight_decay=plan.weight_decay,
    )


def _class_weights(labels: np.ndarray, n_classes: int) -> Any:
    counts = np.bincount(labels, minlength=n_classes)
    # A class without cases has no term in the loss; its weight only must not be infinite.
    weights = len(labels) / (np.count_nonzero(counts) * np.maximum(counts, 1))
    return torch.tensor(weights, dtype=torch.float32)


def _under(prefix: str, tensors: Mapping[str, Any]) -> dict[str, Any]:
    return {name.removeprefix(prefix): tensor for name, tensor in tensors.items() if name.startswith(prefix)}
