"""Does the recording tell the outcome? A small model of the acquisition traits alone, cross-validated by patient.

It is the baseline that shortcut learning asks for (Geirhos et al., Nature Machine Intelligence 2020;2:665-673): what a
model could reach that never looks at the tumour.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

import numpy as np

from .acquisition_traits import AcquisitionTraits
from .splitting import patient_folds

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

FOLDS = 5
REPEATS = 3
FEWEST_CASES = 5
"""A value of fewer cases (a scanner, a format) is named nowhere."""
_FEWEST_OF_A_GROUP = 3
_TREES = 25
_LEAF = 5
# A bootstrap of the mean of several AUCs costs a second for a thousand; the bounds are averaged over the repeats.
_RESAMPLES = 400
_TOO_FEW = "a group has fewer than two patients"


@dataclass(frozen=True)
class _Trait:
    label: str
    kind: str
    share: bool = False


_TRAITS = {
    "rows": _Trait("rows", "size"),
    "columns": _Trait("columns", "size"),
    "pixel_mm": _Trait("pixel size (mm)", "pixel size"),
    "slices": _Trait("slices in the file", "file format"),
    "coloured": _Trait("colour picture", "file format", share=True),
    "brightness": _Trait("brightness of the frame", "brightness"),
    "contrast": _Trait("contrast of the frame", "brightness"),
    "dark_share": _Trait("black part of the frame", "brightness"),
    "bright_share": _Trait("white part of the frame", "brightness"),
    "highest_grey": _Trait("highest grey value", "brightness"),
    "file_kind": _Trait("file format", "file format", share=True),
    "scanner": _Trait("scanner", "scanner", share=True),
}
_OF_CONTOUR = {
    "contour_size": _Trait("contour's size, part of the slice's side", "contour"),
    "contour_row": _Trait("contour's place from the top", "contour"),
    "contour_column": _Trait("contour's place from the left", "contour"),
    "contour_at_border": _Trait("contour reaches the border", "contour", share=True),
}
# The slice's grid is one for all channels of a case.
_OF_THE_GRID = ("rows", "columns", "pixel_mm")
_WORDS = ("file_kind", "scanner")


@dataclass(frozen=True)
class TraitDifference:
    """One trait by group.

    Parameters
    ----------
    label, kind
        What it is, and which kind of trait: "size", "pixel size", "brightness", "file format", "scanner"; "contour"
        for what is the tumour's and has no part in the verdict.
    share
        Whether ``groups`` are shares of the cases, 0 to 1; otherwise medians.
    groups
        A number a group; ``None`` where fewer than three cases of it have a value.
    auc
        Of this trait alone, on all these cases, turned so as to lie above 0.5; the mean over the groups of each against
        the rest where there are more than two. Nothing is fitted for it.
    """

    label: str
    kind: str
    share: bool
    groups: tuple[float | None, ...]
    auc: float


@dataclass(frozen=True)
class AcquisitionCheck:
    """What the recording tells of the outcome.

    Parameters
    ----------
    cases
        How many were looked at.
    auc, lower, upper
        Out of fold, of all traits of the recording together, with the 95 % interval; macro one against the rest for
        more than two groups. ``None`` where nothing differs or it could not be checked.
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
            if place and (field.name in _OF_THE_GRID or field.name in _OF_CONTOUR):
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
    differing = [name for name in frame.columns if frame[name].nunique(dropna=False) > 1]
    alike = tuple(_known(name).label for name in frame.columns if name not in differing and _known(name).kind)
    traits = tuple(
        difference
        for name in sorted(differing, key=lambda name: _known(name).kind == "contour")
        for difference in _differences(name, frame[name], codes)
    )
    found = AcquisitionCheck(len(frame), traits=traits, alike=alike)
    used = [name for name in differing if _known(name).kind != "contour"]
    if not used:
        return found
    folds = _usable_folds(codes, patients)
    if folds < 2:
        return AcquisitionCheck(len(frame), traits=traits, alike=alike, reason=_TOO_FEW)
    scores = _out_of_fold(frame[used], codes, patients, folds, seed)
    auc, lower, upper = _interval(codes, scores, patients)
    return AcquisitionCheck(len(frame), auc, lower, upper, folds, REPEATS, traits, alike)


