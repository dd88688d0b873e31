"""Why an answer deserves less trust: of its bundle, its image and contour, and its place among the training cases."""

from __future__ import annotations

from collections.abc import Iterable

from ..bundle import BundleManifest, PredictionWarning, WarningCode
from ..imaging import Roi, SliceImage
from .model import Domain


def bundle_warnings(manifest: BundleManifest) -> list[PredictionWarning]:
    """What every answer of this bundle must carry."""
    warnings = []
    if manifest.simulated:
        warnings.append(
            PredictionWarning(
                WarningCode.DEMO_BUNDLE,
                "This bundle was trained on simulated images: its answers mean nothing for a patient.",
            )
        )
    auc = manifest.metric("auc", model="nomogram")
    if auc is None or auc.value is None or auc.lower is None or auc.upper is None:
        text = "This bundle was not validated honestly: nobody knows how good it is."
        warnings.append(PredictionWarning(WarningCode.NO_DISCRIMINATION, text))
    elif auc.lower <= 0.5:
        text = (
            "In its validation this bundle showed no evidence of discrimination "
            f"(AUC {auc.value:.2f}, 95 % CI {auc.lower:.2f}-{auc.upper:.2f})."
        )
        warnings.append(PredictionWarning(WarningCode.NO_DISCRIMINATION, text))
    return warnings


def image_warnings(
    image: SliceImage, roi: Roi, *, pixel_size_known: bool, fewest_pixels: int
) -> list[PredictionWarning]:
    """What this image and contour add.

    Parameters
    ----------
    pixel_size_known
        Whether the training images had a pixel size.
    fewest_pixels
        Size of the smallest training contour.
    """
    warnings = []
    if image.spacing_mm is None:
        text = (
            "The pixel size is unknown but the training images had one: shape features are in the wrong unit. "
            "Calibrate the image or give the pixel size."
            if pixel_size_known
            else "The pixel size is unknown, as in the training images."
        )
        warnings.append(PredictionWarning(WarningCode.UNKNOWN_PIXEL_SIZE, text))
    if roi.n_pixels < fewest_pixels:
        text = f"The contour holds {roi.n_pixels} pixels, fewer than any training case ({fewest_pixels})."
        warnings.append(PredictionWarning(WarningCode.SMALL_ROI, text))
    if roi.touches_border:
        text = "The contour touches the image's border: part of the tumour is missing."
        warnings.append(PredictionWarning(WarningCode.ROI_TOUCHES_BORDER, text))
    warnings += [PredictionWarning(WarningCode.IMAGE_CONVERTED, note) for note in image.notes]
    return warnings


def feature_warnings(
    domain: Domain, distance: float, undefined: Iterable[str], used: Iterable[str]
) -> list[PredictionWarning]:
    """What the case's features add: distance from the training cases, values that are conventions.

    Parameters
    ----------
    undefined
        Features that are not defined on this region.
    used
        Features that the score uses.
    """
    warnings = []
    if distance > domain.limit:
        text = (
            f"The image's features lie far from the training cases (distance {distance:.1f}, 99 % of held-out "
            f"training cases are below {domain.limit:.1f}): the answer is an extrapolation."
        )
        warnings.append(PredictionWarning(WarningCode.FAR_FROM_TRAINING, text))
    lost = sorted(set(undefined) & set(used))
    if lost:
        text = (
            f"{len(lost)} of the score's features are undefined on this region and were set by convention: "
            f"{', '.join(lost)}."
        )
        warnings.append(PredictionWarning(WarningCode.FEATURE_UNDEFINED, text))
    return warnings
