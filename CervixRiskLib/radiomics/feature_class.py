"""Which class a feature belongs to, read from its name."""

from __future__ import annotations

from .feature_names import FEATURES_OF_CLASS

OTHER = "other"

_CLASS_OF_PART = {name.casefold(): name for name in FEATURES_OF_CLASS}


def feature_class_of(name: str) -> str:
    """``"glcm"`` for ``wavelet-LHL_glcm_Contrast`` and for ``T2_original_glcm_Contrast``; ``"other"`` where no part of
    the name is a class of PyRadiomics.
    """
    for part in name.split("_"):
        found = _CLASS_OF_PART.get(part.casefold())
        if found is not None:
            return found
    return OTHER
