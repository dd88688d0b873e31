"""T1 beside T2: which image belongs to the section, what is refused, what a scene keeps."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.bundle import Prediction
from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import Roi, SliceGeometry, SliceImage, SlicePreprocessing, preprocess_channels, read_image
from CervixRiskLib.scene import CaseFolder, CaseRole, SliceChoice, add_slice_volume, load_scene, save_scene
from CervixRiskLib.scene.pixel_size import set_pixel_size_by_hand
from CervixRiskLib.scene.volume_origin import FRAME_OF_REFERENCE, MODALITY, WEIGHTING
from CervixRiskLib.scene.volume_slice import read_volume_slice
from CervixRiskLib.worker import StudyFacts
from CervixRiskLib.workflow.asked_case import AskedCase
from CervixRiskLib.workflow.case_answer import CaseAnswer
from CervixRiskLib.workflow.channel_words import channel_label, channel_title
from CervixRiskLib.workflow.open_image import open_image_file, volume_case_name
from CervixRiskLib.workflow.slice_stack import add_slice_stack

pytestmark = pytest.mark.slicer
CHANNELS = ("image", "image_t1")
FACTS = StudyFacts("Treatment group", False, CHANNELS, (), "", {}, {"columns": {}})
PLACE = SliceGeometry((-10.0, -8.0, 30.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0))


def mr(value: float = 0.0, **changes: Any) -> SliceImage:
    """40 rows x 50 columns of 0.5 mm at :data:`PLACE`."""
    pixels = np.random.default_rng(3).random((40, 50), dtype=np.float32) + np.float32(value)
    return replace(SliceImage(pixels, (0.5, 0.5), "file header", "MR", geometry=PLACE), **changes)


def moved(x: float = 0.0, y: float = 0.0, z: float = 0.0) -> SliceGeometry:
    return replace(PLACE, origin_mm=(PLACE.origin_mm[0] + x, PLACE.origin_mm[1] + y, PLACE.origin_mm[2] + z))


def cropped(image: SliceImage, rows: int, columns: int) -> SliceImage:
    return replace(image, pixels=image.pixels[:rows, :columns])


@pytest.fixture
def t2(session: Any) -> Any:
    """The case's image is open, and the chosen model wants T1 too."""
    volume = add_slice_volume(session.scene, mr(), "T2")
    session.open_volume(volume, "one")
    session.set_study(Path("model.zip"), FACTS)
    return volume


def choose(session: Any, image: SliceImage, name: str = "T1") -> Any:
    node = add_slice_volume(session.scene, image, name)
    session.set_further_volume("image_t1", node)
    return node


def answer(**changes: Any) -> CaseAnswer:
    prediction = Prediction("one", "staging", 0.3, (0.2, 0.4), 0.35, "surgery", "chemoradiotherapy", 0.3)
    return CaseAnswer(replace(prediction, **changes), FACTS, Path("model.zip"), SliceChoice(2, 0))


def test_names() -> None:
    assert channel_title("image_t1") == "T1"
    assert channel_label("image_t1") == "T1 (image_t1)"
    assert channel_title("image_dwi_b800") == "DWI b800"
    assert "\n" not in channel_label("image_a\nb" + "x" * 200)
    assert len(channel_label("image_" + "x" * 200)) < 60


def test_it_is_missed_chosen_and_sent(session: Any, t2: Any) -> None:
    with pytest.raises(ImageError, match="also looks at T1: choose the image of the same section in step 1"):
        session.case_input()
    assert session.further_problem("image_t1") == ""
    node = choose(session, mr(5))
    case = session.case_input()
    assert [image.pixels.tolist() for image in case.further_images] == [mr(5).pixels.tolist()]
    assert session.folder.nodes(CaseRole.FURTHER_IMAGE) == [node]
    # A model of one image is not sent it, and asks for nothing.
    session.set_study(Path("other.zip"), replace(FACTS, channels=("image",)))
    assert session.case_input().further_images == ()
    session.set_study(Path("model.zip"), FACTS)
    assert session.further_volume("image_t1") is node


