"""A consensus of several contours by STAPLE: simultaneous truth and performance level estimation.

Beginning with the share of contours that mark each pixel, expectation-maximisation in turn estimates how likely each
pixel belongs to the tumour, and each contour's sensitivity and specificity against that estimate; the contours are
weighted by them (Warfield SK, Zou KH, Wells WM. IEEE Trans Med Imaging 2004;23:903-921).

What two contours can give, and what they cannot: where both agree there is nothing to decide, and where they differ two
voices contradict each other with no third to settle it. Whether the difference is then kept or dropped follows from the
prior alone, the share of marked pixels in the field that is looked at: in a tight box around the contours the result is
their union, with much background around them their intersection. With the field taken here it is nearly always the
intersection. Sensitivity and specificity are relative to that and no measure of who is right. Two readers need a
consensus by review; STAPLE is for three contours and more, where the field matters far less.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..errors import RoiError
from .roi import Roi
from .roi_grid import check_same_grid

# Share of the contours' common box that is added on every side.
_MARGIN = 0.25
_HALF = 0.5
# Contours converge within some hundred rounds; a bound keeps odd ones from running for ever.
_MAX_ITERATIONS = 10_000


@dataclass(frozen=True, eq=False)
class StapleConsensus:
    """The consensus and what it says of each contour.

    Parameters
    ----------
    roi
        Pixels whose probability is at least one half.
    probability
        ``(rows, columns)`` float32, 0 to 1, read-only: how likely each pixel belongs to the tumour.
    sensitivity, specificity
        Of each contour against the consensus, 0 to 1, in the order given. Specificity counts the pixels of the box that
        holds all contours and a margin, not those of the whole image; see :func:`staple_consensus`.
    iterations
        How many rounds the estimation took; 0 where all contours are the same and nothing had to be estimated.
    """

    roi: Roi
    probability: np.ndarray
    sensitivity: tuple[float, ...]
    specificity: tuple[float, ...]
    iterations: int


def staple_consensus(rois: Sequence[Roi]) -> StapleConsensus:
    """Estimate the region behind several contours of one slice, through ITK's STAPLEImageFilter.

    The estimation sees the box that holds all contours and a quarter of its longer side around it, as far as the image
    reaches, so that the result does not change with the size of the image.

    Raises
    ------
    RoiError
        Fewer than two contours, contours on different grids, no pixel that two contours share, no background at all, or
        contours that agree too little for a consensus.
    """
    if len(rois) < 2:
        raise RoiError("A consensus needs at least two contours of the same image.")
    check_same_grid(rois)
    first = rois[0]
    if all(np.array_equal(roi.mask, first.mask) for roi in rois[1:]):
        perfect = (1.0,) * len(rois)
        return StapleConsensus(Roi(first.mask, first.spacing_mm), _frozen(first.mask), perfect, perfect, 0)
    field = _field(rois)
    votes = np.sum([roi.mask[field] for roi in rois], axis=0)
    if votes.max() < 2:
        raise RoiError("The contours have no pixel in common: they mark different places, so look at them together.")
    inside, sensitivity, specificity, iterations = _estimate([roi.mask[field] for roi in rois])
    if not (np.isfinite(inside).all() and np.isfinite([*sensitivity, *specificity]).all()):
        raise RoiError("The contours leave no background to compare them by: draw the tumour, not the whole image.")
    probability = np.zeros(first.shape, dtype=np.float32)
    probability[field] = inside
    mask = np.zeros(first.shape, dtype=bool)
    mask[field] = inside >= _HALF
    # Contours that hardly overlap end in an estimate by which they are all wrong: it denies what everybody marked or
    # claims what nobody did.
    chosen = mask[field]
    if not chosen.any() or (chosen & (votes == 0)).any() or (~chosen & (votes == len(rois))).any():
        raise RoiError("The contours agree too little for a consensus: look at them together and draw the tumour anew.")
    return StapleConsensus(Roi(mask, first.spacing_mm), _frozen(probability), sensitivity, specificity, iterations)


def _estimate(masks: Sequence[np.ndarray]) -> tuple[np.ndarray, tuple[float, ...], tuple[float, ...], int]:
    import SimpleITK as sitk  # noqa: N813 - its usual name

    staple = sitk.STAPLEImageFilter()
    staple.SetMaximumIterations(_MAX_ITERATIONS)
    # Multi-threaded sums would differ in their last digits from run to run.
    staple.SetNumberOfThreads(1)
    result = staple.Execute([sitk.GetImageFromArray(mask.astype(np.uint8)) for mask in masks])
    return (
        sitk.GetArrayFromImage(result),
        tuple(staple.GetSensitivity()),
        tuple(staple.GetSpecificity()),
        # ITK counts from 0.
        int(staple.GetElapsedIterations()) + 1,
    )


def _field(rois: Sequence[Roi]) -> tuple[slice, slice]:
    """The box of all contours with its margin, inside the image."""
    boxes = np.array([roi.bounding_box for roi in rois])
    (row0, column0), (row1, column1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    margin = math.ceil(max(row1 - row0, column1 - column0) * _MARGIN)
    rows, columns = rois[0].shape
    return (
        slice(max(0, int(row0) - margin), min(rows, int(row1) + margin)),
        slice(max(0, int(column0) - margin), min(columns, int(column1) + margin)),
    )


def _frozen(probability: np.ndarray) -> np.ndarray:
    probability = probability.astype(np.float32)
    probability.flags.writeable = False
    return probability
