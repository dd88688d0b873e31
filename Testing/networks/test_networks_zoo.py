"""Every network of the zoo: what its row states, its cut, its file, and published weights put into it."""

from __future__ import annotations

import importlib.util
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")
safetensors_torch = pytest.importorskip("safetensors.torch")

from CervixRiskLib.errors import SettingsError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    NETWORKS,
    STAGING_NETWORKS,
    build_network,
    ensure_torchvision_operators,
    load_network,
    network_spec,
    save_network,
    zscore_crops,
)
from CervixRiskLib.networks.architecture import construct, construct_shapes, split, split_parts  # noqa: E402
from CervixRiskLib.networks.weights import fit_tensors  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]

VIT = "vit_base_patch16_224"


def test_the_staging_study_has_seven_networks_in_its_own_order():
    assert [NETWORKS[name].title for name in STAGING_NETWORKS] == [
        "DenseNet121",
        "FBNet-C",
        "ViT-B/16",
        "RegNetY-1.6GF",
        "ResNet50",
        "ShuffleNet V2",
        "HRNet-W32",
    ]


@pytest.mark.parametrize(
    ("name", "parameters"),
    # Published counts of the classifiers of 1000 classes: torchvision's weight pages and timm's results tables.
    [
        ("alexnet", 61_100_840),
        ("densenet121", 7_978_856),
        ("fbnetc_100", 5_572_200),
        ("hrnet_w32", 41_232_680),
        ("regnety_016", 11_202_430),
        ("resnet50", 25_557_032),
        ("shufflenet_v2_x1_0", 2_278_604),
        (VIT, 86_567_656),
    ],
)
def test_the_architecture_is_the_published_one(name, parameters):
    module = construct_shapes(network_spec(name), n_classes=1000, in_channels=3, input_size=224)
    assert all(parameter.is_meta for parameter in module.parameters())
    assert sum(parameter.numel() for parameter in module.parameters()) == parameters


@pytest.mark.parametrize("name", list(NETWORKS))
def test_a_row_says_what_the_module_is(name, zoo_network, two_channel_crops):
    network = zoo_network(name)
    spec, state = network.spec, network.module.state_dict()
    assert state[spec.first_convolution].shape[1] == 2
    assert {key: state[key].shape[0] for key in state if key.startswith(spec.head)} == {
        f"{spec.head}weight": 3,
        f"{spec.head}bias": 3,
    }
    assert state[f"{spec.head}weight"].shape[1] == spec.pooled_channels
    assert network.feature_maps(two_channel_crops).shape[:2] == (3, spec.embedding_channels)
    assert (spec.position_embedding in state) == (spec.position_embedding is not None)
    network.module.get_submodule(spec.feature_layer)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_parts_compute_what_the_whole_computes(name, zoo_network, two_channel_crops):
    network = zoo_network(name)
    images = network.prepare(two_channel_crops)
    features, head = split(network.spec, network.module)
    parts = split_parts(network.spec, network.module)
    with torch.no_grad():
        logits = network.module(images)
        state = features(images)
        assert isinstance(state, tuple)
        assert all(isinstance(tensor, torch.Tensor) for tensor in state)
        joined = head(*state)
        pooled = parts.pool(*parts.features(images))
    if name == VIT:  # behind the last attention only the class token is computed
        torch.testing.assert_close(joined, logits, rtol=1e-5, atol=1e-6)
    else:
        assert torch.equal(joined, logits)
    assert torch.equal(parts.classifier(pooled), joined)
    assert float(logits.std(dim=0).min()) > 0  # the crops are told apart, or equality would say nothing


@pytest.mark.parametrize("name", list(NETWORKS))
def test_saved_and_loaded_it_is_the_same(name, zoo_network, two_channel_crops, tmp_path):
    network = zoo_network(name)
    save_network(network, tmp_path / "network.safetensors")
    loaded = load_network(tmp_path / "network.safetensors")
    assert (loaded.name, loaded.n_classes, loaded.in_channels, loaded.input_size) == (name, 3, 2, 64)
    ours, theirs = network.state_dict(), loaded.state_dict()
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)
    np.testing.assert_array_equal(
        loaded.probabilities(two_channel_crops[:1]), network.probabilities(two_channel_crops[:1])
    )


@pytest.mark.parametrize(
    ("name", "size"), [("hrnet_w32", 80), ("hrnet_w32", 225), (VIT, 40), (VIT, 100), ("fbnetc_100", 31)]
)
def test_a_size_it_cannot_take_is_refused(name, size):
    with pytest.raises(SettingsError, match=f"not {size}|instead of {size}"):
        build_network(name, input_size=size)


def test_hrnet_itself_fails_where_the_row_says_so(zoo_network):
    with torch.no_grad(), pytest.raises(RuntimeError, match="must match"):
        zoo_network("hrnet_w32").module(torch.zeros(1, 2, 80, 80))


