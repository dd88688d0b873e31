"""Reads the images of a case: one slice or several channels of it, and the region of interest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..errors import CohortError
from .shown_text import shown

if TYPE_CHECKING:
    import pandas as pd

    from ..imaging import Roi, SliceImage
    from .table import Cohort


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
    and, where their files say so, pixels of the same size; see :mod:`CervixRiskLib.imaging.channel_grid`.

    Raises
    ------
    CohortError
        There is no such case.
    ImageError, RoiError
        A file cannot be read, a channel lies on another grid, or the region does not fit.
    """
    from ..imaging import read_image
    from ..imaging.channel_grid import check_pixel_size, check_shape

    case = cohort._case(case_id)
    # The files' own pixel sizes are compared before the table's is put in their place.
    images = [read_image(cohort.image_path(case_id, channel), slice_index=case["slice"]) for channel in cohort.channels]
    for channel, image in zip(cohort.channels[1:], images[1:], strict=True):
        check_shape(images[0], image, name=channel)
        check_pixel_size(images[0].spacing_mm, image.spacing_mm, name=channel)
    if case["spacing_mm"] is not None:
        images = [image.with_spacing(case["spacing_mm"]) for image in images]
    return CaseSlices(tuple(images), _region(cohort, case_id, case, images[0]))


def _region(cohort: Cohort, case_id: str, case: pd.Series, image: SliceImage) -> Roi | None:
    from ..imaging import read_roi

    path = cohort.roi_path(case_id)
    return None if path is None else read_roi(path, image, label=case["label"])
