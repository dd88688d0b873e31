"""Weights from files: what fits is used, what does not is counted, what is hostile is never run."""

from __future__ import annotations

import collections
import contextlib
import hashlib
import importlib.util
import os
import pickle
import re
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from CervixRiskLib.errors import BundleError, MissingComponentError, SettingsError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    build_network,
    ensure_torchvision_operators,
    load_network,
    save_network,
    zscore_crops,
)

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]


@pytest.fixture(scope="module")
def published():
    """torchvision's own DenseNet121 as published weights come: three channels, 1000 classes."""
    ensure_torchvision_operators()
    from torchvision.models import densenet121

    torch.manual_seed(11)
    module = densenet121().train()
    # Running statistics that differ from a fresh network's, so that a forgotten buffer shows.
    with torch.no_grad():
        module(torch.rand(4, 3, 64, 64))
    return module.eval()


@pytest.fixture(scope="module")
def published_file(published, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("weights") / "densenet121.pth"
    torch.save(published.state_dict(), path)
    return path


def test_published_weights_compute_what_torchvision_computes(published, published_file, crops):
    network = build_network("densenet121", weights=str(published_file), input_size=64)
    images = torch.from_numpy(zscore_crops(crops[:2]))
    with torch.no_grad():
        expected = torch.relu(published.features(images.expand(-1, 3, -1, -1))).numpy()
    np.testing.assert_allclose(network.feature_maps(crops[:2]), expected, rtol=1e-3, atol=1e-4)
    assert network.weights.kind == "file"
    assert network.weights.sha256 == hashlib.sha256(published_file.read_bytes()).hexdigest()
    assert "head of 1000 classes" in network.weights.note
    assert "three colour channels were summed" in network.weights.note


@pytest.mark.parametrize("form", ["old names", "checkpoint", "parallel", "safetensors", "no counters", "half"])
def test_other_forms_of_the_same_weights(published, published_file, tmp_path, crops, form):
    state = dict(published.state_dict())
    path = tmp_path / "weights.pth"
    if form == "old names":
        state = {re.sub(r"(denselayer\d+\.(?:norm|conv))(\d)\.", r"\1.\2.", name): state[name] for name in state}
        assert "features.denseblock1.denselayer1.norm.1.weight" in state
    elif form == "parallel":
        state = {f"module.{name}": tensor for name, tensor in state.items()}
    elif form == "no counters":
        state = {name: tensor for name, tensor in state.items() if not name.endswith("num_batches_tracked")}
    elif form == "half":
        state = {name: tensor.half().float().half() for name, tensor in state.items()}
    if form == "safetensors":
        path = path.with_suffix(".safetensors")
        safetensors_torch.save_file(state, path)
    else:
        torch.save({"epoch": 3, "state_dict": state} if form == "checkpoint" else state, path)
    expected = build_network("densenet121", weights=str(published_file), input_size=64).embed(crops[:1])
    ours = build_network("densenet121", weights=str(path), input_size=64).embed(crops[:1])
    np.testing.assert_allclose(ours, expected, atol=0.05 if form == "half" else 0)
    assert ours.dtype == np.float32


def test_three_and_two_channels(published_file, crops):
    grey = build_network("densenet121", weights=str(published_file), input_size=64).embed(crops[:1])
    for channels in (2, 3):
        network = build_network("densenet121", weights=str(published_file), in_channels=channels, input_size=64)
        same = np.repeat(crops[:1, np.newaxis], channels, axis=1)
        np.testing.assert_allclose(network.embed(same), grey, rtol=1e-3, atol=1e-4)


def test_a_fitting_head_is_kept(densenet, tmp_path, crops):
    save_network(densenet, tmp_path / "own.safetensors")
    again = build_network("densenet121", weights=str(tmp_path / "own.safetensors"), input_size=64, seed=5)
    np.testing.assert_array_equal(again.probabilities(crops[:2]), densenet.probabilities(crops[:2]))
    assert "head" not in again.weights.note


def test_a_file_that_does_not_fit_is_counted(published, tmp_path):
    state = dict(published.state_dict())
    del state["features.norm5.weight"], state["features.norm5.bias"]
    state["features.norm0.weight"] = torch.ones(65)
    state["extra"] = torch.ones(1)
    torch.save(state, tmp_path / "weights.pth")
    message = r"of its 727 tensors 2 are missing and 1 have another shape, and 1 are unknown \(4 mismatched\)"
    with pytest.raises(SettingsError, match=message):
        build_network("densenet121", weights=str(tmp_path / "weights.pth"))
    with pytest.raises(SettingsError, match="does not fit ResNet50"):
        build_network("resnet50", weights=str(tmp_path / "weights.pth"))


def test_weights_that_are_not_finite_are_refused(published, tmp_path):
    state = dict(published.state_dict())
    state["features.norm5.weight"] = torch.full((1024,), torch.nan)
    torch.save(state, tmp_path / "weights.pth")
    with pytest.raises(SettingsError, match="not finite"):
        build_network("densenet121", weights=str(tmp_path / "weights.pth"))


class _Bomb:
    def __init__(self, fuse: Path) -> None:
        self.fuse = fuse

    def __reduce__(self):
        return os.mkdir, (str(self.fuse),)


@pytest.mark.filterwarnings("ignore:Detected pickle protocol")
@pytest.mark.parametrize("suffix", [".pth", ".bin", ".safetensors"])
@pytest.mark.parametrize("writer", ["pickle", "torch zip", "torch legacy"])
def test_a_hostile_file_is_refused_and_never_run(tmp_path, suffix, writer):
    fuse = tmp_path / "exploded"
    path = tmp_path / f"weights{suffix}"
    bomb = collections.OrderedDict(weight=_Bomb(fuse))
    if writer == "pickle":
        path.write_bytes(pickle.dumps(bomb))
    else:
        torch.save(bomb, path, _use_new_zipfile_serialization=writer == "torch zip")
    for open_it in (lambda: build_network("densenet121", weights=str(path)), lambda: load_network(path)):
        with pytest.raises((SettingsError, BundleError)):
            open_it()
        assert not fuse.exists()
    # The bomb works: it would have gone off.
    torch.save(bomb, tmp_path / "armed.pth")
    torch.load(tmp_path / "armed.pth", weights_only=False)
    assert fuse.exists()


@pytest.mark.parametrize(
    "content",
    [[1, 2], {}, {"weight": 3}, {1: torch.ones(1)}, {"state_dict": {}}, torch.ones(3)],
    ids=["list", "empty", "number", "number as name", "empty inside", "bare tensor"],
)
def test_a_torch_file_without_tensors_by_name(tmp_path, content):
    torch.save(content, tmp_path / "weights.pth")
    with pytest.raises(SettingsError, match="weights file"):
        build_network("densenet121", weights=str(tmp_path / "weights.pth"))


@settings(deadline=None, max_examples=40)
@given(content=st.binary(max_size=200), suffix=st.sampled_from([".pth", ".safetensors"]))
def test_any_bytes_get_one_sentence(tmp_path_factory, content, suffix):
    from CervixRiskLib.networks.weights_file import read_tensors

    path = tmp_path_factory.mktemp("bytes") / f"weights{suffix}"
    path.write_bytes(content)
    with pytest.raises(SettingsError):
        read_tensors(path)
    with pytest.raises(BundleError):
        load_network(path)


@settings(deadline=None, max_examples=40)
@given(data=st.data())
def test_a_damaged_torch_file_gets_one_sentence_or_its_tensors(tmp_path_factory, data):
    from CervixRiskLib.networks.weights_file import read_tensors

    path = tmp_path_factory.mktemp("damaged") / "weights.pth"
    torch.save({"weight": torch.ones(4), "bias": torch.zeros(2)}, path)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    path.write_bytes(content[: data.draw(st.integers(0, len(content)))] if data.draw(st.booleans()) else content)
    with contextlib.suppress(SettingsError):
        assert all(isinstance(tensor, torch.Tensor) for tensor in read_tensors(path).values())


def test_a_missing_file(tmp_path):
    with pytest.raises(MissingComponentError, match="no weights file"):
        build_network("densenet121", weights=str(tmp_path / "nothing.pth"))
    with pytest.raises(MissingComponentError, match="no weights file"):
        build_network("densenet121", weights=str(tmp_path))


@pytest.fixture
def hub(monkeypatch, tmp_path):
    """A cache of its own, and a place that plays the publisher."""
    from CervixRiskLib.networks import pretrained

    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path / "cache"))

    def publish(url: str) -> None:
        monkeypatch.setattr(pretrained, "imagenet_url", lambda spec: url)

    return publish


