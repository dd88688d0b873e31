"""The scenarios: each plays one piece of the work on a fresh scene, through the panel's own buttons."""

import os
import signal
import tempfile
from pathlib import Path

import slicer

from CervixRiskLib.scene import CaseRole, load_scene, save_scene
from CervixRiskLib.scene.heat_map import read_heat_map

from .actions import (
    ASK,
    FIRST_ANSWER_SECONDS,
    OPEN,
    WARM_ANSWER_SECONDS,
    check_answer,
    make_study,
    open_and_draw,
    sample_of,
    skip_without_packages,
    wait_for_answer,
    wait_for_pixel_check,
)
from .bench import Bench
from .two_images import add_t1, make_two_image_model

# From sample data to an answer, beside the contour.
MOST_CLICKS = 5


def answer_sample(bench: Bench, key: str) -> None:
    """From nothing to an answer: one click for the sample, one contour, one click for the question."""
    open_and_draw(bench, key)
    bench.picture(f"{key}-2-contour")
    bench.click("ask", ASK[key])
    bench.picture(f"{key}-3-asking")
    wait_for_answer(bench, FIRST_ANSWER_SECONDS)
    wait_for_pixel_check(bench)
    bench.picture(f"{key}-4-answer")


def ultrasound_to_lymph_nodes(bench: Bench) -> None:
    """The answer, its layers, table, plots and words."""
    answer_sample(bench, "ultrasound")
    assert bench.clicks <= MOST_CLICKS
    check_answer(bench)
    prediction = bench.session.answer.prediction
    assert prediction.points
    assert prediction.total_points is not None
    assert bench.session.folder.node(CaseRole.PLOT_CHART) is not None
    heat = read_heat_map(bench.session.folder.node(CaseRole.HEAT_MAP))
    assert heat.shape == bench.session.image().shape
    # Changed and asked again: the first answer counts as out of date until the second is there.
    before = prediction.mask_hash
    rows = [(row + 3, column) for row, column in bench.outline(sample_of(bench, "ultrasound"))]
    bench.draw(rows)
    assert bench.session.answer_is_stale
    bench.picture("ultrasound-5-stale")
    bench.click("answer", "askAgainButton")
    bench.wait_until(lambda: not bench.session.answer_is_stale, WARM_ANSWER_SECONDS, "the second answer")
    assert bench.session.answer.prediction.mask_hash != before


def mr_to_treatment_group(bench: Bench) -> None:
    """The other question, with the model of its own."""
    answer_sample(bench, "mr")
    check_answer(bench)
    groups = bench.session.answer.prediction.class_probabilities
    assert len(groups) >= 2
    assert abs(sum(group.probability for group in groups) - 1) < 1e-6
    button = bench.ui("ask").plnmButton
    assert not button.enabled
    assert button.toolTip