def test_one_volume_is_one_image_of_the_case(session: Any, t2: Any) -> None:
    with pytest.raises(ImageError, match="This is the case's image already"):
        session.set_further_volume("image_t1", t2)
    node = choose(session, mr(5))
    with pytest.raises(ImageError, match=r"This is T1 already\. Choose another one as ADC"):
        session.set_further_volume("image_adc", node)


def test_the_same_picture_twice_is_refused(session: Any, t2: Any) -> None:
    choose(session, mr())
    with pytest.raises(ImageError, match="T1 is the same picture as the image: choose T1 itself"):
        session.case_input()


def test_what_is_chosen_no_longer_is_an_ordinary_image_again(session: Any, t2: Any) -> None:
    first = choose(session, mr(5))
    assert volume_case_name(session.scene, first) == "Case 1"
    second = choose(session, mr(6), "another")
    assert session.folder.nodes(CaseRole.FURTHER_IMAGE) == [second]
    assert first.GetAttribute("CervixRisk.case") is None
    assert session.scene.IsNodePresent(first)
    session.rename_case("two")
    assert CaseFolder(session.scene, "two").nodes(CaseRole.FURTHER_IMAGE) == [second]
    session.set_further_volume("image_t1", None)
    assert session.folder.nodes(CaseRole.FURTHER_IMAGE) == []


def test_another_case_s_image_stays_that_case_s(session: Any, t2: Any) -> None:
    other = add_slice_volume(session.scene, mr(5), "other")
    session.open_volume(other, "other")
    session.open_volume(t2, "one")
    session.set_further_volume("image_t1", other)
    assert len(session.case_input().further_images) == 1
    assert CaseFolder(session.scene, "other").nodes(CaseRole.IMAGE) == [other]
    session.set_further_volume("image_t1", None)
    assert CaseFolder(session.scene, "other").nodes(CaseRole.IMAGE) == [other]


TILTED = replace(PLACE, column_direction=(0.0, 1.0, 0.0), row_direction=(0.0, 0.0, -1.0))
LARGE = np.zeros((80, 100), np.float32)
REFUSED = {
    "shape": (
        cropped(mr(), 40, 48),
        "T1 has 40 rows and 48 columns of pixels and the image has 40 and 50: resample T1 onto",
    ),
    "spacing": (mr(spacing_mm=(0.6, 0.6)), "The pixels of T1 are 0.6 × 0.6 mm and those of the image 0.5 × 0.5 mm"),
    "unknown spacing": (
        mr(spacing_mm=None, geometry=None),
        "The pixel size of T1 is unknown: give the image's in step",
    ),
    "section": (mr(geometry=moved(z=6)), "T1 has no slice at this section: the nearest lies 6.0 mm beside it"),
    "turned": (mr(geometry=TILTED), "T1 was cut in another direction than the image"),
    "elsewhere": (mr(geometry=moved(x=25)), "another part of the body: it does not overlap"),
    "far left": (mr(geometry=moved(x=-26)), "another part of the body: it does not overlap"),
    "below": (mr(geometry=moved(y=21)), "another part of the body: it does not overlap"),
    "beside": (mr(geometry=moved(x=3, y=4)), "T1 begins 5.0 mm beside the image: resample T1"),
    "matrix": (
        mr(pixels=LARGE, spacing_mm=(0.25, 0.25)),
        "T1 has 80 rows and 100 columns of pixels and the image has 40 and 50",
    ),
}
TAKEN = {
    "same": mr(5),
    "rounded place": mr(5, geometry=moved(x=0.2, z=0.3)),
    "planar": mr(5, geometry=replace(moved(z=40), planar=True)),
    "no place": mr(5, geometry=None),
}


def library_takes(first: SliceImage, other: SliceImage) -> bool:
    """Whether a cohort's row with these images in ``image`` and ``image_t1`` can be used."""
    try:
        preprocess_channels([first, other], None, SlicePreprocessing(size=16, centre="slice"))
    except ImageError:
        return False
    return True


