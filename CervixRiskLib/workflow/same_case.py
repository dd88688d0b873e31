"""Whether two inputs are the same case, pixel by pixel."""

from __future__ import annotations

import numpy as np

from ..bundle import CaseInput


def is_same_case(one: CaseInput, other: CaseInput) -> bool:
    """Same name, pixels, pixel size, contour and clinical values. Further images are not compared."""
    if (one.roi is None) != (other.roi is None):
        return False
    if one.roi is not None and other.roi is not None and one.roi.mask_hash != other.roi.mask_hash:
        return False
    return (
        one.case_id == other.case_id
        and one.image.spacing_mm == other.image.spacing_mm
        and dict(one.clinical) == dict(other.clinical)
        and np.array_equal(one.image.pixels, other.image.pixels, equal_nan=True)
    )