def two_images(bench: Bench) -> None:
    """A model of T2 and T1: step 1 asks for T1, another T1 makes the answer out of date, a saved scene keeps both."""
    bench.click("case", OPEN["mr"])
    skip_without_packages(bench, bench.panel.steps["ask"].asking.model)
    with tempfile.TemporaryDirectory() as name:
        model = make_two_image_model(sample_of(bench, "mr").model.verified(), Path(name) / "Two-images.zip")
        bench.panel.steps["ask"].choose(model)
        bench.click("contour", "drawButton")
        bench.draw(bench.outline(sample_of(bench, "mr")))
        bench.picture("two-images-1-case")
        assert "T1" in bench.ui("ask").stagingButton.toolTip
        row = bench.panel.steps["case"].further.row("image_t1")
        row.selector.setCurrentNode(add_t1(slicer.mrmlScene, bench.session.volume))
        button = bench.ui("ask").stagingButton
        bench.wait_until(lambda: button.enabled, FIRST_ANSWER_SECONDS, "the button to ask")
        bench.picture("two-images-2-t1")
        bench.click("ask", "stagingButton")
        wait_for_answer(bench, FIRST_ANSWER_SECONDS)
        check_answer(bench)
        first = bench.session.answer.prediction.probability
        wait_for_pixel_check(bench)
        bench.picture("two-images-3-answer")
        kept = Path(name) / "case.mrb"
        save_scene(slicer.mrmlScene, kept)
        # The same section taken again: another T1 is another case.
        row.selector.setCurrentNode(add_t1(slicer.mrmlScene, bench.session.volume, contrast=3.0))
        assert bench.session.answer_is_stale
        bench.click("answer", "askAgainButton")
        bench.wait_until(lambda: not bench.session.answer_is_stale, WARM_ANSWER_SECONDS, "the second answer")
        assert bench.session.answer.prediction.probability != first
        slicer.mrmlScene.Clear(False)
        load_scene(slicer.mrmlScene, kept)
        bench.look()
        assert bench.session.answer.prediction.probability == first
        assert not bench.session.answer_is_stale
        row = bench.panel.steps["case"].further.row("image_t1")
        assert row.selector.currentNode() is bench.session.further_volume("image_t1") is not None
        bench.wait_until(lambda: not bench.panel.questions.busy, WARM_ANSWER_SECONDS, "the end of the questions")


def scene_keeps_the_case(bench: Bench) -> None:
    """Saved, closed, loaded: contour, layers, values and answer are there again."""
    answer_sample(bench, "ultrasound")
    session = bench.session
    told, name = session.answer.prediction, session.case_id
    clinical, pixels = dict(session.clinical), session.contour().n_pixels
    with tempfile.TemporaryDirectory() as folder:
        path = save_scene(slicer.mrmlScene, Path(folder) / "case.mrb")
        slicer.mrmlScene.Clear(False)
        bench.look()
        assert session.volume is None
        assert session.answer is None
        load_scene(slicer.mrmlScene, path)
        bench.look()
    session = bench.session
    assert (session.case_id, dict(session.clinical)) == (name, clinical)
    assert session.contour().n_pixels == pixels
    assert not session.answer_is_stale
    assert session.answer.prediction.probability == told.probability
    assert session.answer.prediction.mask_hash == told.mask_hash
    check_answer(bench)


def cancelled_question(bench: Bench) -> None:
    """Cancel while the program loads: no answer, nothing half-shown, and the next question is answered."""
    open_and_draw(bench, "ultrasound")
    bench.panel.questions.restart()
    bench.click("ask", ASK["ultrasound"])
    bench.wait_until(lambda: bench.ui("ask").cancelButton.visible, FIRST_ANSWER_SECONDS, "the Cancel button")
    bench.picture("cancel")
    bench.click("ask", "cancelButton")
    bench.wait_until(lambda: not bench.panel.questions.busy, WARM_ANSWER_SECONDS, "the end of the question")
    assert bench.session.answer is None
    assert not bench.session.folder.nodes(CaseRole.HEAT_MAP, CaseRole.ANSWER, CaseRole.TABLE)
    bench.click("ask", ASK["ultrasound"])
    wait_for_answer(bench, FIRST_ANSWER_SECONDS)


def killed_program(bench: Bench) -> None:
    """The program is ended from outside: one sentence, contour and values untouched, the next question starts anew."""
    open_and_draw(bench, "ultrasound")
    bench.click("ask", ASK["ultrasound"])
    questions = bench.panel.questions
    bench.wait_until(lambda: questions.process_id is not None, FIRST_ANSWER_SECONDS, "the program's start")
    pixels = bench.session.contour().n_pixels
    os.kill(questions.process_id, getattr(signal, "SIGKILL", signal.SIGTERM))
    bench.wait_until(lambda: not questions.busy, WARM_ANSWER_SECONDS, "the end of the question")
    assert bench.session.answer is None
    assert bench.ui("ask").messageLine.text
    assert bench.ui("ask").retryButton.visible
    assert bench.session.contour().n_pixels == pixels
    bench.picture("killed")
    bench.click("ask", "retryButton")
    wait_for_answer(bench, FIRST_ANSWER_SECONDS)


