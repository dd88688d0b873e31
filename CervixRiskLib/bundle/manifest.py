"""``bundle.json``: everything there is to know about a trained model without running it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ..errors import BundleError
from .json_record import Json, from_json, to_json

SCHEMA_VERSION = 2
"""Written by this library, which reads all versions from 1 on.

Version 2 adds what more than two classes need: ``threshold`` may be ``null``, ``training.class_counts`` and
``calibration.temperature``. A library that reads version 1 alone says that it must be updated.
"""

INTENDED_USE = (
    "Research on the risk shown here, by people who know how the model was trained. For research use. "
    "Not a medical device; not for decisions about a patient's care."
)


@dataclass(frozen=True)
class RadiomicsInfo:
    """Which features: preset name, SHA-256 of its content, and the engine that computed them in training."""

    preset: str
    content_hash: str
    engine: str


@dataclass(frozen=True)
class ClinicalPredictor:
    """A clinical column the model uses.

    Parameters
    ----------
    kind
        ``"continuous"``, ``"binary"``, ``"ordinal"`` or ``"categorical"``.
    observed_low, observed_high
        Range in the training cohort; a value outside it is answered with a warning.
    plausible_low, plausible_high
        What a person can have at all; a value outside it is refused. ``None`` where there is no bound.
    levels
        The allowed values of a categorical or ordinal column.
    """

    name: str
    label: str
    unit: str = ""
    kind: str = "continuous"
    observed_low: float | None = None
    observed_high: float | None = None
    plausible_low: float | None = None
    plausible_high: float | None = None
    levels: tuple[str, ...] = ()


@dataclass(frozen=True)
class Calibration:
    """How scores became probabilities.

    ``"platt"`` has the logit's slope and intercept; ``"temperature"`` divides all logits by ``temperature``; ``"none"``
    leaves them as they are.
    """

    method: str
    slope: float | None = None
    intercept: float | None = None
    temperature: float | None = None


@dataclass(frozen=True)
class IntervalInfo:
    """How the 95 % interval of a probability is made; ``details`` holds what the study needs for it."""

    method: str
    level: float = 0.95
    details: dict[str, Json] = field(default_factory=dict)


@dataclass(frozen=True)
class Metric:
    """One number of the validation with its 95 % interval; ``None`` where it is undefined.

    ``protocol`` is ``"honest"`` or ``"paper"``; ``model`` says of which model ("fusion", "nomogram", ...); ``n`` is
    the number of cases behind it.
    """

    name: str
    value: float | None
    lower: float | None
    upper: float | None
    protocol: str
    n: int
    model: str = ""


@dataclass(frozen=True)
class TrainingSummary:
    """The cohort the model was trained on, without anything about one patient.

    ``cohort_hash`` is the SHA-256 of the cohort's content; ``known_pixel_size_share`` lies in 0-1; ``excluded`` counts
    the rows that were left out with leave. ``class_counts`` are the cases of each class in the order of the manifest's
    ``class_names``, empty where they were not counted; ``positives`` are the cases of the positive class.
    """

    cases: int
    positives: int
    cohort_hash: str
    known_pixel_size_share: float
    patients: int | None = None
    excluded: int = 0
    centers: int | None = None
    class_counts: tuple[int, ...] = ()


@dataclass(frozen=True)
class BundleManifest:
    """What a bundle says about itself.

    Parameters
    ----------
    task
        ``"plnm"`` or ``"staging"``.
    created
        ISO 8601, UTC.
    library_versions
        Package name to version, as trained with.
    simulated
        The training images were simulated; every screen repeats it.
    preprocessing
        Settings of the image's way to the features, in JSON.
    selected_features
        Names in the order the score takes them.
    class_names
        Two classes, the negative one first, or more; ``positive_class`` is one of them.
    threshold
        On the final probability of the positive class; ``None`` with more than two classes, where the most probable
        class is taken.
    nomogram
        The nomogram's scales as JSON, ``None`` without one.
    deviations
        One sentence for each deviation from the published protocol.
    details
        What only this task's own code reads.
    """

    task: str
    created: str
    library_versions: dict[str, str]
    simulated: bool
    positive_class: str
    class_names: tuple[str, ...]
    threshold: float | None
    calibration: Calibration
    training: TrainingSummary
    preprocessing: dict[str, Json] = field(default_factory=dict)
    radiomics: RadiomicsInfo | None = None
    selected_features: tuple[str, ...] = ()
    clinical: tuple[ClinicalPredictor, ...] = ()
    nomogram: dict[str, Json] | None = None
    interval: IntervalInfo | None = None
    metrics: tuple[Metric, ...] = ()
    intended_use: str = INTENDED_USE
    seeds: dict[str, int] = field(default_factory=dict)
    deviations: tuple[str, ...] = ()
    details: dict[str, Json] = field(default_factory=dict)
    schema_version: int = SCHEMA_VERSION

    def __post_init__(self) -> None:
        if self.positive_class not in self.class_names:
            raise BundleError("The bundle's positive class is not one of its classes: get the bundle again.")
        if len(set(self.class_names)) != len(self.class_names) or len(self.class_names) < 2:
            raise BundleError("A bundle has at least two classes, each with a name of its own.")
        if (self.threshold is None) != (len(self.class_names) > 2):
            raise BundleError("A bundle has a threshold when it has two classes, and none when it has more.")
        if self.threshold is not None and not 0.0 <= self.threshold <= 1.0:
            raise BundleError("The bundle's threshold must lie between 0 and 1: get the bundle again.")
        counts = self.training.class_counts
        if counts and (len(counts) != len(self.class_names) or sum(counts) != self.training.cases):
            raise BundleError("The bundle's counts of cases do not match its classes: get the bundle again.")

    def class_of(self, probabilities: Sequence[float]) -> str:
        """The class that is answered: at the threshold, or the most probable one with more than two classes.

        Parameters
        ----------
        probabilities
            Of all classes, in the order of ``class_names``.
        """
        if self.threshold is None:
            return self.class_names[max(range(len(self.class_names)), key=lambda index: probabilities[index])]
        positive = self.class_names.index(self.positive_class)
        return self.class_names[positive if probabilities[positive] >= self.threshold else 1 - positive]

    def metric(self, name: str, *, protocol: str = "honest", model: str | None = None) -> Metric | None:
        """The first metric of that name (and model), or ``None``."""
        for metric in self.metrics:
            if metric.name == name and metric.protocol == protocol and model in (None, metric.model):
                return metric
        return None

    def to_json(self) -> dict[str, Json]:
        """Plain JSON types; see :meth:`from_json`."""
        content: dict[str, Json] = to_json(self)
        return content

    @classmethod
    def from_json(cls, content: Json) -> BundleManifest:
        """Read strictly.

        Raises
        ------
        BundleError
            Another schema version, an unknown or missing entry, a value of another type.
        """
        check_schema_version(content)
        return from_json(cls, content)


def check_schema_version(content: Json) -> None:
    """Refuse what another version has written, before anything else of it is looked at.

    Raises
    ------
    BundleError
    """
    version = content.get("schema_version") if isinstance(content, dict) else None
    if type(version) is not int or version < 1:
        raise BundleError("This is not a CervixRisk bundle: its bundle.json names no schema version.")
    if version > SCHEMA_VERSION:
        raise BundleError(
            f"This bundle was made by a newer CervixRisk (schema {version}, this version reads 1 to {SCHEMA_VERSION}): "
            "update CervixRisk to open it."
        )
