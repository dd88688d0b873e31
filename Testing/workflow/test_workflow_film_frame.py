"""A contour belongs to the frame of the film it was drawn on."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.errors import RoiError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import add_slice_volume
from CervixRiskLib.workflow.film_frame import drawn_frame, show_drawn_frame

pytestmark = pytest.mark.slicer


@pytest.fixture
def film(scene: Any, scene_runtime: Any, session: Any) -> Any:
    """Four frames of 6 x 8 pixels, open as a case; gives the function that shows a frame."""
    sequence = scene.AddNewNodeByClass("vtkMRMLSequenceNode", "Film")
    for index in range(4):
        frame = add_slice_volume(scene, SliceImage(np.full((6, 8), float(index), np.float32)), f"frame {index}")
        sequence.SetDataNodeAtValue(frame, str(index))
        scene.RemoveNode(frame)
    browser = scene.AddNewNodeByClass("vtkMRMLSequenceBrowserNode", "Browser")
    browser.SetAndObserveMasterSequenceNodeID(sequence.GetID())
    logic = scene_runtime.logics["Sequences"]

    def show(index: int | None = None) -> None:
        if index is not None:
            browser.SetSelectedItemNumber(index)
        logic.UpdateProxyNodesFromSequences(browser)

    show(1)
    session.open_volume(browser.GetProxyNode(sequence), "Film")
    return show


def test_another_frame_is_another_image(session, film):
    heard: list[float] = []
    session.image_changed.connect(lambda: heard.append(float(session.image().pixels[0, 0])))
    session.contour_changed.connect(lambda: heard.append(-1.0))
    film(2)
    assert heard.count(-1.0) == 1
    assert heard[-1] == 2.0


def test_the_contour_counts_on_its_own_frame_alone(session, film):
    mask = np.zeros((6, 8), dtype=bool)
    mask[2:4, 3:6] = True
    session.start_contour(Roi(mask))
    assert session.contour().n_pixels == 6
    assert drawn_frame(session.segmentation, session.volume) is None
    film(3)
    with pytest.raises(RoiError, match="drawn on frame 2"):
        session.contour()
    assert drawn_frame(session.segmentation, session.volume) == 1
    # Begun once, on its frame; nothing is moved by asking for it again.
    session.start_contour()
    assert drawn_frame(session.segmentation, session.volume) == 1
    show_drawn_frame(session.segmentation, session.volume)
    film()
    assert session.contour().n_pixels == 6


def test_without_a_film_there_are_no_frames(session, scene, ultrasound):
    session.open_volume(add_slice_volume(scene, ultrasound, "slice"))
    node = session.start_contour()
    assert drawn_frame(node, session.volume) is None
    assert drawn_frame(None, session.volume) is None
    show_drawn_frame(node, session.volume)
