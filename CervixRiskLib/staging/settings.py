"""Every choice of a staging run in one place, with the paper's values as defaults.

Source: Dai et al. 2025, doi 10.3389/fonc.2025.1557486, Methods and section 3.2.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ..errors import SettingsError
from ..imaging import QualityLimits, SlicePreprocessing
from ..networks import STAGING_NETWORKS, network_spec
from ..networks.zoo import checked_input_size
from .choices import Centre, Search, Validation

if TYPE_CHECKING:
    from ..networks import TrainingPlan

NUMPY_SEED = 42
TORCH_SEED = 3407
HEADLINE_NETWORK = "hrnet_w32"


def _published_plan() -> TrainingPlan:
    from ..networks import TrainingPlan

    return TrainingPlan.published()


@dataclass(frozen=True)
class StagingSettings:
    """The choices of one run of ``train staging``.

    Parameters
    ----------
    networks
        Names of the zoo. The bundle holds the first; the others are compared with it.
    weights
        ``"imagenet"``, ``"none"``, or a weights file (for a single network).
    plan
        How a network is trained; published: SGD 0.01, momentum 0.9, cosine annealing, batch 16, 100 epochs, 1e-4.
    centre, field_of_view_mm
        ``AUTO`` centres on the contour where every case has one. The square's side is ``field_of_view_mm`` where every
        pixel size is known, so that the tumour's size, on which the stage depends, stays visible.
    vary_size
        Whether augmentation may enlarge and shrink what is shown in millimetres. The paper scales its images; a stage
        that turns at 4 cm cannot be learned from tumours whose size is varied by a tenth.
    preprocessing
        Filters and size. Its ``centre``, ``field_of_view_mm`` and ``margin`` are set from the two above.
    quality
        Limits below which a slice is left out; ``None`` keeps all.
    test_fraction, folds
        Of the hold-out (the paper: 30 %) and of the cross-validation.
    search, trials
        Of the nested search; ``trials`` is the number of random draws.
    group_order
        Names of the groups in the order of their codes, the reference group first.
    runtime
        What answers on the CPU; see :func:`CervixRiskLib.networks.load_engine`.
    """

    networks: tuple[str, ...] = (HEADLINE_NETWORK,)
    weights: str = "imagenet"
    plan: TrainingPlan = field(default_factory=_published_plan)
    centre: Centre = Centre.AUTO
    field_of_view_mm: float = 120.0
    vary_size: bool = False
    preprocessing: SlicePreprocessing = field(default_factory=SlicePreprocessing)
    quality: QualityLimits | None = field(default_factory=QualityLimits)
    validation: Validation = Validation.HOLDOUT
    test_fraction: float = 0.3
    folds: int = 5
    search: Search = Search.NONE
    trials: int = 8
    group_order: tuple[str, ...] = ()
    seed: int = NUMPY_SEED
    torch_seed: int = TORCH_SEED
    shuffle_outcome: bool = False
    skip_invalid: bool = False
    device: str = "auto"

    def __post_init__(self) -> None:
        for kind, name in ((Validation, "validation"), (Search, "search"), (Centre, "centre")):
            try:
                object.__setattr__(self, name, kind(getattr(self, name)))
            except ValueError:
                choices = ", ".join(item.value for item in kind)
                raise SettingsError(f"{name.capitalize()} {getattr(self, name)!r} is not one of {choices}.") from None
        if not self.networks:
            raise SettingsError("Name at least one network.")
        unknown = [name for name in self.networks if name not in STAGING_NETWORKS]
        if unknown:
            raise SettingsError(
                f"The network {unknown[0]!r} is not known here: choose all, or from {', '.join(STAGING_NETWORKS)}."
            )
        if len(set(self.networks)) != len(self.networks):
            raise SettingsError("A network is named twice.")
        for name in self.networks:
            # The last of seven would find it out days after the first.
            checked_input_size(network_spec(name), self.preprocessing.size)
        if self.weights not in ("imagenet", "none") and len(self.networks) > 1:
            raise SettingsError("A weights file fits one network: name that one, or use imagenet or none for several.")
        if not 0.05 <= self.test_fraction <= 0.5:
            raise SettingsError("The test fraction lies between 0.05 and 0.5; the paper's is 0.3.")
        if not 2 <= self.folds <= 20:
            raise SettingsError("Cross-validation takes 2 to 20 folds.")
        if not 1 <= self.trials <= 1000:
            raise SettingsError("The random search takes 1 to 1000 trials.")
        if not 10.0 <= self.field_of_view_mm <= 1000.0:
            raise SettingsError("The field of view lies between 10 and 1000 mm.")

    def to_json(self) -> dict[str, Any]:
        """For the bundle."""
        return {
            "networks": list(self.networks),
            # A file's path may name a person; that it was a file is what matters.
            "weights": self.weights if self.weights in ("imagenet", "none") else "file",
            "plan": self.plan.to_json(),
            "centre": self.centre.value,
            "field_of_view_mm": self.field_of_view_mm,
            "vary_size": self.vary_size,
            "quality": None if self.quality is None else self.quality.to_json(),
            "validation": self.validation.value,
            "test_fraction": self.test_fraction,
            "folds": self.folds,
            "search": self.search.value,
            "trials": self.trials,
            "seed": self.seed,
            "torch_seed": self.torch_seed,
            "shuffle_outcome": self.shuffle_outcome,
        }
