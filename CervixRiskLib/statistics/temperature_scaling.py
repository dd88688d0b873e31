"""Calibrated probabilities of two or more groups from a network's logits, by one number: the temperature."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import brentq
from scipy.special import ndtri, softmax
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ..errors import TrainingError
from .outcome import check_confidence, group_codes
from .proportions import proportion

#: Sharpness (the logits' spread over the temperature) is sought up to here; probabilities are 0 and 1 long before.
_SHARPEST = 1e6
#: What is smaller than this share of the numbers it comes from is rounding.
_LEAST_SPREAD = 1e-12
#: Points of the interval at which probabilities are computed.
_GRID = 65
#: On the logarithm of the temperature: from certainty to equal probabilities and beyond.
_WIDEST = 50.0


class TemperatureScaling(BaseEstimator):
    """Probabilities ``softmax(logits / temperature_)``.

    Guo et al., On calibration of modern neural networks, ICML 2017 (arXiv 1706.04599), section 4.2. One number cannot
    change which group is called, so it needs few cases. Fit it on held-out logits only. The likelihood is concave in
    the sharpness ``1 / temperature``, so the maximum is found as the root of its derivative.

    Attributes
    ----------
    temperature_ : float
        Above 0. Infinite where the logits do not tell the groups apart.
    no_discrimination_ : bool
        The likelihood grows all the way to an infinite temperature: logits that rank the groups the wrong way round,
        or not at all, are not turned over. Every case then gets ``class_shares_``.
    smoothed_ : bool
        Every case of the fit had its own group's logit on top, where maximum likelihood goes to temperature 0. Targets
        ``(n_c + 1) / (n_c + k)`` for the own group and ``1 / (n_c + k)`` for each other were fitted instead, with
        ``n_c`` cases in the group and k groups: Platt's targets for k = 2.
    log_temperature_variance_ : float
        Inverse observed information of the logarithm of the temperature; NaN where there is no discrimination.
    class_counts_ : (k,) array
        Cases of each group in the fit.
    class_shares_ : (k,) array
    """

    def fit(self, logits: ArrayLike, y: ArrayLike) -> TemperatureScaling:
        """Fit on ``(n, k)`` logits and ``(n,)`` codes 0 … k - 1.

        Raises
        ------
        TrainingError
            All cases are of one group, a code is out of range, or a logit is not finite.
        """
        scores = _logits(logits)
        classes = scores.shape[1]
        codes = group_codes(y, classes)
        if len(codes) != len(scores):
            raise ValueError(f"Logits of {len(scores)} cases do not fit {len(codes)} outcomes.")
        self.class_counts_ = np.bincount(codes, minlength=classes)
        if (self.class_counts_ > 0).sum() < 2:
            raise TrainingError("All cases have the same outcome: cases of two groups at least are needed.")
        self.class_shares_ = self.class_counts_ / codes.size
        own = scores[np.arange(codes.size), codes]
        # Only differences within a case matter; logits are scaled so that the search is the same in any unit.
        centred = scores - scores.mean(axis=1, keepdims=True)
        spread = float(np.sqrt((centred**2).mean()))
        target = np.eye(classes)[codes]
        self.smoothed_ = bool((own == scores.max(axis=1)).all())
        if self.smoothed_:
            sizes = self.class_counts_[codes][:, np.newaxis]
            target = (target * sizes + 1) / (sizes + classes)
        self.no_discrimination_ = spread <= _LEAST_SPREAD * float(np.abs(scores).max()) or spread == 0.0
        if not self.no_discrimination_:
            scaled = centred / spread
            # The derivative at sharpness 0, where all groups are equally likely and the centred logits' mean is 0.
            terms = target * scaled
            self.no_discrimination_ = bool(terms.sum() <= _LEAST_SPREAD * np.abs(terms).sum())
        if self.no_discrimination_:
            self.smoothed_ = False
            self.temperature_, self.log_temperature_variance_ = math.inf, math.nan
            return self

        def derivative(sharpness: float) -> float:
            return float(((target - softmax(sharpness * scaled, axis=1)) * scaled).sum())

        upper = 1.0
        while derivative(upper) > 0 and upper < _SHARPEST:
            upper *= 2
        sharpness = upper if derivative(upper) > 0 else float(brentq(derivative, 0.0, upper, xtol=1e-14, rtol=1e-14))
        self.temperature_ = spread / sharpness
        probabilities = softmax(sharpness * scaled, axis=1)
        mean = (probabilities * scaled).sum(axis=1, keepdims=True)
        information = sharpness**2 * float((probabilities * (scaled - mean) ** 2).sum())
        self.log_temperature_variance_ = 1 / information if information > 0 else math.inf
        return self

    def predict_proba(self, logits: ArrayLike) -> np.ndarray:
        """``(n, k)`` calibrated probabilities of ``(n, k)`` logits."""
        check_is_fitted(self)
        return self._at(self._own(logits), self.temperature_)

    def interval(self, logits: ArrayLike, confidence: float = 0.95) -> tuple[np.ndarray, np.ndarray]:
        """Interval of the calibrated probabilities, lower and upper, ``(n, k)`` each.

        The range of each probability while the logarithm of the temperature runs through its Wald interval; what is
        uncertain about the network itself is not in it. Without discrimination: Clopper-Pearson of the shares.
        """
        check_is_fitted(self)
        scores = self._own(logits)
        confidence = check_confidence(confidence)
        if self.no_discrimination_:
            total = int(self.class_counts_.sum())
            shares = [proportion(int(count), total, confidence) for count in self.class_counts_]
            return (
                np.tile([share.lower for share in shares], (len(scores), 1)),
                np.tile([share.upper for share in shares], (len(scores), 1)),
            )
        half = float(ndtri(1 - (1 - confidence) / 2)) * math.sqrt(self.log_temperature_variance_)
        half = min(half, _WIDEST)
        lower, upper = np.ones(scores.shape), np.zeros(scores.shape)
        # With more than two groups a probability can have its maximum inside, so the ends are not enough.
        for offset in (*np.linspace(-half, half, _GRID), 0.0):
            probabilities = self._at(scores, self.temperature_ * math.exp(offset))
            lower, upper = np.minimum(lower, probabilities), np.maximum(upper, probabilities)
        return lower, upper

    def _own(self, logits: ArrayLike) -> np.ndarray:
        scores = _logits(logits)
        if scores.shape[1] != len(self.class_counts_):
            raise ValueError(f"Logits of {scores.shape[1]} groups do not fit a fit on {len(self.class_counts_)}.")
        return scores

    def _at(self, scores: np.ndarray, temperature: float) -> np.ndarray:
        if self.no_discrimination_:
            return np.tile(self.class_shares_, (len(scores), 1))
        below = scores - scores.max(axis=1, keepdims=True)
        with np.errstate(over="ignore"):  # minus infinity is probability 0, as it should be
            return softmax(below / max(temperature, np.finfo(float).tiny), axis=1)


def _logits(logits: ArrayLike) -> np.ndarray:
    scores = np.asarray(logits, dtype=float)
    if scores.ndim != 2 or scores.shape[1] < 2:
        raise ValueError(f"Logits must be (cases, groups) with two groups at least, not {scores.shape}.")
    if not np.isfinite(scores).all():
        raise TrainingError(f"{int((~np.isfinite(scores)).any(axis=1).sum())} of {len(scores)} cases lack a logit.")
    return scores