def test_imagenet_weights_are_fetched_once_and_checked(hub, published_file, tmp_path, crops):
    sha256 = hashlib.sha256(published_file.read_bytes()).hexdigest()
    publisher = tmp_path / f"densenet121-{sha256[:8]}.pth"
    publisher.write_bytes(published_file.read_bytes())
    hub(publisher.as_uri())
    network = build_network("densenet121", weights="imagenet", input_size=64)
    assert (network.weights.kind, network.weights.sha256) == ("imagenet", sha256)
    publisher.unlink()
    again = build_network("densenet121", weights="imagenet", input_size=64)
    np.testing.assert_array_equal(again.embed(crops[:1]), network.embed(crops[:1]))

    cached = tmp_path / "cache" / "checkpoints" / publisher.name
    cached.write_bytes(cached.read_bytes()[:-1] + b"x")
    with pytest.raises(MissingComponentError, match="hash differs"):
        build_network("densenet121", weights="imagenet")


def test_something_else_in_place_of_the_weights_is_not_kept(hub, tmp_path):
    publisher = tmp_path / "densenet121-0123abcd.pth"
    publisher.write_bytes(b"<html>Please sign in to the hospital's network</html>")
    hub(publisher.as_uri())
    with pytest.raises(MissingComponentError, match="not the published file"):
        build_network("densenet121", weights="imagenet")
    assert list((tmp_path / "cache" / "checkpoints").iterdir()) == []


