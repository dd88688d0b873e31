"""What travels to the drawing process arrives unchanged."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from CervixRiskLib.bundle.contracts import ClassProbability
from CervixRiskLib.imaging import Roi
from CervixRiskLib.scene.heat_map import HeatMapDisplay
from CervixRiskLib.scene.named_contour import NamedContour, contour_colour
from CervixRiskLib.scene.picture_request import PictureRequest, read_request, write_request


def test_round_trip(tmp_path, image, roi, prediction):
    display = HeatMapDisplay(threshold=0.2, opacity=0.6)
    write_request(PictureRequest(image, roi, prediction, (800, 600), display), tmp_path)
    back = read_request(tmp_path)
    np.testing.assert_array_equal(back.image.pixels, image.pixels)
    assert (back.image.spacing_mm, back.image.modality) == (image.spacing_mm, image.modality)
    np.testing.assert_array_equal(back.roi.mask, roi.mask)
    assert back.size == (800, 600)
    assert back.heat_map == display
    np.testing.assert_array_equal(back.prediction.heatmap, prediction.heatmap)
    for field in fields(prediction):
        if field.name != "heatmap":
            assert getattr(back.prediction, field.name) == getattr(prediction, field.name), field.name


def test_parts_may_be_missing(tmp_path, image):
    bare = replace(image, spacing_mm=None, spacing_source=None, modality=None)
    write_request(PictureRequest(bare, None, None, (640, 480), HeatMapDisplay()), tmp_path)
    back = read_request(tmp_path)
    assert back.roi is None
    assert back.prediction is None
    assert back.image.spacing_mm is None


def test_groups_travel(tmp_path, image, prediction):
    groups = (ClassProbability("a", 0.25), ClassProbability("b", 0.75))
    grouped = replace(prediction, threshold=None, class_probabilities=groups, basis="by FIGO 2018")
    write_request(PictureRequest(image, None, grouped, (800, 600), HeatMapDisplay()), tmp_path)
    back = read_request(tmp_path).prediction
    assert (back.class_probabilities, back.threshold, back.basis) == (groups, None, "by FIGO 2018")


def test_named_contours_travel(tmp_path, image, roi):
    first = NamedContour("Reader A, round 1", roi)
    second = NamedContour("Reader „B“", Roi.from_mask(~roi.mask, image), contour_colour(2))
    write_request(PictureRequest(image, None, None, (800, 600), HeatMapDisplay(), (first, second)), tmp_path)
    for back, sent in zip(read_request(tmp_path).contours, (first, second), strict=True):
        assert (back.name, back.colour) == (sent.name, sent.colour)
        np.testing.assert_array_equal(back.roi.mask, sent.roi.mask)