@pytest.mark.parametrize("name", [name for name in STAGING_NETWORKS if NETWORKS[name].size_step == 1])
def test_others_take_any_size(name):
    spec = network_spec(name)
    size = spec.smallest_input + 1
    network = build_network(name, input_size=size)
    features = network.feature_maps(np.random.default_rng(0).normal(size=(1, size, size)))
    assert min(features.shape) >= 1


@pytest.mark.parametrize("name", [name for name in STAGING_NETWORKS if name != VIT])
def test_published_weights_compute_the_same_pooled_features(name, tmp_path, crops):
    """Of a network as published: 1000 classes, three channels, its normalisation used."""
    spec = network_spec(name)
    torch.manual_seed(5)
    published = construct(spec, n_classes=1000, in_channels=3).train()
    with torch.no_grad():
        published(torch.rand(4, 3, 64, 64))
        parts = split_parts(spec, published.eval())
        grey = torch.from_numpy(zscore_crops(crops[:2])).expand(-1, 3, -1, -1)
        expected = parts.pool(*parts.features(grey)).numpy()
    path = tmp_path / ("weights.pth" if spec.source == "torchvision" else "weights.safetensors")
    if path.suffix == ".pth":
        torch.save(published.state_dict(), path)
    else:
        safetensors_torch.save_file(published.state_dict(), path)
    for channels in (1, 2):
        network = build_network(name, in_channels=channels, weights=str(path), input_size=64)
        answer = network.answer(np.repeat(crops[:2, np.newaxis], channels, axis=1))
        # Colours are added up in another order than the convolution would.
        np.testing.assert_allclose(answer.pooled, expected, rtol=1e-3, atol=1e-4 * np.abs(expected).max())
        assert answer.logits.shape == (2, 2)
        assert "head of 1000 classes" in network.weights.note
        assert f"summed for {channels} channel(s)" in network.weights.note


def test_vit_weights_fit_another_size_of_image(tmp_path, crops):
    """Against timm's own network that resamples its places whenever it sees another size."""
    ensure_torchvision_operators()
    import timm

    torch.manual_seed(3)
    published = timm.create_model(VIT, num_classes=1000, img_size=96, dynamic_img_size=True).eval()
    with torch.no_grad():
        published.pos_embed.normal_()  # fresh ones are so small that their order would not show
        grey = torch.from_numpy(zscore_crops(crops[:2])).expand(-1, 3, -1, -1)
        expected = published.forward_head(published.forward_features(grey), pre_logits=True).numpy()
    path = tmp_path / "weights.safetensors"
    safetensors_torch.save_file(published.state_dict(), path)
    del published
    network = build_network(VIT, weights=str(path), input_size=64, in_channels=2)
    answer = network.answer(np.repeat(crops[:2, np.newaxis], 2, axis=1))
    np.testing.assert_allclose(answer.pooled, expected, rtol=1e-3, atol=1e-4)
    assert "resampled from 6 x 6 to 4 x 4 patches" in network.weights.note
    assert "summed for 2 channel(s)" in network.weights.note


@pytest.mark.parametrize("shape", [(1, 6, 768), (1, 17, 384), (17, 768), (2, 17, 768)])
def test_places_that_are_no_grid_are_refused(zoo_network, shape):
    network = zoo_network(VIT)
    tensors = {**network.module.state_dict(), "pos_embed": torch.zeros(shape)}
    before = network.module.pos_embed.clone()
    with pytest.raises(SettingsError, match="1 have another shape"):
        fit_tensors(network.spec, network.module, tensors, in_channels=2)
    assert torch.equal(network.module.pos_embed, before)


def test_regnet_takes_the_file_that_torchvision_publishes(tmp_path, crops):
    ensure_torchvision_operators()
    from torchvision.models import regnet_y_1_6gf

    torch.manual_seed(2)
    published = regnet_y_1_6gf().train()
    with torch.no_grad():
        published(torch.rand(4, 3, 64, 64))
        published.eval()
        grey = torch.from_numpy(zscore_crops(crops[:2])).expand(-1, 3, -1, -1)
        expected = published.trunk_output(published.stem(grey)).numpy()
    torch.save(published.state_dict(), tmp_path / "regnet_y_1_6gf.pth")
    network = build_network("regnety_016", weights=str(tmp_path / "regnet_y_1_6gf.pth"), input_size=64)
    np.testing.assert_allclose(network.feature_maps(crops[:2]), expected, rtol=1e-3, atol=1e-4 * expected.max())

    # With a fitting head, that of the file is taken, under its own name.
    whole = fit_tensors(
        network.spec,
        module := construct(network.spec, n_classes=1000, in_channels=3),
        published.state_dict(),
        in_channels=3,
    )
    assert whole == []
    assert torch.equal(module.head.fc.weight, published.fc.weight)


def test_a_vit_is_built_for_its_size(zoo_network, crops):
    network = zoo_network(VIT)
    assert network.module.pos_embed.shape == (1, 1 + math.prod((4, 4)), 768)
    with pytest.raises(SettingsError, match="64 x 64 pixels"):
        network.answer(np.stack([crops[:1, :32, :32]] * 2, axis=1))
