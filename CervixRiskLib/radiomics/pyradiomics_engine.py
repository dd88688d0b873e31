"""The installed PyRadiomics as an engine: slow, for whoever wants its own values.

It reads values differently by type (float64 changes some 400 of 1,561 values, uint8 more), so it is always given
float32. A preset with ``force2D`` is handed over as a two-dimensional image, because on a volume of one slice
PyRadiomics silently leaves out the Laplacian of Gaussian.
"""

from __future__ import annotations

import logging
from typing import Any

import numpy as np

from ..errors import FeatureError, MissingComponentError
from .preset import Preset

_HOW_TO_GET = (
    "Install it with 'pip install numpy \"setuptools<70\"' and then "
    "'pip install --no-build-isolation pyradiomics==3.0.1', or use the engine 'cervixrisk': it gives the same values."
)
_NEEDED_FOR = {
    "LBP3D": "'trimesh' and 'scipy<1.17'",
    "LBP2D": "'scikit-image'",
}


def extract_with_pyradiomics(
    pixels: np.ndarray, mask: np.ndarray, spacing: tuple[float, float], preset: Preset
) -> dict[str, float]:
    """Values by name; see :func:`CervixRiskLib.radiomics.extract`.

    Raises
    ------
    MissingComponentError
        PyRadiomics is missing, or left out an image type because a package that it needs is missing or too new.
    FeatureError
        PyRadiomics cannot compute features of this region.
    """
    try:
        import SimpleITK as sitk  # noqa: N813
        from radiomics.featureextractor import RadiomicsFeatureExtractor
    except ImportError as error:
        raise MissingComponentError(f"The engine 'pyradiomics' needs PyRadiomics. {_HOW_TO_GET}") from error
    # Its one-line warnings go to the screen; what matters in them is checked below.
    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    flat = preset.force_2d
    image = sitk.GetImageFromArray(pixels if flat else pixels[None])
    label = sitk.GetImageFromArray(mask.astype(np.uint8) if flat else mask[None].astype(np.uint8))
    for one in (image, label):
        one.SetSpacing((spacing[1], spacing[0]) if flat else (spacing[1], spacing[0], 1.0))
    try:
        result = RadiomicsFeatureExtractor(parameters_for_pyradiomics(preset)).execute(image, label)
    except (ValueError, RuntimeError, IndexError) as error:
        raise FeatureError(
            "PyRadiomics cannot compute features of this region (it refuses regions that fill the image, of one row or "
            "one pixel, and fails on flat ones). Use the engine 'cervixrisk'."
        ) from error
    values = {name: float(value) for name, value in result.items() if not name.startswith("diagnostics_")}
    _check_complete(values, preset)
    return values


def parameters_for_pyradiomics(preset: Preset) -> dict[str, Any]:
    """The preset as PyRadiomics' parameter dictionary, for images as this module hands them over."""
    setting = {name: value for name, value in preset.settings.items() if value is not None and name != "sigma"}
    # A two-dimensional image needs no forcing, and forcing it would leave one dimension.
    setting.update({"force2D": False, "additionalInfo": False, "label": 1})
    image_types = {
        kind: {name: list(value) if isinstance(value, tuple) else value for name, value in own.items()}
        for kind, own in preset.image_types.items()
    }
    if "LoG" in image_types:
        image_types["LoG"].setdefault("sigma", list(preset.settings["sigma"]))
    features = {name: list(wanted) for name, wanted in preset.feature_classes.items()}
    return {"setting": setting, "imageType": image_types, "featureClass": features}


def _check_complete(values: dict[str, float], preset: Preset) -> None:
    missing = {kind for kind, name in preset.image_names if not any(key.startswith(f"{name}_") for key in values)}
    for kind in preset.image_types:
        if kind in missing and kind in _NEEDED_FOR:
            raise MissingComponentError(
                f"PyRadiomics left out the image type '{kind}' without an error: it needs {_NEEDED_FOR[kind]}. "
                "Install that beside it, or use the engine 'cervixrisk'."
            )
    lost = [name for name in preset.feature_names if name not in values]
    if lost:
        raise FeatureError(f"PyRadiomics gave no value for {lost[0]}. Use the engine 'cervixrisk'.")
