"""The few words about an image, and the pixel size a person gives."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

import vtk

from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import SliceGeometry, SliceImage
from CervixRiskLib.scene import (
    CaseRole,
    PixelSize,
    PixelSizeState,
    SliceChoice,
    add_slice_volume,
    pixel_size,
    read_pixel_size,
)
from CervixRiskLib.workflow.calibration import Calibration, parse_length, parse_pixel_size
from CervixRiskLib.workflow.case_facts import (
    image_notes,
    image_words,
    pixel_size_words,
    slice_words,
    spacing_words,
    view_words,
)
from CervixRiskLib.workflow.slice_stack import add_slice_stack

pytestmark = pytest.mark.slicer
ONLY = SliceChoice(2, 0)


def test_an_image(scene, ultrasound):
    volume = add_slice_volume(scene, ultrasound, "slice")
    assert image_words(volume, ONLY) == "US · 80 × 60"
    assert slice_words(volume, ONLY) == ""
    assert view_words(volume, ONLY, (0.5, 0.25)) == "20 × 30 mm"
    assert image_words(add_slice_volume(scene, replace(ultrasound, modality=None), "x"), ONLY) == "80 × 60"


def test_a_slice_of_a_file_and_of_a_volume(scene, ultrasound):
    one = add_slice_volume(scene, replace(ultrasound, modality="MR", slice_index=11, slice_count=24), "one")
    assert slice_words(one, ONLY) == "slice 12 of 24"
    places = [SliceGeometry((0.0, 0.0, 4.0 * k), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)) for k in range(5)]
    stack = add_slice_stack(scene, [replace(ultrasound, geometry=place) for place in places], "stack")
    assert slice_words(stack, SliceChoice(2, 3)) == "slice 4 of 5"
    assert slice_words(stack, SliceChoice(0, 79)) == "slice 80 of 80"
    assert image_words(stack, SliceChoice(1, 0)) == "US · 80 × 5"


def test_frames(scene, ultrasound):
    frames = add_slice_stack(scene, [ultrasound] * 3, "film")
    assert slice_words(frames, SliceChoice(2, 1)) == "frame 2 of 3"
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Film")
    for index in range(4):
        sequence.SetDataNodeAtValue(add_slice_volume(scene, ultrasound, f"frame {index}"), str(index))
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    proxy = add_slice_volume(scene, ultrasound, "proxy")
    browser.AddProxyNode(proxy, sequence, False)
    browser.SetSelectedItemNumber(2)
    assert slice_words(proxy, ONLY) == "frame 3 of 4"


def test_the_pixel_size():
    assert spacing_words((0.10412, 0.10412)) == "0.104 mm"
    assert spacing_words((0.1, 0.25)) == "0.1 × 0.25 mm"
    known = PixelSize(PixelSizeState.CALIBRATED, (0.104, 0.104), "line on the ruler, 20 mm")
    assert pixel_size_words(known) == "0.104 mm · line on the ruler, 20 mm"
    assert pixel_size_words(replace(known, source="")) == "0.104 mm"
    by_scanner = replace(known, source="SequenceOfUltrasoundRegions")
    assert pixel_size_words(by_scanner) == "0.104 mm · calibrated by the scanner"
    assert "calibrate on the image's ruler" in pixel_size_words(pixel_size.UNKNOWN_PIXEL_SIZE)


def test_notes(scene, ultrasound):
    volume = add_slice_volume(scene, replace(ultrasound, notes=("Colour was converted to grey.",)), "slice")
    assert image_notes(volume) == ("Colour was converted to grey.",)
    with pytest.raises(ImageError, match="holds no image"):
        image_notes(scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode"))


# --- the pixel size a person gives ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"), [("20", 20.0), (" 20 mm", 20.0), ("2 cm", 20.0), ("2,5CM", 25.0), ("12.5", 12.5)]
)
def test_lengths(text, length):
    assert parse_length(text) == pytest.approx(length)


@pytest.mark.parametrize("text", ["", "0", "-3", "two", "3 in", "1e3", "20 mm 3", "nan"])
def test_what_is_no_length(text):
    with pytest.raises(ImageError, match="20 for 20 mm"):
        parse_length(text)


@pytest.mark.parametrize(
    ("text", "spacing"),
    [("0.104", (0.104, 0.104)), ("0,104", (0.104, 0.104)), ("0.1 x 0.12", (0.1, 0.12)), ("0,1 × 0,12", (0.1, 0.12))],
)
def test_pixel_sizes(text, spacing):
    assert parse_pixel_size(text) == pytest.approx(spacing)


@pytest.mark.parametrize("text", ["", "0", "50", "about 0.1", "1 2 3"])
def test_what_is_no_pixel_size(text):
    with pytest.raises(ImageError, match="millimetres from one pixel to the next"):
        parse_pixel_size(text)


@pytest.fixture
def calibration(session: Any, scene: Any, ultrasound: SliceImage) -> Any:
    """Of a case whose pixel size is unknown."""
    session.open_volume(add_slice_volume(scene, replace(ultrasound, spacing_mm=None, spacing_source=None), "picture"))
    opened = Calibration(session)
    yield opened
    opened.close()


def click(calibration: Calibration, row: float, column: float) -> None:
    volume = calibration.session.volume
    to_ras = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_ras)
    calibration.line.AddControlPoint(vtk.vtkVector3d(*to_ras.MultiplyPoint([column, row, 0, 1])[:3]))


def test_calibrating_on_the_ruler(calibration):
    session, changes = calibration.session, []
    calibration.changed.connect(lambda: changes.append(calibration.points_missing))
    line = calibration.start()
    assert calibration.points_missing == 2
    assert session.folder.nodes(CaseRole.RULER) == [line]
    click(calibration, 10, 10)
    assert calibration.points_missing == 1
    with pytest.raises(ImageError, match="two points"):
        calibration.reading("20")
    click(calibration, 50, 10)
    assert calibration.points_missing == 0
    assert {2, 1, 0} <= set(changes)
    with pytest.raises(ImageError, match="20 for 20 mm"):
        calibration.reading("twenty")
    assert calibration.reading("2 cm").spacing_mm == pytest.approx((0.5, 0.5))
    assert session.pixel_size().spacing_mm is None
    heard: list[str] = []
    session.image_changed.connect(lambda: heard.append("image"))
    calibration.apply("2 cm")
    assert heard
    assert calibration.line is None
    assert session.pixel_size() == PixelSize(PixelSizeState.CALIBRATED, (0.5, 0.5), "line on the ruler, 20 mm")
    assert not line.GetDisplayVisibility()
    assert calibration.can_undo
    assert calibration.undo().spacing_mm is None
    assert session.pixel_size().state is PixelSizeState.UNKNOWN
    assert not calibration.can_undo


def test_moving_the_line_is_heard(calibration):
    calibration.start()
    click(calibration, 10, 10)
    click(calibration, 50, 10)
    before = calibration.reading("20").mm_per_px
    heard: list[bool] = []
    calibration.changed.connect(lambda: heard.append(True))
    x, y, z = calibration.line.GetNthControlPointPositionWorld(1)
    calibration.line.SetNthControlPointPositionWorld(1, x, y + 20, z)
    assert heard
    assert calibration.reading("20").mm_per_px == pytest.approx(2 * before)


def test_giving_up_and_beginning_again(calibration, scene):
    calibration.start()
    click(calibration, 10, 10)
    calibration.cancel()
    assert (calibration.line, calibration.points_missing) == (None, 0)
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 0
    calibration.start()
    second = calibration.start()
    assert calibration.session.folder.nodes(CaseRole.RULER) == [second]
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 1


def test_another_image_ends_calibrating(calibration, scene, ultrasound):
    calibration.start()
    calibration.session.open_volume(add_slice_volume(scene, ultrasound, "other"))
    assert calibration.line is None
    assert scene.GetNumberOfNodesByClass("vtkMRMLMarkupsLineNode") == 0
    calibration.session.open_volume(None)
    with pytest.raises(ImageError, match="No image"):
        calibration.start()
    assert not calibration.can_undo


def test_by_hand(calibration):
    volume = calibration.session.volume
    assert calibration.set_by_hand("0,2 x 0,3") == (0.2, 0.3)
    assert read_pixel_size(volume).state is PixelSizeState.HAND
    assert calibration.session.pixel_size().spacing_mm == (0.2, 0.3)
    with pytest.raises(ImageError):
        calibration.set_by_hand("0")
    assert calibration.undo().spacing_mm is None
    np.testing.assert_allclose(volume.GetSpacing(), 1.0)
