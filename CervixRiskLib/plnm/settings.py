"""Every choice of a training run in one place, with the paper's values as defaults.

Source: Wang et al. 2025, doi 10.3389/fonc.2025.1681029, Methods.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from enum import Enum
from pathlib import Path
from typing import Any

from ..errors import SettingsError

NUMPY_SEED = 42
TORCH_SEED = 3407

DEEP_NETWORKS = ("densenet121", "resnet50", "alexnet")
CLASSIFIER_NAMES = (
    "logistic_regression",
    "svm",
    "knn",
    "random_forest",
    "extra_trees",
    "xgboost",
    "lightgbm",
    "mlp",
)


class Effort(str, Enum):
    """How much computing a training run may take."""

    QUICK = "quick"
    STANDARD = "standard"
    FULL = "full"


class TrainingProtocol(str, Enum):
    """``honest`` is what we stand behind; ``paper`` repeats what was printed, with its deviations stamped on it."""

    HONEST = "honest"
    PAPER = "paper"
    BOTH = "both"


class FineTuning(str, Enum):
    """Which part of the network learns from the cohort's labels."""

    NONE = "none"
    HEAD = "head"
    ALL = "all"


class Harmonisation(str, Enum):
    """How features are brought to one scale between centres, as a comparison; the bundle's model is never changed."""

    NONE = "none"
    COMBAT = "combat"


@dataclass(frozen=True)
class EffortPlan:
    """What an effort means: classifiers, folds and repeats, permutations, and bootstrap resamples for the optimism."""

    classifiers: tuple[str, ...]
    outer_folds: int
    repeats: int
    inner_folds: int
    permutations: int
    optimism: int
    wide_grid: bool


EFFORT_PLANS: dict[Effort, EffortPlan] = {
    Effort.QUICK: EffortPlan(("logistic_regression", "svm", "mlp"), 5, 1, 5, 0, 0, False),
    Effort.STANDARD: EffortPlan(CLASSIFIER_NAMES, 5, 2, 5, 0, 20, False),
    Effort.FULL: EffortPlan(CLASSIFIER_NAMES, 10, 5, 10, 100, 50, True),
}