def _known(name: str) -> _Trait:
    channel, _, trait = name.rpartition(": ")
    found = _TRAITS.get(trait) or _OF_CONTOUR[trait]
    return _Trait(f"{channel}: {found.label}", found.kind, found.share) if channel else found


def _is_word(name: str) -> bool:
    return name.rpartition(": ")[2] in _WORDS


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

    words = [name for name in names if _is_word(name)]
    numbers = [name for name in names if name not in words]
    encoder = OneHotEncoder(min_frequency=FEWEST_CASES, handle_unknown="infrequent_if_exist", sparse_output=False)
    columns = ColumnTransformer(
        [("numbers", SimpleImputer(strategy="median", keep_empty_features=True), numbers), ("words", encoder, words)]
    )
    forest = RandomForestClassifier(_TREES, min_samples_leaf=_LEAF, random_state=seed, n_jobs=1)
    return make_pipeline(columns, forest)


def _interval(codes: np.ndarray, scores: np.ndarray, patients: np.ndarray) -> tuple[float, float, float]:
    from ..statistics import macro_auc_interval, repeated_auc

    if scores.shape[2] == 2:
        area = repeated_auc(codes, scores[:, :, 1], patients)
        return float(area.auc), float(area.lower), float(area.upper)
    found = [macro_auc_interval(codes, repeat, patients, resamples=_RESAMPLES) for repeat in scores]
    bounds = np.mean([(one.value, one.lower, one.upper) for one in found], axis=0)
    return float(bounds[0]), float(bounds[1]), float(bounds[2])


def _differences(name: str, values: pd.Series, codes: np.ndarray) -> list[TraitDifference]:
    trait = _known(name)
    if not _is_word(name):
        numbers = values.to_numpy(float)
        if trait.share and not _may_be_told(numbers, codes):
            return []
        return [_difference(trait, trait.label, numbers, codes)]
    counts = values.value_counts()
    shown = [str(word) for word, count in counts.items() if FEWEST_CASES <= count <= len(values) - FEWEST_CASES]
    # Of two words one says all.
    shown = shown[:1] if len(counts) == 2 else shown
    indicators = {word: (values == word).to_numpy(float) for word in shown}
    return [
        _difference(trait, f"{trait.label}: {word or 'not known'}", numbers, codes)
        for word, numbers in indicators.items()
        if _may_be_told(numbers, codes)
    ]


def _may_be_told(indicator: np.ndarray, codes: np.ndarray) -> bool:
    """Whether no share speaks of one or two cases of a group, with or without what it is a share of."""
    counts = [int(np.count_nonzero(indicator[codes == code] == value)) for code in set(codes) for value in (0, 1)]
    return all(count == 0 or count >= _FEWEST_OF_A_GROUP for count in counts)


def _difference(trait: _Trait, label: str, values: np.ndarray, codes: np.ndarray) -> TraitDifference:
    groups = []
    for code in range(int(codes.max()) + 1):
        known = values[(codes == code) & np.isfinite(values)]
        middle = np.nan
        if known.size >= _FEWEST_OF_A_GROUP:
            middle = known.mean() if trait.share else np.median(known)
        groups.append(float(middle) if np.isfinite(middle) else None)
    return TraitDifference(label, trait.kind, trait.share, tuple(groups), _turned_auc(values, codes))


def _turned_auc(values: np.ndarray, codes: np.ndarray) -> float:
    from ..statistics import auc

    filled = np.where(np.isfinite(values), values, np.nanmedian(values))
    areas = [auc(codes == code, filled) for code in range(int(codes.max()) + 1)]
    return float(np.mean([max(area, 1 - area) for area in areas]))
