"""A preset: which features are computed, and how."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any

from .feature_names import SHAPE_CLASSES
from .image_type_names import image_names_of


@dataclass(frozen=True, eq=False)
class Preset:
    """A checked feature set; :func:`load_preset` makes one.

    Parameters
    ----------
    name
        ``"wang2025"``, ``"slice2d"``, or the stem of the file it came from.
    settings
        Every setting that changes a value, defaults filled in (PyRadiomics' names).
    image_types
        Image type to its own settings, in the file's order (``{"LBP2D": {"binWidth": 1}}``).
    feature_classes
        Feature class to the features asked for, in the file's order.
    """

    name: str
    settings: Mapping[str, Any]
    image_types: Mapping[str, Mapping[str, Any]]
    feature_classes: Mapping[str, tuple[str, ...]]

    def __post_init__(self) -> None:
        object.__setattr__(self, "settings", MappingProxyType(dict(self.settings)))
        image_types = {kind: MappingProxyType(dict(own)) for kind, own in self.image_types.items()}
        object.__setattr__(self, "image_types", MappingProxyType(image_types))
        classes = {name: tuple(features) for name, features in self.feature_classes.items()}
        object.__setattr__(self, "feature_classes", MappingProxyType(classes))

    def __reduce__(self) -> tuple[Any, ...]:
        # Mapping proxies cannot be pickled; worker processes receive presets.
        image_types = {kind: dict(own) for kind, own in self.image_types.items()}
        return type(self), (self.name, dict(self.settings), image_types, dict(self.feature_classes))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Preset) and self.content_hash == other.content_hash

    def __hash__(self) -> int:
        return hash(self.content_hash)

    @cached_property
    def content_hash(self) -> str:
        """SHA-256 in hex of everything but the name: equal when the same features are computed in the same way."""
        content = {
            "setting": dict(self.settings),
            # Order decides the order of the features, so it is part of the content.
            "imageType": [[kind, dict(own)] for kind, own in self.image_types.items()],
            "featureClass": [[name, list(features)] for name, features in self.feature_classes.items()],
        }
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
        return hashlib.sha256(canonical.encode()).hexdigest()

    def settings_of(self, image_type: str) -> dict[str, Any]:
        """The settings that hold for one image type."""
        return {**self.settings, **self.image_types[image_type]}

    @property
    def force_2d(self) -> bool:
        """Whether filters and shape work in the plane, instead of on a volume of one slice."""
        return bool(self.settings["force2D"])

    @cached_property
    def image_names(self) -> tuple[tuple[str, str], ...]:
        """``(image type, name of the filtered image)``, as ``("Wavelet", "wavelet-LLH")``, in their fixed order."""
        return tuple(
            (kind, name)
            for kind in self.image_types
            for name in image_names_of(kind, self.settings_of(kind), self.force_2d)
        )

    @cached_property
    def columns(self) -> tuple[tuple[str, str, str], ...]:
        """``(image name, feature class, feature)`` of each value, in the fixed order; shape stands first."""
        shape = [
            ("original", name, feature)
            for name, features in self.feature_classes.items()
            if name in SHAPE_CLASSES
            for feature in features
        ]
        others = [
            (image_name, name, feature)
            for _, image_name in self.image_names
            for name, features in self.feature_classes.items()
            if name not in SHAPE_CLASSES
            for feature in features
        ]
        return tuple(shape + others)

    @cached_property
    def feature_names(self) -> tuple[str, ...]:
        """The names of the values, known without computing any: ``<image>_<class>_<feature>``."""
        return tuple("_".join(column) for column in self.columns)
