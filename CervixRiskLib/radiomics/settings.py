"""The settings of a PyRadiomics parameter file, and which of them this engine can follow.

The names and the defaults are PyRadiomics 3.0.1's. A setting that would change the result and that the engine does not
follow is refused by name: a feature computed under other settings than the file asks for would be worse than none.
"""

from __future__ import annotations

import math
from typing import Any

from ..errors import FeatureError

# What stands when a file says nothing (PyRadiomics' defaults).
DEFAULT_SETTINGS: dict[str, Any] = {
    "binWidth": 25,
    "binCount": None,
    "force2D": False,
    "force2Ddimension": 0,
    "minimumROISize": None,
    "voxelArrayShift": 0,
    "gldm_a": 0,
    "wavelet": "coif1",
    "gradientUseSpacing": True,
    "sigma": (),
    "lbp2DRadius": 1.0,
    "lbp2DSamples": 8,
    "lbp2DMethod": "uniform",
}

# Settings the engine follows at one value only; that value is the default and changes nothing.
_FIXED_SETTINGS: dict[str, tuple[Any, ...]] = {
    # A region of one row has values here, which PyRadiomics refuses at its default of 2; on a slice no region has 3.
    "minimumROIDimensions": (1, 2),
    "force2Ddimension": (0,),
    "normalize": (False,),
    "removeOutliers": (None,),
    # Cropping before the filters changes what they see at the crop's edge.
    "preCrop": (False,),
    "resampledPixelSpacing": (None,),
    "resegmentRange": (None,),
    "distances": ([1],),
    "symmetricalGLCM": (True,),
    "weightingNorm": (None,),
    "start_level": (0,),
    "level": (1,),
    "lbp2DMethod": ("uniform",),
    "lbp3DLevels": (2,),
    "lbp3DIcosphereRadius": (1,),
    "lbp3DIcosphereSubdivision": (1,),
}

# Settings without effect on an image and a region that share one grid, or only on the log.
_SETTINGS_WITHOUT_EFFECT = frozenset(
    {
        "additionalInfo",
        "correctMask",
        "geometryTolerance",
        "interpolator",
        "label",
        "label_channel",
        "normalizeScale",
        "padDistance",
        "resegmentMode",
        "resegmentShape",
    }
)


def check_settings(given: dict[str, Any], where: str) -> dict[str, Any]:
    """The settings of ``given`` that matter, checked and with plain types.

    Parameters
    ----------
    given
        A mapping as it came out of YAML.
    where
        Where it stood, for the sentence: ``"setting"`` or an image type's name.

    Raises
    ------
    FeatureError
        A setting that is unknown, not followed, or out of range; the sentence names it.
    """
    checked: dict[str, Any] = {}
    for name, value in given.items():
        if not isinstance(name, str):
            raise FeatureError(f"A name under '{where}' in the preset is not a word. Check the file's indentation.")
        if name in _SETTINGS_WITHOUT_EFFECT:
            continue
        if name in _FIXED_SETTINGS:
            allowed = _FIXED_SETTINGS[name]
            if value not in allowed:
                wanted = " or ".join(repr(one) for one in allowed)
                raise FeatureError(
                    f"The setting '{name}' under '{where}' asks for something the engine does not do; "
                    f"it follows only {wanted}. Change it, or use PyRadiomics itself."
                )
            continue
        if name not in DEFAULT_SETTINGS:
            raise FeatureError(f"The setting '{name}' under '{where}' is not known. Check its spelling, or remove it.")
        checked[name] = _checked_value(name, value, where)
    return checked


def _checked_value(name: str, value: Any, where: str) -> Any:
    if name == "binCount":
        return None if value is None else _whole_number(name, value, where, 1, 65_535)
    if name in ("binWidth", "lbp2DRadius"):
        return _positive_number(name, value, where)
    if name in ("force2D", "gradientUseSpacing"):
        if not isinstance(value, bool):
            raise FeatureError(f"The setting '{name}' under '{where}' must be true or false.")
        return value
    if name == "minimumROISize":
        return None if value is None else _whole_number(name, value, where, 1, 2**31)
    if name == "voxelArrayShift":
        return _whole_number(name, value, where, -(2**31), 2**31)
    if name == "gldm_a":
        return _whole_number(name, value, where, 0, 65_535)
    if name == "lbp2DSamples":
        return _whole_number(name, value, where, 1, 64)
    if name == "sigma":
        if not isinstance(value, list) or not value or len(value) > 64:
            raise FeatureError(
                f"The setting 'sigma' under '{where}' must be a list of filter widths, such as [1.0, 2.0]."
            )
        widths = tuple(_positive_number(name, one, where) for one in value)
        if len(set(map(str, value))) != len(value):
            raise FeatureError(f"The setting 'sigma' under '{where}' names the same filter width twice.")
        return tuple(value) if all(isinstance(one, int | float) for one in value) else widths
    return _wavelet_name(value, where)


def _whole_number(name: str, value: Any, where: str, low: int, high: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        raise FeatureError(f"The setting '{name}' under '{where}' must be a whole number from {low} to {high}.")
    return value


def _positive_number(name: str, value: Any, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise FeatureError(f"The setting '{name}' under '{where}' must be a positive number.")
    if not (1e-6 <= value <= 1e6) or not math.isfinite(value):
        raise FeatureError(f"The setting '{name}' under '{where}' must be a number between 0.000001 and 1,000,000.")
    return value


def _wavelet_name(value: Any, where: str) -> str:
    import pywt

    if not isinstance(value, str) or value not in pywt.wavelist(kind="discrete"):
        raise FeatureError(
            f"The setting 'wavelet' under '{where}' must be the name of a discrete wavelet, such as 'coif1'."
        )
    return value
