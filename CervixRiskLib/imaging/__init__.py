"""Slices and contours: reading, checking, measuring, cropping and writing them.

Pixel arrays are ``(rows, columns)`` float32, spacing is ``(row_mm, column_mm)`` or ``None`` when unknown.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from .crop import Crop, crop_around_roi
from .preprocessing_settings import SlicePreprocessing
from .roi import Roi
from .slice_geometry import SliceGeometry
from .slice_image import SliceImage

if TYPE_CHECKING:
    from .contour_agreement import ContourAgreement, compare_contours
    from .contrast_equalisation import equalise_contrast
    from .image_reader import read_image, read_slices
    from .image_writer import write_image_png, write_map, write_roi
    from .preprocessing import preprocess_channels, preprocess_slice
    from .quality_limits import QualityLimits, quality_problems
    from .roi_perturbation import RoiPerturbation, perturb_roi
    from .roi_reader import read_roi
    from .slice_quality import SliceQuality, assess_slice
    from .staple import StapleConsensus, staple_consensus

__all__ = [
    "ContourAgreement",
    "Crop",
    "QualityLimits",
    "Roi",
    "RoiPerturbation",
    "SliceGeometry",
    "SliceImage",
    "SlicePreprocessing",
    "SliceQuality",
    "StapleConsensus",
    "assess_slice",
    "compare_contours",
    "crop_around_roi",
    "equalise_contrast",
    "perturb_roi",
    "preprocess_channels",
    "preprocess_slice",
    "quality_problems",
    "read_image",
    "read_roi",
    "read_slices",
    "staple_consensus",
    "write_image_png",
    "write_map",
    "write_roi",
]

# Readers and writers bring Pillow and pydicom along, so they are imported when first asked for, and so is what works on
# pixels.
_LAZY = {
    "ContourAgreement": "contour_agreement",
    "QualityLimits": "quality_limits",
    "RoiPerturbation": "roi_perturbation",
    "SliceQuality": "slice_quality",
    "StapleConsensus": "staple",
    "assess_slice": "slice_quality",
    "compare_contours": "contour_agreement",
    "equalise_contrast": "contrast_equalisation",
    "perturb_roi": "roi_perturbation",
    "preprocess_channels": "preprocessing",
    "preprocess_slice": "preprocessing",
    "quality_problems": "quality_limits",
    "read_image": "image_reader",
    "read_roi": "roi_reader",
    "read_slices": "image_reader",
    "staple_consensus": "staple",
    "write_image_png": "image_writer",
    "write_map": "image_writer",
    "write_roi": "image_writer",
}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f".{module}", __name__), name)
