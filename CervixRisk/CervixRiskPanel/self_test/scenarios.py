"""The scenarios: each plays one piece of the work on a fresh scene, through the panel's own buttons."""

import os
import signal
import tempfile
import unittest
from pathlib import Path

import slicer

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.scene import CaseRole, load_scene, save_scene
from CervixRiskLib.scene.heat_map import read_heat_map
from CervixRiskLib.scene.results_table import read_results_table
from CervixRiskLib.workflow.samples import find_sample

from ..sample_data import FOLDER
from .bench import Bench
from .two_images import add_t1, make_two_image_model

# The first question starts the program and loads the model.
FIRST_ANSWER_SECONDS = 90.0
WARM_ANSWER_SECONDS = 15.0
# From sample data to an answer, beside the contour.
MOST_CLICKS = 5
_ASK = {"ultrasound": "plnmButton", "mr": "stagingButton"}
_OPEN = {"ultrasound": "sampleUltrasoundButton", "mr": "sampleMrButton"}


def answer_sample(bench: Bench, key: str) -> None:
    """From nothing to an answer: one click for the sample, one contour, one click for the question."""
    _open_and_draw(bench, key)
    bench.picture(f"{key}-2-contour")
    bench.click("ask", _ASK[key])
    bench.picture(f"{key}-3-asking")
    _wait_for_answer(bench, FIRST_ANSWER_SECONDS)
    pixel = bench.ui("answer").sensitivityLabel
    bench.wait_until(lambda: "%" in pixel.text, FIRST_ANSWER_SECONDS, "the contour one pixel larger and smaller")
    bench.picture(f"{key}-4-answer")


def ultrasound_to_lymph_nodes(bench: Bench) -> None:
    """The answer, its layers, table, plots and words."""
    answer_sample(bench, "ultrasound")
    assert bench.clicks <= MOST_CLICKS
    _check_answer(bench)
    prediction = bench.session.answer.prediction
    assert prediction.points
    assert prediction.total_points is not None
    assert bench.session.folder.node(CaseRole.PLOT_CHART) is not None
    heat = read_heat_map(bench.session.folder.node(CaseRole.HEAT_MAP))
    assert heat.shape == bench.session.image().shape
    # Changed and asked again: the first answer counts as out of date until the second is there.
    before = prediction.mask_hash
    rows = [(row + 3, column) for row, column in bench.outline(_sample(bench, "ultrasound"))]
    bench.draw(rows)
    assert bench.session.answer_is_stale
    bench.picture("ultrasound-5-stale")
    bench.click("answer", "askAgainButton")
    bench.wait_until(lambda: not bench.session.answer_is_stale, WARM_ANSWER_SECONDS, "the second answer")
    assert bench.session.answer.prediction.mask_hash != before


def mr_to_treatment_group(bench: Bench) -> None:
    """The other question, with the model of its own."""
    answer_sample(bench, "mr")
    _check_answer(bench)
    groups = bench.session.answer.prediction.class_probabilities
    assert len(groups) >= 2
    assert abs(sum(group.probability for group in groups) - 1) < 1e-6
    button = bench.ui("ask").plnmButton
    assert not button.enabled
    assert button.toolTip


def two_images(bench: Bench) -> None:
    """A model of T2 and T1: step 1 asks for T1, another T1 makes the answer out of date, a saved scene keeps both."""
    bench.click("case", _OPEN["mr"])
    _skip_without_packages(bench, bench.panel.steps["ask"].asking.model)
    with tempfile.TemporaryDirectory() as name:
        model = make_two_image_model(_sample(bench, "mr").model.verified(), Path(name) / "Two-images.zip")
        bench.panel.steps["ask"].choose(model)
        bench.click("contour", "drawButton")
        bench.draw(bench.outline(_sample(bench, "mr")))
        bench.picture("two-images-1-case")
        assert "T1" in bench.ui("ask").stagingButton.toolTip
        row = bench.panel.steps["case"].further.row("image_t1")
        row.selector.setCurrentNode(add_t1(slicer.mrmlScene, bench.session.volume))
        button = bench.ui("ask").stagingButton
        bench.wait_until(lambda: button.enabled, FIRST_ANSWER_SECONDS, "the button to ask")
        bench.picture("two-images-2-t1")
        bench.click("ask", "stagingButton")
        _wait_for_answer(bench, FIRST_ANSWER_SECONDS)
        _check_answer(bench)
        first = bench.session.answer.prediction.probability
        pixel = bench.ui("answer").sensitivityLabel
        bench.wait_until(lambda: "%" in pixel.text, FIRST_ANSWER_SECONDS, "the contour one pixel larger and smaller")
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
    _check_answer(bench)


