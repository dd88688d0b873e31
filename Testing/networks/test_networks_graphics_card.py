"""What only a graphics card shows; skipped where PyTorch can use none. Run these on any computer that has one::

    python -m pytest Testing/networks/test_networks_graphics_card.py

All seven networks train on the card without being told to, and what they learned there answers on the CPU alike.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

torch = pytest.importorskip("torch")

if not torch.cuda.is_available():
    pytest.skip("PyTorch sees no NVIDIA or AMD graphics card", allow_module_level=True)

from CervixRiskLib.errors import Cancelled, DeviceError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    STAGING_NETWORKS,
    FineTunedEmbedding,
    TrainingPlan,
    build_network,
    choose_device,
    load_engine,
    network_files,
    train_network,
)
from CervixRiskLib.networks.card_check import GraphicsCard, check_card  # noqa: E402
from CervixRiskLib.progress import Progress  # noqa: E402

pytestmark = pytest.mark.torch

SIZE = 64
PROBABILITY = 1e-3
PLAN = TrainingPlan(epochs=3, batch_size=8, learning_rate=0.005)


@pytest.fixture(scope="module")
def cases():
    """Sixteen crops with a bright patch left or right."""
    rng = np.random.default_rng(5)
    crops = rng.normal(0, 0.3, (16, SIZE, SIZE)).astype(np.float32)
    labels = np.arange(16) % 2
    for crop, label in zip(crops, labels, strict=True):
        crop[20:44, 34 * label + 2 : 34 * label + 26] += 2.0
    return crops, labels


def test_the_card_is_chosen_without_being_named():
    assert isinstance(check_card(), GraphicsCard), check_card()
    assert choose_device("auto").device == "cuda"


@pytest.mark.parametrize("name", ["alexnet", *STAGING_NETWORKS])
def test_what_is_trained_on_the_card_answers_on_the_cpu_alike(name, cases, tmp_path):
    crops, labels = cases
    trained = train_network(build_network(name, input_size=SIZE), crops, labels, PLAN)
    assert trained.device == "cuda"
    assert all(tensor.device.type == "cpu" for tensor in trained.network.state_dict().values())
    files, _ = network_files(trained.network)
    for file_name, write in files.items():
        write(tmp_path / file_name)
    weights = tmp_path / next(iter(files))
    near = load_engine(weights, None, device="cpu", runtime="torch")
    far = load_engine(weights, None)
    assert far.device == "cuda"
    here, there = near.answer(crops), far.answer(crops)
    np.testing.assert_allclose(there.probabilities(), here.probabilities(), atol=PROBABILITY)
    scale = np.abs(here.feature_map).max()
    np.testing.assert_allclose(there.feature_map / scale, here.feature_map / scale, atol=1e-4)
    maps = [(there.cam(index, 1), here.cam(index, 1)) for index in range(len(crops))]
    # A pixel may differ where a ReLU behind the layer is next to zero; a map as a whole may not.
    assert np.median([np.abs(one - other).max() for one, other in maps]) < 0.01
    assert max(np.abs(one - other).mean() for one, other in maps) < 0.02


def test_embeddings_are_computed_in_whole_float32(cases):
    """TF32 would be off by a thousandth."""
    network = build_network("densenet121", input_size=SIZE)
    near = network.embed(cases[0])
    # The embedding first: what it leaves on the card must still be differentiable.
    far = network.embed(cases[0], device="cuda")
    assert np.abs(far - near).max() < 1e-4 * np.abs(near).max()
    slope = network.feature_map_and_gradient(cases[0][0], 1, device="cuda")[1]
    np.testing.assert_allclose(slope, network.feature_map_and_gradient(cases[0][0], 1)[1], atol=1e-6)


class StopInThirdEpoch(Progress):
    seen = ""

    def _update(self, task):
        self.seen = task.detail

    def cancelled(self):
        return self.seen.startswith("epoch 3")


@pytest.mark.parametrize("precision", ["float32", "auto", "float16"])
@pytest.mark.parametrize("patience", [None, 3])
def test_a_training_goes_on_where_it_stopped(cases, tmp_path, precision, patience):
    plan = dataclasses.replace(PLAN, epochs=4, precision=precision, patience=patience)
    network, place = build_network("shufflenet_v2_x1_0", input_size=SIZE), tmp_path / "checkpoint"
    whole = train_network(network, *cases, plan)

    before = torch.cuda.get_rng_state()
    with pytest.raises(Cancelled):
        train_network(network, *cases, plan, checkpoint=place, progress=StopInThirdEpoch())
    assert torch.equal(torch.cuda.get_rng_state(), before)
    resumed = train_network(network, *cases, plan, checkpoint=place)
    assert resumed.resumed_from == 2
    # A card's kernels add in another order each time: the course is the same, the bits are not.
    for one, other in zip(resumed.history, whole.history, strict=False):
        assert one.training_loss == pytest.approx(other.training_loss, abs=0.15)


def test_memory_is_given_back(cases):
    train_network(build_network("shufflenet_v2_x1_0", input_size=SIZE), *cases, PLAN)
    before = torch.cuda.memory_allocated()
    train_network(build_network("shufflenet_v2_x1_0", input_size=SIZE), *cases, PLAN)
    embedding = FineTunedEmbedding("densenet121", mode="none", size=SIZE, device="cuda")
    embedding.fit(cases[0].reshape(len(cases[0]), -1), cases[1])
    assert torch.cuda.memory_allocated() <= before + (1 << 20)


def test_a_full_card_is_told_in_a_sentence(cases):
    _, total = torch.cuda.mem_get_info()
    torch.cuda.set_per_process_memory_fraction(min(1.0, (torch.cuda.memory_reserved() + (8 << 20)) / total))
    try:
        with pytest.raises(DeviceError, match="memory does not suffice"):
            train_network(build_network("resnet50", input_size=SIZE), *cases, PLAN)
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert train_network(build_network("shufflenet_v2_x1_0", input_size=SIZE), *cases, PLAN).device == "cuda"
