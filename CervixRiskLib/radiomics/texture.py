"""All texture classes on all filtered images at once."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .filtered_images import FilteredImage
from .first_order import first_order_features
from .glcm import glcm_features
from .gldm import gldm_features
from .glrlm import glrlm_features
from .glszm import glszm_features
from .grey_levels import LevelStack, grey_levels
from .ngtdm import ngtdm_features
from .roi_grid import RoiGrid


def texture_features(
    images: list[FilteredImage],
    settings: Mapping[str, Mapping[str, Any]],
    classes: Mapping[str, tuple[str, ...]],
    grid: RoiGrid,
    pixel_size: float,
) -> dict[tuple[str, str], tuple[np.ndarray, np.ndarray]]:
    """The features of ``classes`` on ``images``.

    Parameters
    ----------
    images
        The filtered images, in the region.
    settings
        Image name → its settings.
    classes
        Feature class → features asked for; shape is not among them.
    grid
        The region.
    pixel_size
        Area or volume of a pixel, for TotalEnergy.

    Returns
    -------
    dict
        ``(class, feature)`` → the values per image, and whether they are conventions, each ``(n_images,)``.
    """
    levels = [
        grey_levels(image.values, settings[image.name]["binWidth"], settings[image.name]["binCount"])
        for image in images
    ]
    stack = LevelStack.of(levels, grid.box, grid.inside)
    common = settings[images[0].name]
    no_convention: dict[str, np.ndarray] = {}
    results: dict[tuple[str, str], tuple[np.ndarray, np.ndarray]] = {}
    for name, wanted in classes.items():
        by_convention = no_convention
        if name == "firstorder":
            values = np.array([image.values for image in images], dtype=np.float64)
            features, by_convention = first_order_features(values, stack, pixel_size, common["voxelArrayShift"])
        elif name == "glcm":
            features, by_convention = glcm_features(stack, with_mcc="MCC" in wanted)
        elif name == "glrlm":
            features, by_convention = glrlm_features(stack, grid)
        elif name == "glszm":
            features = glszm_features(stack)
        elif name == "gldm":
            features = gldm_features(stack, common["gldm_a"])
        else:
            features, by_convention = ngtdm_features(stack)
        nothing = np.zeros(len(images), dtype=bool)
        for feature in wanted:
            results[name, feature] = features[feature], by_convention.get(feature, nothing)
    return results
