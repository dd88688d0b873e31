"""How well scores tell groups apart among slices with tumours of about one size.

Who sets the depth to fit the lesion lets its size decide the pixel size, and with it how bright the frame is: that much
of the recording is the tumour. So only such pairs of cases are compared whose tumours are about equally large, which is
the covariate-adjusted area under the ROC curve (Janes & Pepe, Biometrika 2009;96:371-382) with a window over ranks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

WINDOW = 0.1
"""Two tumours are about equally large where at most this part of the cases lies between them."""
_RESAMPLES = 1000


def alike_in_size(frame: pd.DataFrame) -> np.ndarray | None:
    """``(cases, cases)`` 1 where two cases may be compared, else 0; ``None`` where not every case has a contour.

    Parameters
    ----------
    frame
        As :func:`.acquisition_check.acquisition_frame` makes it. Sizes are square roots of areas, in mm where all pixel
        sizes are known, else in pixels.
    """
    from scipy.stats import rankdata

    if "contour_size" not in frame.columns or frame["contour_size"].isna().any():
        return None
    sizes = frame["contour_size"] * np.sqrt(frame["rows"] * frame["columns"])
    if frame["pixel_mm"].notna().all():
        sizes = sizes * frame["pixel_mm"]
    places = rankdata(sizes.to_numpy(float))
    return (np.abs(places[:, np.newaxis] - places) <= max(1.0, WINDOW * len(places))).astype(float)


def matched_auc(
    codes: np.ndarray, scores: np.ndarray, alike: np.ndarray, weights: np.ndarray | None = None
) -> np.ndarray:
    """``(resamples,)`` AUC among pairs that may be compared; the mean of each group against the rest for more than two.

    NaN where there is no such pair.

    Parameters
    ----------
    codes, scores
        ``(cases,)`` 0 … k - 1, and ``(cases, k)``.
    weights
        ``(resamples, cases)`` how often each case is counted; once without.
    """
    weights = np.ones((1, len(codes))) if weights is None else weights
    areas = []
    for code in range(1 if scores.shape[1] == 2 else 0, scores.shape[1]):
        inside = codes == code
        ours, theirs = scores[inside, code][:, np.newaxis], scores[~inside, code][np.newaxis]
        compared = alike[np.ix_(inside, ~inside)]
        wins = compared * ((ours > theirs) + 0.5 * (ours == theirs))
        won, pairs = (
            np.einsum("rj,rj->r", weights[:, inside] @ counted, weights[:, ~inside]) for counted in (wins, compared)
        )
        areas.append(np.divide(won, pairs, out=np.full(len(weights), np.nan), where=pairs > 0))
    return np.mean(areas, axis=0)


def matched_auc_interval(
    codes: np.ndarray, scores: np.ndarray, patients: np.ndarray, alike: np.ndarray
) -> tuple[float, float, float] | None:
    """:func:`matched_auc` with the bounds of its 95 % interval, averaged over the repeats; ``None`` with too few pairs.

    The percentile bootstrap over patients within the groups; a repeat without any error has the limit of
    :func:`CervixRiskLib.statistics.perfect_separation.perfect_auc_bound`.

    Parameters
    ----------
    scores
        ``(repeats, cases, groups)``.
    """
    from ..statistics.patient_weights import MOST_UNDEFINED, patient_weights, percentile_bounds
    from ..statistics.perfect_separation import perfect_auc_bound

    values = np.array([matched_auc(codes, repeat, alike)[0] for repeat in scores])
    weights = patient_weights(patients, len(codes), _RESAMPLES, 42, outcome=codes)
    draws = np.stack([matched_auc(codes, repeat, alike, weights) for repeat in scores], axis=1)
    if np.isnan(values).any() or np.isnan(draws).mean(axis=0).max() > MOST_UNDEFINED:
        return None
    lower, upper = percentile_bounds(draws, 0.95)
    fewest = min(len(np.unique(patients[codes == code])) for code in np.unique(codes))
    lower = np.where(values == 1.0, perfect_auc_bound(fewest, fewest, 0.95), lower)
    return float(values.mean()), float(lower.mean()), float(upper.mean())
