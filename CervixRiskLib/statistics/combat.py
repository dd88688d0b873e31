"""ComBat: features measured in several centres brought to one scale.

Johnson, Li & Rabinovic, Biostatistics 2007;8:118-127 (parametric empirical Bayes).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from ..errors import SettingsError, TrainingError

UNKNOWN_CENTRE = ("error", "unchanged", "estimate")
_MOST_STEPS = 1000
_SETTLED = 1e-10
#: A feature whose residual spread is below this share of its size is constant.
_CONSTANT = 1e-12


class ComBat(TransformerMixin, BaseEstimator):
    """Remove each centre's shift and scale of each feature, shrunk towards what all features of the centre share.

    Feature g of case j in centre i is modelled as ``α_g + x_j β_g + γ_ig + δ_ig ε``; γ and δ get a normal and an
    inverse gamma prior per centre, whose parameters are estimated from all features. Everything is learned from the
    rows given to :meth:`fit`, so inside a pipeline it is refitted in every resample. The outcome is never used: ``y``
    is ignored, and the outcome must not be among the covariates, or the test cases' outcomes would be needed to answer
    them and the training outcomes would leak into the features. The price is told here: where the outcome is commoner
    in one centre, part of its effect leaves with the centre's.

    A centre with a single case has no scale of its own: only its shift is removed. A constant feature, and every
    feature where there is one centre only, stays as it is.

    Parameters
    ----------
    centre_column
        The column of the table ``X`` with the centre of each case; it is left out of what comes back. ``None``: all
        cases are of one centre.
    covariate_columns
        Numeric columns (known for new patients too, never the outcome) whose effect on the features is kept; they are
        left out of what comes back. None by default.
    unknown_centre
        What :meth:`transform` does with cases of a centre that :meth:`fit` has not seen, or without one.
        ``"error"`` refuses. ``"unchanged"`` takes the centre for an average one, γ = 0 and δ = 1, so the values stay.
        ``"estimate"`` learns γ and δ from the unknown centre's rows in this call, without their outcomes; a case's
        values then depend on the cases it comes with, so it answers a new centre's cohort but not a single patient.

    Attributes
    ----------
    centres_ : (c,) array
        The centres in sorted order, as text.
    centre_sizes_ : (c,) array
    shift_, scale_ : (c, p) arrays
        γ* and √δ*: what is taken off, and divided by, in units of the pooled standard deviation.
    mean_, deviation_ : (p,) arrays
        Mean over the centres, weighted by their cases, and pooled standard deviation within centres.
    covariate_effects_ : (q, p) array
    """

    def __init__(
        self,
        centre_column: str | None = "centre",
        covariate_columns: Sequence[str] = (),
        unknown_centre: str = "error",
    ) -> None:
        self.centre_column = centre_column
        self.covariate_columns = covariate_columns
        self.unknown_centre = unknown_centre

    def fit(self, X: Any, y: object = None) -> ComBat:
        """Learn from ``X`` ``(n, p + 1 + q)``; ``y`` is ignored.

        Raises
        ------
        TrainingError
            A case has no centre, a column is absent, not a number or missing a value, or the covariates say which
            centre a case is of.
        SettingsError
            Unknown choice for centres that were not seen.
        """
        if self.unknown_centre not in UNKNOWN_CENTRE:
            raise SettingsError(
                f'There is no choice "{self.unknown_centre}" for unknown centres: choose {", ".join(UNKNOWN_CENTRE)}.'
            )
        values, covariates, centre, _ = self._take_apart(X, reset=True)
        if (centre == "").any():
            raise TrainingError(f"{int((centre == '').sum())} of {len(centre)} cases have no centre: complete it.")
        self.centres_, codes = np.unique(centre, return_inverse=True)
        self.centre_sizes_ = np.bincount(codes)
        indicator = np.eye(len(self.centres_))[codes]
        design = np.hstack([indicator, covariates])
        size = np.abs(design).max(axis=0)
        if np.linalg.matrix_rank(design / np.where(size > 0, size, 1.0)) < design.shape[1]:
            raise TrainingError(
                "The covariates cannot be told apart from the centres or from each other: leave one out."
            )
        effects = np.linalg.lstsq(design, values, rcond=None)[0]
        self.covariate_effects_ = effects[len(self.centres_) :]
        self.mean_ = self.centre_sizes_ / len(values) @ effects[: len(self.centres_)]
        deviation = np.sqrt(((values - design @ effects) ** 2).mean(axis=0))
        self.deviation_ = np.where(deviation > _CONSTANT * np.abs(values).max(axis=0), deviation, 0.0)
        standardised = self._standardise(values, covariates)
        self.shift_ = np.zeros((len(self.centres_), values.shape[1]))
        self.scale_ = np.ones_like(self.shift_)
        if len(self.centres_) > 1:
            for place in range(len(self.centres_)):
                self.shift_[place], self.scale_[place] = self._shift_and_scale(standardised[codes == place])
        return self

    def transform(self, X: Any) -> Any:
        """The features of ``X`` ``(n, p)`` without the centres' shifts and scales: a table where ``X`` is one.

        Raises
        ------
        TrainingError
            A centre that was not seen, with ``unknown_centre="error"``; a value is missing or not a number.
        """
        check_is_fitted(self, "shift_")
        values, covariates, centre, index = self._take_apart(X, reset=False)
        standardised = self._standardise(values, covariates)
        shift, scale = np.zeros_like(standardised), np.ones_like(standardised)
        place = {name: code for code, name in enumerate(self.centres_)}
        for name in np.unique(centre):
            rows = centre == name
            if name in place:
                shift[rows], scale[rows] = self.shift_[place[name]], self.scale_[place[name]]
            elif self.unknown_centre == "error":
                raise TrainingError(
                    f"{int(rows.sum())} cases are of a centre that was not among the training cases: harmonise them "
                    'with unknown_centre="unchanged" or "estimate", or leave them out.'
                )
            elif self.unknown_centre == "estimate" and len(self.centres_) > 1:
                shift[rows], scale[rows] = self._shift_and_scale(standardised[rows])
        # Written as a difference, so that what is not harmonised stays as it is to the last digit.
        harmonised = values + self.deviation_ * ((standardised - shift) / scale - standardised)
        if index is None:
            return harmonised
        return pd.DataFrame(harmonised, index=index, columns=self.get_feature_names_out())

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """The names of the columns that come back, ``(p,)``."""
        check_is_fitted(self, "shift_")
        if hasattr(self, "feature_names_in_"):
            aside = {self.centre_column, *self.covariate_columns}
            return np.array([name for name in self.feature_names_in_ if name not in aside], dtype=object)
        if input_features is not None:
            return np.asarray(input_features, dtype=object)
        return np.array([f"x{place}" for place in range(self.n_features_in_)], dtype=object)

    def _take_apart(self, X: Any, *, reset: bool) -> tuple[np.ndarray, np.ndarray, np.ndarray, pd.Index | None]:
        """Features ``(n, p)``, covariates ``(n, q)``, the centres as text (empty where missing), and the index."""
        aside = [name for name in (self.centre_column, *self.covariate_columns) if name is not None]
        if not isinstance(X, pd.DataFrame):
            if aside:
                raise TrainingError("Harmonisation needs a table with named columns, one of them the centre.")
            values = validate_data(self, X, dtype=np.float64, reset=reset)
            return values, np.empty((len(values), 0)), np.full(len(values), "all"), None
        absent = [name for name in aside if name not in X.columns]
        if absent:
            raise TrainingError(f'The table has no column "{absent[0]}", which harmonisation needs.')
        validate_data(self, X, reset=reset, skip_check_array=True)
        values = _finite(X.drop(columns=aside))
        covariates = _finite(X[list(self.covariate_columns)])
        if self.centre_column is None:
            return values, covariates, np.full(len(X), "all"), X.index
        named = X[self.centre_column]
        return values, covariates, np.where(named.isna(), "", named.astype(str)).astype(str), X.index

    def _standardise(self, values: np.ndarray, covariates: np.ndarray) -> np.ndarray:
        expected = self.mean_ + covariates @ self.covariate_effects_
        return np.where(self.deviation_ > 0, values - expected, 0.0) / np.where(
            self.deviation_ > 0, self.deviation_, 1.0
        )

    def _shift_and_scale(self, standardised: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """γ* and √δ* ``(p,)`` of one centre's standardised rows ``(n_i, p)``; 0 and 1 for constant features."""
        varies = self.deviation_ > 0
        shift, scale = np.zeros(len(varies)), np.ones(len(varies))
        if varies.any():
            shift[varies], variance = _posterior(standardised[:, varies])
            scale[varies] = np.sqrt(np.where(variance > 0, variance, 1.0))
        return shift, scale


