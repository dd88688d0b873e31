"""Parts of a picture never cover each other, for any slice and any size."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.scene.picture_layout import Rectangle, lay_out

SIZES = st.tuples(st.integers(640, 3000), st.integers(480, 2400))
EXTENTS = st.tuples(st.floats(5, 500), st.floats(5, 500))


@settings(deadline=None, max_examples=200)
@given(SIZES, EXTENTS, st.booleans())
def test_parts_are_apart_and_inside(size, extent, with_legend):
    layout = lay_out(size, extent, with_legend=with_legend)
    parts = [layout.image, layout.text, layout.ruler]
    parts += [layout.warnings] if layout.warnings is not None else []
    parts += [layout.legend] if with_legend else []
    for one, other in itertools.combinations(parts, 2):
        assert not one.overlaps(other)
    for part in parts:
        assert part.left >= 0
        assert part.bottom >= 0
        assert part.right <= size[0]
        assert part.top <= size[1]
        assert part.width > 0
        assert part.height > 0


@settings(deadline=None, max_examples=100)
@given(SIZES, EXTENTS)
def test_slice_keeps_its_proportions(size, extent):
    layout = lay_out(size, extent)
    assert layout.image.width == pytest.approx(layout.scale * extent[1], abs=1)
    assert layout.image.height == pytest.approx(layout.scale * extent[0], abs=1)


@pytest.mark.parametrize("extent", [(400, 500), (475, 567), (300, 300)])
def test_usual_slices_take_most_of_the_picture(extent):
    layout = lay_out((1200, 900), extent)
    assert layout.image.width * layout.image.height > 0.55 * 1200 * 900


def test_wide_slices_have_their_words_below():
    layout = lay_out((1200, 900), (30, 120))
    assert layout.text.top < layout.image.bottom
    assert layout.image.width == 1200


def test_too_small():
    with pytest.raises(SettingsError, match="640 × 480"):
        lay_out((300, 200), (1, 1))


def test_overlap():
    unit = Rectangle(0, 0, 10, 10)
    assert unit.overlaps(Rectangle(9, 9, 5, 5))
    assert not unit.overlaps(Rectangle(10, 0, 5, 5))
