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
