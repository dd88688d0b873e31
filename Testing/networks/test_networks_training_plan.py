"""The training plan as a record, and the precision that a processor gives."""

from __future__ import annotations

import json
import math
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import SettingsError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    MRI_AUGMENTATION,
    Augmentation,
    TrainingPlan,
)
from CervixRiskLib.networks import precision as precision_module  # noqa: E402
from CervixRiskLib.networks.precision import choose_precision  # noqa: E402

pytestmark = pytest.mark.torch


def test_the_published_plan_is_what_the_paper_prints():
    plan = TrainingPlan.published()
    printed = {
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "batch_size": 16,
        "epochs": 100,
        "schedule": "cosine",
        "oversample": True,
        "patience": None,
    }
    assert {name: getattr(plan, name) for name in printed} == printed
    assert plan.augmentation == MRI_AUGMENTATION


@settings(deadline=None, max_examples=40)
@given(
    st.builds(
        TrainingPlan,
        optimizer=st.sampled_from(["sgd", "adamw"]),
        learning_rate=st.floats(1e-8, 10),
        momentum=st.floats(0, 0.99),
        weight_decay=st.floats(0, 1),
        batch_size=st.integers(2, 512),
        epochs=st.integers(1, 1000),
        schedule=st.sampled_from(["cosine", "constant"]),
        augmentation=st.builds(Augmentation, rotation=st.floats(0, 180), vertical_flip=st.none() | st.floats(0, 1)),
        oversample=st.booleans(),
        patience=st.none() | st.integers(1, 50),
        precision=st.sampled_from(["auto", "float32", "bfloat16", "float16"]),
        label_smoothing=st.floats(0, 0.9),
        mode=st.sampled_from(["all", "head"]),
    )
)
def test_a_plan_comes_back_from_json_as_it_went(plan):
    assert TrainingPlan.from_json(json.loads(json.dumps(plan.to_json()))) == plan


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "lion"}, "optimizer"),
        ({"schedule": "step"}, "schedule"),
        ({"precision": "int8"}, "precision"),
        ({"mode": "some"}, "'head' or 'all'"),
        ({"learning_rate": 0.0}, "learning rate"),
        ({"learning_rate": math.nan}, "learning rate"),
        ({"learning_rate": "fast"}, "learning rate"),
        ({"momentum": 1.0}, "momentum"),
        ({"weight_decay": -1e-4}, "weight_decay"),
        ({"label_smoothing": 1.0}, "label_smoothing"),
        ({"batch_size": 1}, "batches of 2"),
        ({"batch_size": 2.5}, "batches of 2"),
        ({"epochs": 0}, "at least 1 epoch"),
        ({"epochs": True}, "at least 1 epoch"),
        ({"patience": 0}, "patience 1"),
        ({"validation_fraction": 1.0}, "fraction"),
        ({"oversample": 1}, "yes or no"),
        ({"oversample": True, "class_weights": True}, "choose one of the two"),
        ({"nesterov": True, "momentum": 0.0}, "Nesterov"),
        ({"nesterov": True, "optimizer": "adamw"}, "Nesterov"),
        ({"augmentation": None}, "Augmentation"),
        ({"surprise": 1}, "exactly"),
    ],
)
def test_plans_that_make_no_sense_are_refused(change, message):
    content = {**TrainingPlan().to_json(), **change}
    if change.get("augmentation", 0) is None:
        with pytest.raises(SettingsError, match=message):
            TrainingPlan(augmentation=None)  # type: ignore[arg-type]
        message = "exactly"
    with pytest.raises(SettingsError, match=message):
        TrainingPlan.from_json(content)


def test_a_plan_with_a_setting_missing_is_refused():
    content = TrainingPlan().to_json()
    del content["augmentation"]["crop"]
    with pytest.raises(SettingsError, match="augmentation"):
        TrainingPlan.from_json(content)


@pytest.mark.parametrize(
    ("device", "capability", "instructions", "depthwise", "expected"),
    [
        ("cuda", (8, 0), False, True, "bfloat16"),
        ("cuda", (7, 5), True, False, "float16"),
        ("GTX 1660", (7, 5), True, False, "float32"),
        ("cuda", (6, 1), True, False, "float32"),
        ("cpu", (0, 0), True, False, "bfloat16"),
        ("cpu", (0, 0), True, True, "float32"),
        ("cpu", (0, 0), False, False, "float32"),
        ("mps", (0, 0), True, False, "float32"),
    ],
)
def test_the_precision_follows_the_processor_and_the_network(
    monkeypatch, device, capability, instructions, depthwise, expected
):
    pretended = SimpleNamespace(_is_amx_tile_supported=lambda: False, _is_avx512_bf16_supported=lambda: instructions)
    name, device = device, "cuda" if device.startswith("GTX") else device
    monkeypatch.setattr(precision_module.torch.cuda, "get_device_capability", lambda: capability)
    monkeypatch.setattr(precision_module.torch.cuda, "get_device_name", lambda: f"NVIDIA GeForce {name}")
    monkeypatch.setattr(precision_module.torch, "cpu", pretended)
    module = torch.nn.Sequential(torch.nn.Conv2d(1, 4, 3), torch.nn.Conv2d(4, 4, 3, groups=4 if depthwise else 1))
    assert choose_precision("auto", device, module) == expected
    assert choose_precision("float32", device, module) == "float32"


def test_sixteen_bits_are_refused_on_a_mac_s_graphics_cores():
    with pytest.raises(SettingsError, match="float32"):
        choose_precision("float16", "mps", torch.nn.Identity())