@pytest.mark.parametrize("name", REFUSED)
def test_refused_as_in_a_cohort_and_said_why(session: Any, t2: Any, name: str) -> None:
    image, sentence = REFUSED[name]
    choose(session, image)
    with pytest.raises(ImageError) as refusal:
        session.case_input()
    assert sentence in str(refusal.value)
    assert session.further_problem("image_t1") == str(refusal.value)
    assert not library_takes(mr(), image)


@pytest.mark.parametrize("name", TAKEN)
def test_taken_as_in_a_cohort(session: Any, t2: Any, name: str) -> None:
    choose(session, TAKEN[name])
    assert len(session.case_input().further_images) == 1
    assert library_takes(mr(), TAKEN[name])


def test_an_image_without_a_pixel_size_takes_one_that_says_none(session: Any) -> None:
    unknown = mr(spacing_mm=None, spacing_source=None, geometry=None)
    session.open_volume(add_slice_volume(session.scene, unknown, "T2"), "one")
    session.set_study(Path("model.zip"), FACTS)
    choose(session, replace(unknown, pixels=unknown.pixels + 1))
    assert session.case_input().further_images[0].spacing_mm is None
    # What a person gives to the case's image holds for all of them, as a table's spacing_mm does.
    set_pixel_size_by_hand(session.volume, (0.4, 0.4))
    assert session.case_input().further_images[0].spacing_mm == (0.4, 0.4)


def test_the_files_own_pixel_sizes_are_compared_before_the_given_one_holds(session: Any, t2: Any) -> None:
    node = choose(session, mr(5))
    set_pixel_size_by_hand(t2, (0.4, 0.4))
    assert session.case_input().further_images[0].spacing_mm == (0.4, 0.4)
    session.set_further_volume("image_t1", None)
    choose(session, mr(5, spacing_mm=(0.4, 0.4)))
    assert "The pixels of T1 are 0.4 × 0.4 mm" in session.further_problem("image_t1")
    assert session.scene.IsNodePresent(node)


def stack_of(session: Any, levels: tuple[float, ...], value: float = 0.0, **changes: Any) -> Any:
    images = [mr(value + number, geometry=moved(z=level), **changes) for number, level in enumerate(levels)]
    return add_slice_stack(session.scene, images, "stack")


def test_of_a_stack_the_slice_at_the_section_is_taken(session: Any, t2: Any) -> None:
    node = stack_of(session, (-8.0, -4.0, 0.0, 4.0), 10)
    session.set_further_volume("image_t1", node)
    assert session.case_input().further_images[0].pixels.tolist() == mr(12).pixels.tolist()
    session.set_further_volume("image_t1", stack_of(session, (2.0, 6.0, 10.0)))
    assert "the nearest lies 2.0 mm beside" in session.further_problem("image_t1")


def test_two_stacks_follow_each_other(session: Any) -> None:
    shown: list[SliceChoice] = [SliceChoice(2, 1)]
    session.open_volume(stack_of(session, (0.0, 4.0, 8.0)), "one")
    session.choice = lambda: shown[0]
    session.set_study(Path("model.zip"), FACTS)
    session.set_further_volume("image_t1", stack_of(session, (8.0, 4.0, 0.0), 10))
    assert session.case_input().further_images[0].pixels.tolist() == mr(11).pixels.tolist()
    shown[0] = SliceChoice(2, 2)
    assert session.case_input().further_images[0].pixels.tolist() == mr(10).pixels.tolist()


def test_stacks_without_a_place_go_by_number(session: Any) -> None:
    def stack(count: int, value: float) -> Any:
        images = [mr(value + number, geometry=None) for number in range(count)]
        return add_slice_stack(session.scene, images, "film")

    session.open_volume(stack(3, 0), "one")
    session.choice = lambda: SliceChoice(2, 1)
    session.set_study(Path("model.zip"), FACTS)
    session.set_further_volume("image_t1", stack(3, 10))
    assert session.case_input().further_images[0].pixels.tolist() == mr(11).pixels.tolist()
    session.set_further_volume("image_t1", stack(2, 10))
    assert "The image has 3 and T1 2 slices" in session.further_problem("image_t1")
    choose(session, mr(5, geometry=None))
    assert "The image has 3 and T1 1 slices" in session.further_problem("image_t1")


