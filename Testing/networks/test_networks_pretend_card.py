"""Training, resuming and asking on a pretended graphics card, in a process of its own (see ``pretend_card.py``)."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

torch = pytest.importorskip("torch")

pytestmark = pytest.mark.torch

# torch.utils.backend_registration sets up a backend written in Python from 2.10 on.
if not hasattr(torch.utils.backend_registration, "_setup_privateuseone_for_python_backend"):
    pytest.skip("this PyTorch cannot be given a pretended card", allow_module_level=True)

STRESS = bool(os.environ.get("CERVIXRISK_STRESS_SECONDS"))

START = """
import dataclasses, tempfile
from pathlib import Path
import numpy as np, torch
import pretend_card
pretend_card.install()
from CervixRiskLib.errors import Cancelled, DeviceError
from CervixRiskLib.networks import *
from CervixRiskLib.progress import Progress

SIZE = 64
crops = np.random.default_rng(5).normal(size=(12, SIZE, SIZE)).astype(np.float32)
crops[1::2, :, :20] += 1.0
labels = np.arange(12) % 2

def places(network):
    return {tensor.device.type for tensor in network.module.state_dict().values()}

def refused(call, error=RuntimeError):
    try:
        call()
    except error:
        return True
    return False
"""

ANSWERS = """
there = torch.ones(3, device="cuda")
assert refused(lambda: there + torch.ones(3)) and refused(lambda: there.numpy()), "the pretence holds nothing apart"
assert there.device.type == "cuda" and there.tolist() == [1.0, 1.0, 1.0]
for name in NAMES:
    network = build_network(name, input_size=SIZE)
    near = network.answer(crops[:2]), network.embed(crops[:2]), network.feature_map_and_gradient(crops[0], 1)
    # The embedding first: what it leaves on the card must still be differentiable.
    embedding = network.embed(crops[:2], device="cuda")
    assert places(network) == {"cuda"}
    slope = network.feature_map_and_gradient(crops[0], 1, device="cuda")
    far = network.answer(crops[:2], device="cuda"), embedding, slope
    np.testing.assert_allclose(far[0].probabilities(), near[0].probabilities(), atol=1e-5)
    np.testing.assert_allclose(far[0].cam(0, 1), near[0].cam(0, 1), atol=1e-5)
    np.testing.assert_allclose(far[1], near[1], atol=1e-5)
    np.testing.assert_allclose(far[2][1], near[2][1], atol=1e-6)
    assert places(network.to("cpu")) == {"cpu"}
"""

TRAINING = """
class Tiny(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = torch.nn.Conv2d(1, 8, 3, stride=4, bias=False)
        self.norm = torch.nn.BatchNorm1d(8)
        self.drop = torch.nn.Dropout(0.2)
        self.fc = torch.nn.Linear(8, 2)

    def forward(self, images):
        return self.fc(self.drop(self.norm(torch.relu(self.conv(images)).mean((2, 3)))))

def tiny():
    torch.default_generator.manual_seed(0)
    record = WeightsRecord("none", seed=0)
    return Network(network_spec("resnet50"), Tiny(), weights=record, n_classes=2, input_size=SIZE)

PLAN = TrainingPlan(epochs=4, batch_size=6, precision="float32")
PLANS = {
    "sgd": PLAN,
    "adamw, early stopping": dataclasses.replace(
        PLAN, optimizer="adamw", learning_rate=0.05, patience=3, oversample=False, class_weights=True
    ),
    "head": dataclasses.replace(PLAN, mode="head"),
    "bfloat16": dataclasses.replace(PLAN, precision="auto"),
    "float16": dataclasses.replace(PLAN, precision="float16"),
}

class StopInThirdEpoch(Progress):
    seen = ""

    def _update(self, task):
        self.seen = task.detail

    def cancelled(self):
        return self.seen.startswith("epoch 3")

folder, start = Path(tempfile.mkdtemp()), tiny()
for title, plan in PLANS.items():
    before = torch.get_rng_state(), int(pretend_card.generator)
    trained = train_network(start, crops, labels, plan)
    assert trained.device == "cuda" and places(trained.network) == {"cpu"}
    assert torch.equal(torch.get_rng_state(), before[0]) and int(pretend_card.generator) == before[1]
    assert trained.precision == {"bfloat16": "bfloat16", "float16": "float16"}.get(title, "float32")
    if trained.precision == "float32":
        near = train_network(start, crops, labels, plan, device="cpu")
        assert near.history == trained.history, title
    place = folder / f"{title}.safetensors"
    assert refused(
        lambda: train_network(start, crops, labels, plan, checkpoint=place, progress=StopInThirdEpoch()), Cancelled
    ), title
    resumed = train_network(start, crops, labels, plan, checkpoint=place)
    assert resumed.resumed_from == 2, title
    assert resumed.history == trained.history, title
    for name, tensor in resumed.network.state_dict().items():
        assert torch.equal(tensor, trained.network.state_dict()[name]), (title, name)
watched = train_network(start, crops, labels, PLAN, validation=(crops[:5], labels[:5]))
assert watched.history[-1].validation_loss is not None

def full(self, images):
    raise torch.cuda.OutOfMemoryError("CUDA out of memory")
Tiny.forward = full
assert refused(lambda: train_network(start, crops, labels, PLAN), DeviceError)
"""

ZOO_TRAINING = """
network = build_network("shufflenet_v2_x1_0", input_size=SIZE)
plan = TrainingPlan(epochs=1, batch_size=6, precision="auto")
trained = train_network(network, crops, labels, plan)
assert (trained.device, trained.precision) == ("cuda", "bfloat16")
path = Path(tempfile.mkdtemp()) / "network.safetensors"
save_network(trained.network, path)
near = load_engine(path, None, device="cpu").answer(crops)
from CervixRiskLib.networks import device
device._shows_graphics_card = lambda: True
far = load_engine(path, None, device="auto")
assert far.device == "cuda" and "Pretended card" in far.reason
np.testing.assert_allclose(far.answer(crops).probabilities(), near.probabilities(), atol=1e-5)
np.testing.assert_allclose(far.answer(crops).cam(0, 1), near.cam(0, 1), atol=1e-4)

pixels = crops.reshape(12, -1)
embedding = FineTunedEmbedding("shufflenet_v2_x1_0", mode="all", size=SIZE, epochs=1, cv=2, device="cuda")
assert embedding.fit_transform(pixels, labels).shape[0] == 12
assert places(embedding.network_) == {"cpu"}
"""


def _run(*parts: str) -> None:
    folder = Path(__file__).parent
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join((str(folder), str(folder.parents[1])))}
    done = subprocess.run(
        [sys.executable, "-c", "\n".join((START, *parts))],
        capture_output=True, text=True, timeout=280, check=False, env=environment,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]


def test_networks_train_and_answer_on_a_card_as_on_the_cpu():
    _run('NAMES = ("shufflenet_v2_x1_0",)', ANSWERS, TRAINING)


@pytest.mark.skipif(not STRESS, reason="with CERVIXRISK_STRESS_SECONDS set")
@pytest.mark.parametrize("names", [("alexnet", "vit_base_patch16_224"), ("densenet121", "resnet50"), ("fbnetc_100",),
                                   ("regnety_016",), ("hrnet_w32",)])  # fmt: skip
def test_every_network_answers_on_a_card(names):
    _run(f"NAMES = {names!r}", ANSWERS)


@pytest.mark.skipif(not STRESS, reason="with CERVIXRISK_STRESS_SECONDS set")
def test_what_was_trained_on_a_card_answers_on_the_cpu():
    _run(ZOO_TRAINING)
