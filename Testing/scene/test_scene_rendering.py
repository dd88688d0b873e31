"""The drawn picture, looked at by colour and place."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.imaging import Roi
from CervixRiskLib.scene import render_slice_png
from CervixRiskLib.scene.colour_table import heat_colours
from CervixRiskLib.scene.heat_map import HeatMapDisplay
from CervixRiskLib.scene.named_contour import NamedContour, contour_colour
from CervixRiskLib.scene.offscreen import WINDOW_VARIABLE, offscreen_window_class
from CervixRiskLib.scene.picture_layout import PictureLayout, lay_out
from CervixRiskLib.scene.picture_request import PictureRequest, write_request
from CervixRiskLib.scene.segmentation import CONTOUR_COLOUR

pytestmark = [pytest.mark.slicer, pytest.mark.usefixtures("offscreen")]
SIZE = (800, 600)
CONTOUR = np.array(CONTOUR_COLOUR) * 255


class Picture:
    """A drawn picture and where its parts should be."""

    def __init__(self, path, layout: PictureLayout, rows: int, columns: int) -> None:
        self.pixels = np.asarray(Image.open(path).convert("RGB")).astype(float)
        self.layout = layout
        self.rows, self.columns = rows, columns

    def place(self, row: float, column: float) -> tuple[int, int]:
        """Picture (row, column) of an image pixel's centre."""
        part = self.layout.image
        top = self.layout.height - part.top
        return (
            int(top + (row + 0.5) * part.height / self.rows),
            int(part.left + (column + 0.5) * part.width / self.columns),
        )

    def at(self, row: float, column: float) -> np.ndarray:
        return self.pixels[self.place(row, column)]

    def part(self, rectangle) -> np.ndarray:
        bottom = self.layout.height - rectangle.bottom
        return self.pixels[bottom - rectangle.height : bottom, rectangle.left : rectangle.right]


def is_near(pixels: np.ndarray, colour: np.ndarray, tolerance: float = 25) -> np.ndarray:
    return (np.abs(pixels - colour) < tolerance).all(axis=-1)


@pytest.fixture(scope="module")
def picture(tmp_path_factory, image, roi, prediction) -> Picture:
    path = tmp_path_factory.mktemp("rendering") / "case.png"
    assert render_slice_png(path, image, roi, prediction, size=SIZE) == path
    assert [left.name for left in path.parent.iterdir()] == ["case.png"]
    return Picture(path, lay_out(SIZE, (30.0, 40.0)), *image.shape)


def test_size(picture):
    assert picture.pixels.shape == (600, 800, 3)


def test_row_0_is_on_top_and_column_0_on_the_left(picture):
    assert picture.at(4, 4) == pytest.approx([250, 250, 250], abs=2)
    assert picture.at(4, 75) == pytest.approx([10, 10, 10], abs=2)
    assert picture.at(55, 4) == pytest.approx([100, 100, 100], abs=2)
    assert picture.at(55, 75) == pytest.approx([100, 100, 100], abs=2)


