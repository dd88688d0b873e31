"""What extraction computes for one case, and what it says where it cannot."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .acquisition_traits import AcquisitionTraits


@dataclass(frozen=True, eq=False)
class CaseResult:
    """The measurements of one case.

    Parameters
    ----------
    values
        ``(features,)`` float64 in the preset's order.
    undefined
        Positions in ``values`` of features that are not defined for this ROI, ascending.
    pixel_count
        Pixels in the ROI.
    diameter_mm
        Largest calliper diameter of the ROI in mm, NaN when the pixel size is unknown.
    touches_border
        Whether the ROI reaches the image's border.
    crop
        ``(size, size)`` float32 around the ROI, ``None`` when none was asked for.
    acquisition
        How the slice was recorded; ``None`` in results kept by a version that did not look.
    """

    values: np.ndarray
    undefined: np.ndarray
    pixel_count: int
    diameter_mm: float
    touches_border: bool
    crop: np.ndarray | None = None
    acquisition: AcquisitionTraits | None = None


@dataclass(frozen=True)
class CaseFailure:
    """A case that could not be measured, with the sentence that says why."""

    case_id: str
    reason: str

    def __str__(self) -> str:
        return f"{self.case_id}: {self.reason}"
