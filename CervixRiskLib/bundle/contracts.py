"""What goes into a study's predictor and what comes out: the contract between the studies and every screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

import numpy as np

from ..errors import ImageError
from ..imaging import Roi, SliceImage


@dataclass(frozen=True, eq=False)
class CaseInput:
    """One patient's slice, contour and clinical values.

    Parameters
    ----------
    case_id
        The person's own name for the case; repeated on results, never logged.
    image, roi
        The slice and the tumour's contour on it. ``roi`` may be ``None`` for studies that take whole slices.
    clinical
        Clinical predictors by column name; a predictor that is missing here is reported, not guessed.
    further_images
        Further channels of the same section (T1 beside T2) on the grid of ``image``, in the order of the bundle's
        channels after the first.

    Raises
    ------
    ImageError
        A further image has another size than ``image``.
    """

    case_id: str
    image: SliceImage
    roi: Roi | None
    clinical: Mapping[str, float | str] = field(default_factory=dict)
    further_images: tuple[SliceImage, ...] = ()

    def __post_init__(self) -> None:
        for further in self.further_images:
            if further.shape != self.image.shape:
                raise ImageError(
                    f"The images of a case show one section on one grid: one has {self.image.shape[0]} × "
                    f"{self.image.shape[1]} pixels, another {further.shape[0]} × {further.shape[1]}. "
                    "Resample one of them to the other."
                )


class WarningCode(str, Enum):
    """Why a prediction deserves less trust."""

    UNKNOWN_PIXEL_SIZE = "unknown_pixel_size"
    SMALL_ROI = "small_roi"
    ROI_TOUCHES_BORDER = "roi_touches_border"
    CLINICAL_OUT_OF_RANGE = "clinical_out_of_range"
    CLINICAL_MISSING = "clinical_missing"
    FAR_FROM_TRAINING = "far_from_training"
    FEATURE_UNDEFINED = "feature_undefined"
    HEATMAP_UNAVAILABLE = "heatmap_unavailable"
    UNTRAINED_NETWORK = "untrained_network"
    NO_DISCRIMINATION = "no_discrimination"
    DEMO_BUNDLE = "demo_bundle"
    IMAGE_CONVERTED = "image_converted"
    POOR_IMAGE_QUALITY = "poor_image_quality"
    CALIBRATION_UNCERTAIN = "calibration_uncertain"
    OTHER_MODALITY = "other_modality"
    OTHER_WEIGHTING = "other_weighting"
    OTHER_SECTION = "other_section"


@dataclass(frozen=True)
class PredictionWarning:
    """A code for software and a sentence for the person."""

    code: WarningCode
    text: str


@dataclass(frozen=True)
class PredictorPoints:
    """One line of the nomogram for this patient."""

    name: str
    label: str
    value: float
    unit: str
    points: float


@dataclass(frozen=True)
class Contribution:
    """How far one feature moves the score.

    ``effect`` is the change of the score's log-odds against the same case with this feature at the training mean.
    """

    name: str
    kind: str
    value: float
    effect: float


@dataclass(frozen=True)
class ClassProbability:
    """One class of the bundle and its probability, 0-1."""

    name: str
    probability: float


@dataclass(frozen=True, eq=False)
class Prediction:
    """The answer for one case, with its uncertainty, its reasons and its warnings.

    Parameters
    ----------
    task
        ``"plnm"`` or ``"staging"``.
    probability, interval
        Probability of ``positive_class`` in 0-1 with its 95 % interval.
    threshold, label, positive_class
        The class at ``threshold``; the class whose probability is given. With more than two classes ``threshold`` is
        ``None`` and both are the most probable class.
    score
        The fusion score (0-1) before clinical predictors and calibration.
    points, total_points
        The nomogram's arithmetic; empty and ``None`` where the bundle has no nomogram.
    contributions
        Sorted by absolute effect, largest first.
    heatmap
        ``(rows, columns)`` float32 on the image's grid, 0-1, NaN outside the network's field of view; ``None`` if none
        was asked for or there is none (a warning then says why).
    heatmap_target
        In words, what the map explains.
    simulated
        The bundle was made on simulated data; every screen repeats it.
    class_probabilities
        All classes in the bundle's order, where the study has named groups; they add up to 1. Else empty.
    basis
        In words, by which rule cases belong to a class ("Stage groups by FIGO 2018"); empty where it needs no saying.
    """

    case_id: str
    task: str
    probability: float
    interval: tuple[float, float]
    threshold: float | None
    label: str
    positive_class: str
    score: float
    points: tuple[PredictorPoints, ...] = ()
    total_points: float | None = None
    contributions: tuple[Contribution, ...] = ()
    heatmap: np.ndarray | None = None
    heatmap_target: str = ""
    warnings: tuple[PredictionWarning, ...] = ()
    simulated: bool = False
    bundle_hash: str = ""
    mask_hash: str = ""
    class_probabilities: tuple[ClassProbability, ...] = ()
    basis: str = ""
