"""The case in work: what follows what, and what is refused."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.bundle.contracts import Prediction
from CervixRiskLib.cohort import builtin_columns
from CervixRiskLib.errors import BundleError, CervixRiskError, ClinicalValueError, ImageError, ReadingError, RoiError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import (
    CaseFolder,
    CaseRole,
    Reading,
    SliceChoice,
    add_slice_volume,
    load_scene,
    save_scene,
    start_reading,
    write_contour,
)
from CervixRiskLib.worker import StudyFacts
from CervixRiskLib.workflow.case_answer import CaseAnswer
from CervixRiskLib.workflow.signal import Signal

pytestmark = pytest.mark.slicer
MODEL = Path("model.zip")
NAMES = ("image_changed", "contour_changed", "clinical_changed", "study_changed", "answer_changed", "reading_changed")


@pytest.fixture
def volume(scene: Any, ultrasound: SliceImage) -> Any:
    return add_slice_volume(scene, ultrasound, "M027")


@pytest.fixture
def facts() -> StudyFacts:
    """Of a model that looks at the tumour and wants the RBC count."""
    columns = builtin_columns().subset(["rbc_count"]).to_mapping()
    return StudyFacts("Pelvic lymph node metastasis", True, ("image",), ("rbc_count",), "", {}, columns)


@pytest.fixture
def heard(session: Any) -> list[str]:
    """Names of the signals sent so far."""
    sent: list[str] = []
    for name in NAMES:
        getattr(session, name).connect(lambda name=name: sent.append(name))
    return sent


@pytest.fixture
def answer(facts: StudyFacts) -> Callable[..., CaseAnswer]:
    def make(shape: tuple[int, int] = (60, 80)) -> CaseAnswer:
        heat = np.full(shape, 0.5, dtype=np.float32)
        prediction = Prediction("M027", "plnm", 0.3, (0.2, 0.4), 0.35, "no", "yes", 0.3, heatmap=heat)
        return CaseAnswer(prediction, facts, MODEL, SliceChoice(2, 0))

    return make


def draw(session: Any, rows: slice = slice(10, 30)) -> None:
    mask = np.zeros((60, 80), dtype=bool)
    mask[rows, 20:50] = True
    write_contour(session.start_contour(), session.segment_id, session.volume, mask)


def test_without_an_image_each_question_has_a_sentence(session: Any) -> None:
    for ask in (session.image, session.choice, session.pixel_size, session.start_contour):
        with pytest.raises(ImageError, match="step 1"):
            ask()
    with pytest.raises(RoiError, match="step 2"):
        session.contour()
    with pytest.raises(BundleError, match="step 3"):
        session.case_input()


def test_image_contour_and_values_become_the_model_s_case(session: Any, volume: Any, facts: StudyFacts) -> None:
    session.open_volume(volume)
    session.set_reading("A", "1")
    draw(session)
    session.set_clinical("rbc_count", " 3.9 ")
    session.set_clinical("unknown_to_the_model", "7")
    session.set_study(MODEL, facts)

    case = session.case_input()

    assert case.case_id == "M027"
    assert case.image.spacing_mm == (0.5, 0.5)
    assert case.roi.n_pixels == 20 * 30
    assert case.roi.area_mm2 == pytest.approx(150)
    assert dict(case.clinical) == {"rbc_count": 3.9}


def test_an_implausible_value_is_refused_in_a_sentence(session: Any, volume: Any, facts: StudyFacts) -> None:
    session.open_volume(volume)
    draw(session)
    session.set_study(MODEL, facts)
    session.set_clinical("rbc_count", "39")
    with pytest.raises(ClinicalValueError, match="RBC count is 39"):
        session.case_input()


def test_a_change_makes_the_answer_stale_and_asking_again_fresh(
    session: Any, volume: Any, answer: Callable[..., CaseAnswer], heard: list[str]
) -> None:
    session.open_volume(volume)
    draw(session)
    session.show_answer(answer())
    assert not session.answer_is_stale
    for change in (
        lambda: draw(session, slice(12, 30)),
        lambda: session.set_clinical("age", "50"),
        session.touch_image,
        lambda: session.set_reading("B", ""),
        session.drop_contour,
    ):
        session.start_contour()
        session.show_answer(answer())
        assert not session.answer_is_stale
        heard.clear()
        change()
        assert session.answer_is_stale
        assert heard.count("answer_changed") == 1
    # The layers stay: what becomes of them is the screen's decision.
    assert session.folder.node(CaseRole.HEAT_MAP) is not None


def test_the_same_value_again_changes_nothing(session: Any, volume: Any, heard: list[str]) -> None:
    session.open_volume(volume)
    session.set_clinical("age", "50")
    heard.clear()
    session.set_clinical("age", " 50 ")
    session.set_reading("", "")
    assert heard == []
    session.set_clinical("age", "")
    assert session.clinical == {}


def test_another_image_begins_another_case(
    session: Any, scene: Any, volume: Any, ultrasound: SliceImage, answer: Callable[..., CaseAnswer]
) -> None:
    session.open_volume(volume)
    draw(session)
    session.set_clinical("age", "50")
    session.show_answer(answer())
    other = add_slice_volume(scene, ultrasound, "M028")
    session.open_volume(other)
    assert (session.case_id, session.clinical, session.answer, session.segmentation) == ("M028", {}, None, None)
    # Back: the contour is found again.
    session.open_volume(volume)
    assert session.contour().n_pixels == 600


def test_two_images_never_share_a_case(session: Any, scene: Any, volume: Any, ultrasound: SliceImage) -> None:
    session.open_volume(volume)
    session.open_volume(add_slice_volume(scene, ultrasound, "M027"))
    assert session.case_id == "M027 (2)"
    session.rename_case("M027")
    assert session.case_id == "M027 (2)"


def test_another_name_goes_to_folder_and_contours(session: Any, scene: Any, volume: Any) -> None:
    session.open_volume(volume)
    session.set_reading("A", "1")
    draw(session)
    item = session.folder.item
    session.rename_case("M099")
    assert session.reading == Reading("M099", "A", "1")
    assert session.folder.item == item
    assert {node.GetID() for node in session.folder.nodes()} == {volume.GetID(), session.segmentation.GetID()}
    assert CaseFolder(scene, "M027").nodes() == []
    session.open_volume(None)
    session.open_volume(volume, "M099")
    assert session.contour().n_pixels == 600


def test_another_reader_has_a_contour_of_its_own(session: Any, volume: Any) -> None:
    session.open_volume(volume)
    session.set_reading("A", "1")
    draw(session)
    session.set_reading("B", "1")
    assert session.segmentation is None
    draw(session, slice(15, 30))
    assert session.contour().n_pixels == 450
    ((reading, node, segment),) = session.other_readings()
    assert reading.reader == "A"
    assert node.GetSegmentation().GetSegment(segment) is not None
    session.set_reading("A", "1")
    assert session.contour().n_pixels == 600


def test_a_contour_of_another_case_is_not_taken(session: Any, scene: Any, volume: Any, ultrasound: SliceImage) -> None:
    session.open_volume(volume)
    mask = np.zeros(ultrasound.shape, dtype=bool)
    mask[:9, :9] = True
    foreign = start_reading(scene, volume, Reading("M001", "A", "1"), Roi.from_mask(mask, ultrasound))
    with pytest.raises(RoiError, match="another"):
        session.take_contour(foreign)
    assert session.segmentation is None
    assert session.other_readings() == ()


def test_an_open_study_round_hides_answers_and_other_contours(
    session: Any, volume: Any, facts: StudyFacts, answer: Callable[..., CaseAnswer]
) -> None:
    session.open_volume(volume)
    session.set_reading("B", "1")
    draw(session)
    session.set_reading("A", "1")
    draw(session)
    session.set_study(MODEL, facts)
    session.show_answer(answer())
    session.set_blinded(True)
    assert session.answer is None
    assert session.folder.node(CaseRole.HEAT_MAP) is None
    assert session.folder.node(CaseRole.ANSWER) is None
    assert session.other_readings() == ()
    for ask in (session.case_input, lambda: session.show_answer(answer())):
        with pytest.raises(ReadingError, match="round is open"):
            ask()
    session.set_blinded(False)
    assert len(session.other_readings()) == 1


def test_an_answer_about_another_image_is_refused(session: Any, volume: Any, answer: Callable[..., CaseAnswer]) -> None:
    session.open_volume(volume)
    with pytest.raises(ImageError, match="another size"):
        session.show_answer(answer((10, 10)))
    assert session.answer is None


def test_a_contour_fixes_the_slice_of_a_volume(session: Any, scene: Any) -> None:
    import slicer

    from CervixRiskLib.scene.volume_slice import set_voxels

    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "Stack")
    set_voxels(volume, np.zeros((8, 9), dtype=np.float32), np.eye(4))
    import vtk

    stack = vtk.vtkImageData()
    stack.SetDimensions(9, 8, 5)
    stack.AllocateScalars(vtk.VTK_FLOAT, 1)
    volume.SetAndObserveImageData(stack)
    view = slicer.vtkMRMLSliceNode()
    session._slice_node = lambda: view
    session.open_volume(volume)
    view.SetOrientationToAxial()
    view.SetSliceOffset(2)
    assert session.choice() == SliceChoice(2, 2)
    session.start_contour()
    view.SetSliceOffset(4)
    assert session.slice_is_fixed
    assert session.choice() == SliceChoice(2, 2)
    session.drop_contour()
    assert session.choice() == SliceChoice(2, 4)


def test_nobody_is_told_after_closing(session: Any, volume: Any, heard: list[str]) -> None:
    session.open_volume(volume)
    draw(session)
    segmentation = session.segmentation
    session.close()
    heard.clear()
    volume.Modified()
    segmentation.GetSegmentation().GetSegment("tumour").Modified()
    assert heard == []


def test_a_signal_reaches_everyone_once_in_order() -> None:
    signal, heard = Signal(), []
    first, second = (lambda *a: heard.append(("first", *a))), (lambda *a: heard.append(("second", *a)))
    signal.connect(first)
    signal.connect(second)
    signal.connect(first)
    signal.emit(1)
    assert heard == [("first", 1), ("second", 1)]
    signal.disconnect(first)
    signal.disconnect(first)
    heard.clear()
    signal.emit()
    assert heard == [("second",)]


def test_who_disconnects_during_sending_is_not_called() -> None:
    signal, heard = Signal(), []

    def second() -> None:
        heard.append("second")

    signal.connect(lambda: signal.disconnect(second))
    signal.connect(second)
    signal.emit()
    assert heard == []


def test_a_saved_scene_gives_the_answer_back(
    session: Any, scene: Any, volume: Any, answer: Callable[..., CaseAnswer], tmp_path: Path
) -> None:
    session.open_volume(volume)
    session.set_reading("A", "1")
    draw(session)
    given = answer()
    given.prediction.heatmap[:, 40:] = np.nan
    asked = replace(given, prediction=replace(given.prediction, mask_hash=session.contour().mask_hash), seconds=0.4)
    session.show_answer(asked)
    save_scene(scene, tmp_path / "case.mrb")
    session.close()
    scene.Clear(False)
    load_scene(scene, tmp_path / "case.mrb")

    session.open_volume(scene.GetFirstNodeByName("M027"), "M027")
    session.take_stored_answer()

    back = session.answer
    assert not session.answer_is_stale
    assert (back.bundle, back.choice, back.seconds, back.study) == (MODEL, SliceChoice(2, 0), 0.4, asked.study)
    np.testing.assert_array_equal(back.prediction.heatmap, asked.prediction.heatmap)
    assert asdict(replace(back.prediction, heatmap=None)) == asdict(replace(asked.prediction, heatmap=None))
    assert len(session.folder.nodes(CaseRole.HEAT_MAP, CaseRole.ANSWER_RECORD)) == 2
    assert session.contour().n_pixels == 600


def test_a_saved_answer_to_another_contour_is_stale(
    session: Any, volume: Any, answer: Callable[..., CaseAnswer]
) -> None:
    session.open_volume(volume)
    draw(session)
    given = answer()
    session.show_answer(replace(given, prediction=replace(given.prediction, mask_hash="of another contour")))
    session.open_volume(None)
    session.open_volume(volume, "M027")
    session.take_stored_answer()
    assert session.answer_is_stale


def test_a_damaged_saved_answer_is_told(session: Any, volume: Any, answer: Callable[..., CaseAnswer]) -> None:
    session.open_volume(volume)
    session.show_answer(answer())
    record = session.folder.node(CaseRole.ANSWER_RECORD)
    for text in ("", "{", "[]", record.GetText().replace('"axis": 2', '"axis": "2"')):
        record.SetText(text)
        with pytest.raises(CervixRiskError, match="Ask again"):
            session.take_stored_answer()


def test_an_image_that_another_module_changes_makes_the_answer_stale(
    session: Any, volume: Any, facts: StudyFacts, answer: Callable[..., CaseAnswer]
) -> None:
    session.open_volume(volume)
    session.set_study(MODEL, facts)
    session.show_answer(answer())
    volume.SetName("renamed")
    assert not session.answer_is_stale
    volume.GetImageData().GetPointData().GetScalars().SetValue(0, 1.0)
    volume.GetImageData().Modified()
    assert session.answer_is_stale


def test_an_undrawn_contour_is_no_error_of_the_log(session: Any, volume: Any, capfd: pytest.CaptureFixture) -> None:
    import slicer

    session.open_volume(volume)
    draw(session)
    segment = session.segmentation.GetSegmentation().GetSegment(session.segment_id)
    name = slicer.vtkSegmentationConverter.GetSegmentationBinaryLabelmapRepresentationName()
    segment.RemoveRepresentation(name)
    with pytest.raises(RoiError, match="empty on this image"):
        session.contour()
    assert "ERR" not in "".join(capfd.readouterr())


def test_a_stored_answer_is_still_that_of_its_model_elsewhere(
    session: Any, volume: Any, facts: StudyFacts, answer: Callable[..., CaseAnswer]
) -> None:
    session.open_volume(volume)
    session.show_answer(answer())
    session.open_volume(None)
    session.open_volume(volume)
    session.take_stored_answer()
    session.set_study(Path("another/folder") / MODEL, facts)
    assert not session.answer_is_stale
    session.set_study(Path("another.zip"), replace(facts, title="Another"))
    assert session.answer_is_stale


def test_a_name_that_cannot_be_kept_leaves_the_case_before_open(session: Any, scene: Any, volume: Any) -> None:
    other = add_slice_volume(scene, session_image(volume), "other")
    session.open_volume(volume)
    with pytest.raises(RoiError, match="line break"):
        session.open_volume(other, "a|b")
    assert (session.volume, session.case_id) == (volume, "M027")


def test_a_case_loaded_beside_one_of_its_name_stays_another(
    session: Any, scene: Any, volume: Any, answer: Callable[..., CaseAnswer], tmp_path: Path
) -> None:
    from CervixRiskLib.workflow.imported_cases import ImportedCases

    session.open_volume(volume)
    session.set_reading("A", "1")
    draw(session)
    session.show_answer(answer())
    own = (session.segmentation, session.folder.node(CaseRole.HEAT_MAP))
    path = save_scene(scene, tmp_path / "colleague.mrb")
    imported = ImportedCases(scene)
    imported.begin()
    load_scene(scene, path, clear=False)
    imported.end()
    assert (session.folder.nodes(CaseRole.CONTOUR), session.folder.nodes(CaseRole.HEAT_MAP)) == ([own[0]], [own[1]])
    assert not session.other_readings()
    parted = CaseFolder(scene, "M027 (2)")
    assert len(parted.nodes(CaseRole.IMAGE, CaseRole.CONTOUR, CaseRole.HEAT_MAP, CaseRole.ANSWER_RECORD)) == 4
    session.open_volume(parted.node(CaseRole.IMAGE), "M027 (2)")
    assert session.segmentation is parted.node(CaseRole.CONTOUR)
    assert session.contour().n_pixels == 20 * 30


def session_image(volume: Any) -> SliceImage:
    from CervixRiskLib.scene import read_volume_slice

    return read_volume_slice(volume)
