"""Why an answer deserves less trust, in any study: its bundle, its image and contour, its place in the cohort."""

from __future__ import annotations

from ..imaging import Roi, SliceImage
from .contracts import PredictionWarning, WarningCode
from .manifest import BundleManifest


def bundle_warnings(manifest: BundleManifest, model: str) -> list[PredictionWarning]:
    """What every answer of this bundle must carry.

    Parameters
    ----------
    model
        Whose AUC tells whether the bundle discriminates at all.
    """
    warnings = []
    if manifest.simulated:
        warnings.append(
            PredictionWarning(
                WarningCode.DEMO_BUNDLE,
                "This bundle was trained on simulated images: its answers mean nothing for a patient.",
            )
        )
    auc = manifest.metric("auc", model=model)
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


def image_warnings(image: SliceImage, *, pixel_size_known: bool) -> list[PredictionWarning]:
    """What the image adds; ``pixel_size_known`` says whether the training images had a pixel size."""
    warnings = []
    if image.spacing_mm is None:
        text = (
            "The pixel size is unknown but the training images had one: sizes are in the wrong unit. "
            "Calibrate the image or give the pixel size."
            if pixel_size_known
            else "The pixel size is unknown, as in the training images."
        )
        warnings.append(PredictionWarning(WarningCode.UNKNOWN_PIXEL_SIZE, text))
    return warnings + [PredictionWarning(WarningCode.IMAGE_CONVERTED, note) for note in image.notes]


def roi_warnings(roi: Roi, *, fewest_pixels: int) -> list[PredictionWarning]:
    """What the contour adds; ``fewest_pixels`` is the size of the smallest training contour."""
    warnings = []
    if roi.n_pixels < fewest_pixels:
        text = f"The contour holds {roi.n_pixels} pixels, fewer than any training case ({fewest_pixels})."
        warnings.append(PredictionWarning(WarningCode.SMALL_ROI, text))
    if roi.touches_border:
        text = "The contour touches the image's border: part of the tumour is missing."
        warnings.append(PredictionWarning(WarningCode.ROI_TOUCHES_BORDER, text))
    return warnings


def distance_warnings(distance: float, limit: float) -> list[PredictionWarning]:
    """Whether the case lies further from the training cases than 99 % of the cases held out of them."""
    if distance <= limit:
        return []
    text = (
        f"The image's features lie far from the training cases (distance {distance:.1f}, 99 % of held-out training "
        f"cases are below {limit:.1f}): the answer is an extrapolation."
    )
    return [PredictionWarning(WarningCode.FAR_FROM_TRAINING, text)]
