"""How well two contours of one tumour agree: overlap, distance between the outlines, sizes.

Overlap counts pixels. Distances are measured between boundary pixels, from centre to centre: pixels of the region with
at least one of their four neighbours outside it (or outside the image); the rims of holes belong to the boundary.

With A and B the two sets of boundary pixels and d(a, B) the distance from a to the nearest pixel of B:

- Hausdorff distance: ``max(max d(a, B), max d(b, A))``.
- 95 % Hausdorff distance: ``max(P95 of d(a, B), P95 of d(b, A))``, the larger of the two *directed* percentiles
  (linear interpolation between ranks, as ``numpy.percentile``). This is the quantile form of Huttenlocher et al. 1993
  that Taha & Hanbury 2015 describe and Maier-Hein et al. 2024 recommend. The other form in use, one percentile of both
  directions pooled, is diluted when one outline is much longer than the other, and need not be reached by either.
- Mean surface distance: ``(sum d(a, B) + sum d(b, A)) / (|A| + |B|)``, the average symmetric surface distance of
  Heimann et al. 2009.

References
----------
Taha AA, Hanbury A. BMC Med Imaging 2015;15:29. Huttenlocher DP et al. IEEE Trans Pattern Anal Mach Intell
1993;15:850-863. Heimann T et al. IEEE Trans Med Imaging 2009;28:1251-1265. Maier-Hein L, Reinke A et al. Nat Methods
2024;21:195-212.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from .roi import Roi
from .roi_grid import check_same_grid

_PERCENTILE = 95.0


@dataclass(frozen=True)
class ContourAgreement:
    """What comparing two contours gives.

    Parameters
    ----------
    dice
        ``2 |A ∩ B| / (|A| + |B|)``, 0 to 1.
    jaccard
        ``|A ∩ B| / |A ∪ B|``, 0 to 1.
    hausdorff95, hausdorff, mean_surface_distance
        Distances between the outlines in ``unit``; see :mod:`.contour_agreement`.
    unit
        ``"mm"``, or ``"px"`` where the pixel size is unknown and pixels count as squares of side 1.
    first_area, second_area
        In square ``unit``.
    first_diameter, second_diameter
        Largest calliper diameter from pixel corner to pixel corner, in ``unit``.
    """

    dice: float
    jaccard: float
    hausdorff95: float
    hausdorff: float
    mean_surface_distance: float
    unit: Literal["mm", "px"]
    first_area: float
    second_area: float
    first_diameter: float
    second_diameter: float


def compare_contours(first: Roi, second: Roi) -> ContourAgreement:
    """Compare two contours of the same slice.

    The Hausdorff distance is that of the outlines. It equals ITK's HausdorffDistanceImageFilter applied to the boundary
    pixels; applied to the filled regions ITK gives less where one contour leaves out a hole or a cleft deep inside the
    other.

    Raises
    ------
    RoiError
        The contours have different image sizes or pixel sizes.
    """
    check_same_grid((first, second))
    spacing = first.spacing_mm or (1.0, 1.0)
    boxes = np.array([first.bounding_box, second.bounding_box])
    (row0, column0), (row1, column1) = boxes[:, :2].min(axis=0), boxes[:, 2:].max(axis=0)
    one, other = first.mask[row0:row1, column0:column1], second.mask[row0:row1, column0:column1]

    common = int(np.count_nonzero(one & other))
    total = first.n_pixels + second.n_pixels
    forth, back = _surface_distances(_boundary_points(one, spacing), _boundary_points(other, spacing))
    pixel_area = spacing[0] * spacing[1]
    known = first.spacing_mm is not None
    return ContourAgreement(
        dice=2.0 * common / total,
        jaccard=common / (total - common),
        hausdorff95=float(max(np.percentile(forth, _PERCENTILE), np.percentile(back, _PERCENTILE))),
        hausdorff=float(max(forth.max(), back.max())),
        mean_surface_distance=float((forth.sum() + back.sum()) / (len(forth) + len(back))),
        unit="mm" if known else "px",
        first_area=first.n_pixels * pixel_area,
        second_area=second.n_pixels * pixel_area,
        first_diameter=_diameter(first),
        second_diameter=_diameter(second),
    )


def _boundary_points(mask: np.ndarray, spacing: tuple[float, float]) -> np.ndarray:
    """Centres of the boundary pixels, ``(n, 2)`` in ``spacing``'s unit; ``mask`` has nothing beyond its frame."""
    framed = np.pad(mask, 1)
    inner = framed[:-2, 1:-1] & framed[2:, 1:-1] & framed[1:-1, :-2] & framed[1:-1, 2:]
    return np.argwhere(mask & ~inner) * np.asarray(spacing, dtype=np.float64)


def _surface_distances(one: np.ndarray, other: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """From each point of ``one`` to the nearest of ``other``, and the other way round."""
    from scipy.spatial import cKDTree

    return cKDTree(other).query(one)[0], cKDTree(one).query(other)[0]


def _diameter(roi: Roi) -> float:
    return roi.max_diameter_px if roi.max_diameter_mm is None else roi.max_diameter_mm