@dataclass(frozen=True)
class TrainingSettings:
    """The choices of one run of ``train plnm``.

    Parameters
    ----------
    networks
        Names of the deep networks; empty for radiomics alone. With several, each resample chooses among them.
    weights
        ``"imagenet"``, ``"none"`` or the path of a weights file.
    fine_tuning
        Whether the network learns from the labels; ``all`` makes out-of-fold embeddings by cross-fitting.
    fine_tuning_epochs, fine_tuning_folds
        Longest fine-tuning, and in how many folds embeddings are cross-fitted.
    effort, protocol
        See :class:`Effort` and :class:`TrainingProtocol`.
    preset, engine
        Radiomics preset by name or path, and the engine that computes it.
    keep_noise_features
        Whether features that hold rounding noise on one slice stay in. The paper protocol always has them.
    icc_table
        CSV with a ``feature`` column and among ``inter_icc``, ``intra_icc``, ``perturbation_icc`` (for the lower-bound
        rule ``inter_lower``, …). ``None``, and no table given to :func:`.training.train`: no reproducibility filter,
        and the bundle says so.
    icc_threshold, icc_rule, icc_bound
        Drop a feature when ``either`` or ``both`` analyses fall below the threshold; judged by the ``estimate`` or the
        ``lower`` confidence bound (paper: .75 and an ambiguous "both"; section "Tumor segmentation").
    icc_analyses
        Which analyses decide: ``inter``, ``intra``, ``perturbation``. ``None``: those of readers that the table has;
        perturbation only where it has none.
    significance, correlation
        Mann-Whitney p value and absolute Spearman correlation of the redundancy filters (paper: .05; .9 in Methods,
        .8 in Results).
    principal_components, selected_features
        Size of the deep signature and of the fused set (paper: 64 and 16).
    clinical
        ``None``: all clinical columns are candidates and logistic regression selects among them in every resample.
        A tuple: exactly these are used. Empty: none.
    permutations, optimism
        How often the outcomes are permuted, and bootstrap resamples drawn, to test the whole pipeline; ``None``: as the
        effort says.
    harmonise
        See :class:`Harmonisation`; needs a ``center`` column.
    test_fraction
        ``None``: a hold-out is drawn only when it would hold at least ``minimum_test_class`` cases of each class.
    """

    networks: tuple[str, ...] = ("densenet121",)
    weights: str = "imagenet"
    fine_tuning: FineTuning = FineTuning.NONE
    fine_tuning_epochs: int = 20
    fine_tuning_folds: int = 5
    effort: Effort = Effort.STANDARD
    protocol: TrainingProtocol = TrainingProtocol.HONEST
    preset: str = "wang2025"
    engine: str = "cervixrisk"
    keep_noise_features: bool = False
    icc_table: Path | None = None
    icc_threshold: float = 0.75
    icc_rule: str = "either"
    icc_bound: str = "estimate"
    icc_analyses: tuple[str, ...] | None = None
    significance: float = 0.05
    correlation: float = 0.9
    principal_components: int = 64
    selected_features: int = 16
    clinical: tuple[str, ...] | None = None
    permutations: int | None = None
    optimism: int | None = None
    harmonise: Harmonisation = Harmonisation.NONE
    test_fraction: float | None = None
    minimum_test_class: int = 20
    crop_size: int = 128
    crop_margin: float = 0.1
    seed: int = NUMPY_SEED
    torch_seed: int = TORCH_SEED
    outcome: str = "outcome"
    shuffle_outcome: bool = False
    skip_invalid: bool = False
    jobs: int | None = None
    scheduler: str | None = None
    device: str = "auto"
    classifiers: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        object.__setattr__(self, "effort", _choice(Effort, self.effort, "effort"))
        object.__setattr__(self, "protocol", _choice(TrainingProtocol, self.protocol, "protocol"))
        object.__setattr__(self, "fine_tuning", _choice(FineTuning, self.fine_tuning, "fine-tuning"))
        object.__setattr__(self, "harmonise", _choice(Harmonisation, self.harmonise, "harmonisation"))
        networks = DEEP_NETWORKS if tuple(self.networks) == ("all",) else tuple(self.networks)
        object.__setattr__(self, "networks", networks)
        for name in networks:
            if name not in DEEP_NETWORKS:
                raise SettingsError(f"There is no network called {name!r}; choose from {', '.join(DEEP_NETWORKS)}.")
        for name in self.classifiers:
            if name not in CLASSIFIER_NAMES:
                raise SettingsError(
                    f"There is no classifier called {name!r}; choose from {', '.join(CLASSIFIER_NAMES)}."
                )
        if self.fine_tuning is FineTuning.ALL and len(networks) > 1:
            raise SettingsError("Fine-tuning a whole network works with one network at a time; name one.")
        if self.icc_rule not in ("either", "both"):
            raise SettingsError("The ICC rule is 'either' or 'both'.")
        if self.icc_bound not in ("estimate", "lower"):
            raise SettingsError("The ICC bound is 'estimate' or 'lower'.")
        for name, low, high in (
            ("icc_threshold", 0.0, 1.0),
            ("significance", 0.0, 1.0),
            ("correlation", 0.0, 1.0),
        ):
            if not low < getattr(self, name) <= high:
                raise SettingsError(f"The setting {name} must lie between {low:g} and {high:g}.")
        if self.test_fraction is not None and not 0.0 <= self.test_fraction <= 0.5:
            raise SettingsError("The share of cases held out for testing must lie between 0 and 0.5.")
        if min(self.permutations or 0, self.optimism or 0) < 0:
            raise SettingsError("The numbers of permutations and of bootstrap resamples cannot be negative.")
        if self.selected_features < 1 or self.principal_components < 1:
            raise SettingsError("The numbers of features to keep must be at least 1.")

    @property
    def plan(self) -> EffortPlan:
        """What the effort means, with the person's own choices."""
        plan = EFFORT_PLANS[self.effort]
        return replace(
            plan,
            classifiers=self.classifiers or plan.classifiers,
            permutations=plan.permutations if self.permutations is None else self.permutations,
            optimism=plan.optimism if self.optimism is None else self.optimism,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain values for the bundle. Local paths are reduced to file names."""
        values = asdict(self)
        for name in ("effort", "protocol", "fine_tuning", "harmonise"):
            values[name] = getattr(self, name).value
        values["icc_table"] = self.icc_table.name if self.icc_table else None
        if values["weights"] not in ("imagenet", "none"):
            values["weights"] = Path(values["weights"]).name
        if values["preset"] not in ("wang2025", "slice2d"):
            values["preset"] = Path(values["preset"]).name
        for name in ("networks", "classifiers"):
            values[name] = list(values[name])
        values["icc_analyses"] = None if self.icc_analyses is None else list(self.icc_analyses)
        values["clinical"] = None if self.clinical is None else list(self.clinical)
        values.pop("jobs")
        values.pop("scheduler")
        return values


def _choice(kind: type[Enum], value: object, what: str) -> Enum:
    try:
        return kind(value)
    except ValueError:
        options = ", ".join(str(member.value) for member in kind)
        raise SettingsError(f"There is no {what} called {value!r}; choose from {options}.") from None