def test_another_frame_of_reference_or_transform(session: Any, t2: Any) -> None:
    import slicer

    node = choose(session, mr(5))
    t2.SetAttribute(FRAME_OF_REFERENCE, "a")
    assert session.further_problem("image_t1") == ""
    node.SetAttribute(FRAME_OF_REFERENCE, "b")
    assert "different frames of reference: another patient" in session.further_problem("image_t1")
    node.SetAttribute(FRAME_OF_REFERENCE, "a")
    assert session.further_problem("image_t1") == ""
    transform = session.scene.AddNode(slicer.vtkMRMLLinearTransformNode())
    node.SetAndObserveTransformNodeID(transform.GetID())
    assert "same transform" in session.further_problem("image_t1")


def test_exchanged_images_are_told_in_step_1(session: Any) -> None:
    volume = add_slice_volume(session.scene, mr(weighting="T1"), "T1 by mistake")
    session.open_volume(volume, "one")
    session.set_study(Path("model.zip"), FACTS)
    choose(session, mr(5, weighting="T2"))
    assert session.further_problem("image_t1") == (
        "By their files the image is T1-weighted and T1 is T2-weighted: the two are exchanged. Give them the other "
        "way round."
    )
    with pytest.raises(ImageError, match="exchanged"):
        session.case_input()
    choose(session, mr(6, weighting="T1"))
    assert session.further_problem("image_t1") == ""
    assert [image.weighting for image in (session.image(), *session.further_images())] == ["T1", "T1"]


def test_a_volume_of_slicer_s_own_learns_its_series_from_its_file(session: Any) -> None:
    from pydicom.data import get_testdata_file

    from CervixRiskLib.workflow.open_image import check_pixel_size

    path = get_testdata_file("MR_small.dcm")
    node = add_slice_volume(session.scene, read_image(path), "from the database")
    for name in (FRAME_OF_REFERENCE, WEIGHTING, MODALITY):
        node.RemoveAttribute(name)
    node.SetAttribute("DICOM.instanceUIDs", "1.2")
    check_pixel_size(node, lambda _uid: path)
    image = read_volume_slice(node)
    assert (image.modality, image.weighting) == ("MR", "T2")
    assert image.frame_of_reference == read_image(path).frame_of_reference


