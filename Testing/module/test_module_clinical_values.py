"""Step 1 on the stand-in: clinical values."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.event_loop import run_for, run_until
from slicer_standin.keyboard import press


@pytest.fixture
def step(case_step: Any) -> Any:
    return case_step


def test_fields_of_the_model(step, facts, picture, open_picture):
    step.session.set_study(Path("model.zip"), facts)
    assert not step.ui.clinicalHint.visible
    blood = step.clinical.field("rbc_count")
    assert not blood.editor.enabled
    assert blood.editor.toolTip == "Choose an image first."
    open_picture(picture)
    assert blood.editor.enabled
    assert blood.hint.text == "10¹²/L · 2 to 7"
    assert "Accepted: 0.5 to 10 10¹²/L." in blood.editor.toolTip
    blood.editor.text = "3,9"
    blood.editor.editingFinished.emit()
    assert step.session.clinical["rbc_count"] == blood.editor.text == "3.9"
    assert not blood.message.visible
    blood.editor.text = "39"
    assert "outside its plausible range" in blood.message.text
    blood.editor.text = "8"
    assert "Outside the training cohort's range, 2 to 7" in blood.message.text
    histology = step.clinical.field("histology")
    histology.editor.setCurrentIndex(2)
    assert step.session.clinical["histology"] == "Adenocarcinoma"
    histology.editor.setCurrentIndex(0)
    assert "histology" not in step.session.clinical
    step.session.set_clinical("histology", "0")
    assert histology.editor.currentText == "Squamous cell carcinoma"
    step.session.set_study(None, None)
    assert step.clinical.fields == []
    assert step.ui.clinicalHint.visible


def test_another_model_takes_a_measured_value_with_its_field(step, facts, picture, open_picture, draw_square):
    step.session.set_study(Path("model.zip"), facts)
    open_picture(picture)
    step.session.set_clinical("rbc_count", "3.9")
    step.ui.byHandButton.click()
    step.ui.sizeEdit.text = "0.5"
    step.ui.applyButton.click()
    draw_square()
    assert step.session.clinical["maximum_diameter"]
    step.session.set_study(None, None)
    assert dict(step.session.clinical) == {"rbc_count": "3.9"}
    step.session.set_study(Path("model.zip"), facts)
    assert step.clinical.field("maximum_diameter").editor.text == step.session.clinical["maximum_diameter"]


def test_the_diameter_follows_the_contour(step, facts, picture, open_picture, draw_square):
    step.session.set_study(Path("model.zip"), facts)
    open_picture(picture)
    diameter = step.clinical.field("maximum_diameter")
    draw_square()
    assert "Known once the pixel size is calibrated" in diameter.message.text
    step.ui.byHandButton.click()
    step.ui.sizeEdit.text = "0.5"
    step.ui.applyButton.click()
    assert diameter.editor.text == "14.1"
    assert diameter.hint.text == "mm · from contour"
    assert not diameter.message.visible
    diameter.editor.text = "20"
    diameter.editor.editingFinished.emit()
    assert diameter.hint.text == "mm · 5 to 80"
    diameter.editor.text = ""
    diameter.editor.editingFinished.emit()
    assert diameter.editor.text == "14.1"


def test_a_text_is_left_alone_while_it_is_typed(step, facts, picture, open_picture):
    open_picture(picture)
    step.session.set_study(Path("model.zip"), facts)
    step.session.set_clinical("rbc_count", "4")
    blood = step.clinical.field("rbc_count")
    press(step.widget.window(), "End", blood.editor)
    press(step.widget.window(), "Backspace", blood.editor)
    press(step.widget.window(), "0", blood.editor)
    press(step.widget.window(), ",", blood.editor)
    assert blood.editor.text == "0,"
    assert not blood.message.visible
    press(step.widget.window(), "3", blood.editor)
    assert blood.editor.text == "0,3"
    run_until(lambda: blood.message.visible, time_limit=3)
    assert "plausible" in blood.message.text
    assert step.session.clinical["rbc_count"] == "0.3"


def test_a_study_round_is_open(step, facts, picture, open_picture, add_volume):
    open_picture(picture)
    step.session.set_study(Path("model.zip"), facts)
    step.context.open_sample = lambda key: None
    step.session.set_blinded(True)
    field = step.clinical.field("rbc_count").editor
    for widget in (step.ui.imageSelector, step.ui.openButton, step.ui.sampleMrButton, step.ui.nameEdit, field):
        assert not widget.enabled
        assert "study round is open" in widget.toolTip
    assert step.ui.calibrateButton.enabled
    add_volume(name="dropped")
    run_for(0.02)
    assert step.session.case_id == "M027"
    step.session.set_blinded(False)
    assert step.ui.imageSelector.enabled
    assert "study round" not in field.toolTip
