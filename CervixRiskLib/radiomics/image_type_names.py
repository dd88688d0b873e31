"""The names of the filtered images that each image type of a parameter file makes, without making them."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import product
from typing import Any

_SINGLE = {
    "Original": "original",
    "Square": "square",
    "SquareRoot": "squareroot",
    "Logarithm": "logarithm",
    "Exponential": "exponential",
    "Gradient": "gradient",
    "LBP2D": "lbp-2D",
}

IMAGE_TYPES = (*_SINGLE, "Wavelet", "LoG", "LBP3D")


def image_names_of(image_type: str, settings: Mapping[str, Any], force_2d: bool) -> tuple[str, ...]:
    """The images of ``image_type``, in PyRadiomics' naming and order.

    A wavelet band's letters are its low (L) or high (H) pass along columns, rows and, unless ``force_2d``, slices; the
    all-low band comes last.
    """
    if image_type in _SINGLE:
        return (_SINGLE[image_type],)
    if image_type == "Wavelet":
        bands = ["".join(letters) for letters in product("LH", repeat=2 if force_2d else 3)]
        return tuple(f"wavelet-{band}" for band in (*bands[1:], bands[0]))
    if image_type == "LoG":
        return tuple(f"log-sigma-{str(sigma).replace('.', '-')}-mm-3D" for sigma in settings["sigma"])
    return ("lbp-3D-m1", "lbp-3D-m2", "lbp-3D-k")
