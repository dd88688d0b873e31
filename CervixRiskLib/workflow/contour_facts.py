"""What a contour is, in a line, and what is odd about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..imaging import Roi


@dataclass(frozen=True)
class ContourFacts:
    """Measures of one contour.

    Parameters
    ----------
    pixel_count
        Pixels inside.
    area_mm2, max_diameter_mm
        ``None`` where the pixel size is unknown.
    max_diameter_px
        Largest calliper diameter, from pixel corner to pixel corner.
    part_count, hole_count
        Separate parts, and holes in them.
    """

    pixel_count: int
    area_mm2: float | None
    max_diameter_px: float
    max_diameter_mm: float | None
    touches_border: bool
    part_count: int
    hole_count: int

    @property
    def summary(self) -> str:
        """ "8.3 cm² · 13,849 pixels · 41 mm across · does not touch the border"."""
        pixels = "1 pixel" if self.pixel_count == 1 else f"{self.pixel_count:,} pixels"
        across = f"{self.max_diameter_px:.0f} pixels" if self.max_diameter_mm is None else _length(self.max_diameter_mm)
        border = "touches the border" if self.touches_border else "does not touch the border"
        parts = [] if self.area_mm2 is None else [_area(self.area_mm2)]
        return " · ".join([*parts, pixels, f"{across} across", border])

    @property
    def warnings(self) -> tuple[str, ...]:
        """What a reader should look at again, a sentence each."""
        found = []
        if self.touches_border:
            found.append("The contour touches the border of the image: a part of the lesion may be missing.")
        if self.part_count > 1:
            found.append(f"The contour has {self.part_count} separate parts. Islands removes stray pixels.")
        if self.hole_count:
            holes = "a hole" if self.hole_count == 1 else f"{self.hole_count} holes"
            found.append(f"The contour has {holes} inside. Paint fills what belongs to the lesion.")
        return tuple(found)


def contour_facts(roi: Roi) -> ContourFacts:
    """Measure ``roi``."""
    return ContourFacts(
        roi.n_pixels,
        roi.area_mm2,
        roi.max_diameter_px,
        roi.max_diameter_mm,
        roi.touches_border,
        roi.component_count,
        roi.hole_count,
    )


def load_measures() -> None:
    """Load what :func:`contour_facts` needs, so that it does not come in the way of the first stroke."""
    import scipy.ndimage  # noqa: F401


def _area(area_mm2: float) -> str:
    if area_mm2 >= 100:
        return f"{area_mm2 / 100:.1f} cm²"
    return f"{area_mm2:.0f} mm²" if area_mm2 >= 10 else f"{area_mm2:.1f} mm²"


def _length(length_mm: float) -> str:
    return f"{length_mm:.0f} mm" if length_mm >= 10 else f"{length_mm:.1f} mm"
