"""Exported graphs: closed-form gradients against autograd, what is written, and what is refused."""

from __future__ import annotations

import contextlib
import copy
import hashlib
import importlib.util
import json
import math

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import BundleError, MissingComponentError, TrainingError
from CervixRiskLib.networks import NETWORKS, NetworkAnswer
from CervixRiskLib.networks.graph_file import read_graph
from CervixRiskLib.networks.onnx_wire import bytes_header
from CervixRiskLib.networks.probe import PROBE_KEY, Probe, probe_image
from CervixRiskLib.networks.weights_layout import read_layout

torch = pytest.importorskip("torch")

from CervixRiskLib.networks import exported_graph, save_network  # noqa: E402
from CervixRiskLib.networks.head_gradients import answer_function  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]
needs_onnx = pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="onnx is not installed")


def _unsettle(module):
    """Give every normalisation statistics and factors of its own, negative ones among them."""
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for layer in module.modules():
            if isinstance(layer, torch.nn.BatchNorm2d | torch.nn.LayerNorm):
                layer.weight *= 1.0 + 0.3 * torch.randn(layer.weight.shape, generator=generator)
                layer.weight[::7] *= -1.0
                layer.bias += 0.1 * torch.randn(layer.bias.shape, generator=generator)
            if isinstance(layer, torch.nn.BatchNorm2d):
                layer.running_mean += 0.1 * torch.randn(layer.running_mean.shape, generator=generator)
                layer.running_var *= 0.5 + torch.rand(layer.running_var.shape, generator=generator)
    return module


def _by_autograd(network, module, images):
    """Logits and spatial means of the gradient at the heat-map layer, by a hook on the whole module."""
    seen = []

    def keep(layer, inputs, output):
        output = output[0] if isinstance(output, list) else output
        output.retain_grad()
        seen.append(output)

    handle = module.get_submodule(network.spec.feature_layer).register_forward_hook(keep)
    logits = module(images)
    handle.remove()
    means = []
    for index in range(logits.shape[1]):
        (gradient,) = torch.autograd.grad(logits[:, index].sum(), seen[0], retain_graph=True)
        # Tokens (n, 1 + patches, C) of ViT, its class token first, or a map (n, C, h, w).
        means.append(gradient[:, 1:].mean(dim=1) if gradient.ndim == 3 else gradient.mean(dim=(2, 3)))
    return logits.detach(), torch.stack(means, dim=1)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_closed_form_is_the_gradient(name, zoo_network):
    network = zoo_network(name)
    module = _unsettle(copy.deepcopy(network.module))
    images = torch.randn((2, 2, 64, 64), generator=torch.Generator().manual_seed(3))
    for dtype, tolerance in ((torch.float32, 1e-4), (torch.float64, 1e-9)):
        module.to(dtype)
        logits, expected = _by_autograd(network, module, images.to(dtype))
        with torch.no_grad():
            computed, feature_map, weights, _ = answer_function(network.spec, module)(images.to(dtype))
        assert weights.shape == (2, 3, feature_map.shape[1])
        assert expected.abs().max() > 0
        assert (computed - logits).abs().max() <= tolerance * logits.abs().max()
        assert (weights - expected).abs().max() <= tolerance * expected.abs().max()


@pytest.mark.parametrize("size", [96, 224])
def test_alexnet_pools_maps_of_any_size(size):
    """At 96 pixels its map is 2 x 2, at 224 6 x 6; the head always reads 6 x 6 cells."""
    from CervixRiskLib.networks import build_network

    network = build_network("alexnet", n_classes=2, input_size=size)
    images = torch.randn((1, 1, size, size), generator=torch.Generator().manual_seed(3))
    logits, expected = _by_autograd(network, network.module, images)
    with torch.no_grad():
        computed, _, weights, pooled = answer_function(network.spec, network.module)(images)
    torch.testing.assert_close(computed, logits, rtol=1e-4, atol=1e-6)
    assert (weights - expected).abs().max() <= 1e-4 * expected.abs().max()
    assert pooled.shape == (1, 4096)


