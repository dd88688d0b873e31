"""How a network is trained, as a record that travels with what was trained. Nothing here imports torch."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import SettingsError
from .augmentation import MRI_AUGMENTATION, Augmentation

Optimizer = Literal["sgd", "adamw"]
Schedule = Literal["cosine", "constant"]
Precision = Literal["auto", "float32", "bfloat16", "float16"]
Mode = Literal["all", "head"]

_CHOICES = {
    "optimizer": ("sgd", "adamw"),
    "schedule": ("cosine", "constant"),
    "precision": ("auto", "float32", "bfloat16", "float16"),
}


@dataclass(frozen=True)
class TrainingPlan:
    """All settings of a training; the defaults are those of Dai et al. 2025 (see :meth:`published`).

    Parameters
    ----------
    optimizer, learning_rate, momentum, nesterov, weight_decay
        ``"sgd"`` with ``momentum``, or ``"adamw"`` (torch's defaults for its own two momenta).
    batch_size
        Cases a step, at least 2. An epoch is cut into even parts of at most so many.
    epochs
        Passes over the training cases.
    schedule
        ``"cosine"``: torch's ``CosineAnnealingLR`` with ``T_max = epochs``, one step an epoch, down to 0.
    augmentation
        Changes of the training crops.
    oversample
        Cases of the rarer classes are drawn again, with replacement and anew each epoch, until every class has as
        many as the largest. Only training cases are drawn.
    class_weights
        Weigh the loss by inverse class frequency instead.
    patience
        ``None``: all cases train for all epochs, and the last weights are kept. Otherwise ``validation_fraction`` of
        the cases (stratified, by patient) are held out; training ends when their loss has not improved for so many
        epochs, and the weights of the best epoch are kept.
    validation_fraction
        Share held out when there is ``patience``; rounded to one part of a whole number of folds.
    precision
        ``"auto"``: see :func:`CervixRiskLib.networks.precision.choose_precision`.
    label_smoothing
        As torch's cross-entropy takes it, for the training loss only.
    mode
        ``"all"`` trains everything. ``"head"`` trains the last layer on the unchanged feature map, batch
        normalisation and dropout held still.

    Raises
    ------
    SettingsError
        A setting out of range, or two that contradict each other.
    """

    optimizer: Optimizer = "sgd"
    learning_rate: float = 0.01
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 1e-4
    batch_size: int = 16
    epochs: int = 100
    schedule: Schedule = "cosine"
    augmentation: Augmentation = MRI_AUGMENTATION
    oversample: bool = True
    class_weights: bool = False
    patience: int | None = None
    validation_fraction: float = 0.2
    precision: Precision = "auto"
    label_smoothing: float = 0.0
    mode: Mode = "all"

    def __post_init__(self) -> None:
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingsError(f"The training's {name} must be one of {', '.join(choices)}.")
        if self.mode not in ("head", "all"):
            raise SettingsError(f"Training {self.mode!r} is not known: choose 'head' or 'all'.")
        if not isinstance(self.augmentation, Augmentation):
            raise SettingsError("The training's augmentation must be an Augmentation.")
        for name in ("nesterov", "oversample", "class_weights"):
            if not isinstance(getattr(self, name), bool):
                raise SettingsError(f"The training's {name} must be yes or no.")
        if not _is_number(self.learning_rate) or self.learning_rate <= 0:
            raise SettingsError("The learning rate must be a positive number.")
        for name, largest in (("momentum", 1.0), ("weight_decay", math.inf), ("label_smoothing", 1.0)):
            value = getattr(self, name)
            if not _is_number(value) or not 0 <= value < largest:
                raise SettingsError(f"The training's {name} must be a number of at least 0, and below {largest:g}.")
        wholes = (self.epochs, self.batch_size, 1 if self.patience is None else self.patience)
        if (
            any(type(whole) is not int for whole in wholes)
            or self.epochs < 1
            or self.batch_size < 2
            or wholes[2] < 1
            or not _is_number(self.validation_fraction)
            or not 0 < self.validation_fraction < 1
        ):
            raise SettingsError("Training needs at least 1 epoch, batches of 2, patience 1, and a fraction in 0-1.")
        if self.nesterov and (self.optimizer != "sgd" or self.momentum == 0):
            raise SettingsError("Nesterov's step needs the optimizer sgd and a momentum above 0.")
        if self.oversample and self.class_weights:
            raise SettingsError("Rare classes are either drawn more often or weighed more: choose one of the two.")

    @classmethod
    def published(cls) -> TrainingPlan:
        """As Dai et al. 2025 print it, for all seven networks.

        SGD with learning rate 0.01, momentum 0.9 and weight decay 1e-4, cosine annealing, batches of 16, 100 epochs;
        the minority class is oversampled inside the training split. Not printed, ours: the limits of the augmentation,
        one step of the annealing an epoch, and the precision.
        """
        return cls(
            optimizer="sgd",
            learning_rate=0.01,
            momentum=0.9,
            nesterov=False,
            weight_decay=1e-4,
            batch_size=16,
            epochs=100,
            schedule="cosine",
            augmentation=MRI_AUGMENTATION,
            oversample=True,
            class_weights=False,
            patience=None,
            precision="auto",
            label_smoothing=0.0,
            mode="all",
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for a file; :meth:`from_json` gives an equal plan back."""
        return dataclasses.asdict(self)

    @classmethod
    def from_json(cls, content: Any) -> TrainingPlan:
        """The plan that :meth:`to_json` described.

        Raises
        ------
        SettingsError
            A key is missing or unknown, or a value is of another type or out of range.
        """
        values = _exactly(content, cls, "training plan")
        values["augmentation"] = Augmentation(**_exactly(values["augmentation"], Augmentation, "augmentation"))
        return cls(**values)


def _exactly(content: Any, record: type, title: str) -> dict[str, Any]:
    names = {field.name for field in dataclasses.fields(record)}
    if not isinstance(content, Mapping) or set(content) != names:
        raise SettingsError(f"The {title} does not have exactly the settings this version knows.")
    return dict(content)


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
