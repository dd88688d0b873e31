"""Reads presets: the shipped ones by name, and a researcher's own PyRadiomics parameter file by path."""

from __future__ import annotations

from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import yaml

from ..errors import FeatureError
from .feature_names import FEATURES_OF_CLASS, SHAPE_CLASSES, all_features
from .image_type_names import IMAGE_TYPES
from .preset import Preset
from .settings import DEFAULT_SETTINGS, check_settings

SHIPPED_PRESETS = ("wang2025", "slice2d")

# A parameter file is a page of text. More is a mistake, or meant to exhaust the machine.
_LARGEST_FILE_BYTES = 100_000
_DEEPEST_NESTING = 8


def load_preset(name_or_path: str | Path) -> Preset:
    """A shipped preset by name, or a PyRadiomics parameter file (YAML) by path.

    Parameters
    ----------
    name_or_path
        ``"wang2025"`` (1,561 features), ``"slice2d"`` (1,283 features), or a path.

    Raises
    ------
    FeatureError
        There is no such preset or file, the file is not a parameter file, or it asks for something the engine does not
        do; the sentence names the setting.
    """
    name = str(name_or_path)
    return _shipped(name) if name in SHIPPED_PRESETS else parse_preset(preset_content(name), Path(name).stem)


def preset_content(name_or_path: str | Path) -> bytes:
    """The parameter file itself, to be kept beside what was made with it.

    Raises
    ------
    FeatureError
        There is no such preset or file.
    """
    name = str(name_or_path)
    if name in SHIPPED_PRESETS:
        return resources.files(__package__).joinpath("presets").joinpath(f"{name}.yaml").read_bytes()
    try:
        with Path(name_or_path).open("rb") as stream:
            return stream.read(_LARGEST_FILE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise FeatureError(
            f"There is no preset '{name}'. Use one of {', '.join(SHIPPED_PRESETS)}, or the path of a parameter file."
        ) from error


def as_preset(preset: Preset | str | Path) -> Preset:
    """``preset`` itself, or the one of that name."""
    return preset if isinstance(preset, Preset) else load_preset(preset)


@cache
def _shipped(name: str) -> Preset:
    return parse_preset(preset_content(name), name)


def parse_preset(content: bytes, name: str) -> Preset:
    """A preset from the bytes of a parameter file. Raises :class:`FeatureError` as :func:`load_preset` does."""
    if len(content) > _LARGEST_FILE_BYTES:
        raise FeatureError(
            "The preset file is far longer than a parameter file can be. Check that it is the right file."
        )
    top = _as_mapping(_read_yaml(content), "the file")
    unknown = [str(key) for key in top if key not in ("setting", "imageType", "featureClass", "voxelSetting")]
    if unknown:
        raise FeatureError(
            f"The preset file holds '{unknown[0][:60]}', which no parameter file has. "
            "It has the sections setting, imageType and featureClass."
        )
    if top.get("voxelSetting"):
        raise FeatureError(
            "The section 'voxelSetting' asks for feature maps, which the engine does not make. Remove it."
        )
    settings = {**DEFAULT_SETTINGS, **check_settings(_as_mapping(top.get("setting"), "setting"), "setting")}
    settings["sigma"] = tuple(settings["sigma"])
    image_types = _image_types(_as_mapping(top.get("imageType"), "imageType"), settings)
    feature_classes = _feature_classes(_as_mapping(top.get("featureClass"), "featureClass"), settings)
    return Preset(name, settings, image_types, feature_classes)


def _read_yaml(content: bytes) -> Any:
    try:
        # Aliases let a page of text grow into gigabytes, so they are refused before anything is built.
        depth = 0
        for event in yaml.parse(content, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                raise FeatureError("The preset file uses YAML aliases ('*name'). Write the values out.")
            if isinstance(event, yaml.CollectionStartEvent):
                depth += 1
                if depth > _DEEPEST_NESTING:
                    raise FeatureError("The preset file is nested too deeply to be a parameter file.")
            elif isinstance(event, yaml.CollectionEndEvent):
                depth -= 1
        return yaml.safe_load(content)
    except (yaml.YAMLError, UnicodeDecodeError, ValueError, OverflowError, RecursionError, TypeError) as error:
        raise FeatureError("The preset file is not valid YAML. Open it in a text editor and check it.") from error


def _as_mapping(value: Any, where: str) -> dict[Any, Any]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise FeatureError(f"In the preset, '{where}' must hold names with values.")
    return value


def _image_types(given: dict[Any, Any], settings: dict[str, Any]) -> dict[str, dict[str, Any]]:
    image_types: dict[str, dict[str, Any]] = {}
    for image_type, own in (given or {"Original": None}).items():
        if image_type not in IMAGE_TYPES:
            raise FeatureError(
                f"The image type '{str(image_type)[:60]}' is not known. Known are {', '.join(IMAGE_TYPES)}."
            )
        checked = check_settings(_as_mapping(own, image_type), image_type)
        for name in ("force2D", "minimumROISize", "gldm_a", "voxelArrayShift"):
            if name in checked and checked[name] != settings[name]:
                raise FeatureError(f"The setting '{name}' belongs under 'setting', not under '{image_type}'.")
        image_types[image_type] = checked
    if "LoG" in image_types:
        if not settings["force2D"]:
            raise FeatureError(
                "The image type 'LoG' needs 'force2D: true' under 'setting': on a volume of one slice there is no "
                "three-dimensional Laplacian of Gaussian."
            )
        if not image_types["LoG"].get("sigma", settings["sigma"]):
            raise FeatureError("The image type 'LoG' needs the setting 'sigma', a list of filter widths in mm.")
    if "LBP3D" in image_types and settings["force2D"]:
        raise FeatureError("The image type 'LBP3D' does not go with 'force2D: true'. Use 'LBP2D', or force2D: false.")
    return image_types


def _feature_classes(given: dict[Any, Any], settings: dict[str, Any]) -> dict[str, tuple[str, ...]]:
    if not given:
        shape = "shape2D" if settings["force2D"] else "shape"
        given = {name: None for name in FEATURES_OF_CLASS if name not in SHAPE_CLASSES or name == shape}
    classes: dict[str, tuple[str, ...]] = {}
    for name, features in given.items():
        if name not in FEATURES_OF_CLASS:
            raise FeatureError(
                f"The feature class '{str(name)[:60]}' is not known. Known are {', '.join(FEATURES_OF_CLASS)}."
            )
        if name == "shape2D" and not settings["force2D"]:
            raise FeatureError("The feature class 'shape2D' needs 'force2D: true' under 'setting'.")
        if name == "shape" and settings["force2D"]:
            raise FeatureError("The feature class 'shape' does not go with 'force2D: true'. Use 'shape2D'.")
        if features is not None and not isinstance(features, list):
            raise FeatureError(f"The feature class '{name}' must hold a list of features, or nothing for all of them.")
        unknown = [feature for feature in features or () if feature not in all_features(name)]
        if unknown:
            raise FeatureError(f"The feature '{str(unknown[0])[:60]}' is not known in the class '{name}'.")
        if features and len(set(features)) != len(features):
            raise FeatureError(f"The feature class '{name}' names a feature twice.")
        classes[name] = tuple(features) if features else FEATURES_OF_CLASS[name]
    return classes
