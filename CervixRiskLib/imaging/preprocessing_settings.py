"""Every choice of a slice's preprocessing in one place, kept in the bundle."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError
from .settings_mapping import check_range, check_types, settings_from_mapping, settings_to_mapping

_WHAT = "preprocessing"
_CHOICES = {"centre": ("roi", "slice"), "edge": ("none", "unsharp", "laplacian"), "padding": ("edge", "zero")}


@dataclass(frozen=True)
class SlicePreprocessing:
    """How :func:`CervixRiskLib.imaging.preprocess_slice` makes a network's input of a slice.

    Dai et al. 2025 (doi 10.3389/fonc.2025.1557486) name the steps and print no values. The defaults are ours, and mild:
    denoising and sharpening together leave white noise a little weaker than it was (0.92 of its standard deviation)
    and edges steeper. Contrast is equalised up to a limit of 2: at 4 noise in air and in even tissue begins to look
    like structure.

    Parameters
    ----------
    size
        Rows and columns of the result, 8 to 1024 pixels; 224 is what the networks were made for.
    centre
        ``"roi"``: the middle of the tumour's bounding box; ``"slice"``: the middle of the slice.
    field_of_view_mm
        Side of the square in mm, 10 to 1000, ``None`` for none. Tumours keep their size in the network's eyes, on which
        FIGO 2018 stages rest (IB3 begins at 4 cm). Needs a known pixel size.
    margin
        For squares around a tumour without a field of view: the square's side is the longer side of the bounding box
        times ``1 + 2 * margin``, 0 to 5. The tumour's size is lost. ``None``, and no field of view: the square has the
        longer side of the whole slice, in mm where the pixel size is known.
    denoise_sigma
        Standard deviation of the Gaussian in pixels of the result, 0 (off) to 10. 0.5 takes a third off white noise.
    edge, edge_amount, edge_sigma
        ``"unsharp"`` adds ``amount`` (0 to 5) times the difference from the picture blurred by a Gaussian of ``sigma``
        (0.3 to 10 pixels of the result); ``"laplacian"`` subtracts ``amount * sigma² / 2`` times the Laplacian of the
        blurred picture, to which the former tends for structures larger than ``sigma``; ``"none"``.
    low_percentile, high_percentile
        Which grey values become 0 and 1, in percent of the square's part on the slice, before sharpening; 0 to 10 and
        90 to 100. Beyond is cut, so that a bright vessel or a burnt-in letter does not darken the rest.
    clahe_clip, clahe_tiles
        Limit and tiles along each axis of :func:`CervixRiskLib.imaging.equalise_contrast`; 0 (off) to 100, and 1 to 64
        but at least two pixels a tile.
    padding
        Beyond the slice: ``"edge"`` repeats its border, ``"zero"`` is black.

    Raises
    ------
    SettingsError
        A value of another type, out of range, or contradicting another one.
    """

    size: int = 224
    centre: str = "slice"
    field_of_view_mm: float | None = None
    margin: float | None = None
    denoise_sigma: float = 0.5
    edge: str = "unsharp"
    edge_amount: float = 0.5
    edge_sigma: float = 1.5
    low_percentile: float = 0.5
    high_percentile: float = 99.5
    clahe_clip: float = 2.0
    clahe_tiles: int = 8
    padding: str = "zero"

    def __post_init__(self) -> None:
        check_types(self, _WHAT)
        for name, choices in _CHOICES.items():
            if getattr(self, name) not in choices:
                raise SettingsError(f"The setting {name} of the {_WHAT} is one of {', '.join(choices)}.")
        check_range(
            self,
            _WHAT,
            size=(8, 1024),
            field_of_view_mm=(10.0, 1000.0),
            margin=(0.0, 5.0),
            denoise_sigma=(0.0, 10.0),
            edge_amount=(0.0, 5.0),
            edge_sigma=(0.3, 10.0),
            low_percentile=(0.0, 10.0),
            high_percentile=(90.0, 100.0),
            clahe_clip=(0.0, 100.0),
            clahe_tiles=(1, 64),
        )
        if self.margin is not None and self.field_of_view_mm is not None:
            raise SettingsError("A square has a margin around the tumour or a field of view in mm, not both.")
        if self.margin is not None and self.centre != "roi":
            raise SettingsError("A margin goes around a tumour: centre the square on it, or leave the margin out.")
        if self.clahe_clip > 0.0 and 2 * self.clahe_tiles > self.size:
            raise SettingsError(
                f"{self.clahe_tiles} tiles are too many for {self.size} pixels: equalising contrast needs two pixels "
                "a tile."
            )

    def to_json(self) -> dict[str, Any]:
        """Plain values, for the bundle; see :meth:`from_json`."""
        return settings_to_mapping(self)

    @classmethod
    def from_json(cls, mapping: Mapping[str, Any]) -> SlicePreprocessing:
        """The settings in a mapping that JSON holds; what it leaves out keeps its default.

        Raises
        ------
        SettingsError
            An unknown entry, or a value of another type or out of range.
        """
        return settings_from_mapping(cls, mapping, _WHAT)
