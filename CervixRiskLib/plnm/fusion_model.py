"""What a bundle keeps of a fitted model besides plain numbers: the scorers and the domain."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..statistics import Domain
from .fusion_scorer import FusionScorer
from .model import PlnmModel


@dataclass(frozen=True, eq=False)
class FusionModel:
    """The final scorer, the scorers of the inner folds, and where the training cases lie.

    Parameters
    ----------
    scorer
        Fitted on all training cases.
    fold_scorers
        Fitted with one group of cases left out each; empty when the network was fitted as well.
    domain
        See :class:`CervixRiskLib.statistics.Domain`.
    """

    scorer: FusionScorer
    fold_scorers: tuple[FusionScorer, ...]
    domain: Domain

    @classmethod
    def of(cls, model: PlnmModel) -> FusionModel:
        """What is worth keeping of a fitted model."""
        return cls(model.scorer_, tuple(model.fold_scorers_), model.domain_)

    def score_variance(self, radiomics: dict[str, float], embedding: np.ndarray | None) -> float:
        """Delete-group jackknife variance of the fusion score of one case.

        With k groups and scores s_1 … s_k of the models that left one group out: (k - 1)/k · Σ (s_i - s̄)²
        (Shao & Tu 1995, "The Jackknife and Bootstrap", section 2.3). Zero without fold scorers.
        """
        if len(self.fold_scorers) < 2:
            return 0.0
        scores = np.array([scorer.score(scorer.standardise(radiomics, embedding)) for scorer in self.fold_scorers])
        return float((len(scores) - 1) * np.var(scores))
