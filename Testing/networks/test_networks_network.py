"""Building, embedding, probabilities and heat maps, against hooks, torchvision's own code and captum."""

from __future__ import annotations

import importlib.util
import pickle

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import SettingsError  # noqa: E402
from CervixRiskLib.networks import (  # noqa: E402
    NETWORKS,
    build_network,
    grad_cam,
    head_grad_cam,
    score_cam,
    zscore_crops,
)

# timm itself is not imported here: torchvision behind it may need the guard first.
pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]


# HRNet's and ViT's heat-map layers give more than one map: Testing/networks/test_networks_heat_maps.py.
@pytest.mark.parametrize("name", [name for name in NETWORKS if name not in ("hrnet_w32", "vit_base_patch16_224")])
def test_network_against_hooks_and_captum(name, crops):
    captum_attr = pytest.importorskip("captum.attr")
    network = build_network(name, n_classes=3, input_size=64)
    layer = network.module.get_submodule(network.spec.feature_layer)
    images = torch.from_numpy(zscore_crops(crops[:3]))

    seen = []
    handle = layer.register_forward_hook(lambda module, inputs, output: seen.append(output.detach().clone()))
    with torch.no_grad():
        logits = network.module(images)
    handle.remove()
    maps = network.feature_maps(crops[:3], batch=2)
    assert maps.shape[1] == network.spec.embedding_channels
    assert maps.dtype == np.float32
    assert maps.min() >= 0.0  # behind the last ReLU
    np.testing.assert_allclose(maps, seen[0].numpy(), rtol=1e-4, atol=1e-5 * max(1.0, maps.max()))
    np.testing.assert_array_equal(network.embed(crops[:3], batch=2), maps.reshape(3, -1))
    np.testing.assert_allclose(network.probabilities(crops[:3]), torch.softmax(logits, 1).numpy(), rtol=1e-4, atol=1e-6)

    for class_index in range(3):
        expected = captum_attr.LayerGradCam(network.module, layer).attribute(
            images[:1], target=class_index, relu_attributions=True
        )
        expected = expected[0, 0].detach().numpy()
        expected = expected / expected.max() if expected.max() > 0 else expected
        ours = head_grad_cam(network, crops[0], class_index)
        assert ours.dtype == np.float32
        np.testing.assert_allclose(ours, expected, rtol=1e-5, atol=1e-5)


def test_densenet_embedding_has_the_paper_s_length():
    network = build_network("densenet121")
    crop = np.random.default_rng(0).normal(size=(1, 128, 128))
    assert network.input_size == 128
    assert network.embed(crop).shape == (1, 16_384)


def test_head_gradient_by_finite_differences(densenet, crops):
    """The gradient times a small step is the change of the logit, in float64, through the head alone."""
    gradient = densenet.feature_map_and_gradient(crops[1], 1)[1]
    feature_map = torch.from_numpy(densenet.feature_maps(crops[1:2])).double()
    step = torch.from_numpy(np.random.default_rng(3).normal(size=feature_map.shape))
    weight = densenet.module.classifier.weight.detach().double()
    change = (weight @ step.mean(dim=(2, 3)).T)[1, 0]
    np.testing.assert_allclose((torch.from_numpy(gradient) * step[0]).sum(), change, rtol=1e-5)


def test_seed_decides_the_weights_and_torch_s_own_state_stays(crops):
    torch.manual_seed(7)
    expected = torch.rand(3)
    torch.manual_seed(7)
    first = build_network("densenet121", input_size=64)
    assert torch.equal(torch.rand(3), expected)
    again = build_network("densenet121", input_size=64)
    other = build_network("densenet121", input_size=64, seed=1)
    np.testing.assert_array_equal(first.embed(crops[:2]), again.embed(crops[:2]))
    assert not np.array_equal(first.embed(crops[:2]), other.embed(crops[:2]))
    assert (first.weights.kind, first.weights.seed, first.weights.sha256) == ("none", 3407, None)


def test_brightness_and_contrast_of_a_crop_do_not_matter(densenet, crops):
    changed = crops[:2].astype(np.float64) * 3.0 + 50.0
    np.testing.assert_allclose(densenet.embed(changed), densenet.embed(crops[:2]), rtol=1e-3, atol=1e-4)


def test_a_network_can_be_pickled_to_workers(densenet, crops):
    copy = pickle.loads(pickle.dumps(densenet))
    np.testing.assert_array_equal(copy.embed(crops[:1]), densenet.embed(crops[:1]))


def test_two_channels(crops):
    network = build_network("densenet121", in_channels=2, input_size=32)
    assert network.embed(np.stack([crops[:2, :32, :32], crops[2:4, :32, :32]], axis=1)).shape == (2, 1024)
    with pytest.raises(SettingsError, match=r"2 channel\(s\)"):
        network.embed(crops[:2, :32, :32])


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda network, crops: network.embed(crops[:, :32]), "64 x 64 pixels"),
        (lambda network, crops: network.embed(crops[:0]), "no crop"),
        (lambda network, crops: network.embed(crops, batch=0), "batch size"),
        (lambda network, crops: network.embed(np.full((1, 64, 64), np.inf)), "not numbers"),
        (lambda network, crops: head_grad_cam(network, crops[0], 2), "classes 0 to 1"),
        (lambda network, crops: head_grad_cam(network, crops[0], -1), "classes 0 to 1"),
    ],
)
def test_wrong_crops_are_refused_in_a_sentence(densenet, crops, call, message):
    with pytest.raises(SettingsError, match=message):
        call(densenet, crops)


@pytest.mark.parametrize(
    "settings_", [{"name": "vgg"}, {"name": "alexnet", "input_size": 32}, {"n_classes": 1}, {"in_channels": 0}]
)
def test_impossible_networks_are_refused(settings_):
    with pytest.raises(SettingsError):
        build_network(**{"name": "densenet121", **settings_})


maps_and_gradients = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(*[arrays.arrays(np.float64, shape, elements=st.floats(-1e3, 1e3))] * 2)
)


@settings(deadline=None, max_examples=60)
@given(maps_and_gradients)
def test_grad_cam_properties(pair):
    feature_map, gradient = pair
    heat = grad_cam(feature_map, gradient)
    assert heat.shape == feature_map.shape[1:]
    assert heat.min() >= 0.0
    assert heat.max() in (0.0, 1.0)
    np.testing.assert_array_equal(score_cam(feature_map, gradient.ravel()), heat)
    # What speaks for the score speaks against its negative.
    assert not np.any((heat > 0) & (grad_cam(feature_map, -gradient) > 0))


def test_grad_cam_by_hand():
    feature_map = np.array([[[1.0, 2.0]], [[4.0, 0.0]]])
    gradient = np.array([[[1.0, 3.0]], [[-2.0, 0.0]]])  # channel weights 2 and -1
    np.testing.assert_array_equal(grad_cam(feature_map, gradient), [[0.0, 1.0]])
    np.testing.assert_array_equal(grad_cam(feature_map, -np.abs(gradient)), [[0.0, 0.0]])


@pytest.mark.parametrize(
    ("feature_map", "gradient"),
    [
        (np.ones((2, 3)), np.ones((2, 3))),
        (np.ones((1, 2, 3)), np.ones((1, 3, 2))),
        (np.full((1, 2, 2), np.nan), np.ones((1, 2, 2))),
    ],
)
def test_grad_cam_refuses_what_does_not_fit(feature_map, gradient):
    with pytest.raises(SettingsError):
        grad_cam(feature_map, gradient)
    with pytest.raises(SettingsError):
        score_cam(feature_map, gradient.ravel()[:-1])
