"""From a question to its answer, with the fake program: what is shown, what is told, what is loaded anew."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import add_slice_volume
from CervixRiskLib.worker import FailureKind
from CervixRiskLib.workflow.ask_readiness import BUSY
from CervixRiskLib.workflow.asking import Asking
from CervixRiskLib.workflow.model_shelf import ModelShelf
from CervixRiskLib.workflow.questions import Questions


@pytest.fixture
def asking(session: Any, fake_worker: Any, tmp_path: Path) -> Iterator[Asking]:
    questions = Questions(fake_worker)
    made = Asking(session, ModelShelf([tmp_path / "models"]), questions)
    yield made
    made.close()
    questions.close()


def wait(asking: Asking, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while asking.questions.busy:
        assert time.monotonic() < deadline
        asking.questions.poll()
        time.sleep(0.002)


def wait_until_answering(asking: Asking) -> None:
    while (progress := asking.questions.progress) is None or progress.description != "Answering":
        asking.questions.poll()


def test_asked_and_shown(asking: Asking, open_case: Any, write_model: Any) -> None:
    path = write_model()
    session = open_case()
    answered: list[int] = []
    asking.answered.connect(lambda: answered.append(1))
    asking.take_remembered()
    assert asking.model is not None
    assert not asking.loaded
    asking.ask("plnm")
    assert asking.asking
    assert asking.readiness("plnm").sentence == BUSY
    wait(asking)
    assert answered == [1]
    assert (asking.note, asking.failure, asking.asking) == ("", None, False)
    assert session.answer.prediction.score == 600
    assert session.answer.bundle == path
    assert session.answer.processor == "Computed on auto."
    assert asking.loaded
    assert asking.shelf.recent == (str(path),)


def test_a_second_click_is_told_until_the_answer_is_there(asking: Asking, open_case: Any, write_model: Any) -> None:
    write_model()
    open_case()
    asking.take_remembered()
    asking.ask("plnm")
    asking.ask("plnm")
    assert asking.note == BUSY
    wait(asking)
    assert asking.session.answer is not None
    assert asking.note == ""


def test_the_model_of_the_question_is_taken(asking: Asking, open_case: Any, write_model: Any) -> None:
    plnm, staging = write_model("plnm"), write_model("staging", task="staging", preprocessing={"centre": "slice"})
    session = open_case(modality=None, draw=False)
    asking.choose(plnm)
    wait(asking)
    assert session.bundle == plnm
    asking.ask("staging")
    assert asking.note == "Took staging (simulated), the model for this question."
    wait(asking)
    assert session.bundle == session.answer.bundle == staging
    assert asking.model == asking.shelf.entry(staging)
    # Two of a kind: the person chooses.
    write_model("staging2", task="staging", preprocessing={"centre": "slice"})
    asking.shelf.look_again()
    asking.choose(plnm)
    assert asking.readiness("staging").sentence == "2 models answer this question: choose one of them above."


def test_the_model_of_the_image_is_taken(asking: Asking, open_case: Any, write_model: Any) -> None:
    write_model("a", task="staging")
    write_model("b")
    asking.take_remembered()
    titles = []
    for name, modality in (("one", "US"), ("two", None), ("three", "MR"), ("four", "CT")):
        open_case(name, modality=modality, draw=False)
        assert asking.model is not None
        titles.append(asking.model.title[0])
    assert titles == ["b", "b", "a", "a"]
    write_model("c")
    asking.shelf.look_again()
    open_case("five", draw=False)
    assert asking.model.title[0] == "a"
    assert asking.note == ""


def test_a_value_that_is_missing_is_found_before_asking(asking: Asking, open_case: Any, write_model: Any) -> None:
    write_model(clinical=("rbc_count",))
    session = open_case()
    asking.take_remembered()
    asking.ask("plnm")
    assert asking.note == "Rbc count is missing: enter it in step 1."
    assert not asking.questions.busy
    session.set_clinical("rbc_count", "many")
    # Whether it is a number is known once the model is loaded.
    asking.ask("plnm")
    wait(asking)
    assert session.answer is None
    assert "number" in asking.note
    assert asking.readiness("plnm").sentence == asking.note
    session.set_clinical("rbc_count", "4.1")
    asking.ask("plnm")
    wait(asking)
    assert session.answer is not None


@pytest.mark.parametrize("name", ["killed", "refuse"])
def test_a_failure_keeps_the_old_answer_and_asking_again_works(
    asking: Asking, open_case: Any, write_model: Any, name: str
) -> None:
    write_model()
    session = open_case()
    asking.take_remembered()
    asking.ask("plnm")
    wait(asking)
    old = session.answer
    session.rename_case(name)
    asking.ask("plnm")
    wait(asking)
    assert asking.failure is not None
    assert asking.note == asking.failure.sentence
    assert session.answer is old
    session.rename_case("again")
    asking.ask_again()
    wait(asking)
    assert asking.failure is None
    assert session.answer is not old


def test_stopping_keeps_the_old_answer(asking: Asking, open_case: Any, write_model: Any) -> None:
    write_model()
    session = open_case("hang")
    asking.take_remembered()
    asking.ask("plnm")
    for _ in range(30):
        asking.questions.poll()
    asking.cancel()
    wait(asking)
    assert asking.note.startswith("Stopped.")
    assert (asking.failure, session.answer, asking.asking) == (None, None, False)


def test_a_damaged_model_is_told_when_it_is_loaded(asking: Asking, open_case: Any, write_model: Any) -> None:
    path = write_model("refused")
    session = open_case()
    asking.choose(path)
    wait(asking)
    assert asking.failure is not None
    assert asking.failure.kind is FailureKind.REFUSED
    assert "changed after the bundle was made" in asking.note
    assert session.facts is None
    asking.choose(write_model("sound"))
    wait(asking)
    assert asking.note == ""
    assert asking.loaded


def test_an_answer_about_what_has_changed_is_not_shown(asking: Asking, open_case: Any, write_model: Any) -> None:
    write_model()
    session = open_case("steps")
    asking.take_remembered()
    asking.ask("plnm")
    wait_until_answering(asking)
    session.drop_contour()
    mask = np.zeros((60, 80), bool)
    mask[:10, :10] = True
    session.start_contour(Roi(mask, (0.5, 0.5)))
    wait(asking)
    assert session.answer is None
    assert "changed while the model was answering" in asking.note


@pytest.mark.parametrize("change", ["other image", "study round"])
def test_what_makes_the_answer_useless_stops_it(asking: Asking, open_case: Any, write_model: Any, change: str) -> None:
    write_model()
    session = open_case("hang")
    asking.take_remembered()
    asking.ask("plnm")
    for _ in range(30):
        asking.questions.poll()
    if change == "other image":
        open_case("next", draw=False)
    else:
        session.set_blinded(True)
    wait(asking)
    assert session.answer is None
    assert not asking.asking


def test_nothing_is_loaded_while_something_is_missing(session: Any, fake_worker: Any, write_model: Any) -> None:
    path = write_model()
    questions = Questions(fake_worker)
    asking = Asking(session, ModelShelf(), questions, lacking=lambda _model: "pandas is missing.")
    asking.choose(path)
    assert not questions.busy
    assert asking.model is not None
    questions.close()


def test_another_processor_loads_the_model_again(asking: Asking, session: Any, write_model: Any) -> None:
    asking.choose(write_model())
    wait(asking)
    assert session.facts.processor == "Computed on auto."
    asking.set_force_cpu(True)
    assert session.facts is None
    wait(asking)
    assert session.facts.processor == "Computed on cpu."


def test_a_touch_that_changes_nothing_keeps_the_answer(asking: Asking, open_case: Any, write_model: Any) -> None:
    write_model()
    session = open_case("steps")
    asking.take_remembered()
    asking.ask("plnm")
    wait_until_answering(asking)
    session.touch_image()
    wait(asking)
    assert session.answer is not None
    assert asking.note == ""


def test_a_model_replaced_by_one_for_another_question_answers_nothing(
    asking: Asking, open_case: Any, write_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_model()
    session = open_case()
    asking.choose(path)
    wait(asking)
    write_model(task="staging")
    # Just after it was looked at.
    monkeypatch.setattr(asking, "_as_it_is_now", lambda model: model)
    asking.ask("plnm")
    wait(asking)
    assert session.answer is None
    assert "replaced by a model for another question" in asking.note
    assert not asking.loaded


def test_a_replaced_model_is_loaded_anew(asking: Asking, open_case: Any, write_model: Any) -> None:
    path = write_model()
    session = open_case()
    asking.choose(path)
    wait(asking)
    asking.ask("plnm")
    wait(asking)
    before = session.answer
    # Trained anew under the same name, with a clinical value that the first one did not ask for.
    write_model(clinical=("hb",))
    asking.ask("plnm")
    assert asking.note == "Hb is missing: enter it in step 1."
    assert not asking.loaded
    assert session.answer is before
    assert session.answer_is_stale
    session.set_clinical("hb", "12")
    asking.ask("plnm")
    wait(asking)
    assert asking.note == ""
    assert session.facts.clinical_predictors == ("hb",)
    assert session.answer.study.clinical_predictors == ("hb",)
    assert not session.answer_is_stale
    # Seen also when the person comes back to the module.
    write_model(clinical=("rbc_count",))
    asking.take_remembered()
    assert not asking.loaded
    assert session.answer_is_stale


def test_a_model_that_has_gone_is_not_asked_and_no_other_in_its_place(
    asking: Asking, open_case: Any, write_model: Any
) -> None:
    path = write_model()
    write_model("other")
    session = open_case()
    asking.choose(path)
    wait(asking)
    path.unlink()
    asking.ask("plnm")
    assert not asking.questions.busy
    assert asking.note == "This model is not there any more: open it from where it is now."
    assert session.answer is None


def test_the_end_of_loading_is_told_also_where_the_file_was_replaced_meanwhile(
    asking: Asking, open_case: Any, write_model: Any
) -> None:
    told: list[bool] = []
    open_case()
    asking.choose(write_model())
    write_model(intended_use="Another training.")
    asking.take_remembered()
    asking.changed.connect(lambda: told.append(asking.loading))
    wait(asking)
    assert told == [False]


def test_a_model_replaced_while_it_is_asked_is_not_shown_as_the_old_one(
    asking: Asking, open_case: Any, write_model: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_model()
    session = open_case()
    asking.choose(path)
    wait(asking)
    write_model(intended_use="Another training.")
    look = asking._as_it_is_now
    monkeypatch.setattr(asking, "_as_it_is_now", lambda model: model)
    asking.ask("plnm")
    monkeypatch.setattr(asking, "_as_it_is_now", look)
    wait(asking)
    assert session.answer is None
    assert asking.note == "The model's file was replaced while it was asked, so its answer was not shown: ask again."
    asking.ask("plnm")
    wait(asking)
    assert session.answer.study.manifest.intended_use == "Another training."


def test_both_images_reach_the_program(
    asking: Asking, open_case: Any, write_model: Any, ultrasound: SliceImage
) -> None:
    channels = ("image", "image_t1")
    two = write_model("two", task="staging", preprocessing={"centre": "slice"}, details={"channels": list(channels)})
    session = open_case(modality="MR", draw=False)
    # Chosen for another question: these models make their heat maps in one way.
    asking.heat_map_method = "gradcam"
    asking.choose(two)
    assert session.channels == channels
    wait(asking)
    asking.ask("staging")
    assert "also looks at T1" in asking.note
    further = replace(ultrasound, modality="MR", pixels=np.ones_like(ultrasound.pixels))
    session.set_further_volume("image_t1", add_slice_volume(session.scene, further, "T1"))
    asking.ask("staging")
    wait(asking)
    assert session.answer.prediction.score == further.pixels.size
    # Another model of one image: nothing more is asked for.
    asking.choose(write_model("one", task="staging", preprocessing={"centre": "slice"}))
    assert session.channels == ("image",)
    assert session.answer_is_stale
