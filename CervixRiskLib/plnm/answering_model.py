"""The stored half of a bundle that turns features into an answer, whoever measured them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bundle import (
    Bundle,
    BundleManifest,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
)
from ..bundle.answer_warnings import distance_warnings
from ..cohort import ColumnDictionary
from ..errors import BundleError
from ..statistics import Nomogram
from .bundle_manifest import FUSION, TASK
from .calibrated_regression import CalibratedRegression
from .clinical_design import encode_case
from .fusion_model import FusionModel
from .model import SCORE


@dataclass(frozen=True, eq=False)
class AnsweringModel:
    """Score, nomogram and calibration of a bundle.

    Parameters
    ----------
    columns
        Dictionary of the training cohort's clinical columns.
    nomogram
        For drawing, and for the points.
    network_name
        ``""`` without a network.
    """

    manifest: BundleManifest
    bundle_hash: str
    columns: ColumnDictionary
    nomogram: Nomogram
    regression: CalibratedRegression
    fusion: FusionModel
    network_name: str

    @classmethod
    def of(cls, bundle: Bundle) -> AnsweringModel:
        """Read from a verified bundle.

        Raises
        ------
        BundleError
            The bundle is of another task or incomplete.
        """
        manifest = bundle.manifest
        if manifest.task != TASK:
            raise BundleError(f"This bundle answers another question ({manifest.task}), not lymph node metastasis.")
        details: dict[str, Any] = manifest.details
        regression = CalibratedRegression.of(manifest)
        try:
            columns = ColumnDictionary.from_mapping(details["clinical_columns"])
            nomogram = Nomogram.from_dict(manifest.nomogram or {})
            network = str(details["network"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError("The bundle's description lacks what a lymph node model needs: get it again.") from error
        fusion = bundle.estimator(FUSION)
        if not isinstance(fusion, FusionModel):
            raise BundleError("The bundle's model is not a lymph node model: get it again.")
        return cls(manifest, bundle.hash, columns, nomogram, regression, fusion, network)

    @property
    def features_given(self) -> bool:
        """Whether the model was trained on features that were measured elsewhere."""
        return self.manifest.details.get("given_features") is not None

    def standardise(self, radiomics: Mapping[str, float], embedding: np.ndarray | None) -> np.ndarray:
        """The score's features ``(features,)``, standardised."""
        return self.fusion.scorer.standardise(radiomics, embedding)

    def answer(
        self,
        case_id: str,
        radiomics: dict[str, float],
        embedding: np.ndarray | None,
        clinical: Mapping[str, float],
        warnings: Sequence[PredictionWarning],
    ) -> Prediction:
        """Probability, points and reasons of one case, without a heat map.

        Parameters
        ----------
        radiomics, embedding
            As for :meth:`.fusion_scorer.FusionScorer.standardise`.
        clinical
            Parsed values of the nomogram's clinical columns.
        warnings
            What is known against the answer; its distance from the training cases is added.
        """
        scorer, domain, manifest = self.fusion.scorer, self.fusion.domain, self.manifest
        standardised = self.standardise(radiomics, embedding)
        score = scorer.score(standardised)
        values = {SCORE: score, **encode_case(clinical, self.columns)}
        probability, interval = self.regression.probability(
            np.array([values[name] for name in self.regression.names]),
            self.fusion.score_variance(radiomics, embedding),
        )
        points = self._points(values)
        return Prediction(
            case_id=case_id,
            task=TASK,
            probability=probability,
            interval=interval,
            threshold=manifest.threshold,
            label=manifest.class_of((1.0 - probability, probability)),
            positive_class=manifest.positive_class,
            score=score,
            points=points,
            total_points=float(sum(point.points for point in points)),
            contributions=self._contributions(standardised, radiomics),
            warnings=(*warnings, *distance_warnings(domain.distance(standardised), domain.limit)),
            simulated=manifest.simulated,
            bundle_hash=self.bundle_hash,
        )

    def _points(self, values: Mapping[str, float]) -> tuple[PredictorPoints, ...]:
        return tuple(
            PredictorPoints(
                axis.name,
                axis.label,
                float(values[axis.name]),
                axis.unit,
                float(self.nomogram.points(axis.name, values[axis.name])),
            )
            for axis in self.nomogram.axes
        )

    def _contributions(self, standardised: np.ndarray, radiomics: Mapping[str, float]) -> tuple[Contribution, ...]:
        scorer = self.fusion.scorer
        effects = scorer.effects(standardised)
        found = []
        for index, name in enumerate(scorer.feature_names):
            deep = index >= len(scorer.radiomics_names)
            value = float(standardised[index]) if deep else float(radiomics[name])
            label = f"{self.network_name} {name}" if deep else name
            found.append(Contribution(label, "deep" if deep else "radiomics", value, float(effects[index])))
        return tuple(sorted(found, key=lambda contribution: -abs(contribution.effect)))
