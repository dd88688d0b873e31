"""The answer of every network and its heat maps, against backward passes through the whole network and captum."""

from __future__ import annotations

import importlib.util
import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from scipy.special import softmax

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.networks import NETWORKS, NetworkAnswer, grad_cam, weighted_cam

torch = pytest.importorskip("torch")

from CervixRiskLib.networks import head_grad_cam  # noqa: E402
from CervixRiskLib.networks.architecture import split  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]

VIT = "vit_base_patch16_224"


# HRNet's head has ReLUs behind the heat-map layer: where one is at 0 to rounding, its gradient is 0 or 1 by chance.
_AT_A_KINK = {"hrnet_w32": 0.05}


def _assert_close(actual, expected, share=1e-4):
    """Equal up to a share of the largest value: batches and layouts of memory round differently."""
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=share * np.abs(expected).max())


def _backward(network, images, class_index):
    """Map of the heat-map layer and the score's gradient there, ``(n, C, h, w)``, by hooks on the whole network."""
    seen = []

    def keep(module, inputs, output):
        first = output[0] if isinstance(output, list) else output
        first.retain_grad()
        seen.append(first)

    handle = network.module.get_submodule(network.spec.feature_layer).register_forward_hook(keep)
    try:
        network.module(images)[:, class_index].sum().backward()
    finally:
        handle.remove()
        network.module.zero_grad(set_to_none=True)
    pair = seen[0].detach(), seen[0].grad
    if seen[0].ndim == 3:  # tokens of ViT, the class token first
        side = round((seen[0].shape[1] - 1) ** 0.5)
        pair = tuple(tensor[:, 1:].reshape(len(images), side, side, -1).permute(0, 3, 1, 2) for tensor in pair)
    return [tensor.numpy() for tensor in pair]


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_answer_against_the_whole_network(name, zoo_network, two_channel_crops):
    network = zoo_network(name)
    images = network.prepare(two_channel_crops)
    inputs = []
    linear = network.module.get_submodule(network.spec.head.removesuffix("."))
    handle = linear.register_forward_pre_hook(lambda module, arguments: inputs.append(arguments[0].numpy()))
    with torch.no_grad():
        logits = network.module(images).numpy()
    handle.remove()

    answer = network.answer(two_channel_crops, batch=2)
    assert len(answer) == 3
    assert [array.dtype for array in (answer.logits, answer.feature_map, answer.channel_weights, answer.pooled)] == [
        np.float32
    ] * 4
    _assert_close(answer.logits, logits)
    _assert_close(answer.pooled, inputs[0])
    assert answer.pooled.shape == (3, network.spec.pooled_channels)
    np.testing.assert_array_equal(answer.feature_map, network.feature_maps(two_channel_crops, batch=2))
    np.testing.assert_allclose(answer.probabilities(), network.probabilities(two_channel_crops), rtol=1e-4, atol=1e-6)

    for class_index in range(3):
        feature_map, gradient = _backward(network, images, class_index)
        expected = gradient.mean(axis=(2, 3))
        assert np.abs(expected).max() > 0
        _assert_close(answer.feature_map, feature_map)
        _assert_close(answer.channel_weights[:, class_index], expected, share=_AT_A_KINK.get(name, 1e-3))
        for index in range(3):
            np.testing.assert_allclose(
                answer.cam(index, class_index),
                grad_cam(feature_map[index], gradient[index]),
                atol=_AT_A_KINK.get(name, 1e-4),
            )
    assert all(parameter.grad is None and parameter.requires_grad for parameter in network.module.parameters())
    assert not network.module.training


@pytest.mark.parametrize("name", list(NETWORKS))
def test_the_heat_map_against_captum(name, zoo_network, two_channel_crops):
    captum_attr = pytest.importorskip("captum.attr")
    network = zoo_network(name)
    answer = network.answer(two_channel_crops[:2])
    features, head = split(network.spec, network.module)

    class Tapped(torch.nn.Module):
        """captum takes a layer with one map: where the network's gives more, the first is led through this one."""

        def __init__(self):
            super().__init__()
            self.network = network.module
            self.tap = torch.nn.Identity()

        def forward(self, images):
            first, *others = features(images)
            return head(self.tap(first), *others)

    if name in ("hrnet_w32", VIT):
        module = Tapped()
        layer = module.tap
    else:
        module = network.module
        layer = module.get_submodule(network.spec.feature_layer)
    drawn = 0
    for index, class_index in itertools.product(range(2), range(3)):
        images = network.prepare(two_channel_crops[index : index + 1])
        expected = captum_attr.LayerGradCam(module, layer).attribute(images, target=class_index, relu_attributions=True)
        expected = expected[0, 0].detach().numpy()
        expected = expected / expected.max() if expected.max() > 0 else expected
        drawn += expected.max() > 0
        tolerance = _AT_A_KINK.get(name, 1e-4)
        np.testing.assert_allclose(answer.cam(index, class_index), expected, atol=tolerance)
        single = head_grad_cam(network, two_channel_crops[index], class_index)
        np.testing.assert_allclose(single, expected, atol=tolerance)
    assert drawn > 0