def two_readers(bench: Bench) -> None:
    """A second reader's contour of the same case: both scores side by side."""
    bench.session.set_reading("Reader A", "1")
    open_and_draw(bench, "ultrasound")
    sample = sample_of(bench, "ultrasound")
    bench.session.set_reading("Reader B", "1")
    bench.draw([(row, column + 4) for row, column in bench.outline(sample)])
    bench.click("ask", ASK["ultrasound"])
    wait_for_answer(bench, FIRST_ANSWER_SECONDS)
    words = bench.ui("answer").readersLabel
    bench.wait_until(lambda: "%" in words.text and "Dice" in words.text, FIRST_ANSWER_SECONDS, "the first reader")
    pixel = bench.ui("answer").sensitivityLabel
    said = set()

    def known() -> bool:
        said.add(pixel.text)
        return "%" in pixel.text

    bench.wait_until(known, FIRST_ANSWER_SECONDS, "the contour one pixel larger and smaller")
    assert not any("could not" in words for words in said)
    bench.picture("two-readers")


def missing_packages(bench: Bench) -> None:
    """Nothing of what an answer needs is installed: contouring works, and the button says what is missing."""
    ask = bench.panel.steps["ask"]
    dependencies = ask.dependencies
    really = dependencies.installed

    def pretend(installed, declined: bool) -> None:
        dependencies.installed, dependencies.declined = installed, declined
        dependencies.look_again()
        ask.refresh()

    open_and_draw(bench, "ultrasound", asks=False)
    pretend(lambda _package: False, declined=True)
    try:
        button = bench.ui("ask").plnmButton
        assert bench.session.contour().n_pixels > 100
        assert not button.enabled
        assert "not installed" in button.toolTip
        bench.picture("missing-packages")
    finally:
        pretend(really, declined=False)
    assert bench.ui("ask").plnmButton.enabled


def reader_study(bench: Bench) -> None:
    """A blinded round: two cases drawn and handed in, no question possible, nothing of anybody else in the scene."""
    from CervixRiskLib.reading import all_contours

    skip_without_packages(bench, None)
    with tempfile.TemporaryDirectory() as name:
        study = make_study(bench, Path(name))
        contour = bench.ui("contour")
        bench.click("contour", "studyButton")
        contour.folderEdit.currentPath = str(study.folder)
        bench.wait_until(lambda: contour.whoBox.count == 2, WARM_ANSWER_SECONDS, "the study's readers")
        contour.whoBox.currentIndex = contour.whoBox.findText("Reader A")
        bench.picture("study-1-open")
        bench.click("contour", "startButton")
        for position in (1, 2):
            assert bench.session.blinded
            assert f"{position} of 2" in bench.panel.steps["contour"].summary()
            assert not bench.ui("ask").plnmButton.enabled
            assert "study" in bench.ui("ask").plnmButton.toolTip
            assert slicer.mrmlScene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode") == 1
            bench.draw(bench.outline(sample_of(bench, "ultrasound")))
            bench.picture(f"study-{position + 1}-draw")
            bench.click("contour", "submitButton")
        assert len(all_contours(study)) == 2
        bench.picture("study-4-done")
        bench.click("contour", "leaveButton")
        assert not bench.session.blinded
        bench.click("contour", "ownButton")


SCENARIOS = {
    scenario.__name__: scenario
    for scenario in (
        ultrasound_to_lymph_nodes,
        mr_to_treatment_group,
        two_images,
        scene_keeps_the_case,
        cancelled_question,
        killed_program,
        two_readers,
        missing_packages,
        reader_study,
    )
}
"""By name, in the order of the work."""


def run_all(test) -> None:
    """Run every scenario as a part of ``test``, each on a fresh scene."""
    for name, scenario in SCENARIOS.items():
        with test.subTest(name):
            slicer.mrmlScene.Clear(False)
            scenario(Bench())
    slicer.mrmlScene.Clear(False)