@pytest.fixture(scope="module")
def exported(zoo_network, tmp_path_factory):
    """ShuffleNet, saved and exported: the smallest of the zoo."""
    pytest.importorskip("onnx")
    folder = tmp_path_factory.mktemp("exported")
    network = zoo_network("shufflenet_v2_x1_0")
    save_network(network, folder / "network.safetensors")
    exported_graph.export_graph(network, folder / "network.safetensors", folder / "network.onnx")
    return folder, network


def _read(folder, graph="network.onnx", weights="network.safetensors"):
    return read_graph(folder / graph, folder / weights, read_layout(folder / weights))


@needs_onnx
def test_the_graph_holds_no_weights_and_says_what_it_takes_and_gives(exported):
    import onnx

    folder, _ = exported
    assert (folder / "network.onnx").stat().st_size < 1_000_000
    model = onnx.load(folder / "network.onnx", load_external_data=False)
    onnx.checker.check_model(str(folder / "network.onnx"))
    layout = read_layout(folder / "network.safetensors")
    assert len(model.graph.initializer) > 100
    for tensor in model.graph.initializer:
        entries = {entry.key: entry.value for entry in tensor.external_data}
        assert entries["location"] == "network.safetensors"
        place = layout.tensors[tensor.name.removeprefix("network.")]
        assert (int(entries["offset"]), int(entries["length"])) == (place.offset, place.length)
        assert not tensor.raw_data

    def shape(value):
        return [size.dim_param or size.dim_value for size in value.type.tensor_type.shape.dim]

    assert [(value.name, shape(value)) for value in model.graph.input] == [("crops", ["n", 2, 64, 64])]
    assert [value.name for value in model.graph.output] == ["logits", "feature_map", "channel_weights", "pooled"]
    assert shape(model.graph.output[0])[0] == "n"


@needs_onnx
def test_read_back_the_model_is_whole_and_holds_the_weights(exported):
    import onnx

    folder, network = exported
    found = _read(folder)
    model = onnx.load_model_from_string(found.model)
    onnx.checker.check_model(model)
    state = network.state_dict()
    for tensor in model.graph.initializer:
        assert not tensor.external_data
        expected = state[tensor.name.removeprefix("network.")].numpy()
        np.testing.assert_array_equal(onnx.numpy_helper.to_array(tensor), expected)
    # Apart from its weights it is what ONNX itself makes of the two files.
    theirs = onnx.load(folder / "network.onnx")
    assert [node.SerializeToString() for node in model.graph.node] == [
        node.SerializeToString() for node in theirs.graph.node
    ]
    assert [tensor.name for tensor in model.graph.initializer] == [tensor.name for tensor in theirs.graph.initializer]
    image = probe_image(2, 64)
    with torch.no_grad():
        answer = NetworkAnswer(
            *(tensor.numpy() for tensor in answer_function(network.spec, network.module)(torch.from_numpy(image)))
        )
    assert found.probe.agrees(Probe.of(answer))


@needs_onnx
def test_exporting_twice_gives_the_same_bytes_and_leaves_the_network_alone(exported, tmp_path):
    folder, network = exported
    before = {name: tensor.clone() for name, tensor in network.state_dict().items()}
    (tmp_path / "network.safetensors").write_bytes((folder / "network.safetensors").read_bytes())
    random_state = torch.get_rng_state()
    exported_graph.export_graph(network, tmp_path / "network.safetensors", tmp_path / "network.onnx")
    assert torch.equal(torch.get_rng_state(), random_state)
    assert (tmp_path / "network.onnx").read_bytes() == (folder / "network.onnx").read_bytes()
    assert not network.module.training
    assert all(torch.equal(tensor, before[name]) for name, tensor in network.state_dict().items())


