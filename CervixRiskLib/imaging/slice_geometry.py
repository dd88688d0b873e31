"""Where a slice lies in the patient, for checking that a contour was drawn on this very slice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_DIRECTION_TOLERANCE = 1e-3


@dataclass(frozen=True)
class SliceGeometry:
    """Position and orientation in patient coordinates (LPS, as DICOM and ITK have them).

    Parameters
    ----------
    origin_mm
        Centre of the first row's first pixel: ``(x, y, z)`` in mm, DICOM's ImagePositionPatient.
    column_direction, row_direction
        Unit vectors along which the column index and the row index grow: the first and the second triple of DICOM's
        ImageOrientationPatient.
    planar
        The file has two dimensions only; where it lies along the third axis is unknown.
    """

    origin_mm: tuple[float, float, float]
    column_direction: tuple[float, float, float]
    row_direction: tuple[float, float, float]
    planar: bool = False

    def shifted(self, rows: float, columns: float, spacing_mm: tuple[float, float]) -> SliceGeometry:
        """The geometry of a slice that begins ``rows`` and ``columns`` further on the same grid."""
        origin = (
            np.array(self.origin_mm)
            + np.array(self.row_direction) * rows * spacing_mm[0]
            + np.array(self.column_direction) * columns * spacing_mm[1]
        )
        return SliceGeometry(_triple(origin), self.column_direction, self.row_direction, self.planar)

    def agrees_with(self, other: SliceGeometry, tolerance_mm: float) -> bool:
        """Whether both lie at the same place, within ``tolerance_mm``, and point the same way.

        A planar and a spatial geometry cannot be compared and pass.
        """
        if self.planar != other.planar:
            return True
        near = np.allclose(self.origin_mm, other.origin_mm, rtol=0, atol=tolerance_mm)
        return bool(near) and self.points_as(other)

    def points_as(self, other: SliceGeometry) -> bool:
        """Whether rows and columns of both run the same ways."""
        return bool(
            np.allclose(self.column_direction, other.column_direction, rtol=0, atol=_DIRECTION_TOLERANCE)
            and np.allclose(self.row_direction, other.row_direction, rtol=0, atol=_DIRECTION_TOLERANCE)
        )


def _triple(vector: np.ndarray) -> tuple[float, float, float]:
    x, y, z = (float(value) for value in vector)
    return x, y, z
