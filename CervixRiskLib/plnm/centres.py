"""Cohorts of several centres: each centre answered by the others, and features harmonised inside every resample."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..bundle.study_record import TRAINING, JudgedModel, ModelTable
from ..errors import TrainingError
from ..progress import SILENT, Progress
from ..statistics import ComBat
from .comparisons import judged
from .model import PlnmModel, usable_folds
from .validation import Asked, CrossValidation, cross_validate, fit_resamples

CENTRE = "centre of the case"
"""The column of ``X`` that tells a harmonised model where a case is from."""
OTHER = "other"
HARMONISED_NOTE = (
    "Radiomic features were harmonised between centres by ComBat, fitted in every resample's training side without the "
    "outcomes. This is a comparison: the bundle's own model is not harmonised, since it answers patients of any centre."
)
_FEWEST_CASES = 20
_FEWEST_OF_AN_OUTCOME = 5


class HarmonisedRadiomics(TransformerMixin, BaseEstimator):
    """A table whose radiomic columns are harmonised between centres by ComBat, learned from the cases of ``fit``.

    Cases of a centre that was not among those stay as they are.

    Parameters
    ----------
    columns
        Names of the columns to harmonise; all others pass through.
    centre_column
        Column with the centres as numbers.
    """

    def __init__(self, columns: Sequence[str] = (), centre_column: str = CENTRE) -> None:
        self.columns = columns
        self.centre_column = centre_column

    def fit(self, X: pd.DataFrame, y: object = None) -> HarmonisedRadiomics:
        """Learn ``combat_``; outcomes are never used."""
        self.combat_ = ComBat(centre_column=self.centre_column, unknown_centre="unchanged").fit(self._taken(X))
        return self

    def transform(self, X: pd.DataFrame) -> pd.DataFrame:
        """The table with its columns in their places."""
        check_is_fitted(self, "combat_")
        harmonised = self.combat_.transform(self._taken(X))
        return pd.concat([harmonised, X.drop(columns=list(self.columns))], axis=1)[list(X.columns)]

    def _taken(self, X: pd.DataFrame) -> pd.DataFrame:
        return X[[*self.columns, self.centre_column]]


def centre_groups(labels: Sequence[str], y: np.ndarray) -> np.ndarray:
    """``(cases,)`` the centres with cases enough to be judged alone; all others, and unknown ones, are "other".

    That takes twenty cases and five of each outcome: fewer say nothing of how a model fares there.
    """
    names = np.array([str(label) for label in labels], dtype=object)
    for name in set(names):
        outcomes = np.bincount(y[names == name], minlength=2)
        if not name or outcomes.sum() < _FEWEST_CASES or outcomes.min() < _FEWEST_OF_AN_OUTCOME:
            names[names == name] = OTHER
    return names


def usable_centres(centres: np.ndarray) -> int:
    """How many of :func:`centre_groups` are centres and not "other"."""
    return len(set(centres) - {OTHER})


def leave_one_centre_out(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    centres: np.ndarray,
    *,
    light: bool = False,
    jobs: int = 1,
    work_dir: Path | None = None,
    progress: Progress = SILENT,
) -> tuple[JudgedModel, ...]:
    """Every case answered by a model of the other centres; a patient seen in two centres never trains its own answer.

    Parameters
    ----------
    centres
        ``(cases,)`` of :func:`centre_groups`.
    light
        ``model`` is that of :func:`.pipeline_checks.light_model`, which the note then says.

    Raises
    ------
    TrainingError
        Fewer than two centres, or the cases outside one cannot train a model.
    """
    names = sorted(set(centres))
    if usable_centres(centres) < 2:
        raise TrainingError("Fewer than two centres have cases enough to be left out.")
    splits = []
    for name in names:
        test = np.flatnonzero(centres == name)
        train = np.flatnonzero((centres != name) & ~np.isin(groups, groups[test]))
        if len(np.unique(y[train])) < 2:
            raise TrainingError("All cases outside one centre have the same outcome.")
        usable_folds(y[train], groups[train], model.inner_folds)
        splits.append((train, test))
    results = fit_resamples(
        model, X, y, groups, splits,
        asked=Asked.BASELINES, jobs=jobs, work_dir=work_dir, progress=progress, title="Leaving out each centre",
    )  # fmt: skip
    answers = CrossValidation.of(results, 1, len(y)).compared()
    sentence = "Each centre was answered by a model of the others."
    if OTHER in names:
        sentence += " Centres of few cases were left out together."
    if light:
        sentence += " These models have logistic regression as their only classifier."
    return judged(answers, TRAINING, table=ModelTable.LEFT_OUT_CENTRES.value, note=sentence)


def harmonised_models(
    model: PlnmModel,
    X: pd.DataFrame,
    y: np.ndarray,
    groups: np.ndarray,
    centres: np.ndarray,
    *,
    folds: int,
    repeats: int,
    seed: int,
    jobs: int = 1,
    work_dir: Path | None = None,
    progress: Progress = SILENT,
) -> tuple[JudgedModel, ...]:
    """The cross-validation again, on the same folds, with radiomics harmonised inside every resample."""
    harmoniser = HarmonisedRadiomics(tuple(model.radiomics_columns))
    pipeline = PlnmModel(**{**model.get_params(deep=False), "harmoniser": harmoniser})
    result = cross_validate(
        pipeline, _with_centres(X, centres), y, groups, folds=folds, repeats=repeats, seed=seed,
        asked=Asked.BASELINES, jobs=jobs, work_dir=work_dir, progress=progress,
    )  # fmt: skip
    # Clinical predictors are not harmonised: their baselines stand in another table.
    answers = [answer for answer in result.compared() if answer.table == ModelTable.MODELS.value]
    return judged(answers, TRAINING, table=ModelTable.HARMONISED.value, note=HARMONISED_NOTE)


def _with_centres(X: pd.DataFrame, centres: np.ndarray) -> pd.DataFrame:
    codes = pd.Series(pd.factorize(pd.Series(centres), sort=True)[0].astype(float), index=X.index, name=CENTRE)
    return pd.concat([X, codes], axis=1)
