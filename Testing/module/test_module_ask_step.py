"""Step 3 on the stand-in: what it says, what it asks, and that Qt's loop goes on meanwhile."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import measured_block, run_for, run_until

from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import add_slice_volume

RESOURCES = Path(__file__).resolve().parents[2] / "CervixRisk" / "Resources"


@pytest.fixture
def resource(tmp_path: Path) -> Callable[[str], str]:
    """The module's ``Resources`` with the test's own models in place of the samples."""
    return lambda name: str(tmp_path / "models" if name == "SampleData" else RESOURCES / name)


@pytest.fixture
def no_worker(fake_worker: Any) -> Any:
    """Here questions are asked."""
    return fake_worker


@pytest.fixture
def went_to(step_context: Any) -> list[str]:
    steps: list[str] = []
    step_context.go_to = steps.append
    return steps


class Installed:
    """What is taken for installed."""

    def __init__(self) -> None:
        self.missing: set[str] = set()

    def __call__(self, package: Any) -> bool:
        return package.name not in self.missing


@pytest.fixture
def installed() -> Installed:
    return Installed()


@pytest.fixture
def step(step_context: Any, went_to: list[str], installed: Installed) -> Iterator[Any]:
    """The step, 400 pixels wide, with the timer of the panel."""
    import qt

    from CervixRiskPanel.ask_step import AskStep
    from CervixRiskPanel.dependencies import Dependencies

    made = AskStep(step_context, Dependencies(step_context.resource("requirements.txt"), installed))
    timer = qt.QTimer()
    timer.timeout.connect(step_context.questions.poll)
    timer.start(20)
    made.widget.setFixedWidth(380)
    made.widget.show()
    run_for(0.02)
    yield made
    timer.stop()
    made.close()
    made.widget.hide()


@pytest.fixture
def open_case(step_context: Any) -> Callable[..., Any]:
    """``open_case("hang", modality="MR", draw=False)``."""

    def open_one(name: str = "case", *, modality: str | None = "US", draw: bool = True) -> Any:
        session = step_context.session
        pixels = np.random.default_rng(3).integers(0, 255, (60, 80)).astype(np.float32)
        image = SliceImage(pixels, (0.5, 0.5), "PixelSpacing", modality)
        session.open_volume(add_slice_volume(session.scene, image, name), name)
        if draw:
            mask = np.zeros((60, 80), bool)
            mask[20:40, 20:50] = True
            session.start_contour(Roi(mask, (0.5, 0.5)))
        return session

    return open_one


def answered(step: Any, seconds: float = 20.0) -> None:
    run_until(lambda: not step.context.questions.busy, time_limit=seconds)


def test_an_empty_panel_says_what_to_do(step: Any) -> None:
    assert step.summary() == "no model"
    assert not step.ui.plnmButton.enabled
    assert step.ui.plnmButton.toolTip == step.ui.hintLine.text == "Open an image in step 1 first."
    assert "Open a model" in step.ui.modelLine.text
    assert not step.ui.progressPanel.visible
    assert not step.ui.messagePanel.visible


def test_every_control_teaches(step: Any) -> None:
    import qt

    silent = [
        child.objectName
        for kind in (qt.QPushButton, qt.QComboBox)
        for child in step.widget.findChildren(kind)
        if not child.toolTip
    ]
    assert silent == []


def test_asked_answered_and_on_to_the_answer(
    write_model: Any, open_case: Any, step: Any, went_to: list[str], step_context: Any
) -> None:
    path = write_model()
    session = open_case("steps")
    step.enter()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    assert step.ui.plnmButton.enabled
    assert "(Ctrl+G)" in step.ui.plnmButton.toolTip
    assert step.ui.hintLine.text == "Treatment group needs an MR slice; this is ultrasound."
    assert step.ui.modelLine.text.startswith("Answers: Lymph node metastasis. Simulated images")
    with measured_block() as block:
        step.ui.plnmButton.click()
        assert step.summary() == "answering…"
        assert not step.ui.plnmButton.enabled
        run_until(lambda: step.ui.progressPanel.visible and "score" in step.ui.progressLine.text, time_limit=20)
        assert step.ui.progressBar.maximum == 5
        assert step.ui.progressLine.text.startswith("Lymph node metastasis: Answering (score), ")
        answered(step)
        run_for(0.05)
    assert went_to == ["answer"]
    assert session.answer.prediction.score == 600
    assert session.answer.bundle == path
    assert not step.ui.progressPanel.visible
    assert step.summary() == "model (simulated)"
    assert "Trained on 168 cases (52 positive)." in step.ui.modelLine.text
    assert "AUC 0.71 on cases it had not seen (95\u00a0% interval 0.63 to 0.79)." in step.ui.modelLine.text
    assert step.ui.processorLine.text == "Computed on auto."
    assert step_context.settings.text("ask/recentModels") == str(path)
    # On an idle machine it stays below 20; showing the answer's nodes is part of it.
    assert block.longest_ms < 250


def test_the_heat_map_is_made_as_the_person_chose(
    slicer_app: Any, write_model: Any, open_case: Any, step: Any, step_context: Any
) -> None:
    from CervixRiskPanel.answer_step import AnswerStep

    write_model()
    session = open_case()
    step.enter()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    shown = AnswerStep(step_context)
    slicer_app.window.panel.setWidget(shown.widget)
    try:
        step.ui.plnmButton.click()
        answered(step)
        box = shown.ui.heatMapMethodBox
        assert session.answer.prediction.heatmap_target == "HiResCAM of a fake"
        assert box.visible
        assert [box.itemData(row) for row in range(box.count)] == ["hirescam", "gradcam"]
        assert box.currentIndex == 0
        box.currentIndex = 1
        answered(step)
        assert session.answer.prediction.heatmap_target == "Grad-CAM of a fake"
        assert shown.ui.captionLabel.text == "Grad-CAM of a fake"
        assert box.currentIndex == 1
        assert step_context.settings.text("ask/heatMapMethod") == "gradcam"
    finally:
        shown.close()
        slicer_app.window.panel.takeWidget()


def test_a_method_that_was_not_used_does_not_stand_there(
    slicer_app: Any, write_model: Any, open_case: Any, step: Any, step_context: Any
) -> None:
    from CervixRiskPanel.answer_step import AnswerStep

    write_model()
    session = open_case()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    shown = AnswerStep(step_context)
    try:
        step.ui.plnmButton.click()
        answered(step)
        box = shown.ui.heatMapMethodBox
        session.rename_case("refuse")
        box.currentIndex = 1
        assert step.context.questions.busy
        assert box.currentIndex == 1
        answered(step)
        assert session.answer.prediction.heatmap_target == "HiResCAM of a fake"
        assert box.currentIndex == 0
        # Nor where it could not be asked.
        session.drop_contour()
        box.currentIndex = 1
        assert box.currentIndex == 0
    finally:
        shown.close()


def test_a_model_that_is_gone_when_the_person_comes_back(write_model: Any, open_case: Any, step: Any) -> None:
    path = write_model()
    open_case()
    step.enter()
    step.choose(path)
    answered(step)
    step.exit()
    path.write_bytes(b"half a cop")
    step.enter()
    assert not step.ui.plnmButton.enabled
    assert step.ui.messageLine.text == "This file is not a model, or it is damaged: a model is a folder or a .zip."
    assert not step.asking.loading
    path.unlink()
    step.exit()
    step.enter()
    assert step.ui.messageLine.text == "This model is not there any more: open it from where it is now."
    # It is back.
    write_model()
    step.exit()
    step.enter()
    answered(step)
    assert step.ui.plnmButton.enabled
    assert not step.ui.messagePanel.visible


def test_cancel_leaves_the_old_answer(write_model: Any, open_case: Any, step: Any) -> None:
    write_model()
    session = open_case()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    step.ui.plnmButton.click()
    answered(step)
    old = session.answer
    session.rename_case("hang")
    step.ui.plnmButton.click()
    run_until(lambda: step.ui.progressPanel.visible, time_limit=20)
    step.ui.cancelButton.click()
    answered(step)
    assert session.answer is old
    assert step.ui.messageLine.text.startswith("Stopped.")
    assert not step.ui.retryButton.visible
    assert not step.ui.progressPanel.visible
    assert step.ui.plnmButton.enabled


def test_a_killed_program_is_told_and_asked_again(
    write_model: Any, open_case: Any, step: Any, went_to: list[str]
) -> None:
    write_model()
    session = open_case("fault")
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    step.ui.plnmButton.click()
    answered(step)
    assert "KeyError" in step.ui.messageLine.text
    assert step.ui.retryButton.visible
    assert step.ui.detailsButton.visible
    assert not step.ui.detailsText.visible
    step.ui.detailsButton.click()
    assert "do_fault" in step.ui.detailsText.plainText
    assert step.ui.detailsText.visible
    session.rename_case("killed")
    step.ui.retryButton.click()
    answered(step)
    assert "memory ran out" in step.ui.messageLine.text
    assert went_to == []
    session.rename_case("fine")
    step.ui.retryButton.click()
    answered(step)
    assert went_to == ["answer"]
    assert not step.ui.messagePanel.visible


def test_ctrl_g_asks_what_can_be_asked(
    write_model: Any, open_case: Any, step: Any, went_to: list[str], slicer_app: Any
) -> None:
    write_model("plnm")
    write_model("staging", task="staging", preprocessing={"centre": "slice"})
    session = open_case(modality=None)
    step.enter()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    assert step.asking.model.task == "plnm"

    slicer_app.press("Ctrl+G")
    answered(step)
    # Either question could be asked: the chosen model's is.
    assert session.answer.prediction.task == "plnm"
    session.volume.SetAttribute("CervixRisk.modality", "MR")
    session.touch_image()
    slicer_app.press("Ctrl+G")
    assert step.ui.messageLine.text.startswith("Took staging (simulated)")
    answered(step)
    assert session.answer.prediction.task == "staging"
    assert went_to == ["answer", "answer"]
    step.exit()
    slicer_app.press("Ctrl+G")
    assert not step.context.questions.busy


def test_the_model_used_last_is_loaded_when_the_person_comes(
    write_model: Any, open_case: Any, step_context: Any, went_to: list[str], resource: Any
) -> None:
    from CervixRiskPanel.ask_step import AskStep

    path = write_model(clinical=("rbc_count",))
    step_context.settings.set_text("ask/recentModels", str(path))
    step = AskStep(step_context)
    # Neither at Slicer's start nor without an image.
    step.enter()
    assert not step_context.questions.busy
    session = open_case()
    assert step_context.questions.busy
    run_until(lambda: step_context.questions.poll() or session.facts is not None, time_limit=20)
    assert session.facts.clinical_predictors == ("rbc_count",)
    assert step.ui.plnmButton.toolTip == "Rbc count is missing: enter it in step 1."
    session.set_clinical("rbc_count", "4.1")
    assert step.ui.plnmButton.enabled
    step.close()


def test_nothing_is_loaded_before_the_person_comes(write_model: Any, open_case: Any, step: Any) -> None:
    write_model()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    open_case()
    assert not step.context.questions.busy


def test_a_model_is_opened_and_chosen(
    write_model: Any, open_case: Any, step: Any, slicer_app: Any, step_context: Any, tmp_path: Path
) -> None:
    path = write_model("mine", folder="elsewhere", simulated=False)
    folder = tmp_path / "unpacked"
    shutil.unpack_archive(path, folder)
    open_case()
    slicer_app.dialogs.choose_files(path)
    step.ui.openButton.click()
    assert step.ui.modelBox.currentText == "mine"
    answered(step)
    assert step_context.session.bundle == path
    assert "simulated" not in step.ui.modelLine.text
    slicer_app.dialogs.choose_files(folder / "bundle.json")
    step.ui.openButton.click()
    assert step.asking.model.path == folder
    answered(step)
    # A folder is no zip: the fake program cannot load it, and the panel says so.
    assert step.ui.retryButton.visible
    step.ui.modelBox.currentIndex = step.ui.modelBox.findData(str(path))
    answered(step)
    assert step_context.session.bundle == path
    assert not step.ui.messagePanel.visible
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK nothing")
    slicer_app.dialogs.choose_files(broken)
    step.ui.openButton.click()
    assert "not a model, or it is damaged" in step.ui.messageLine.text
    assert step.asking.model.path == path
    assert len(slicer_app.dialogs.shown) == 3


def test_a_study_round_forbids_asking(write_model: Any, open_case: Any, step: Any) -> None:
    write_model()
    session = open_case()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    session.set_blinded(True)
    for button in (step.ui.plnmButton, step.ui.stagingButton):
        assert not button.enabled
        assert button.toolTip == "A study round is open: no predictions until it is closed."
    assert step.ui.hintLine.text == step.ui.plnmButton.toolTip
    step.enter()
    assert not step.context.questions.busy
    session.set_blinded(False)
    assert step.ui.plnmButton.enabled


def test_cpu_only_is_remembered(write_model: Any, step: Any, step_context: Any) -> None:
    step.choose(write_model())
    answered(step)
    assert step.ui.processorLine.text == "Computed on auto."
    step.ui.processorBox.currentIndex = 1
    answered(step)
    assert step.ui.processorLine.text == "Computed on cpu."
    assert step_context.settings.flag("ask/forceCpu")


def test_missing_packages_are_offered_once(
    write_model: Any,
    open_case: Any,
    step: Any,
    installed: Installed,
    slicer_app: Any,
    went_to: list[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import qt
    import slicer

    installed.missing = {"pandas", "skops"}
    write_model()
    open_case()
    step.enter()
    step.asking.shelf.look_again()
    step.asking.take_remembered()
    assert slicer_app.dialogs.shown == []
    assert step.ui.plnmButton.enabled
    slicer_app.dialogs.answer("pandas, skops", qt.QMessageBox.Cancel)
    step.ui.plnmButton.click()
    assert not step.context.questions.busy
    assert not step.ui.plnmButton.enabled
    assert "not installed: pandas, skops" in step.ui.plnmButton.toolTip
    assert step.ui.installButton.visible
    step.ask("plnm")
    assert len(slicer_app.dialogs.shown) == 1
    # Asked for again by the person, and then it is there.
    slicer_app.dialogs.answer("pandas, skops", qt.QMessageBox.Ok)
    monkeypatch.setattr(slicer.util, "pip_install", lambda names: installed.missing.clear())
    step.ui.installButton.click()
    assert not step.ui.installButton.visible
    assert step.ui.plnmButton.enabled
    step.ui.plnmButton.click()
    answered(step)
    assert went_to == ["answer"]
