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
    from .contrast_equalisation import equalise_contrast
    from .image_reader import read_image
    from .image_writer import write_image_png, write_map, write_roi
    from .preprocessing import preprocess_channels, preprocess_slice
    from .quality_limits import QualityLimits, quality_problems
    from .roi_reader import read_roi
    from .slice_quality import SliceQuality, assess_slice

__all__ = [
    "Crop",
    "QualityLimits",
    "Roi",
    "SliceGeometry",
    "SliceImage",
    "SlicePreprocessing",
    "SliceQuality",
    "assess_slice",
    "crop_around_roi",
    "equalise_contrast",
    "preprocess_channels",
    "preprocess_slice",
    "quality_problems",
    "read_image",
    "read_roi",
    "write_image_png",
    "write_map",
    "write_roi",
]

# Readers and writers bring Pillow and pydicom along, so they are imported when first asked for, and so is what works on
# pixels.
_LAZY = {
    "QualityLimits": "quality_limits",
    "SliceQuality": "slice_quality",
    "assess_slice": "slice_quality",
    "equalise_contrast": "contrast_equalisation",
    "preprocess_channels": "preprocessing",
    "preprocess_slice": "preprocessing",
    "quality_problems": "quality_limits",
    "read_image": "image_reader",
    "read_roi": "roi_reader",
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
