"""Where a map ends on an image."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.imaging import SliceImage
from CervixRiskLib.imaging.crop import cut_rectangle
from CervixRiskLib.imaging.map_frame import map_frame


def mapped(row0: float, column0: float, side: float) -> np.ndarray:
    """A map over a square of an image of 20 x 30 pixels."""
    crop = cut_rectangle(SliceImage(np.zeros((20, 30), np.float32)), row0, column0, side, side, 8)
    return crop.to_image_grid(np.ones((4, 4)), (20, 30))


def test_four_sides_inside_the_image() -> None:
    # From the middle of pixel 4 to that of pixel 14, whose halves are counted in.
    assert {tuple(side) for side in map_frame(mapped(4, 7, 10))} == {
        (4, 7, 4, 18), (4, 18, 15, 18), (15, 7, 15, 18), (4, 7, 15, 7),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("square", "sides"),
    [
        ((-5, 7, 10), {(0, 18, 6, 18), (6, 7, 6, 18), (0, 7, 6, 7)}),
        ((10, -3, 40), {(10, 0, 10, 30)}),
        # Its right side lies at a column that no row has the number of.
        ((4, 14, 10), {(4, 14, 4, 25), (4, 25, 15, 25), (15, 14, 15, 25), (4, 14, 15, 14)}),
    ],
)
def test_no_side_where_the_image_ends(square: tuple[float, float, float], sides: set[tuple[float, ...]]) -> None:
    assert {tuple(side) for side in map_frame(mapped(*square))} == sides


@pytest.mark.parametrize("values", [np.full((3, 4), np.nan), np.ones((3, 4)), np.zeros((0, 4))])
def test_none_where_there_is_no_edge(values: np.ndarray) -> None:
    assert map_frame(values) == ()
