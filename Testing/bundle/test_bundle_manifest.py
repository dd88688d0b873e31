"""The manifest's way through JSON, and the model card that is made of it."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.bundle import BundleManifest, Calibration, Metric, TrainingSummary, model_card
from CervixRiskLib.bundle.json_record import to_json
from CervixRiskLib.bundle.metric_table import by_model
from CervixRiskLib.errors import BundleError


def test_round_trip_through_text(manifest: BundleManifest) -> None:
    assert BundleManifest.from_json(json.loads(json.dumps(manifest.to_json(), allow_nan=False))) == manifest


@settings(deadline=None, max_examples=60)
@given(
    st.builds(
        BundleManifest,
        task=st.text(max_size=5),
        created=st.text(max_size=5),
        library_versions=st.dictionaries(st.text(max_size=4), st.text(max_size=4), max_size=2),
        simulated=st.booleans(),
        positive_class=st.just("b"),
        class_names=st.just(("a", "b")),
        threshold=st.floats(0, 1),
        calibration=st.builds(Calibration, st.text(max_size=4), st.none() | st.floats(-9, 9), st.none()),
        training=st.builds(TrainingSummary, st.integers(0), st.integers(0), st.text(max_size=4), st.floats(0, 1)),
        selected_features=st.lists(st.text(max_size=6), max_size=3).map(tuple),
        seeds=st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    )
)
def test_any_manifest_survives(manifest: BundleManifest) -> None:
    assert BundleManifest.from_json(json.loads(json.dumps(manifest.to_json()))) == manifest
    assert "NOT PROVIDED" in model_card(manifest)


def test_numpy_values_become_plain() -> None:
    content = to_json({"a": np.float64(0.5), "b": np.arange(3), "c": (np.int64(2), np.bool_(True)), "d": float("nan")})
    assert content == {"a": 0.5, "b": [0, 1, 2], "c": [2, True], "d": None}
    assert type(content["c"][1]) is bool


@pytest.mark.parametrize("value", [object(), {1: 2}, {"a": {3}}, b"x", 1j])
def test_what_json_cannot_say_is_refused(value: object) -> None:
    with pytest.raises(BundleError):
        to_json(value)


def test_card_says_what_it_is_and_what_is_missing(manifest: BundleManifest) -> None:
    card = model_card(manifest)
    for text in (
        "For research use. Not a medical device.",
        "SIMULATED",
        "RBC count",
        "10^12/L",
        "3.1 to 5.2",
        "0.5 to 10",
        "80 cases, 21 metastasis (26%)",
        "| fusion | auc | 0.810 | 0.700 to 0.900 | 80 |",
        "| nomogram | ppv | undefined | NOT PROVIDED | 24 |",
        "Selection saw all cases.",
        "External validation: NOT PROVIDED",
        "squamous, adenocarcinoma",
        "seed, torch: 3407",
    ):
        assert text in card, text


def test_card_has_the_parts_of_a_model_card(manifest: BundleManifest) -> None:
    """Mitchell et al. 2019, section 4."""
    real = dataclasses.replace(manifest, simulated=False)
    headings = [line for line in model_card(real).splitlines() if line.startswith("## ")]
    for part in (
        "Model details", "Intended use", "Factors", "Training cohort", "Evaluation data", "Validation",
        "Ethical considerations", "Caveats and recommendations",
    ):  # fmt: skip
        assert f"## {part}" in headings
    assert "Ethics approval and consent: NOT PROVIDED." in model_card(real)


def test_card_tells_the_findings_it_is_given(manifest: BundleManifest) -> None:
    card = model_card(manifest, ["No evidence of discrimination."])
    assert "## Findings\n\n- No evidence of discrimination.\n" in card
    assert "The study report, made from this bundle" in model_card(manifest)


def test_card_of_a_real_cohort_does_not_say_simulated(manifest: BundleManifest) -> None:
    assert "SIMULATED" not in model_card(dataclasses.replace(manifest, simulated=False))


def test_card_without_anything_known() -> None:
    bare = BundleManifest(
        "plnm", "", {}, False, "b", ("a", "b"), 0.5, Calibration("none"), TrainingSummary(0, 0, "", 0)
    )
    card = model_card(bare)
    assert card.count("NOT PROVIDED") >= 8
    assert "None declared." in card


def test_card_keeps_its_tables_whole(manifest: BundleManifest) -> None:
    tricky = dataclasses.replace(manifest, metrics=(Metric("a|b\nc", 0.5, None, None, "honest", 3),))
    assert "| – | a\\|b c | 0.500 | NOT PROVIDED | 3 |" in model_card(tricky)


def test_metric_lookup(manifest: BundleManifest) -> None:
    found = manifest.metric("auc")
    assert found is not None
    assert found.value == 0.81
    assert manifest.metric("auc", model="nomogram") is None
    assert manifest.metric("ppv", protocol="paper") is not None


def test_a_positive_class_must_be_a_class() -> None:
    with pytest.raises(BundleError):
        BundleManifest("t", "", {}, False, "c", ("a", "b"), 0.5, Calibration("none"), TrainingSummary(1, 1, "", 0))


def staging(manifest: BundleManifest, **changed: object) -> BundleManifest:
    """A staging bundle of three groups and two networks."""
    names = ("accuracy", "macro_f1", "auc")
    plain: dict[str, object] = {
        "task": "staging",
        "class_names": ("surgery", "chemoradiotherapy", "palliation"),
        "positive_class": "palliation",
        "threshold": None,
        "calibration": Calibration("temperature", temperature=1.7),
        "training": TrainingSummary(10, 3, "ab" * 32, 1.0, class_counts=(5, 2, 3)),
        "radiomics": None,
        "selected_features": (),
        "clinical": (),
        "nomogram": None,
        "preprocessing": {"centre": "slice"},
        "metrics": tuple(
            Metric(name, 0.697, 0.513, 0.844, "honest", 33, network)
            for network in ("hrnet_w32", "resnet50")
            for name in names
        ),
        "details": {"network": "hrnet_w32", "channels": ["image", "image_t1"]},
    }
    return dataclasses.replace(manifest, **{**plain, **changed})  # type: ignore[arg-type]


def test_more_than_two_classes_survive(manifest: BundleManifest) -> None:
    three = staging(manifest)
    assert BundleManifest.from_json(json.loads(json.dumps(three.to_json(), allow_nan=False))) == three


def test_a_bundle_of_schema_1_is_read(manifest: BundleManifest) -> None:
    """What version 1 wrote lacks the entries of version 2, and is understood as before."""
    content = manifest.to_json()
    content["schema_version"] = 1
    del content["calibration"]["temperature"], content["training"]["class_counts"]
    assert BundleManifest.from_json(content) == dataclasses.replace(manifest, schema_version=1)


@pytest.mark.parametrize(
    ("changed", "match"),
    [
        ({"threshold": 0.5}, "none when it has more"),
        ({"class_names": ("surgery", "palliation")}, "when it has two"),
        ({"class_names": ("palliation",)}, "at least two"),
        ({"class_names": ("a", "a", "palliation")}, "name of its own"),
        ({"training": TrainingSummary(10, 3, "ab", 1.0, class_counts=(5, 5))}, "counts"),
        ({"training": TrainingSummary(10, 3, "ab", 1.0, class_counts=(5, 2, 2))}, "counts"),
    ],
)
def test_classes_that_contradict_each_other(manifest: BundleManifest, changed: dict[str, object], match: str) -> None:
    with pytest.raises(BundleError, match=match):
        staging(manifest, **changed)


def test_the_class_that_is_answered(manifest: BundleManifest) -> None:
    assert manifest.class_of((0.62, 0.38)) == "metastasis"
    assert manifest.class_of((0.64, 0.36)) == "no metastasis"
    assert manifest.class_of((0.63, 0.37)) == "metastasis"
    flipped = dataclasses.replace(manifest, positive_class="no metastasis")
    assert flipped.class_of((0.38, 0.62)) == "no metastasis"
    assert flipped.class_of((0.36, 0.64)) == "metastasis"
    assert staging(manifest).class_of((0.3, 0.4, 0.3)) == "chemoradiotherapy"
    assert staging(manifest).class_of((0.4, 0.2, 0.4)) == "surgery"


def test_card_of_a_staging_bundle(manifest: BundleManifest) -> None:
    card = model_card(staging(manifest))
    for text in (
        "Treatment group of cervical cancer, from one MRI section",
        "the answer is the most probable one",
        "temperature (logits divided by 1.7)",
        "One slice, whole; no contour is needed.",
        "Channels: `image`, `image_t1`",
        "Network: `hrnet_w32`",
        "10 cases, 5 surgery (50%), 2 chemoradiotherapy (20%), 3 palliation (30%)",
        "| Model | n | accuracy | macro F1 | AUC |",
        "| resnet50 | 33 | 0.697 (0.51-0.84) | 0.697 (0.51-0.84) | 0.697 (0.51-0.84) |",
        "Clinical predictors: none.",
    ):
        assert text in card, text
    assert "Threshold" not in card
    assert "Features" not in card
    assert "contour of the tumour" in model_card(staging(manifest, preprocessing={"centre": "roi"}))


def test_the_table_of_models_only_where_it_fits() -> None:
    def metric(model: str, name: str, value: float | None = 0.5, bound: float | None = 0.4) -> Metric:
        return Metric(name, value, bound, bound, "honest", 9, model)

    assert by_model([metric("a", "auc"), metric("a", "f1")]) is None
    assert by_model([metric("a", "auc"), metric("b", "auc")]) is None
    assert by_model([metric("a", "auc"), metric("a", "f1"), metric("b", "auc"), metric("b", "ppv")]) is None
    found = by_model(
        [metric("a", "auc", None), metric("a", "f1", 0.5, None), metric("b", "f1"), metric("b", "auc", 0.25, 0.125)]
    )
    assert found is not None
    assert found[0] == ("Model", "n", "AUC", "F1")
    assert found[1] == [("a", "9", "undefined", "0.500"), ("b", "9", "0.250 (0.12-0.12)", "0.500 (0.40-0.40)")]
