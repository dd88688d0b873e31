"""What a graphics card does wrong is told in sentences, and nothing about it is left changed."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import DeviceError, SettingsError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    FineTunedEmbedding,
    build_network,
    card_check,
    choose_device,
    inference,
    load_engine,
    network_files,
)
from CervixRiskLib.networks import device as device_module  # noqa: E402
from CervixRiskLib.networks.card_check import GraphicsCard, check_card  # noqa: E402
from CervixRiskLib.networks.graphics_card import computing_on  # noqa: E402
from CervixRiskLib.networks.random_state import kept_random_state, seed_random_state  # noqa: E402

pytestmark = pytest.mark.torch


@pytest.fixture
def card(monkeypatch):
    """A card that torch lists; what it computes is the test's."""
    check_card.cache_clear()
    monkeypatch.setattr(torch.version, "cuda", "12.8")
    told = {
        "is_available": lambda: True,
        "get_device_name": lambda index=0: "NVIDIA Test",
        "get_device_capability": lambda index=0: (8, 6),
        "get_device_properties": lambda index: type("Properties", (), {"total_memory": 8 << 30}),
        "device_count": lambda: 2,
    }
    for name, answer in told.items():
        monkeypatch.setattr(torch.cuda, name, answer)
    yield monkeypatch
    check_card.cache_clear()


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (torch.cuda.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"), "memory does not suffice"),
        (RuntimeError("MPS backend out of memory (MPS allocated: 18 GB)"), "memory does not suffice"),
        (RuntimeError("CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`"), "memory"),
        (RuntimeError("CUDA error: no kernel image is available for execution on the device"), "too old"),
        (RuntimeError("cuDNN error: CUDNN_STATUS_EXECUTION_FAILED"), "driver"),
        (RuntimeError("CUDA error: unspecified launch failure"), "start the program again"),
        (RuntimeError("Adaptive pool MPS: input sizes must be divisible by output sizes."), "device cpu"),
        (NotImplementedError("The operator 'x' is not currently implemented for the MPS device."), "device cpu"),
    ],
)
def test_a_card_s_failure_is_a_sentence(error, words):
    with pytest.raises(DeviceError, match=words) as told, computing_on("cuda"):
        raise error
    assert told.value.__cause__ is error


def test_other_errors_and_the_cpu_s_stay_what_they_are():
    with pytest.raises(RuntimeError, match="shapes"), computing_on("cuda"):
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")
    with pytest.raises(RuntimeError, match="out of memory"), computing_on("cpu"):
        raise RuntimeError("out of memory")


def _switches():
    if hasattr(torch.backends.cudnn, "conv"):
        return torch.backends.cudnn.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision
    return torch.backends.cudnn.allow_tf32, torch.backends.cuda.matmul.allow_tf32


@pytest.fixture
def switched_on():
    """TF32 in convolutions and matrix products, whatever earlier tests left."""
    new = hasattr(torch.backends.cudnn, "conv")
    places = (torch.backends.cudnn.conv if new else torch.backends.cudnn, torch.backends.cuda.matmul)
    name, on = ("fp32_precision", "tf32") if new else ("allow_tf32", True)
    before = [getattr(place, name) for place in places]
    for place in places:
        setattr(place, name, on)
    yield (on, on)
    for place, value in zip(places, before, strict=True):
        setattr(place, name, value)


def test_float32_on_a_card_is_float32_and_the_switches_come_back(switched_on):
    assert _switches() == switched_on
    whole = (("ieee", "ieee"), (False, False))
    with computing_on("cuda"):
        assert _switches() in whole
        with pytest.raises(DeviceError), computing_on("cuda"):
            raise torch.cuda.OutOfMemoryError
        assert _switches() in whole
    assert _switches() == switched_on
    with computing_on("cpu"):
        assert _switches() == switched_on


def test_a_card_that_computes_is_described(card):
    card.setattr(card_check, "_computes", lambda: True)
    assert check_card() == GraphicsCard("NVIDIA Test", 8 << 30, (8, 6), "CUDA 12.8", 2)
    assert choose_device("cuda").device == "cuda"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("CUDA error: no kernel image is available for execution on the device", "too old"),
        ("CUDA error: out of memory", "other programs hold the memory"),
        ("CUDA-capable device(s) is/are busy or unavailable", "another program may hold it"),
        (None, "wrong values"),
    ],
)
def test_a_card_that_is_listed_and_does_not_compute_is_not_used(card, words, told):
    def computes():
        if words is None:
            return False
        raise RuntimeError(words)

    card.setattr(card_check, "_computes", computes)
    card.setattr(device_module, "_shows_graphics_card", lambda: True)
    choice = choose_device("auto")
    assert choice.device != "cuda"
    if choice.device == "cpu":
        assert told in choice.reason
        assert choice.unused_card
    with pytest.raises(SettingsError, match=told):
        choose_device("cuda")


