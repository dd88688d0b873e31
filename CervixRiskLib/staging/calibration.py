"""From a network's logits to probabilities that mean what they say, with an interval.

A network that has learned its training cases by heart is far too sure of itself, so its scores are calibrated on cases
that it was not trained on: Platt scaling of the difference of the logits for two groups, temperature scaling (Guo et
al. 2017, Proc. ICML 34, 1321-1330) for more. The intervals tell how well the calibration is known; they do not hold
what another training of the network would have answered.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, softmax

from ..bundle import BundleManifest, Calibration
from ..errors import BundleError
from ..statistics import PlattScaling, TemperatureScaling, proportion

_NORMAL_QUANTILE = 1.959963984540054
PLATT, TEMPERATURE = "platt", "temperature"
_LEAST_SPREAD = 1e-3
"""Logits that differ less than this (standard deviation over the cases) do not tell cases apart: the slope that would
stretch them goes into the thousands, and stretches what one runtime rounds otherwise than another as well."""
_WIDEST = 25.0
"""Standard errors of a log-temperature beyond this say no more, and their exponential is no number."""


@dataclass(frozen=True, eq=False)
class GroupCalibration:
    """A fitted calibration.

    Parameters
    ----------
    method
        ``"platt"`` for two groups, ``"temperature"`` for more.
    slope, intercept, covariance
        Platt: of the logit difference; ``(2, 2)`` of intercept and slope.
    log_temperature, log_temperature_variance
        Temperature scaling.
    shares
        ``(groups,)`` shares of the groups among the calibration cases: the answer where the network does not
        discriminate.
    no_discrimination
        The scores do not rank the held-out cases, rank them the wrong way round, or hardly differ between them.
    cases
        How many held-out cases it was fitted on.
    """

    method: str
    slope: float
    intercept: float
    covariance: np.ndarray
    log_temperature: float
    log_temperature_variance: float
    shares: np.ndarray
    no_discrimination: bool
    cases: int

    @classmethod
    def fit(cls, logits: np.ndarray, labels: np.ndarray, networks: np.ndarray | None = None) -> GroupCalibration:
        """Fit on held-out ``logits`` ``(cases, groups)`` and ``labels`` ``(cases,)``.

        ``networks`` ``(cases,)`` tells which network answered: that the networks of two folds differ from each other
        does not tell cases apart.
        """
        groups = logits.shape[1]
        shares = np.bincount(labels, minlength=groups) / len(labels)
        if _spread(logits, np.zeros(len(labels)) if networks is None else networks) < _LEAST_SPREAD:
            # Logits of zero have no slope in either calibration: each then falls back on the shares.
            logits = np.zeros_like(logits)
        if groups == 2:
            platt = PlattScaling().fit(logits[:, 1] - logits[:, 0], labels)
            return cls(
                PLATT, float(platt.slope_), float(platt.intercept_), np.asarray(platt.covariance_), 0.0, 0.0, shares,
                bool(platt.no_discrimination_), len(labels),
            )  # fmt: skip
        scaling = TemperatureScaling().fit(logits, labels)
        blind = bool(scaling.no_discrimination_)
        return cls(
            TEMPERATURE, 1.0, 0.0, np.zeros((2, 2)), 0.0 if blind else float(np.log(scaling.temperature_)),
            0.0 if blind else min(float(scaling.log_temperature_variance_), _WIDEST**2), shares, blind, len(labels),
        )  # fmt: skip

    @property
    def threshold(self) -> float:
        """Where, for two groups, the network's own logits are equal: its class is what was validated."""
        return 0.5 if self.no_discrimination else float(expit(self.intercept))

    def probabilities(self, logits: np.ndarray) -> np.ndarray:
        """Calibrated ``(groups,)`` of one case's ``(groups,)`` logits."""
        if self.method == PLATT:
            positive = float(expit(self.intercept + self.slope * (float(logits[1]) - float(logits[0]))))
            return np.array([1.0 - positive, positive])
        if self.no_discrimination:
            return self.shares
        return softmax(np.asarray(logits, dtype=float) / np.exp(self.log_temperature))

    def interval(self, logits: np.ndarray, group: int) -> tuple[float, float]:
        """95 % interval of one group's probability for one case (delta method on the calibration's parameters)."""
        if self.method == PLATT:
            difference = float(logits[1]) - float(logits[0])
            pair = np.array([1.0, difference])
            half = _NORMAL_QUANTILE * float(np.sqrt(max(pair @ self.covariance @ pair, 0.0)))
            centre = self.intercept + self.slope * difference
            lower, upper = float(expit(centre - half)), float(expit(centre + half))
            return (lower, upper) if group == 1 else (1.0 - upper, 1.0 - lower)
        if self.no_discrimination:
            share = proportion(round(self.shares[group] * self.cases), self.cases)
            return share.lower, share.upper
        half = _NORMAL_QUANTILE * min(float(np.sqrt(max(self.log_temperature_variance, 0.0))), _WIDEST)
        # Between the ends the probability of a group need not be monotone in the temperature: look along the way.
        temperatures = np.exp(np.linspace(self.log_temperature - half, self.log_temperature + half, 25))
        values = softmax(np.asarray(logits, dtype=float)[None, :] / temperatures[:, None], axis=1)[:, group]
        return float(values.min()), float(values.max())

    def to_manifest(self) -> tuple[Calibration, dict[str, Any]]:
        """The manifest's entry and the details that :meth:`of` needs besides."""
        temperature = float(np.exp(self.log_temperature)) if self.method == TEMPERATURE else None
        entry = Calibration(
            self.method,
            self.slope if self.method == PLATT else None,
            self.intercept if self.method == PLATT else None,
            temperature,
        )
        return entry, {
            "covariance": self.covariance.tolist(),
            "log_temperature_variance": self.log_temperature_variance,
            "shares": self.shares.tolist(),
            "no_discrimination": self.no_discrimination,
            "cases": self.cases,
        }

    @classmethod
    def of(cls, manifest: BundleManifest) -> GroupCalibration:
        """Read from a bundle's manifest.

        Raises
        ------
        BundleError
            Parts are missing or do not fit together.
        """
        entry = manifest.calibration
        try:
            stored: dict[str, Any] = manifest.details["calibration"]
            covariance = np.array(stored["covariance"], dtype=float)
            shares = np.array(stored["shares"], dtype=float)
            found = cls(
                entry.method,
                float(entry.slope) if entry.slope is not None else 1.0,
                float(entry.intercept) if entry.intercept is not None else 0.0,
                covariance,
                float(np.log(entry.temperature)) if entry.temperature else 0.0,
                float(stored["log_temperature_variance"]),
                shares,
                bool(stored["no_discrimination"]),
                int(stored["cases"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise BundleError("The bundle's calibration is incomplete: get the bundle again.") from error
        groups = len(manifest.class_names)
        whole = entry.slope is not None and entry.intercept is not None and groups == 2
        if (
            covariance.shape != (2, 2)
            or shares.shape != (groups,)
            or found.cases < 1
            or not (whole if entry.method == PLATT else entry.method == TEMPERATURE and entry.temperature)
        ):
            raise BundleError("The bundle's calibration is incomplete: get the bundle again.")
        return found


def _spread(logits: np.ndarray, networks: np.ndarray) -> float:
    """Standard deviation over the cases of one network, the largest over the groups."""
    offsets = logits - logits.mean(axis=1, keepdims=True)
    for network in np.unique(networks):
        own = networks == network
        offsets[own] -= offsets[own].mean(axis=0)
    return float(np.sqrt(np.square(offsets).mean(axis=0)).max())
