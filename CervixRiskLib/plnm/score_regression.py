"""The logistic regression behind the nomogram, which does without a fusion score that tells no cases apart.

A classifier can answer every case alike: a support vector machine whose calibration finds no slope, a tree too small to
be cut. What it then says is the prevalence of the cases it was fitted to, and that of a fold's training side is the
mirror of the fold's own: left in, it is a score that ranks folds against their outcomes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from scipy.special import logit

from ..statistics import LogisticModel
from .classifiers import positive_probability
from .signature_fit import Resample
from .tuning import Candidate

SCORE = "fusion_score"
_LEAST_RANGE = 1e-12


class ScoreRegression:
    """Regression of an outcome on the fusion score and clinical predictors.

    Attributes
    ----------
    columns_
        The predictors in it: all, but for a score that is the same for every case.
    model_
        ``None`` where no predictor is left; the answer is then the prevalence.
    """

    def fit(self, design: pd.DataFrame, y: np.ndarray) -> ScoreRegression:
        """Fit to ``design`` ``(cases, predictors)``, the score among them, and the outcome 0/1 ``(cases,)``."""
        silent = is_constant(design[SCORE].to_numpy(float))
        self.columns_ = [str(name) for name in design.columns if not (silent and name == SCORE)]
        self.model_ = LogisticModel(penalty="auto").fit(design[self.columns_], y) if self.columns_ else None
        self._prevalence = float(np.mean(y))
        return self

    def decision_function(self, design: pd.DataFrame) -> np.ndarray:
        """Log-odds ``(cases,)`` of cases with the same predictors."""
        if self.model_ is None:
            return np.full(len(design), float(logit(self._prevalence)))
        return np.asarray(self.model_.decision_function(design[self.columns_]))


def telling_scores(
    scores: np.ndarray, resamples: Sequence[Resample], candidate: Candidate, y: np.ndarray, seed: int
) -> np.ndarray:
    """Out-of-fold scores, with the prevalence of all cases in folds whose classifier answers every case alike.

    Parameters
    ----------
    scores
        ``(cases,)`` of ``candidate``, out of fold.
    resamples
        Its folds.
    y
        ``(cases,)`` outcome 0/1.
    seed
        Of the classifier.
    """
    told = scores.copy()
    for resample in resamples:
        if not is_constant(scores[resample.test]):
            continue
        # Few cases may be scored alike by a classifier that tells others apart.
        learnt = resample.features.train_features
        classifier = candidate.fit(learnt, y[resample.train], seed)
        if is_constant(positive_probability(classifier, learnt)):
            told[resample.test] = y.mean()
    return told


def is_constant(scores: np.ndarray) -> bool:
    """Whether scores ``(cases,)`` are the same up to rounding."""
    return bool(np.ptp(scores) <= _LEAST_RANGE)
