"""How the feature classes are called in figures, in PyRadiomics' order."""

from __future__ import annotations

CLASS_NAMES = {
    "shape": "Shape",
    "shape2D": "Shape",
    "firstorder": "First order",
    "glcm": "GLCM",
    "glrlm": "GLRLM",
    "glszm": "GLSZM",
    "gldm": "GLDM",
    "ngtdm": "NGTDM",
}
"""A class of another name stands after these, under its own name."""
