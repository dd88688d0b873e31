"""The features of one slice within one region."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import FeatureError
from ..imaging.roi import Roi
from ..imaging.slice_image import SliceImage
from .feature_names import SHAPE_CLASSES
from .feature_vector import FeatureVector
from .filtered_images import FilteredImage, filtered_images
from .parameter_file import as_preset
from .preset import Preset
from .roi_grid import RoiGrid
from .texture import texture_features

# A slice's thickness is seldom known, and PyRadiomics on a volume made of one slice takes 1.
SLICE_THICKNESS = 1.0


def extract(
    image: SliceImage, roi: Roi, preset: Preset | str | Path = "wang2025", engine: str = "cervixrisk"
) -> FeatureVector:
    """Computes the features of ``preset`` for one image and its region.

    Lengths are in mm. Without a known pixel size they are in pixels (1.0 × 1.0), the gradient is per pixel and the
    widths of Laplacian-of-Gaussian filters count pixels; the result says so in ``spacing_known``. In presets that work
    on a volume of one slice, the slice is 1 mm (or 1 pixel) thick.

    Parameters
    ----------
    image
        The slice; intensities are taken as float32.
    roi
        The region on the image's grid.
    preset
        A preset, its name, or the path of a PyRadiomics parameter file.
    engine
        ``"cervixrisk"``, or ``"pyradiomics"`` for the installed package of that name.

    Returns
    -------
    FeatureVector
        All names of the preset, in its order, with finite values.

    Raises
    ------
    FeatureError
        The preset is not valid; the region has another size than the image or is smaller than the preset allows; the
        intensities are too large, or need too many grey levels.
    MissingComponentError
        ``engine="pyradiomics"`` without the package, or without one that it needs for this preset.
    """
    checked = as_preset(preset)
    if roi.mask.shape != image.shape:
        raise FeatureError("The region of interest and the image differ in size. Draw the region on this image.")
    grid = RoiGrid.of(roi.mask)
    _check_size(grid, checked)
    spacing = image.spacing_mm or (1.0, 1.0)
    undefined: set[str] = set()
    if engine == "pyradiomics":
        from .pyradiomics_engine import extract_with_pyradiomics

        values = extract_with_pyradiomics(image.pixels, roi.mask, spacing, checked)
    elif engine == "cervixrisk":
        values, undefined = _extract(image.pixels, grid, spacing, checked)
    else:
        raise FeatureError(f"There is no engine '{engine}'. Use 'cervixrisk' or 'pyradiomics'.")
    vector = np.array([values[name] for name in checked.feature_names], dtype=np.float64)
    if not np.isfinite(vector).all():
        name = checked.feature_names[int(np.flatnonzero(~np.isfinite(vector))[0])]
        raise FeatureError(
            f"The feature {name} has no finite value here: the intensities are too large or the region is too uniform. "
            "Rescale the image, or check that the region lies on the tumour."
        )
    return FeatureVector(
        checked.feature_names,
        vector,
        tuple(name for name in checked.feature_names if name in undefined),
        image.spacing_mm is not None,
        checked.content_hash,
        engine,
    )


def _check_size(grid: RoiGrid, preset: Preset) -> None:
    smallest = preset.settings["minimumROISize"]
    if smallest is not None and grid.n_pixels <= smallest:
        raise FeatureError(
            f"The region of interest has {grid.n_pixels} pixels; this preset asks for more than {smallest}. "
            "Check that the region covers the tumour."
        )


def _extract(
    pixels: np.ndarray, grid: RoiGrid, spacing: tuple[float, float], preset: Preset
) -> tuple[dict[str, float], set[str]]:
    """Values by name, and the names of those that are conventions."""
    values: dict[str, float] = {}
    undefined: set[str] = set()
    for shape_class in SHAPE_CLASSES:
        if shape_class in preset.feature_classes:
            features, by_convention = _shape(shape_class, grid, spacing)
            values.update({f"original_{shape_class}_{name}": value for name, value in features.items()})
            undefined.update(f"original_{shape_class}_{name}" for name in by_convention)
    texture_classes = {name: wanted for name, wanted in preset.feature_classes.items() if name not in SHAPE_CLASSES}
    if texture_classes:
        images = filtered_images(pixels, grid, spacing, preset)
        settings = {image.name: preset.settings_of(image.image_type) for image in images}
        _add_textures(images, settings, texture_classes, grid, spacing, preset, values, undefined)
    return values, undefined


def _shape(shape_class: str, grid: RoiGrid, spacing: tuple[float, float]) -> tuple[dict[str, float], frozenset[str]]:
    if shape_class == "shape":
        from .shape3d import shape_features

        return shape_features(grid, spacing, SLICE_THICKNESS)
    from .shape2d import shape2d_features

    return shape2d_features(grid, spacing)


def _add_textures(
    images: list[FilteredImage],
    settings: Mapping[str, Mapping[str, Any]],
    classes: Mapping[str, tuple[str, ...]],
    grid: RoiGrid,
    spacing: tuple[float, float],
    preset: Preset,
    values: dict[str, float],
    undefined: set[str],
) -> None:
    """Adds the texture features of all images to ``values``, and the names of conventions to ``undefined``."""
    size = spacing[0] * spacing[1] * (1.0 if preset.force_2d else SLICE_THICKNESS)
    for (feature_class, feature), (numbers, by_convention) in texture_features(
        images, settings, classes, grid, size
    ).items():
        for position, image in enumerate(images):
            name = f"{image.name}_{feature_class}_{feature}"
            values[name] = float(numbers[position])
            if image.by_convention or by_convention[position]:
                undefined.add(name)