def _posterior(standardised: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """γ* and δ* ``(p,)``: equations 3.1 of the paper, iterated until they settle.

    One feature has nothing to borrow from: its own mean and variance come back.
    """
    cases, features = standardised.shape
    mean = standardised.mean(axis=0)
    variance = standardised.var(axis=0, ddof=1) if cases > 1 else np.ones(features)
    if features < 2:
        return mean, variance
    prior_mean, prior_spread = float(mean.mean()), float(mean.var(ddof=1))
    centre, spread = float(variance.mean()), float(variance.var(ddof=1))
    if prior_spread == 0.0:
        prior_spread = np.finfo(float).tiny
    # All variances alike: the prior is a point.
    certain = spread <= _CONSTANT * centre**2
    shape = np.inf if certain else (2 * spread + centre**2) / spread
    rate = np.inf if certain else (centre * spread + centre**3) / spread
    shift, scale = mean, np.full(features, centre) if certain else variance
    for _ in range(_MOST_STEPS):
        next_shift = (cases * prior_spread * mean + scale * prior_mean) / (cases * prior_spread + scale)
        if certain:
            next_scale = scale
        else:
            squares = (cases - 1) * variance + cases * (mean - next_shift) ** 2
            next_scale = (rate + squares / 2) / (cases / 2 + shape - 1)
        change = max(np.abs(next_shift - shift).max(), np.abs(next_scale - scale).max())
        shift, scale = next_shift, next_scale
        if change < _SETTLED:
            break
    return shift, scale


def _finite(table: pd.DataFrame) -> np.ndarray:
    try:
        numbers = table.to_numpy(dtype=float)
    except (TypeError, ValueError) as error:
        raise TrainingError("Harmonisation takes numbers only: leave out columns of text.") from error
    wrong = ~np.isfinite(numbers).all(axis=0)
    if wrong.any():
        raise TrainingError(
            f'The column "{table.columns[int(np.argmax(wrong))]}" has missing or infinite values: complete it first.'
        )
    return numbers
