"""Radiomics: presets, and the features of one slice within one region of interest.

>>> from CervixRiskLib.radiomics import extract, load_preset
>>> vector = extract(image, roi, "wang2025")        # doctest: +SKIP
>>> vector["original_firstorder_Mean"]               # doctest: +SKIP
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .extraction import extract
    from .feature_vector import FeatureVector
    from .parameter_file import SHIPPED_PRESETS, load_preset, parse_preset, preset_content
    from .preset import Preset
    from .preset_features import feature_table

__all__ = [
    "SHIPPED_PRESETS",
    "FeatureVector",
    "Preset",
    "extract",
    "feature_table",
    "load_preset",
    "parse_preset",
    "preset_content",
]

# Loaded when first asked for: NumPy, SciPy and PyWavelets together take longer than the whole package may.
_HOME_OF = {
    "SHIPPED_PRESETS": "parameter_file",
    "FeatureVector": "feature_vector",
    "Preset": "preset",
    "extract": "extraction",
    "feature_table": "preset_features",
    "load_preset": "parameter_file",
    "parse_preset": "parameter_file",
    "preset_content": "parameter_file",
}


def __getattr__(name: str) -> Any:
    if name not in _HOME_OF:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f".{_HOME_OF[name]}", __name__), name)