@pytest.mark.parametrize("url", ["http://127.0.0.1:9/densenet121-0123abcd.pth", "file:///nowhere/a-0123abcd.pth"])
def test_without_a_hub_the_sentence_says_what_to_do(hub, url):
    hub(url)
    with pytest.raises(MissingComponentError) as caught:
        build_network("densenet121", weights="imagenet")
    assert url in str(caught.value)
    assert "give its path" in str(caught.value)


@pytest.mark.parametrize(
    "name", ["densenet121", "resnet50", "alexnet", "fbnetc_100", "regnety_016", "shufflenet_v2_x1_0"]
)
def test_published_addresses_carry_a_hash(name):
    from CervixRiskLib.networks import network_spec
    from CervixRiskLib.networks.pretrained import _HASH_IN_NAME, imagenet_url

    url = imagenet_url(network_spec(name))
    assert url.startswith("https://")
    assert _HASH_IN_NAME.search(url)


def test_saved_and_loaded_network_is_the_same(densenet, tmp_path, crops):
    path = tmp_path / "network.safetensors"
    save_network(densenet, path)
    loaded = load_network(path)
    assert (loaded.name, loaded.n_classes, loaded.in_channels, loaded.input_size, loaded.weights) == (
        densenet.name,
        densenet.n_classes,
        densenet.in_channels,
        densenet.input_size,
        densenet.weights,
    )
    np.testing.assert_array_equal(loaded.embed(crops[:3]), densenet.embed(crops[:3]))
    np.testing.assert_array_equal(loaded.probabilities(crops[:3]), densenet.probabilities(crops[:3]))
    first = path.read_bytes()
    save_network(loaded, path)
    assert path.read_bytes() == first


def _rewrite_header(source: Path, target: Path, old: str, new: str) -> None:
    content = source.read_bytes()
    (length,) = struct.unpack("<Q", content[:8])
    header = content[8 : 8 + length].decode().rstrip()
    assert old in header
    changed = header.replace(old, new).encode()
    changed += b" " * (-len(changed) % 8)
    target.write_bytes(struct.pack("<Q", len(changed)) + changed + content[8 + length :])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ('\\"version\\": 1', '\\"version\\": 2'),
        ('\\"name\\": \\"densenet121\\"', '\\"name\\": \\"resnet50\\"'),
        ('\\"name\\": \\"densenet121\\"', '\\"name\\": \\"other\\"'),
        ('\\"name\\": \\"densenet121\\"', '\\"name\\": [1]'),
        ('\\"n_classes\\": 2', '\\"n_classes\\": 3'),
        ('\\"n_classes\\": 2', '\\"n_classes\\": true'),
        ('\\"in_channels\\": 1', '\\"in_channels\\": 3'),
        ('\\"input_size\\": 64', '\\"input_size\\": 8'),
        ('\\"input_size\\": 64', '\\"input_size\\": \\"64\\"'),
        ('\\"kind\\": \\"none\\"', '\\"kind\\": \\"magic\\"'),
        ('\\"seed\\": 3407', '\\"sid\\": 3407'),
        ('\\"format\\": \\"cervixrisk-network\\"', '\\"format\\": 7'),
        ('"cervixrisk"', '"another"'),
        ("classifier.bias", "classifier.mias"),
        ('"F32","shape":[2]', '"I32","shape":[2]'),
    ],
)
def test_a_header_that_lies_is_refused(densenet, tmp_path, old, new):
    save_network(densenet, tmp_path / "network.safetensors")
    _rewrite_header(tmp_path / "network.safetensors", tmp_path / "changed.safetensors", old, new)
    with pytest.raises(BundleError, match=r"[.:]"):
        load_network(tmp_path / "changed.safetensors")


@pytest.mark.parametrize("share", [0.0, 0.001, 0.5, 0.9999999])
def test_a_truncated_network_file_is_refused(densenet, tmp_path, share):
    path = tmp_path / "network.safetensors"
    save_network(densenet, path)
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * share)])
    with pytest.raises(BundleError, match="damaged"):
        load_network(path)
    path.unlink()
    with pytest.raises(BundleError, match="missing"):
        load_network(path)
