"""What a case report tells: one case, its answer, and what the answer stands on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..bundle import BundleManifest, Prediction
from ..bundle.prediction_text import is_simulated
from ..errors import RoiError, SettingsError
from ..imaging import Roi, SliceImage

if TYPE_CHECKING:
    from ..statistics import Nomogram


@dataclass(frozen=True)
class ReportedValue:
    """A clinical value as it was asked with: the column's name, what a person reads, the value, its printed unit."""

    name: str
    label: str
    value: str
    unit: str = ""

    @property
    def words(self) -> str:
        return f"{self.value} {self.unit}".rstrip()


@dataclass(frozen=True, eq=False)
class OtherContour:
    """Another reader's, or another round's, contour of the same slice.

    Parameters
    ----------
    name
        Whose it is ("Reader B, round 1").
    probability
        The answer with it, 0-1; ``None`` where it was not asked for.
    dice
        Its overlap with the reported contour, 0-1; ``None`` where it was not measured.
    roi
        Drawn on the slice where it is given.
    """

    name: str
    probability: float | None = None
    dice: float | None = None
    roi: Roi | None = None


@dataclass(frozen=True, eq=False)
class CaseReport:
    """One case with its answer.

    Parameters
    ----------
    case_id
        The name of the case as the person typed it.
    date
        When the report was made, as it is printed (``"2026-11-22 05:31"``).
    title
        The question ("Pelvic lymph node metastasis").
    image, roi
        The slice and the contour that were asked with; ``roi`` may be ``None`` where the model needs none.
    prediction, manifest
        The answer, and the model's own account of itself: nomogram, threshold, cohort, validation.
    reader
        Who drew the contour, in which round ("Reader A, round 1"); may be empty.
    processor
        What computed the answer, a sentence; may be empty.
    clinical
        The clinical values that were given.
    sensitivity
        How far the answer moves with the contour ("29 to 34 % with the contour moved by one pixel"); may be empty.
    other_contours
        Further contours of the case.
    further_images
        Names of the images of the section that the model looked at beside ``image``: ``"T1 (image_t1)"``.
    versions
        Software by name, as answered with.
    heat_threshold, heat_opacity
        How the heat map is laid over the slice, 0-1: values below the threshold are not drawn.

    Raises
    ------
    RoiError
        A contour does not have the size of the slice.
    SettingsError
        Threshold or opacity lie outside 0-1.
    """

    case_id: str
    date: str
    title: str
    image: SliceImage
    prediction: Prediction
    manifest: BundleManifest
    roi: Roi | None = None
    reader: str = ""
    processor: str = ""
    clinical: tuple[ReportedValue, ...] = ()
    sensitivity: str = ""
    other_contours: tuple[OtherContour, ...] = ()
    further_images: tuple[str, ...] = ()
    versions: Mapping[str, str] = field(default_factory=dict)
    heat_threshold: float = 0.35
    heat_opacity: float = 0.5

    def __post_init__(self) -> None:
        for roi in (self.roi, *(other.roi for other in self.other_contours)):
            if roi is not None and roi.shape != self.image.shape:
                raise RoiError("The contour was drawn on an image of another size. Draw it on this image.")
        heat_map = self.prediction.heatmap
        if heat_map is not None and heat_map.shape != self.image.shape:
            raise RoiError("The heat map belongs to an image of another size: ask again for this image.")
        for name, value in (("threshold", self.heat_threshold), ("opacity", self.heat_opacity)):
            if not 0 <= value <= 1:
                raise SettingsError(f"The heat map's {name} lies between 0 and 1, not {value}.")

    @property
    def simulated(self) -> bool:
        return is_simulated(self.prediction) or self.manifest.simulated

    @property
    def nomogram(self) -> Nomogram | None:
        """The model's nomogram, where it has one and the answer has points on it."""
        from ..statistics import Nomogram

        if self.manifest.nomogram is None or not self.prediction.points:
            return None
        return Nomogram.from_dict(self.manifest.nomogram)
