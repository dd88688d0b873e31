"""What several scenarios do and check: open a sample, draw around it, wait for the answer, look at all of it."""

import unittest
from pathlib import Path

import slicer

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.scene import CaseRole
from CervixRiskLib.scene.results_table import read_results_table
from CervixRiskLib.workflow.samples import find_sample

from ..sample_data import FOLDER
from .bench import Bench

# The first question starts the program and loads the model.
FIRST_ANSWER_SECONDS = 90.0
WARM_ANSWER_SECONDS = 15.0
ASK = {"ultrasound": "plnmButton", "mr": "stagingButton"}
OPEN = {"ultrasound": "sampleUltrasoundButton", "mr": "sampleMrButton"}


def sample_of(bench: Bench, key: str):
    return find_sample(bench.panel.context.resource(FOLDER), key)


def make_study(bench: Bench, folder: Path):
    """Two copies of the sample under other names, for two readers."""
    from CervixRiskLib.reading import assign, create_study

    image = sample_of(bench, "ultrasound").image.verified()
    (folder / "cohort.csv").write_text(f"case_id,image\none,{image}\ntwo,{image}\n", encoding="utf-8")
    study = create_study(folder / "study", folder / "cohort.csv")
    assign(study, primary="Reader A", seconds=["Reader B"], reviewer="Reviewer", second_cases=2)
    return study


def skip_without_packages(bench: Bench, model) -> None:
    """Slicer's own test runs install nothing: there the offer to do so counts as declined.

    "Reload and Test" does offer it, to the person who tests.
    """
    lacking = bench.panel.steps["ask"].dependencies.lacking(model)
    if lacking and slicer.app.testingEnabled():
        raise unittest.SkipTest(f"These packages are not installed in this Slicer: {lacking.names}.")


def open_and_draw(bench: Bench, key: str, *, asks: bool = True) -> None:
    bench.click("case", OPEN[key])
    if asks:
        skip_without_packages(bench, bench.panel.steps["ask"].asking.model)
    bench.picture(f"{key}-1-case")
    bench.click("contour", "drawButton")
    bench.draw(bench.outline(sample_of(bench, key)))
    bench.wait_until(lambda: bench.ui("ask").__dict__[ASK[key]].enabled, FIRST_ANSWER_SECONDS, "the button to ask")


def wait_for_answer(bench: Bench, seconds: float) -> None:
    def ended() -> bool:
        return bench.session.answer is not None or bench.ui("ask").retryButton.visible

    bench.wait_until(ended, seconds, "an answer")
    assert bench.session.answer is not None, bench.ui("ask").messageLine.text


def wait_for_pixel_check(bench: Bench) -> None:
    pixel = bench.ui("answer").sensitivityLabel
    bench.wait_until(lambda: "%" in pixel.text, FIRST_ANSWER_SECONDS, "the contour one pixel larger and smaller")


def check_answer(bench: Bench) -> None:
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
