"""The heat map's colours against a second CIELAB, from sRGB back."""

from __future__ import annotations

import numpy as np

from CervixRiskLib.scene.colour_table import heat_colours


def lab_of(srgb: np.ndarray) -> np.ndarray:
    """sRGB to CIELAB by the published forward equations (IEC 61966-2-1, CIE 15), D65."""
    linear = np.where(srgb <= 0.04045, srgb / 12.92, ((srgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]).T
    ratio = xyz / np.array([0.9505, 1.0, 1.0890])
    f = np.where(ratio > (6 / 29) ** 3, np.cbrt(ratio), ratio / (3 * (6 / 29) ** 2) + 4 / 29)
    return np.column_stack([116 * f[:, 1] - 16, 500 * (f[:, 0] - f[:, 1]), 200 * (f[:, 1] - f[:, 2])])


def test_lightness_rises_throughout():
    lightness = lab_of(heat_colours())[:, 0]
    assert (np.diff(lightness) > 0).all()
    assert lightness[0] < 25
    assert lightness[-1] > 90


def test_steps_look_equal():
    steps = np.linalg.norm(np.diff(lab_of(heat_colours()), axis=0), axis=1)
    assert steps.max() / steps.min() < 1.1


def test_colours_are_valid():
    colours = heat_colours(7)
    assert colours.shape == (7, 3)
    assert colours.min() >= 0
    assert colours.max() <= 1