def test_only_the_classes_asked_for(zoo_network, two_channel_crops):
    for name in ("densenet121", "hrnet_w32"):
        network = zoo_network(name)
        every = network.answer(two_channel_crops[:1])
        some = network.answer(two_channel_crops[:1], classes=[2, 0])
        assert some.channel_weights.shape == (1, 2, network.spec.embedding_channels)
        for class_index in (0, 2):
            np.testing.assert_array_equal(some.cam(0, class_index), every.cam(0, class_index))
        with pytest.raises(SettingsError, match="not of 1"):
            some.cam(0, 1)
        none = network.answer(two_channel_crops[:1], classes=())
        assert none.channel_weights.shape == (1, 0, network.spec.embedding_channels)
        np.testing.assert_array_equal(none.logits, every.logits)
        with pytest.raises(SettingsError, match="classes 0 to 2"):
            network.answer(two_channel_crops, classes=[3])


def test_an_answer_does_not_depend_on_the_batch(zoo_network, two_channel_crops):
    network = zoo_network("hrnet_w32")
    one, many = (network.answer(two_channel_crops, batch=batch) for batch in (1, 3))
    for field in ("logits", "feature_map", "channel_weights", "pooled"):
        share = _AT_A_KINK["hrnet_w32"] if field == "channel_weights" else 1e-3
        _assert_close(getattr(one, field), getattr(many, field), share=share)
    with pytest.raises(SettingsError, match="no crop"):
        network.answer(two_channel_crops[:0])
    with pytest.raises(SettingsError, match="batch size"):
        network.answer(two_channel_crops, batch=0)


def test_behind_the_last_block_no_patch_of_vit_speaks(zoo_network, two_channel_crops):
    """Why its heat map lies at what the last attention reads, and differs between classes there."""
    network = zoo_network(VIT)
    images = network.prepare(two_channel_crops[:1])
    seen = []

    def keep(module, inputs, output):
        output.retain_grad()
        seen.append(output)

    handle = network.module.blocks[-1].register_forward_hook(keep)
    network.module(images)[0, 1].backward()
    handle.remove()
    network.module.zero_grad(set_to_none=True)
    assert not seen[0].grad[:, 1:].any()
    assert seen[0].grad[:, 0].any()
    answer = network.answer(two_channel_crops[:1])
    assert answer.cam(0, 0).shape == (4, 4)
    assert not np.allclose(answer.cam(0, 0), answer.cam(0, 1), atol=0.05)


def test_hrnet_draws_at_a_quarter_of_the_resolution(zoo_network, two_channel_crops):
    assert zoo_network("hrnet_w32").answer(two_channel_crops[:1]).cam(0, 2).shape == (16, 16)


maps_and_weights = st.tuples(st.integers(1, 4), st.integers(1, 5), st.integers(1, 5)).flatmap(
    lambda shape: st.tuples(
        arrays.arrays(np.float32, shape, elements=st.floats(-1e3, 1e3, width=32)),
        arrays.arrays(np.float32, shape[:1], elements=st.floats(-1e3, 1e3, width=32)),
    )
)


@settings(deadline=None, max_examples=60)
@given(maps_and_weights)
def test_weights_that_are_known_draw_what_their_gradient_draws(pair):
    feature_map, weights = pair
    heat = weighted_cam(feature_map, weights)
    gradient = np.broadcast_to(weights[:, None, None].astype(np.float64), feature_map.shape)
    np.testing.assert_allclose(heat, grad_cam(feature_map, gradient), atol=1e-6)
    assert heat.dtype == np.float32
    assert heat.max() in (0.0, 1.0)
    answer = NetworkAnswer(np.zeros((1, 1)), feature_map[None], weights[None, None], np.zeros((1, 1)))
    np.testing.assert_array_equal(answer.cam(0, 0), heat)


def test_weighted_map_by_hand():
    feature_map = np.array([[[1.0, 2.0, 0.0]], [[4.0, 0.0, 1.0]]])
    np.testing.assert_array_equal(weighted_cam(feature_map, [2.0, 1.0]), np.array([[1.0, 4 / 6, 1 / 6]], np.float32))
    np.testing.assert_array_equal(weighted_cam(feature_map, [2.0, -1.0]), [[0.0, 1.0, 0.0]])


@pytest.mark.parametrize(
    ("feature_map", "weights"),
    [
        (np.ones((2, 3)), np.ones(2)),
        (np.ones((2, 3, 3)), np.ones(3)),
        (np.ones((2, 3, 3)), np.ones((2, 1))),
        (np.ones((1, 3, 3)), np.array([np.inf])),
    ],
)
def test_weights_that_do_not_fit_are_refused(feature_map, weights):
    with pytest.raises(SettingsError, match="heat map"):
        weighted_cam(feature_map, weights)


@settings(deadline=None, max_examples=60)
@given(
    arrays.arrays(
        np.float32,
        st.tuples(st.integers(1, 4), st.integers(2, 5)),
        elements=st.floats(-(2.0**30), 2.0**30, width=32),
    )
)
def test_probabilities_against_scipy(logits):
    answer = NetworkAnswer(logits, np.zeros((0,)), np.zeros((0, 0)), np.zeros((0,)))
    expected = softmax(logits.astype(np.float64), axis=1)
    assert answer.probabilities().dtype == np.float32
    np.testing.assert_allclose(answer.probabilities(), expected, rtol=1e-6, atol=1e-30)