@needs_onnx
def test_exporting_refuses_another_network_s_weights(exported, tmp_path):
    folder, network = exported
    other = copy.deepcopy(network)
    with torch.no_grad():
        other.module.fc.weight[0, 0] += 1.0
    save_network(other, tmp_path / "network.safetensors")
    with pytest.raises(TrainingError, match="1 of its tensors differ"):
        exported_graph.export_graph(network, tmp_path / "network.safetensors", tmp_path / "network.onnx")
    with pytest.raises(TrainingError, match="folder"):
        exported_graph.export_graph(network, folder / "network.safetensors", tmp_path / "network.onnx")
    assert not (tmp_path / "network.onnx").exists()


@needs_onnx
def test_exporting_refuses_formulas_that_are_not_the_network_s(exported, monkeypatch):
    folder, network = exported
    right = answer_function(network.spec, network.module)

    def wrong(spec, module):
        def answer(images):
            logits, feature_map, weights, pooled = right(images)
            return logits, feature_map, 1.2 * weights, pooled

        return answer

    monkeypatch.setattr(exported_graph, "answer_function", wrong)
    with pytest.raises(TrainingError, match="would not answer as the network does"):
        exported_graph.export_graph(network, folder / "network.safetensors", folder / "wrong.onnx")
    assert not (folder / "wrong.onnx").exists()


def test_without_onnx_the_sentence_says_so(densenet, tmp_path, monkeypatch):
    monkeypatch.setattr(exported_graph.importlib.util, "find_spec", lambda name: None)
    assert not exported_graph.can_export()
    with pytest.raises(MissingComponentError, match="package onnx"):
        exported_graph.export_graph(densenet, tmp_path / "network.safetensors", tmp_path / "network.onnx")


def _point(**entries):
    """Change the reference of the first tensor."""

    def change(model):
        for entry in model.graph.initializer[0].external_data:
            entry.value = entries.get(entry.key, entry.value)

    return change


def _repeat_reference(model):
    model.graph.initializer.add().CopyFrom(model.graph.initializer[0])
    model.graph.initializer[-1].name = "again"


def _reshape(model):
    size = math.prod(model.graph.initializer[0].dims)
    del model.graph.initializer[0].dims[:]
    model.graph.initializer[0].dims.append(size)


def _external_attribute(model):
    tensor = model.graph.node[0].attribute.add(name="value", type=4).t
    tensor.CopyFrom(model.graph.initializer[0])


def _external_in_subgraph(model):
    graph = model.graph.node[0].attribute.add(name="then_branch", type=5).g
    graph.initializer.add().CopyFrom(model.graph.initializer[0])


def _nest(model):
    graph = model.graph.node[0].attribute.add(name="body", type=5).g
    for _ in range(40):
        graph = graph.node.add(op_type="Loop").attribute.add(name="body", type=5).g


def _operator_of_a_subgraph(model):
    graph = model.graph.node[0].attribute.add(name="body", type=5).g
    graph.node.add(op_type="Evil", domain="com.example")


def _inline_marked_external(model):
    tensor = model.graph.initializer[0]
    del tensor.external_data[:]
    tensor.raw_data = b"\0" * 4


HOSTILE = {
    "another file": _point(location="other.safetensors"),
    "an absolute path": _point(location="/etc/passwd"),
    "a path upwards": _point(location="../network.safetensors"),
    "a path of its own folder": _point(location="./network.safetensors"),
    "the header": _point(offset="0"),
    "half a tensor": _point(length="4"),
    "behind the end": _point(offset=str(10**12)),
    "no number": _point(offset="zero"),
    "a negative place": _point(offset="-8"),
    "one tensor twice": _repeat_reference,
    "another shape": _reshape,
    "an unknown entry": lambda model: model.graph.initializer[0].external_data.add(key="basepath", value="/"),
    "a key twice": lambda model: model.graph.initializer[0].external_data.add(
        key="location", value="network.safetensors"
    ),
    "an attribute elsewhere": _external_attribute,
    "a subgraph's tensor elsewhere": _external_in_subgraph,
    "a reference without place": _inline_marked_external,
    "an operator of its own": lambda model: setattr(model.graph.node[3], "domain", "com.example"),
    "an operator of its own below": _operator_of_a_subgraph,
    "an operator set of its own": lambda model: model.opset_import.add(domain="com.microsoft", version=1),
    "a function": lambda model: model.functions.add(name="f", domain=""),
    "a training step": lambda model: model.training_info.add(),
    "a sparse tensor": lambda model: model.graph.sparse_initializer.add(),
    "graphs without end": _nest,
    "no graph": lambda model: model.ClearField("graph"),
    "no probe": lambda model: model.ClearField("metadata_props"),
    "a probe that is none": lambda model: setattr(model.metadata_props[1], "value", '[{"shape": [3]}]'),
}


