"""Does the recording tell the outcome? A small model of the acquisition traits alone, cross-validated by patient.

It is the baseline that shortcut learning asks for (Geirhos et al., Nature Machine Intelligence 2020;2:665-673): what a
model could reach that never looks at the tumour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from ..errors import TrainingError
from .acquisition_traits import AcquisitionTraits
from .one_tumour_size import alike_in_size, matched_auc_interval
from .splitting import patient_folds
from .trait_differences import (
    CONTOUR,
    FEWEST_CASES,
    OF_CONTOUR,
    OF_THE_GRID,
    TraitDifference,
    differences,
    is_word,
    known_trait,
)

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

FOLDS = 5
REPEATS = 3
_TREES = 25
_LEAF = 5
# A bootstrap of the mean of several AUCs costs a second for a thousand; the bounds are averaged over the repeats.
_RESAMPLES = 400
_NO_PAIRS = "the groups have too few cases with tumours of about one size"
_TOO_FEW = "a group has fewer than two patients"


@dataclass(frozen=True)
class AcquisitionCheck:
    """What the recording tells of the outcome.

    Parameters
    ----------
    cases
        How many were looked at.
    auc, lower, upper
        Out of fold, of all traits of the recording together, with the 95 % interval; macro one against the rest for
        more than two groups; at one size of the tumour where every case has a contour. ``None`` where nothing differs
        or it could not be checked.
    folds, repeats
        Of the cross-validation; 0 without one.
    traits
        Those that differ between cases, the recording's first; without shares that speak of one or two cases.
    alike
        Labels of those that are the same in all cases.
    reason
        Why it could not be checked; empty where it was.
    """

    cases: int
    auc: float | None = None
    lower: float | None = None
    upper: float | None = None
    folds: int = 0
    repeats: int = 0
    traits: tuple[TraitDifference, ...] = ()
    alike: tuple[str, ...] = ()
    reason: str = ""


def acquisition_frame(traits: Sequence[Sequence[AcquisitionTraits]], channels: Sequence[str]) -> pd.DataFrame:
    """A row a case, a column a trait; those of further channels are called ``"image_t1: brightness"``.

    Parameters
    ----------
    traits
        ``(cases, channels)``.
    """
    import pandas as pd

    columns: dict[str, list[Any]] = {}
    for place, channel in enumerate(channels):
        for field in fields(AcquisitionTraits):
            if place and (field.name in OF_THE_GRID or field.name in OF_CONTOUR):
                continue
            name = f"{channel}: {field.name}" if place else field.name
            columns[name] = [getattr(case[place], field.name) for case in traits]
    return pd.DataFrame(columns)


def check_acquisition(
    frame: pd.DataFrame, outcomes: np.ndarray, patients: np.ndarray, *, seed: int = 42
) -> AcquisitionCheck:
    """How well the traits of the recording alone tell the outcome of cases whose patients the small model never saw.

    A forest of shallow trees, so that neither scale nor monotony matters; imputation and the choice of words are fitted
    with it in every resample.

    Parameters
    ----------
    frame
        As :func:`acquisition_frame` makes it, of the cases that a model may learn from.
    outcomes, patients
        ``(cases,)``: codes 0 … k - 1, and whose each case is.
    """
    codes = np.unique(outcomes, return_inverse=True)[1]
    alike_sizes = alike_in_size(frame)
    differing = [name for name in frame.columns if frame[name].nunique(dropna=False) > 1]
    alike = tuple(
        known_trait(name).label + ("" if frame[name].replace("", np.nan).notna().any() else " (not known)")
        for name in frame.columns
        if name not in differing and known_trait(name).kind != CONTOUR
    )
    traits = tuple(
        difference
        for name in sorted(differing, key=lambda name: known_trait(name).kind == CONTOUR)
        for difference in differences(name, frame[name], codes, alike_sizes)
    )
    found = AcquisitionCheck(len(frame), traits=traits, alike=alike)
    used = [name for name in differing if known_trait(name).kind != CONTOUR]
    if not used:
        return found
    folds = _usable_folds(codes, patients)
    if folds < 2:
        return AcquisitionCheck(len(frame), traits=traits, alike=alike, reason=_TOO_FEW)
    scores = _out_of_fold(frame[used], codes, patients, folds, seed)
    try:
        interval = _interval(codes, scores, patients, alike_sizes)
    except TrainingError as error:
        # No reason to end a training: an interval takes more cases of a group than a model does.
        return AcquisitionCheck(len(frame), traits=traits, alike=alike, reason=str(error).rstrip("."))
    if interval is None:
        return AcquisitionCheck(len(frame), traits=traits, alike=alike, reason=_NO_PAIRS)
    auc, lower, upper = interval
    return AcquisitionCheck(len(frame), auc, lower, upper, folds, REPEATS, traits, alike)


def _usable_folds(codes: np.ndarray, patients: np.ndarray) -> int:
    """A patient counts for the largest of its codes, as in :func:`.splitting.patient_folds`."""
    import pandas as pd

    of_patient = pd.Series(codes).groupby(patients.astype(str)).max().to_numpy()
    return min(FOLDS, int(np.bincount(of_patient, minlength=2).min()))


def _out_of_fold(frame: pd.DataFrame, codes: np.ndarray, patients: np.ndarray, folds: int, seed: int) -> np.ndarray:
    """``(repeats, cases, groups)`` shares of the trees' leaves."""
    scores = np.zeros((REPEATS, len(codes), int(codes.max()) + 1))
    for index, (train, test) in enumerate(patient_folds(codes, patients, folds, seed, REPEATS)):
        model = _small_model(list(frame.columns), seed).fit(frame.iloc[train], codes[train])
        scores[index // folds, test[:, np.newaxis], model.classes_] = model.predict_proba(frame.iloc[test])
    return scores


def _small_model(names: list[str], seed: int) -> Pipeline:
    from sklearn.compose import ColumnTransformer
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder

    words = [name for name in names if is_word(name)]
    numbers = [name for name in names if name not in words]
    encoder = OneHotEncoder(min_frequency=FEWEST_CASES, handle_unknown="infrequent_if_exist", sparse_output=False)
    columns = ColumnTransformer(
        [("numbers", SimpleImputer(strategy="median", keep_empty_features=True), numbers), ("words", encoder, words)]
    )
    forest = RandomForestClassifier(_TREES, min_samples_leaf=_LEAF, random_state=seed, n_jobs=1)
    return make_pipeline(columns, forest)


def _interval(
    codes: np.ndarray, scores: np.ndarray, patients: np.ndarray, alike_sizes: np.ndarray | None
) -> tuple[float, float, float] | None:
    from ..statistics import macro_auc_interval, repeated_auc

    if alike_sizes is not None:
        return matched_auc_interval(codes, scores, patients, alike_sizes)
    if scores.shape[2] == 2:
        area = repeated_auc(codes, scores[:, :, 1], patients)
        return float(area.auc), float(area.lower), float(area.upper)
    found = [macro_auc_interval(codes, repeat, patients, resamples=_RESAMPLES) for repeat in scores]
    bounds = np.mean([(one.value, one.lower, one.upper) for one in found], axis=0)
    return float(bounds[0]), float(bounds[1]), float(bounds[2])
