"""A heat map is drawn only where it tells one place from another."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest

from CervixRiskLib.imaging import Crop, SliceImage
from CervixRiskLib.staging.predictor import _heat_map

CROP = Crop(np.zeros((32, 32), dtype=np.float32), 0.0, 0.0, 64.0, 64.0)
IMAGE = SliceImage(np.arange(64 * 64, dtype=np.float32).reshape(64, 64), None)


def _drawn(cells):
    return _heat_map(SimpleNamespace(cam=lambda index, group: np.asarray(cells, np.float32)), 0, "surgery", CROP, IMAGE)


@pytest.mark.parametrize(
    ("cells", "why"),
    [
        ([[1.0]], "at 32 pixels the network's last layer has a single cell"),
        ([[1.0, 0.99], [1.0, 1.0]], "speaks alike for surgery"),
        ([[0.0, 0.0], [0.0, 0.0]], "nothing in what the network sees speaks for surgery"),
    ],
)
def test_a_map_of_one_colour_is_none(cells, why):
    values, target, (warning,) = _drawn(cells)
    assert values is None
    assert not target
    assert why in warning.text


def test_a_map_with_relief_is_laid_on_the_image():
    values, target, warnings = _drawn([[1.0, 0.5], [0.2, 0.0]])
    assert values.shape == (64, 64)
    assert not warnings
    assert "surgery" in target