@needs_onnx
@pytest.mark.parametrize("kind", list(HOSTILE))
def test_a_graph_that_refers_elsewhere_or_holds_more_is_refused(exported, tmp_path, kind):
    import onnx

    folder, _ = exported
    model = onnx.load(folder / "network.onnx", load_external_data=False)
    digest, probe = model.metadata_props
    assert probe.key == PROBE_KEY.decode()
    HOSTILE[kind](model)
    # Who writes a graph on purpose writes its sum too.
    digest.value = hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()
    graph = tmp_path / "network.onnx"
    graph.write_bytes(model.SerializeToString())
    with pytest.raises(BundleError):
        read_graph(graph, folder / "network.safetensors", read_layout(folder / "network.safetensors"))


@needs_onnx
def test_a_second_graph_is_refused(exported, tmp_path):
    """Parsers merge a message given twice, so a second one would slip in what was checked alone."""
    folder, _ = exported
    graph = tmp_path / "network.onnx"
    graph.write_bytes((folder / "network.onnx").read_bytes() + bytes_header(7, 0))
    with pytest.raises(BundleError, match="damaged"):
        read_graph(graph, folder / "network.safetensors", read_layout(folder / "network.safetensors"))


@needs_onnx
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_cut_or_garbled_graph_is_read_or_refused_with_a_sentence(exported, tmp_path, data):
    folder, _ = exported
    content = bytearray((folder / "network.onnx").read_bytes())
    del content[data.draw(st.integers(0, len(content))) :]
    for place in data.draw(st.lists(st.integers(0, max(0, len(content) - 1)), max_size=4)):
        if content:
            content[place] = data.draw(st.integers(0, 255))
    graph = tmp_path / "network.onnx"
    graph.write_bytes(content)
    # Whatever else is raised fails the test.
    with contextlib.suppress(BundleError):
        read_graph(graph, folder / "network.safetensors", read_layout(folder / "network.safetensors"))


@needs_onnx
def test_a_missing_or_bloated_graph_is_refused(exported, tmp_path):
    folder, _ = exported
    layout = read_layout(folder / "network.safetensors")
    with pytest.raises(BundleError, match="missing"):
        read_graph(folder / "none.onnx", folder / "network.safetensors", layout)
    with (tmp_path / "large.onnx").open("wb") as handle:
        handle.truncate(20_000_000)
    with pytest.raises(BundleError, match="too large"):
        read_graph(tmp_path / "large.onnx", folder / "network.safetensors", layout)


def test_a_probe_survives_its_text_and_tells_a_wrong_answer():
    generator = np.random.default_rng(0)
    answer = NetworkAnswer(
        *(generator.normal(size=shape).astype(np.float32) for shape in ((1, 3), (1, 5, 4, 4), (1, 3, 5), (1, 7)))
    )
    probe = Probe.of(answer)
    again = Probe.decode(probe.encode())
    assert probe.agrees(again)
    for name in ("logits", "channel_weights", "pooled", "class_maps"):
        for change in (1.2, np.nan):
            values = {**vars(again), name: getattr(again, name) * np.float32(change)}
            assert not probe.agrees(Probe(**values)), name
    for text in (b"", b"[]", b"{}", b"[1, 2, 3, 4]", json.dumps([{"shape": [2], "values": "AAAA"}] * 4).encode()):
        with pytest.raises(BundleError):
            Probe.decode(text)
    image = probe_image(2, 64)
    assert image.shape == (1, 2, 64, 64)
    assert not np.allclose(image, image[..., ::-1])
    assert not np.allclose(image, image.swapaxes(2, 3))
