"""Why a question cannot be asked yet: one thing at a time, in the order a person would mend them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.imaging import SliceImage
from CervixRiskLib.scene import add_slice_volume
from CervixRiskLib.workflow.ask_readiness import readiness
from CervixRiskLib.workflow.model_entry import ModelEntry, read_entry

PLNM = ModelEntry(Path("plnm.zip"), "plnm", task="plnm")
STAGING = ModelEntry(Path("staging.zip"), "staging", task="staging", needs_contour=False)


def why(session: Any, task: str = "plnm", model: ModelEntry | None = PLNM, **states: Any) -> str:
    ready = readiness(session, task, model, **states)
    assert not ready.enabled
    return ready.sentence


def test_step_by_step_to_ready(session: Any, open_case: Any) -> None:
    assert "Open an image" in why(session)
    open_case(draw=False)
    assert why(session, model=None) == "No model for lymph node metastasis yet: open one above."
    assert why(session, model=replace(PLNM, problem="It is damaged.")) == "It is damaged."
    assert why(session) == "Draw around the lesion in step 2 first."
    session.start_contour()
    assert "empty" in why(session).lower() or "nothing" in why(session).lower()
    session.drop_contour()
    open_case("other")
    assert why(session, busy=True).startswith("A question is being answered")
    assert why(session, lacking="PyTorch is missing.") == "PyTorch is missing."
    ready = readiness(session, "plnm", PLNM)
    assert ready.enabled
    assert "For research use. Not a medical device." in ready.sentence
    session.set_blinded(True)
    assert why(session).startswith("A study round is open")


@pytest.mark.parametrize(
    ("task", "modality", "sentence"),
    [
        ("staging", "US", "Treatment group needs an MR slice; this is ultrasound."),
        ("plnm", "MR", "Lymph node metastasis needs an ultrasound image; this is MR."),
        ("staging", "CT", "Treatment group needs an MR slice; this is CT."),
        ("plnm", "XYZ", "Lymph node metastasis needs an ultrasound image; this is XYZ."),
    ],
)
def test_the_wrong_kind_of_image(session: Any, open_case: Any, task: str, modality: str, sentence: str) -> None:
    open_case(modality=modality)
    # Whatever else is wrong: no model mends it.
    assert why(session, task, None) == sentence
    assert why(session, task, STAGING if task == "staging" else PLNM) == sentence


def test_a_model_that_was_trained_on_another_kind_wants_that(session: Any, open_case: Any, write_model: Any) -> None:
    assert read_entry(write_model()).modalities == ("US",)
    trained = write_model(name="on-mr", details={"series": {"image": {"modalities": ["MR"]}}})
    model = read_entry(trained)
    assert model.modalities == ("MR",)
    open_case(modality="MR")
    assert readiness(session, "plnm", model).enabled
    open_case(modality="US")
    assert why(session, "plnm", model) == (
        "Lymph node metastasis needs MR with the model on mr (simulated); this is ultrasound."
    )


def test_an_image_of_unknown_kind_can_be_asked_about(session: Any, open_case: Any) -> None:
    open_case(modality=None)
    assert readiness(session, "plnm", PLNM).enabled
    assert readiness(session, "staging", STAGING).enabled


def test_whole_slices_need_no_contour(session: Any, open_case: Any) -> None:
    open_case(draw=False, modality="MR")
    assert readiness(session, "staging", STAGING).enabled
    assert "Draw around" in why(session, "staging", replace(STAGING, needs_contour=True))


def test_a_model_of_two_images_needs_both(session: Any, open_case: Any, ultrasound: SliceImage) -> None:
    model = replace(STAGING, channels=("image", "image_t1"))
    open_case(draw=False, modality="MR")
    # Step 1 asks for the images of the chosen model alone.
    assert why(session, "staging", model).endswith("also looks at T1: choose it above, then T1 in step 1.")
    session.set_channels(model.channels)
    assert "This model also looks at T1: choose the image" in why(session, "staging", model)
    image = replace(ultrasound, modality="MR", pixels=ultrasound.pixels + 1)
    further = add_slice_volume(session.scene, image, "T1")
    session.set_further_volume("image_t1", further)
    assert readiness(session, "staging", model).enabled
    further.SetSpacing(0.4, 0.4, 1.0)
    assert why(session, "staging", model) == "T1 does not belong to the image: step 1 says why."
    assert "The pixels of T1" in session.further_problem("image_t1")
    # A model of one image does not look at it.
    assert readiness(session, "staging", STAGING).enabled


def test_clinical_values_are_missed_by_their_labels(session: Any, open_case: Any) -> None:
    model = replace(PLNM, clinical=(("rbc_count", "RBC count"), ("hb", "Hb"), ("maximum_diameter", "Maximum diameter")))
    open_case()
    assert why(session, model=model) == "RBC count and Hb are missing: enter them in step 1."
    session.set_clinical("rbc_count", "4.1")
    assert why(session, model=model) == "Hb is missing: enter it in step 1."
    session.set_clinical("hb", "120")
    # The diameter is measured on the contour.
    assert readiness(session, "plnm", model).enabled


def test_without_a_pixel_size_the_diameter_is_missing(session: Any, open_case: Any) -> None:
    model = replace(PLNM, clinical=(("maximum_diameter", "Maximum diameter"),))
    open_case(spacing_mm=None, spacing_source=None)
    assert why(session, model=model) == "Maximum diameter is missing: enter it in step 1."