@pytest.mark.parametrize(
    ("build", "hidden", "warned", "told"),
    [
        (None, None, "", "without CUDA"),
        ("12.8", "", "", "CUDA_VISIBLE_DEVICES hides"),
        ("12.8", "-1", "", "CUDA_VISIBLE_DEVICES hides"),
        ("12.8", None, "The NVIDIA driver on your system is too old (found version 11040).", "driver is too old"),
        ("12.8", None, "CUDA unknown error - this may be due to an incorrectly set up environment", "does not work"),
        ("12.8", "0", "", "sees no NVIDIA graphics card"),
    ],
)
def test_why_torch_sees_no_card_is_told(card, build, hidden, warned, told):
    def available():
        if warned:
            warnings.warn(f"CUDA initialization: {warned}", stacklevel=1)
        return False

    card.setattr(torch.cuda, "is_available", available)
    card.setattr(torch.version, "cuda", build)
    for name in ("CUDA_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES"):
        card.delenv(name, raising=False)
    if hidden is not None:
        card.setenv("CUDA_VISIBLE_DEVICES", hidden)
    with pytest.raises(SettingsError, match=told):
        choose_device("cuda")


@pytest.fixture(scope="module")
def bundle_files(tmp_path_factory):
    """Weights and graph of a network."""
    folder = tmp_path_factory.mktemp("network")
    files, _ = network_files(build_network("shufflenet_v2_x1_0", input_size=64))
    for name, write in files.items():
        write(folder / name)
    return [folder / name for name in files]


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (DeviceError("The graphics card's memory does not suffice."), "memory does not suffice"),
        (OSError("libcudart.so.12: cannot open shared object file"), "cannot be loaded"),
    ],
)
def test_a_full_card_leaves_the_answer_to_the_cpu_and_says_so(bundle_files, monkeypatch, error, told):
    pytest.importorskip("openvino")
    honest = inference._torch_engine

    def full(weights, device, reason):
        if device == "cuda":
            raise error
        return honest(weights, device, reason)

    monkeypatch.setattr(inference, "graphics_device", lambda: "cuda")
    monkeypatch.setattr(inference, "_torch_engine", full)
    engine = load_engine(*bundle_files)
    assert engine.device == "cpu"
    assert told in engine.reason
    assert told in load_engine(bundle_files[0], None).reason
    if isinstance(error, DeviceError):
        with pytest.raises(DeviceError):
            load_engine(*bundle_files, device="cuda")


def test_an_embedding_leaves_its_network_in_main_memory():
    # Resampling keeps many of them.
    moved = []
    network = SimpleNamespace(embed=lambda crops, *, batch, device: np.zeros((len(crops), 1)), to=moved.append)
    assert FineTunedEmbedding()._embed(network, np.zeros((2, 1, 8, 8))).shape == (2, 1)
    assert moved == ["cpu"]


def test_weights_moved_in_inference_mode_can_still_be_differentiated_through():
    network = build_network("shufflenet_v2_x1_0", input_size=64)
    with torch.inference_mode():
        network.to("meta")
    assert not any(parameter.is_inference() for parameter in network.module.parameters())


@pytest.mark.parametrize("device", ["cuda", "mps"])
def test_a_device_s_random_numbers_are_seeded_alone_and_put_back(monkeypatch, device):
    seeded = []
    for name in ("cuda", "mps"):
        module = getattr(torch, name)
        monkeypatch.setattr(module, "manual_seed", lambda seed, name=name: seeded.append((name, seed)))
        monkeypatch.setattr(module, "get_rng_state", lambda device=None, name=name: f"{name} before")
        monkeypatch.setattr(module, "set_rng_state", lambda state, device=None: seeded.append(state))
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 0)
    before = torch.get_rng_state()
    with kept_random_state(device):
        seed_random_state(7, device)
        assert not torch.equal(torch.get_rng_state(), before)
    assert torch.equal(torch.get_rng_state(), before)
    assert seeded == [(device, 7), f"{device} before"]


def test_building_a_network_leaves_a_card_s_random_numbers_alone(monkeypatch):
    monkeypatch.setattr(torch.cuda, "manual_seed_all", lambda seed: pytest.fail("the card was seeded"))
    build_network("shufflenet_v2_x1_0", input_size=64)
