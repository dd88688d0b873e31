"""What a loaded bundle asks of a case, told by the program that loaded it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from .records import Json

if TYPE_CHECKING:
    from ..bundle import BundleManifest
    from ..cohort import ColumnDictionary
    from .predictors import Study, StudyPredictor


@dataclass(frozen=True)
class StudyFacts:
    """The bundle's study, without the models.

    Parameters
    ----------
    title
        What stands over its answers.
    needs_roi, channels, clinical_predictors
        As in :class:`.predictors.StudyPredictor`.
    processor
        What computes and why, a sentence for the person; empty where no network is used.
    manifest_json, columns_json
        Read them through :attr:`manifest` and :attr:`columns`.
    """

    title: str
    needs_roi: bool
    channels: tuple[str, ...]
    clinical_predictors: tuple[str, ...]
    processor: str
    manifest_json: Json
    columns_json: Json

    @classmethod
    def of(cls, study: Study, predictor: StudyPredictor) -> StudyFacts:
        return cls(
            study.title,
            bool(predictor.needs_roi),
            tuple(predictor.channels),
            tuple(predictor.clinical_predictors),
            processor_of(predictor),
            predictor.manifest.to_json(),
            predictor.columns.to_mapping(),
        )

    @property
    def manifest(self) -> BundleManifest:
        from ..bundle import BundleManifest

        return BundleManifest.from_json(self.manifest_json)

    @property
    def columns(self) -> ColumnDictionary:
        """Dictionary of the clinical columns; may be empty."""
        from ..cohort import ColumnDictionary

        return ColumnDictionary.from_mapping(self.columns_json)


def processor_of(predictor: object) -> str:
    """Why the predictor's network runs where it does; empty when it has none."""
    for name in ("network", "engine"):
        reason = getattr(getattr(predictor, name, None), "reason", None)
        if isinstance(reason, str):
            return reason
    return ""
