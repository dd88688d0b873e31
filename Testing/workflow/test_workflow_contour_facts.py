"""A contour in one line."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.imaging import Roi
from CervixRiskLib.workflow.contour_facts import contour_facts


def roi(*boxes: tuple[int, int, int, int], spacing: tuple[float, float] | None = (0.5, 0.5), shape: int = 60) -> Roi:
    """Filled boxes ``(row0, row1, column0, column1)``."""
    mask = np.zeros((shape, shape + 20), dtype=bool)
    for row0, row1, column0, column1 in boxes:
        mask[row0:row1, column0:column1] = True
    return Roi(mask, spacing)


def test_a_plain_contour_is_one_line_without_warnings() -> None:
    facts = contour_facts(roi((10, 40, 20, 60)))
    # 30 x 40 pixels of 0.25 mm², 15 x 20 mm: diagonal 25 mm.
    assert facts.summary == "3.0 cm² · 1,200 pixels · 25 mm across · does not touch the border"
    assert facts.warnings == ()


def test_without_a_pixel_size_there_are_only_pixels() -> None:
    facts = contour_facts(roi((10, 40, 20, 60), spacing=None))
    assert facts.summary == "1,200 pixels · 50 pixels across · does not touch the border"
    assert facts.area_mm2 is None


@pytest.mark.parametrize(
    ("box", "begin"),
    [((10, 14, 20, 28), "8.0 mm² · 32 pixels · 4.5 mm"), ((10, 20, 20, 30), "25 mm² · 100 pixels · 7.1 mm")],
)
def test_small_areas_are_told_in_square_millimetres(box: tuple[int, int, int, int], begin: str) -> None:
    assert contour_facts(roi(box)).summary.startswith(begin)


def test_what_is_odd_is_a_sentence_each() -> None:
    mask = roi((0, 30, 10, 40), (40, 50, 50, 60)).mask.copy()
    mask[10:12, 20:22] = mask[20:22, 20:22] = False
    facts = contour_facts(Roi(mask, (0.5, 0.5)))
    assert facts.summary.endswith("touches the border")
    border, parts, holes = facts.warnings
    assert "may be missing" in border
    assert "2 separate parts" in parts
    assert "2 holes" in holes


def test_one_pixel_and_one_hole_are_told_in_the_singular() -> None:
    assert contour_facts(roi((5, 6, 5, 6), spacing=None)).summary.startswith("1 pixel ·")
    mask = roi((10, 20, 10, 20)).mask.copy()
    mask[14, 14] = False
    assert "a hole" in contour_facts(Roi(mask, None)).warnings[0]