def cancelled_question(bench: Bench) -> None:
    """Cancel while the program loads: no answer, nothing half-shown, and the next question is answered."""
    _open_and_draw(bench, "ultrasound")
    bench.panel.questions.restart()
    bench.click("ask", _ASK["ultrasound"])
    bench.wait_until(lambda: bench.ui("ask").cancelButton.visible, FIRST_ANSWER_SECONDS, "the Cancel button")
    bench.picture("cancel")
    bench.click("ask", "cancelButton")
    bench.wait_until(lambda: not bench.panel.questions.busy, WARM_ANSWER_SECONDS, "the end of the question")
    assert bench.session.answer is None
    assert not bench.session.folder.nodes(CaseRole.HEAT_MAP, CaseRole.ANSWER, CaseRole.TABLE)
    bench.click("ask", _ASK["ultrasound"])
    _wait_for_answer(bench, FIRST_ANSWER_SECONDS)


def killed_program(bench: Bench) -> None:
    """The program is ended from outside: one sentence, contour and values untouched, the next question starts anew."""
    _open_and_draw(bench, "ultrasound")
    bench.click("ask", _ASK["ultrasound"])
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
    _wait_for_answer(bench, FIRST_ANSWER_SECONDS)


def two_readers(bench: Bench) -> None:
    """A second reader's contour of the same case: both scores side by side."""
    bench.session.set_reading("Reader A", "1")
    _open_and_draw(bench, "ultrasound")
    sample = _sample(bench, "ultrasound")
    bench.session.set_reading("Reader B", "1")
    bench.draw([(row, column + 4) for row, column in bench.outline(sample)])
    bench.click("ask", _ASK["ultrasound"])
    _wait_for_answer(bench, FIRST_ANSWER_SECONDS)
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

    _open_and_draw(bench, "ultrasound", asks=False)
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

    _skip_without_packages(bench, None)
    with tempfile.TemporaryDirectory() as name:
        study = _make_study(bench, Path(name))
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
            bench.draw(bench.outline(_sample(bench, "ultrasound")))
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


def _sample(bench: Bench, key: str):
    return find_sample(bench.panel.context.resource(FOLDER), key)


def _make_study(bench: Bench, folder: Path):
    """Two copies of the sample under other names, for two readers."""
    from CervixRiskLib.reading import assign, create_study

    image = _sample(bench, "ultrasound").image.verified()
    (folder / "cohort.csv").write_text(f"case_id,image\none,{image}\ntwo,{image}\n", encoding="utf-8")
    study = create_study(folder / "study", folder / "cohort.csv")
    assign(study, primary="Reader A", seconds=["Reader B"], reviewer="Reviewer", second_cases=2)
    return study


def _skip_without_packages(bench: Bench, model) -> None:
    """Slicer's own test runs install nothing: there the offer to do so counts as declined.

    "Reload and Test" does offer it, to the person who tests.
    """
    lacking = bench.panel.steps["ask"].dependencies.lacking(model)
    if lacking and slicer.app.testingEnabled():
        raise unittest.SkipTest(f"These packages are not installed in this Slicer: {lacking.names}.")


def _open_and_draw(bench: Bench, key: str, *, asks: bool = True) -> None:
    bench.click("case", _OPEN[key])
    if asks:
        _skip_without_packages(bench, bench.panel.steps["ask"].asking.model)
    bench.picture(f"{key}-1-case")
    bench.click("contour", "drawButton")
    bench.draw(bench.outline(_sample(bench, key)))
    bench.wait_until(lambda: bench.ui("ask").__dict__[_ASK[key]].enabled, FIRST_ANSWER_SECONDS, "the button to ask")


def _wait_for_answer(bench: Bench, seconds: float) -> None:
    def ended() -> bool:
        return bench.session.answer is not None or bench.ui("ask").retryButton.visible

    bench.wait_until(ended, seconds, "an answer")
    assert bench.session.answer is not None, bench.ui("ask").messageLine.text


def _check_answer(bench: Bench) -> None:
    """Layers, words, table: what every answer has."""
    folder, session = bench.session.folder, bench.session
    prediction = session.answer.prediction
    assert 0 < prediction.probability < 1
    assert prediction.interval[0] <= prediction.probability <= prediction.interval[1]
    heat_map = folder.node(CaseRole.HEAT_MAP)
    assert heat_map is not None
    layers = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    assert layers.GetBackgroundVolumeID() == session.volume.GetID()
    assert layers.GetForegroundVolumeID() == heat_map.GetID()
    rows = read_results_table(folder.node(CaseRole.TABLE))
    assert any(row[0] == "answer" for row in rows)
    words = folder.node(CaseRole.ANSWER).GetText()
    assert RESEARCH_USE_NOTICE in words
    assert SIMULATED_MARK in words
    view = slicer.app.layoutManager().sliceWidget("Red").sliceView()
    assert RESEARCH_USE_NOTICE in view.cornerAnnotation().GetText(7)
    assert "%" in bench.ui("answer").headlineLabel.text
