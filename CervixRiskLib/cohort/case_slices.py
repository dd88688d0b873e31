"""Reads the images of a case: one slice or several channels of it, and the region of interest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import CohortError, ImageError
from .shown_text import shown

if TYPE_CHECKING:
    import pandas as pd

    from ..imaging import Roi, SliceImage
    from .table import Cohort

SPACING_TOLERANCE = 0.01
"""Pixel sizes of two channels that differ by less than this share are rounding of the same grid."""


@dataclass(frozen=True, eq=False)
class CaseSlices:
    """The images of one case, one for each of ``Cohort.channels``, on one grid, and its region or ``None``."""

    images: tuple[SliceImage, ...]
    roi: Roi | None


def load_case(cohort: Cohort, case_id: str) -> tuple[SliceImage, Roi]:
    """Read one case's slice (the column ``image``) and region of interest.

    Raises
    ------
    CohortError
        There is no such case, or it has no region of interest.
    ImageError, RoiError
        A file cannot be read or the two do not fit.
    """
    from ..imaging import read_image

    case = cohort._case(case_id)
    if cohort.roi_path(case_id) is None:
        raise CohortError(f"Case '{shown(case_id)}' has no region of interest.")
    image = read_image(cohort.image_path(case_id), slice_index=case["slice"], spacing_mm=case["spacing_mm"])
    roi = _region(cohort, case_id, case, image)
    assert roi is not None
    return image, roi


def load_slices(cohort: Cohort, case_id: str) -> CaseSlices:
    """Read every channel of one case, and its region of interest where it has one.

    The table's ``slice`` and ``spacing_mm`` hold for all channels. The channels must have the same rows and columns
    and, where their files say so, pixels of the same size within 1 %.

    Raises
    ------
    CohortError
        There is no such case.
    ImageError, RoiError
        A file cannot be read, a channel lies on another grid, or the region does not fit.
    """
    from ..imaging import read_image

    case = cohort._case(case_id)
    # The files' own pixel sizes are compared before the table's is put in their place.
    images = [read_image(cohort.image_path(case_id, channel), slice_index=case["slice"]) for channel in cohort.channels]
    for channel, image in zip(cohort.channels[1:], images[1:], strict=True):
        _check_grid(images[0], channel, image)
    if case["spacing_mm"] is not None:
        images = [image.with_spacing(case["spacing_mm"]) for image in images]
    return CaseSlices(tuple(images), _region(cohort, case_id, case, images[0]))


def _region(cohort: Cohort, case_id: str, case: pd.Series, image: SliceImage) -> Roi | None:
    from ..imaging import read_roi

    path = cohort.roi_path(case_id)
    return None if path is None else read_roi(path, image, label=case["label"])


def _check_grid(first: SliceImage, channel: str, image: SliceImage) -> None:
    remedy = "resample it onto the grid of image (T1 onto T2, for instance) before it is used as a channel."
    if image.shape != first.shape:
        raise ImageError(
            f"{channel} has {image.shape[0]} × {image.shape[1]} pixels (rows × columns) and image has "
            f"{first.shape[0]} × {first.shape[1]}: {remedy}"
        )
    if image.spacing_mm is None or first.spacing_mm is None:
        return
    if any(abs(a - b) > SPACING_TOLERANCE * b for a, b in zip(image.spacing_mm, first.spacing_mm, strict=True)):
        sizes = [f"{spacing[0]:.4g} × {spacing[1]:.4g} mm" for spacing in (image.spacing_mm, first.spacing_mm)]
        raise ImageError(f"The pixels of {channel} are {sizes[0]} and those of image {sizes[1]}: {remedy}")