def test_a_dicom_file_s_frame_of_reference_is_kept_as_a_hash(session: Any, tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    node = open_image_file(session.scene, get_testdata_file("MR_small.dcm"))
    kept = node.GetAttribute(FRAME_OF_REFERENCE)
    assert kept
    assert len(kept) == 16
    assert "." not in kept


def test_another_t1_makes_the_answer_stale(session: Any, t2: Any) -> None:
    node = choose(session, mr(5))
    session.show_answer(answer())
    node.SetName("another name")
    assert not session.answer_is_stale
    choose(session, mr(6), "another")
    assert session.answer_is_stale
    session.show_answer(answer())
    session.further_volume("image_t1").GetImageData().GetPointData().GetScalars().SetTuple1(0, 9)
    session.further_volume("image_t1").GetImageData().Modified()
    assert session.answer_is_stale
    session.show_answer(answer())
    session.scene.RemoveNode(session.further_volume("image_t1"))
    assert session.further_volume("image_t1") is None
    assert session.answer_is_stale
    # An answer that was asked without it does not change with it.
    session.show_answer(replace(answer(), study=replace(FACTS, channels=("image",))))
    choose(session, mr(7))
    assert not session.answer_is_stale


def test_a_case_with_another_t1_is_not_the_one_that_was_asked_about(session: Any, t2: Any) -> None:
    choose(session, mr(5))
    asked = AskedCase(session)
    assert asked.case.further_images[0].pixels.tolist() == mr(5).pixels.tolist()
    session.further_volume("image_t1").SetName("x")
    assert asked.still_holds()
    choose(session, mr(6), "another")
    assert not asked.still_holds()
    asked.forget()


def test_a_saved_scene_keeps_it(session: Any, t2: Any, tmp_path: Path) -> None:
    session.set_channels(("image", "image_t1", "image_a:b;c"))
    choose(session, mr(5))
    odd = add_slice_volume(session.scene, mr(6), "odd")
    session.set_further_volume("image_a:b;c", odd)
    session.show_answer(answer())
    save_scene(session.scene, tmp_path / "case.mrb")
    session.close()
    load_scene(session.scene, tmp_path / "case.mrb")
    session.open_volume(CaseFolder(session.scene, "one").node(CaseRole.IMAGE), "one")
    session.take_stored_answer()
    assert not session.answer_is_stale
    session.set_channels(CHANNELS)
    assert [image.pixels[0, 0] for image in session.case_input().further_images] == [mr(5).pixels[0, 0]]
    session.set_channels(("image", "image_a:b;c"))
    assert session.further_images()[0].pixels[0, 0] == mr(6).pixels[0, 0]
    assert len(session.folder.nodes(CaseRole.FURTHER_IMAGE)) == 2
    # Also loaded beside another case.
    load_scene(session.scene, tmp_path / "case.mrb", clear=False)
    images = [node for node in CaseFolder(session.scene, "one").nodes(CaseRole.IMAGE) if node is not session.volume]
    before = session.further_volume("image_t1")
    session.open_volume(images[0], "two")
    assert session.further_volume("image_t1") not in (None, before)


def test_a_stale_answer_is_stale_when_it_is_loaded(session: Any, t2: Any, tmp_path: Path) -> None:
    choose(session, mr(5))
    session.show_answer(answer())
    choose(session, mr(6), "another")
    save_scene(session.scene, tmp_path / "case.mrb")
    session.close()
    load_scene(session.scene, tmp_path / "case.mrb")
    session.open_volume(CaseFolder(session.scene, "one").node(CaseRole.IMAGE), "one")
    session.take_stored_answer()
    assert session.answer_is_stale
    session.show_answer(answer())
    session.close()
    session.open_volume(CaseFolder(session.scene, "one").node(CaseRole.IMAGE), "one")
    session.take_stored_answer()
    assert not session.answer_is_stale
    # Or where T1 has gone meanwhile.
    session.close()
    for node in CaseFolder(session.scene, "one").nodes(CaseRole.FURTHER_IMAGE):
        session.scene.RemoveNode(node)
    session.open_volume(CaseFolder(session.scene, "one").node(CaseRole.IMAGE), "one")
    session.take_stored_answer()
    assert session.answer_is_stale


def test_other_contours_are_asked_with_the_same_t1(session: Any, t2: Any) -> None:
    """Readers and the contour moved by one pixel: every question brings both images."""
    from CervixRiskLib.workflow.contour_sensitivity import SensitivityRun
    from CervixRiskLib.workflow.reader_comparison import ReaderComparison

    mask = np.zeros((40, 50), bool)
    mask[10:20, 10:25] = True
    for reader, shift in (("B", 3), ("A", 0)):
        session.set_reading(reader, "1")
        session.start_contour(Roi(np.roll(mask, shift, axis=1), (0.5, 0.5)))
    choose(session, mr(5))
    case, told = session.case_input(), answer(mask_hash=session.contour().mask_hash)
    asked: list[Any] = []

    def ask(case: Any, bundle: Path, *, on_answer: Any, **_: Any) -> int:
        asked.append(case)
        on_answer(SimpleNamespace(prediction=told.prediction))
        return 1

    questions = SimpleNamespace(ask=ask, cancel=lambda ticket=None: None)
    readers = ReaderComparison(questions, session, case, told)
    readers.start()
    pixel = SensitivityRun(questions, case, told)
    pixel.start()
    assert readers.answers[0].probability == 0.3
    assert pixel.result is not None
    assert len(asked) == 1 + 6
    assert all(one.further_images == case.further_images for one in asked)
