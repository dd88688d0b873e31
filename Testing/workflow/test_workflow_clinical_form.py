"""The clinical values: fields of a model, what is said of a text, and values that follow the contour."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.bundle import BundleManifest, ClinicalPredictor
from CervixRiskLib.bundle.manifest import Calibration, TrainingSummary
from CervixRiskLib.cohort import ClinicalColumn, ColumnDictionary, builtin_columns
from CervixRiskLib.errors import ClinicalValueError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.worker import StudyFacts
from CervixRiskLib.workflow.clinical_entry import ClinicalEntry
from CervixRiskLib.workflow.clinical_form import ClinicalForm, measured_values, readable_unit

SEEN = {
    "rbc_count": (2.0, 7.0),
    "maximum_diameter": (5.0, 80.0),
    "histology": (0.0, 1.0),
    "parturition": (0.0, 6.0),
    "metastasis": (0.0, 1.0),
}


def facts_of(*names: str, columns: ColumnDictionary | None = None) -> StudyFacts:
    """A model that asks for these columns in this order, trained on the ranges above."""
    columns = columns or ColumnDictionary(
        (*builtin_columns(), ClinicalColumn("metastasis", "Known metastasis", kind="binary"))
    )
    manifest = BundleManifest(
        "plnm",
        "2026-01-01T00:00:00Z",
        {},
        True,
        "metastasis",
        ("no metastasis", "metastasis"),
        0.35,
        Calibration("none"),
        TrainingSummary(60, 20, "0" * 64, 1.0),
        clinical=tuple(
            ClinicalPredictor(name, columns[name].label, observed_low=SEEN[name][0], observed_high=SEEN[name][1])
            for name in reversed(names)
            if name in SEEN
        ),
    )
    return StudyFacts("Study", True, ("image",), names, "", manifest.to_json(), columns.to_mapping())


@pytest.fixture(scope="module")
def form() -> ClinicalForm:
    return ClinicalForm.of(facts_of("rbc_count", "maximum_diameter", "histology", "parturition", "metastasis", "age"))


def square(side: int, spacing_mm: tuple[float, float] | None) -> Roi:
    mask = np.zeros((60, 80), dtype=bool)
    mask[10 : 10 + side, 20 : 20 + side] = True
    return Roi(mask, spacing_mm)


def test_no_model_has_no_fields():
    assert ClinicalForm.of(None).fields == ()
    assert ClinicalForm.of(facts_of()).fields == ()


def test_fields_keep_the_models_order_with_units_and_ranges(form):
    assert [field.name for field in form.fields] == [
        "rbc_count",
        "maximum_diameter",
        "histology",
        "parturition",
        "metastasis",
        "age",
    ]
    blood, diameter, histology, births, metastasis, age = form.fields
    assert (blood.label, blood.unit, blood.description) == ("RBC count", "10¹²/L", "Red blood cell count.")
    assert (blood.plausible_range, blood.training_range) == ("0.5 to 10", "2 to 7")
    assert (diameter.measured, blood.measured) == (True, False)
    assert (histology.kind, len(histology.levels)) == ("category", 3)
    assert (histology.plausible_range, histology.training_range, metastasis.training_range) == ("", "", "")
    assert births.plausible_range == "0 to 25"
    assert (age.training_low, age.training_range) == (None, "")


@pytest.mark.parametrize(
    ("name", "text", "value", "problem", "remark"),
    [
        ("rbc_count", "3.9", 3.9, "", ""),
        ("rbc_count", " 3,9 ", 3.9, "", ""),
        ("rbc_count", "", None, "", ""),
        ("rbc_count", "  ", None, "", ""),
        ("rbc_count", "many", None, "which is not a number", ""),
        ("rbc_count", "3900", None, "outside its plausible range 0.5-10 10¹²/L", ""),
        ("rbc_count", "7", 7.0, "", ""),
        ("rbc_count", "7.5", 7.5, "", "Outside the training cohort's range, 2 to 7"),
        ("rbc_count", "4,125", 4.125, "", "Read as 4.125"),
        ("parturition", "1.5", None, "whole number", ""),
        ("parturition", "9", 9.0, "", "0 to 6"),
        ("histology", "adenocarcinoma", 1.0, "", ""),
        ("histology", "Others", 2.0, "", "had no such case"),
        ("histology", "sarcoma", None, "it can be 0 (Squamous", ""),
        ("metastasis", "yes", 1.0, "", ""),
        ("metastasis", "2", None, "0 (no) or 1 (yes)", ""),
        ("age", "50", 50.0, "", ""),
    ],
)
def test_what_is_said_of_a_text(form, name, text, value, problem, remark):
    state = form.check(name, text)
    assert state.value == value
    assert problem in state.problem
    assert bool(problem) == bool(state.problem)
    assert remark in state.remark
    assert bool(remark) == bool(state.remark)


def test_a_value_the_model_does_not_ask_for(form):
    with pytest.raises(ClinicalValueError, match="does not ask for “cea”"):
        form.check("cea", "3")


def test_missing_values(form):
    values = {"rbc_count": "4", "maximum_diameter": "a lot", "histology": "0", "metastasis": "no"}
    assert [field.name for field in form.missing(values)] == ["maximum_diameter", "parturition", "age"]


@pytest.mark.parametrize(
    ("unit", "readable"),
    [("10^12/L", "10¹²/L"), ("kg/m^2", "kg/m²"), ("mm", "mm"), ("", ""), ("s^-1", "s⁻¹"), ("kg/m²", "kg/m²")],
)
def test_units(unit, readable):
    assert readable_unit(unit) == readable


def test_the_contour_gives_the_diameter(form):
    # From corner to corner of a 20 x 20 square of 0.5 mm pixels.
    assert measured_values(form, square(20, (0.5, 0.5))) == {"maximum_diameter": "14.1"}
    assert measured_values(form, square(20, None)) == {}
    assert measured_values(form, None) == {}
    assert measured_values(ClinicalForm.of(facts_of("rbc_count")), square(20, (0.5, 0.5))) == {}


@pytest.mark.parametrize(("unit", "expected"), [("cm", {"maximum_diameter": "1.4"}), ("inch", {})])
def test_the_contour_gives_it_in_the_columns_unit(unit, expected):
    columns = ColumnDictionary((ClinicalColumn("maximum_diameter", "Maximum diameter", unit),))
    form = ClinicalForm.of(facts_of("maximum_diameter", columns=columns))
    assert measured_values(form, square(20, (0.5, 0.5))) == expected


# --- following the contour ------------------------------------------------------------------------------------------


@pytest.fixture
def entry(session: Any) -> Any:
    """With a model that asks for diameter and RBC count."""
    session.set_study(Path("model.zip"), facts_of("maximum_diameter", "rbc_count"))
    opened = ClinicalEntry(session)
    yield opened
    opened.close()


@pytest.fixture
def volume(scene: Any, ultrasound: SliceImage) -> Any:
    from CervixRiskLib.scene import add_slice_volume

    return add_slice_volume(scene, ultrasound, "M027")


def draw(session: Any, side: int) -> None:
    from CervixRiskLib.scene import write_contour

    node = session.start_contour()
    write_contour(node, session.segment_id, session.volume, square(side, None).mask, session.choice())


@pytest.mark.slicer
def test_a_measured_value_follows_the_contour_until_another_is_typed(session, entry, volume):
    session.open_volume(volume)
    assert entry.text("maximum_diameter") == ""
    draw(session, 20)
    assert entry.text("maximum_diameter") == session.clinical["maximum_diameter"] == "14.1"
    assert entry.is_from_contour("maximum_diameter")
    draw(session, 40)
    assert entry.text("maximum_diameter") == "28.3"
    entry.enter_text("maximum_diameter", "30,5")
    assert session.clinical["maximum_diameter"] == "30.5"
    assert not entry.is_from_contour("maximum_diameter")
    draw(session, 20)
    assert entry.text("maximum_diameter") == "30.5"
    entry.enter_text("maximum_diameter", " ")
    assert entry.text("maximum_diameter") == "14.1"
    assert entry.is_from_contour("maximum_diameter")
    session.drop_contour()
    assert entry.text("maximum_diameter") == ""


@pytest.mark.slicer
def test_a_measured_value_follows_the_pixel_size(session, entry, scene, ultrasound):
    from dataclasses import replace

    from CervixRiskLib.scene import add_slice_volume, set_pixel_size_by_hand

    volume = add_slice_volume(scene, replace(ultrasound, spacing_mm=None, spacing_source=None), "picture")
    session.open_volume(volume)
    assert not entry.waits_for_pixel_size("maximum_diameter")
    draw(session, 20)
    assert entry.text("maximum_diameter") == ""
    assert entry.waits_for_pixel_size("maximum_diameter")
    assert not entry.waits_for_pixel_size("rbc_count")
    set_pixel_size_by_hand(volume, (0.25, 0.25))
    session.touch_image()
    assert entry.text("maximum_diameter") == "7.1"
    assert not entry.waits_for_pixel_size("maximum_diameter")


@pytest.mark.slicer
def test_another_model_asks_for_other_values(session, entry, volume):
    sent: list[str] = []
    entry.form_changed.connect(lambda: sent.append("form"))
    session.open_volume(volume)
    draw(session, 20)
    entry.enter_text("rbc_count", "39")
    assert "plausible" in entry.state("rbc_count").problem
    session.set_study(Path("other.zip"), facts_of("rbc_count"))
    assert sent == ["form"]
    assert [field.name for field in entry.form.fields] == ["rbc_count"]
    assert entry.text("rbc_count") == "39"
    assert entry.text("maximum_diameter") == ""
    session.set_study(None, None)
    assert entry.form.fields == ()


@pytest.mark.slicer
def test_only_what_the_model_asks_for_is_asked_with(session, entry, volume):
    session.open_volume(volume)
    session.set_clinical("rbc_count", "3,9")
    session.set_clinical("maximum_diameter", "30")
    assert session.clinical_values() == {"rbc_count": 3.9, "maximum_diameter": 30.0}
    session.set_clinical("maximum_diameter", "3000")
    with pytest.raises(ClinicalValueError, match="plausible range"):
        session.clinical_values()
    session.set_study(Path("other.zip"), facts_of("rbc_count"))
    assert session.clinical_values() == {"rbc_count": 3.9}


@pytest.mark.slicer
def test_another_case_starts_empty(session, entry, scene, ultrasound, volume):
    from CervixRiskLib.scene import add_slice_volume

    session.open_volume(volume)
    draw(session, 20)
    entry.enter_text("rbc_count", "4")
    session.open_volume(add_slice_volume(scene, ultrasound, "M028"))
    assert session.clinical == {}
    assert not entry.is_from_contour("maximum_diameter")
    entry.close()
    session.set_study(None, None)
    assert len(entry.form.fields) == 2