def test_slice_fills_its_place_to_the_pixel(picture):
    part = picture.layout.image
    top = picture.layout.height - part.top
    inside = picture.pixels[top : top + part.height, part.left : part.right]
    assert inside[-2, part.width // 2] == pytest.approx([100, 100, 100], abs=2)
    assert inside[part.height // 2, 1] == pytest.approx([100, 100, 100], abs=2)
    assert inside[part.height // 2, -2] == pytest.approx([100, 100, 100], abs=2)
    assert picture.pixels[top + part.height + 1, part.left + part.width // 2].max() < 5


def test_contour_lies_on_the_edge_of_the_mask(picture):
    rows, columns = np.nonzero(is_near(picture.part(picture.layout.image), CONTOUR))
    pixel = picture.layout.image.height / picture.rows
    assert rows.min() / pixel == pytest.approx(30, abs=0.6)
    assert (rows.max() + 1) / pixel == pytest.approx(50, abs=0.6)
    assert columns.min() / pixel == pytest.approx(15, abs=0.6)
    assert (columns.max() + 1) / pixel == pytest.approx(35, abs=0.6)
    # A line, no fill: about the rectangle's perimeter, two pixels wide.
    assert len(rows) == pytest.approx(2 * 4 * 20 * pixel, rel=0.25)


def test_tissue_inside_the_contour_stays_visible(picture):
    assert picture.at(46, 32) == pytest.approx([100, 100, 100], abs=2)


def test_heat_map_is_blended_where_it_is_high(picture):
    expected = 0.4 * 255 * heat_colours()[-1] + 0.6 * 100
    assert picture.at(38, 25) == pytest.approx(expected, abs=4)


@pytest.mark.parametrize("place", [(31, 17), (38, 42), (20, 10), (38, 60), (10, 79)])
def test_heat_map_is_nowhere_else(picture, place):
    assert picture.at(*place)[0] == pytest.approx(picture.at(*place)[2], abs=1)


def test_a_dashed_line_stands_where_the_heat_map_ends(picture):
    part, pixel = picture.part(picture.layout.image), picture.layout.image.width / picture.columns
    # The map has no value from column 45 on; the line lies on that edge and nowhere beside it.
    edge = round(45 * pixel)
    line = part[:, edge - 2 : edge + 3]
    light = (line.min(axis=-1) > 150).any(axis=1)[round(10 * pixel) :]
    assert 0.3 < light.mean() < 0.8
    assert np.count_nonzero(np.diff(light.astype(int))) > 20
    beside = part[round(10 * pixel) : -2, edge + 4 : edge + round(3 * pixel)]
    assert np.abs(beside - 100).max() < 3


def test_legend_runs_through_all_colours_from_below(picture):
    legend = picture.part(picture.layout.legend)
    heights = []
    for share in (0.05, 0.5, 0.95):
        colour = 255 * heat_colours(101)[round(100 * share)]
        rows = np.nonzero(is_near(legend, colour, 10).sum(axis=1) > 5)[0]
        assert len(rows)
        heights.append(rows.mean())
    assert heights[0] > heights[1] > heights[2]
    assert heights[1] == pytest.approx((heights[0] + heights[2]) / 2, abs=3)


def test_ruler_has_its_length(picture):
    ruler = picture.part(picture.layout.ruler)
    row = is_near(ruler, np.array([245, 245, 245]), 30)
    # The longest run of white in the strip is the ruler: 10 mm of the 40 mm wide slice.
    longest = max(len(run) for line in row for run in "".join("x" if on else " " for on in line).split())
    assert longest == pytest.approx(10 * picture.layout.scale, abs=4)


def test_words_stand_beside_the_slice(picture):
    text = picture.part(picture.layout.text)
    assert is_near(text, np.array([255, 230, 107])).sum() > 100, "headline"
    assert is_near(text, np.array([255, 184, 77])).sum() > 100, "warnings and the mark of simulated data"


def test_file_says_what_it_is_for(tmp_path_factory, picture, image):
    path = tmp_path_factory.mktemp("bare") / "bare.png"
    render_slice_png(path, replace(image, spacing_mm=None), size=SIZE)
    assert Image.open(path).text["Disclaimer"] == "For research use. Not a medical device."
    bare = Picture(path, lay_out(SIZE, (60.0, 80.0), with_legend=False), *image.shape)
    # No contour, no heat map: the slice is grey throughout.
    part = bare.part(bare.layout.image)
    assert np.ptp(part, axis=-1).max() <= 1
    # An unknown pixel size is said in amber, and there is no ruler.
    ruler = bare.part(bare.layout.ruler)
    assert is_near(ruler, np.array([255, 184, 77])).sum() > 50
    assert not is_near(ruler, np.array([245, 245, 245]), 10).any()


def test_pixels_that_are_not_square(tmp_path, image, roi):
    stretched = replace(image, spacing_mm=(1.0, 0.5))
    path = tmp_path / "stretched.png"
    render_slice_png(path, stretched, roi, size=SIZE)
    picture = Picture(path, lay_out(SIZE, (60.0, 40.0), with_legend=False), *image.shape)
    assert picture.layout.image.height == pytest.approx(1.5 * picture.layout.image.width, rel=0.01)
    assert picture.at(4, 4) == pytest.approx([250, 250, 250], abs=2)
    rows, columns = np.nonzero(is_near(picture.part(picture.layout.image), CONTOUR))
    assert rows.min() / picture.layout.image.height * 60 == pytest.approx(30, abs=0.6)
    assert columns.min() / picture.layout.image.width * 80 == pytest.approx(15, abs=0.6)


def test_two_readers_contours_and_their_names(tmp_path, image, roi):
    other = np.zeros(image.shape, dtype=bool)
    other[20:40, 50:70] = True
    contours = [
        NamedContour("Reader A", roi, contour_colour(0)),
        NamedContour("Reader B", Roi.from_mask(other, image), contour_colour(2)),
    ]
    path = tmp_path / "two.png"
    render_slice_png(path, image, size=SIZE, contours=contours)
    picture = Picture(path, lay_out(SIZE, (30.0, 40.0), with_legend=False), *image.shape)
    for contour, left in zip(contours, (15, 50), strict=True):
        colour = np.array(contour.colour) * 255
        _, columns = np.nonzero(is_near(picture.part(picture.layout.image), colour))
        pixel = picture.layout.image.width / picture.columns
        assert columns.min() / pixel == pytest.approx(left, abs=0.6)
        assert (columns.max() + 1) / pixel == pytest.approx(left + 20, abs=0.6)
        assert is_near(picture.part(picture.layout.text), colour).sum() > 50, "the name in its colour"


def test_a_slice_that_lies_obliquely_is_drawn_as_it_was_stored(tmp_path, image, roi):
    """Through the scene, whose slice view is turned to the volume; the request carries no geometry."""
    script = """
import sys
from pathlib import Path
import numpy as np
from scipy.spatial.transform import Rotation
from dataclasses import replace
from CervixRiskLib.imaging.slice_geometry import SliceGeometry
from CervixRiskLib.scene.offscreen_worker import draw
from CervixRiskLib.scene.picture_request import read_request
request = read_request(Path(sys.argv[1]))
right, down, _ = Rotation.from_euler("xyz", (0.7, -0.4, 1.9)).as_matrix()
image = replace(request.image, geometry=SliceGeometry((40.0, -70.0, 12.0), tuple(right), tuple(down)))
draw(replace(request, image=image), Path(sys.argv[2]))
"""
    write_request(PictureRequest(image, roi, None, SIZE, HeatMapDisplay()), tmp_path)
    path = tmp_path / "oblique.png"
    environment = dict(os.environ)
    window = offscreen_window_class()
    if window is not None:
        environment[WINDOW_VARIABLE] = window
    subprocess.run([sys.executable, "-c", script, str(tmp_path), str(path)], env=environment, check=True)
    picture = Picture(path, lay_out(SIZE, (30.0, 40.0), with_legend=False), *image.shape)
    assert picture.at(4, 4) == pytest.approx([250, 250, 250], abs=3)
    assert picture.at(4, 75) == pytest.approx([10, 10, 10], abs=3)
    rows, columns = np.nonzero(is_near(picture.part(picture.layout.image), CONTOUR))
    pixel = picture.layout.image.height / picture.rows
    assert rows.min() / pixel == pytest.approx(30, abs=0.7)
    assert columns.min() / pixel == pytest.approx(15, abs=0.7)
