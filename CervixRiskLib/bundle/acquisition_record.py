"""What the images' recording tells of the outcome, as a study record keeps it, and in words.

A model of the recording alone that does as well as the bundle's is the mark of a shortcut (Geirhos et al., Nature
Machine Intelligence 2020;2:665-673).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .json_record import Json, from_json, to_json

if TYPE_CHECKING:
    from .manifest import BundleManifest

CONTOUR = "contour"
"""The kind of traits that are the tumour's: they have no part in the verdict."""
CLEARLY = 0.6
"""From this lower bound of the AUC on the recording tells the outcome clearly: half-way to a useful test."""
_CHANCE = 0.5
_NAMED_FROM = 0.6
_MOST_NAMED = 2
_DETAIL = "acquisition"
NOT_CHECKED = "the features were measured elsewhere and no image was seen"
"""The reason where a table of features was given."""


@dataclass(frozen=True)
class TraitRecord:
    """One trait that differs between cases.

    Parameters
    ----------
    label, kind
        What it is; of which kind, :data:`CONTOUR` for the tumour's own.
    share
        Whether ``groups`` are shares, 0 to 1; otherwise medians.
    groups
        A number a group in the order of the manifest's ``class_names``, ``None`` where too few cases have one.
    auc
        Of this trait alone, turned so as to lie above 0.5; nothing is fitted for it.
    """

    label: str
    kind: str
    share: bool
    groups: tuple[float | None, ...]
    auc: float


@dataclass(frozen=True)
class AcquisitionRecord:
    """How well the recording alone tells the outcome of the cases that the model may learn from.

    Parameters
    ----------
    cases
        How many were looked at.
    auc, lower, upper
        Out of fold, of all traits but the contour's, with the 95 % interval; ``None`` where nothing differs, or where
        it could not be checked.
    folds, repeats
        Of the cross-validation; 0 without one.
    traits, alike
        What differs between cases; labels of what does not.
    reason
        Why it could not be checked; empty where it was.
    """

    cases: int
    auc: float | None = None
    lower: float | None = None
    upper: float | None = None
    folds: int = 0
    repeats: int = 0
    traits: tuple[TraitRecord, ...] = ()
    alike: tuple[str, ...] = ()
    reason: str = ""

    @classmethod
    def of(cls, check: object) -> AcquisitionRecord:
        """The record of :class:`CervixRiskLib.cohort.acquisition_check.AcquisitionCheck`, which has the same fields.

        Raises
        ------
        BundleError
            The fields are others.
        """
        return from_json(cls, to_json(check))

    @property
    def tells(self) -> bool:
        """Whether the whole interval lies above chance."""
        return self.lower is not None and self.lower > _CHANCE

    @property
    def tells_clearly(self) -> bool:
        """Whether it lies well above chance."""
        return self.lower is not None and self.lower >= CLEARLY

    def rivals(self, auc: float | None) -> bool:
        """Whether it tells the outcome clearly and a model with this AUC is not shown to do better."""
        return self.tells_clearly and auc is not None and self.upper is not None and self.upper >= auc

    def details(self) -> dict[str, Json]:
        """What a manifest's ``details`` keep: enough for the model card and ``bundle inspect``."""
        return {_DETAIL: {"finding": self.sentence(), "warning": self.tells_clearly}}

    def sentence(self) -> str:
        """The verdict, for people."""
        if self.reason:
            return f"Whether the images' recording tells the outcome could not be checked: {self.reason}."
        if self.auc is None or self.lower is None or self.upper is None:
            return (
                "The images are alike in size, pixel size, brightness, format and scanner: there is nothing in their "
                "recording to tell the outcome by."
            )
        auc = f"AUC {self.auc:.2f}, {self.lower:.2f}\N{EN DASH}{self.upper:.2f}"
        if self.tells_clearly:
            return f"{self._subject()} alone {self._verb()} the outcome ({auc}): the model may have learnt the scanner."
        if self.tells:
            return (
                f"{self._subject()} alone {self._verb()} a little of the outcome ({auc}): part of what the model found "
                "may be the scanner."
            )
        return (
            "The images' size, brightness, format and scanner were not found to tell the outcome "
            f"({auc}, includes 0.5)."
            if self.upper >= _CHANCE
            else f"The images' size, brightness, format and scanner do not tell the outcome ({auc})."
        )

    def _named(self) -> tuple[str, ...]:
        """Kinds with a trait that tells the groups apart by itself, the best two."""
        best: dict[str, float] = {}
        for trait in self.traits:
            if trait.kind != CONTOUR:
                best[trait.kind] = max(best.get(trait.kind, 0.0), trait.auc)
        kinds = sorted((kind for kind, auc in best.items() if auc >= _NAMED_FROM), key=lambda kind: -best[kind])
        return tuple(kinds[:_MOST_NAMED])

    def _subject(self) -> str:
        named = self._named()
        return f"The images' {' and '.join(named)}" if named else "The way the images were recorded"

    def _verb(self) -> str:
        return "tell" if len(self._named()) > 1 else "tells"


def recording_words(manifest: BundleManifest) -> tuple[str, ...]:
    """The verdict as a manifest carries it, a warning marked; none where the bundle is older than the check."""
    kept = manifest.details.get(_DETAIL)
    if not isinstance(kept, dict) or not isinstance(kept.get("finding"), str):
        return ()
    return (f"Warning: {kept['finding']}" if kept.get("warning") is True else kept["finding"],)
