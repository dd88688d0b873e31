"""Engines: the same answers whatever computes them, without torch, and which one is chosen."""

from __future__ import annotations

import copy
import importlib.util
import shutil
import subprocess
import sys
import textwrap
import threading

import numpy as np
import pytest

from CervixRiskLib.errors import BundleError, MissingComponentError, SettingsError
from CervixRiskLib.networks import NETWORKS, NetworkAnswer, zscore_crops

torch = pytest.importorskip("torch")
pytest.importorskip("onnx")

from CervixRiskLib.networks import device as device_module  # noqa: E402
from CervixRiskLib.networks import inference, save_network, threads  # noqa: E402
from CervixRiskLib.networks.exported_graph import export_graph  # noqa: E402
from CervixRiskLib.networks.inference import available_runtimes, load_engine  # noqa: E402
from CervixRiskLib.networks.probe import Probe  # noqa: E402
from CervixRiskLib.networks.runtime_engine import WrongAnswerError  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]
RUNTIMES = [
    pytest.param(
        name,
        marks=pytest.mark.skipif(importlib.util.find_spec(name) is None, reason=f"{name} is not installed"),
    )
    for name in ("openvino", "onnxruntime")
]


def _settle(network):
    """A copy of HRNet whose head has no ReLU near its kink: half of the channels are on and half are off.

    Else about one unit in a million falls on the other side when float32 sums run in another order, and a single one
    changes a map of 64 pixels by up to a hundredth; torch differs from its own float64 by as much.
    """
    settled = copy.deepcopy(network)
    block = settled.module.incre_modules[0][0]
    norms = [block.bn1, block.bn2, block.bn3, settled.module.final_layer[1]]
    norms += [shrink[1] for shrink in settled.module.downsamp_modules]
    with torch.no_grad():
        for norm in norms:
            norm.momentum = 1.0
            norm.bias[0::2], norm.bias[1::2] = 60.0, -60.0
        settled.module.train()(torch.randn(4, 2, 64, 64, generator=torch.Generator().manual_seed(1)))
    settled.module.eval()
    return settled


@pytest.fixture(scope="module")
def small(zoo_network, tmp_path_factory):
    """Weights and graph of ShuffleNet, the smallest, kept for the whole module."""
    folder = tmp_path_factory.mktemp("small")
    weights, graph = folder / "network.safetensors", folder / "network.onnx"
    save_network(zoo_network("shufflenet_v2_x1_0"), weights)
    export_graph(zoo_network("shufflenet_v2_x1_0"), weights, graph)
    return weights, graph


def _captum_maps(network, images, class_index):
    """captum's LayerGradCam, scaled to its largest value: ``(n, h, w)``."""
    captum_attr = pytest.importorskip("captum.attr")
    layer = network.module.get_submodule(network.spec.feature_layer)
    if network.name == "vit_base_patch16_224":
        # captum averages over all axes but the second, which are the channels' here; the class token is no place.
        captured = {}
        handle = layer.register_forward_hook(lambda module, inputs, output: captured.update(tokens=output))
        network.module(images)[:, class_index].sum()
        handle.remove()
        gradients = captum_attr.LayerGradientXActivation(network.module, layer, multiply_by_inputs=False)
        slope = gradients.attribute(images, target=class_index)[:, 1:].mean(dim=1, keepdim=True)
        side = round((captured["tokens"].shape[1] - 1) ** 0.5)
        raw = (slope * captured["tokens"][:, 1:]).sum(dim=2).unflatten(1, (side, side)).relu()
    else:
        computed = captum_attr.LayerGradCam(network.module, layer).attribute(
            images, target=class_index, relu_attributions=True, attr_dim_summation=True
        )
        raw = (computed[0] if isinstance(computed, list | tuple) else computed)[:, 0]
    raw = raw.detach().numpy()
    peak = raw.max(axis=(1, 2), keepdims=True)
    return np.divide(raw, peak, out=np.zeros_like(raw), where=peak > 0)


@pytest.mark.parametrize("name", list(NETWORKS))
def test_runtimes_answer_as_torch_and_captum_do(name, zoo_network, two_channel_crops, tmp_path):
    runtimes = [runtime for runtime in ("openvino", "onnxruntime") if available_runtimes()[runtime]]
    if not runtimes:
        pytest.skip("no inference runtime is installed")
    network = _settle(zoo_network(name)) if name == "hrnet_w32" else zoo_network(name)
    expected = network.answer(two_channel_crops)
    weights, graph = tmp_path / "network.safetensors", tmp_path / "network.onnx"
    save_network(network, weights)
    export_graph(network, weights, graph)
    assert graph.stat().st_size < 1_000_000
    images = torch.from_numpy(zscore_crops(two_channel_crops))
    maps = [_captum_maps(network, images, class_index) for class_index in range(3)]
    for runtime in runtimes:
        engine = load_engine(weights, graph, device="cpu", runtime=runtime)
        assert (engine.name, engine.device) == (runtime, "cpu")
        assert (engine.spec, engine.n_classes, engine.in_channels, engine.input_size) == (network.spec, 3, 2, 64)
        answer = engine.answer(two_channel_crops)
        np.testing.assert_allclose(answer.probabilities(), expected.probabilities(), rtol=0, atol=1e-4)
        for kind in ("logits", "feature_map", "channel_weights", "pooled"):
            ours, theirs = getattr(answer, kind), getattr(expected, kind)
            assert ours.dtype == np.float32
            np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-4 * np.abs(theirs).max(), err_msg=kind)
        for class_index in range(3):
            for crop in range(3):
                np.testing.assert_allclose(answer.cam(crop, class_index), maps[class_index][crop], rtol=0, atol=1e-3)
        # A crop's answer does not depend on the crops beside it.
        alone = engine.answer(two_channel_crops[1:2])
        np.testing.assert_array_equal(alone.logits[0], answer.logits[1])
        np.testing.assert_array_equal(alone.channel_weights[0], answer.channel_weights[1])
        np.testing.assert_array_equal(engine.feature_maps(two_channel_crops), answer.feature_map)
    # Pytest keeps its last folders, and these files are large.
    weights.unlink()


def test_captum_s_maps_are_not_all_empty(zoo_network, two_channel_crops):
    images = torch.from_numpy(zscore_crops(two_channel_crops))
    for name in ("hrnet_w32", "vit_base_patch16_224"):
        assert max(_captum_maps(zoo_network(name), images, index).max() for index in range(3)) == 1.0


def test_onnx_runtime_takes_any_number_of_crops_with_one_graph(small, two_channel_crops, zoo_network):
    """The engine asks for one crop at a time; the graph itself does not."""
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(str(small[1]), providers=["CPUExecutionProvider"])
    expected = zoo_network("shufflenet_v2_x1_0").answer(two_channel_crops)
    for n in (1, 3):
        logits, _, weights, _ = session.run(None, {"crops": zscore_crops(two_channel_crops[:n])})
        np.testing.assert_allclose(logits, expected.logits[:n], rtol=1e-4, atol=1e-5)
        np.testing.assert_allclose(weights, expected.channel_weights[:n], rtol=1e-5)


@pytest.mark.parametrize("runtime", [*RUNTIMES, "torch"])
def test_two_threads_may_ask_one_engine(runtime, small, two_channel_crops):
    engine = load_engine(*small, device="cpu", runtime=runtime)
    expected = [engine.answer(two_channel_crops[index : index + 1]).logits for index in range(3)]
    found: dict[tuple[int, int], np.ndarray] = {}

    def ask(thread):
        for index in range(12):
            crop = (index + thread) % 3
            found[thread, index] = engine.answer(two_channel_crops[crop : crop + 1]).logits - expected[crop]

    workers = [threading.Thread(target=ask, args=(number,)) for number in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert len(found) == 36
    assert not any(difference.any() for difference in found.values())


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_an_answer_outlives_the_next_one(runtime, small, two_channel_crops):
    engine = load_engine(*small, device="cpu", runtime=runtime)
    first = engine.answer(two_channel_crops[:1])
    kept = first.feature_map.copy()
    engine.answer(two_channel_crops[1:])
    np.testing.assert_array_equal(first.feature_map, kept)
    crops = two_channel_crops.copy()
    engine.answer(crops)
    np.testing.assert_array_equal(crops, two_channel_crops)


@pytest.mark.parametrize("runtime", [*RUNTIMES, "auto"])
def test_a_runtime_answers_without_torch_and_without_network(runtime, small, two_channel_crops, tmp_path):
    if runtime == "auto" and not any(available_runtimes()[name] for name in ("openvino", "onnxruntime")):
        pytest.skip("no inference runtime is installed")
    np.save(tmp_path / "crops.npy", two_channel_crops)
    code = f"""
        import importlib.abc, socket, sys

        class Refuse(importlib.abc.MetaPathFinder):
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in ("timm", "torchvision", "onnx", "safetensors", "openvino_telemetry"):
                    raise ModuleNotFoundError(f"No module named {{name!r}}", name=name)

        def refuse(*arguments, **options):
            raise AssertionError("a connection was opened")

        sys.meta_path.insert(0, Refuse())
        socket.socket.connect = socket.getaddrinfo = refuse
        import numpy as np
        from CervixRiskLib.networks.inference import load_engine
        # A machine with torch but without a card does not import it either.
        engine = load_engine({str(small[0])!r}, {str(small[1])!r}, runtime={runtime!r})
        answer = engine.answer(np.load({str(tmp_path / "crops.npy")!r}))
        answer.cam(0, 1)
        assert not any(name.split(".")[0] in ("torch", "openvino_telemetry") for name in sys.modules)
        np.save({str(tmp_path / "probabilities.npy")!r}, answer.probabilities())
        print(engine.name)
    """
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    assert done.stdout.split() == [next(iter(_installed())) if runtime == "auto" else runtime]
    expected = load_engine(*small, device="cpu", runtime="torch").answer(two_channel_crops).probabilities()
    np.testing.assert_allclose(np.load(tmp_path / "probabilities.npy"), expected, atol=1e-4)


def _installed():
    return [name for name, version in available_runtimes().items() if version]


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed")
def test_importing_openvino_reports_nothing():
    code = """
        import sys
        from CervixRiskLib.networks.openvino_engine import import_openvino
        openvino = import_openvino()
        assert hasattr(openvino, "Core")
        assert not [name for name in sys.modules if name.split(".")[0] == "openvino_telemetry"]
        print("silent")
    """
    done = subprocess.run([sys.executable, "-c", textwrap.dedent(code)], capture_output=True, text=True, check=False)
    assert (done.stdout.strip(), done.stderr) == ("silent", "")


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_crops_are_checked(runtime, small):
    engine = load_engine(*small, device="cpu", runtime=runtime)
    with pytest.raises(SettingsError, match="no crop"):
        engine.answer(np.zeros((0, 2, 64, 64)))
    with pytest.raises(SettingsError, match="set up for crops of 64 x 64 pixels with 2 channel"):
        engine.answer(np.zeros((1, 64, 64)))
    with pytest.raises(SettingsError, match="not numbers"):
        engine.feature_maps(np.full((1, 2, 64, 64), np.nan))


@pytest.fixture
def pretend(monkeypatch):
    """Pretend that only some runtimes are installed, and that there is or is not a graphics card."""

    def install(*names, card=None):
        monkeypatch.setattr(inference, "_version", lambda name: "1.0" if name in names else None)
        monkeypatch.setattr(inference, "graphics_device", lambda: card)

    return install


def test_the_first_runtime_installed_is_taken(pretend, small, monkeypatch):
    monkeypatch.setattr(inference, "_require_runtime", lambda runtime: None)
    monkeypatch.setattr(inference, "_runtime_engine", lambda runtime, *rest: (runtime, rest[-1]))
    monkeypatch.setattr(inference, "_torch_engine", lambda weights, device, reason: ("torch", device, reason))
    pretend("openvino", "onnxruntime", "torch")
    name, reason = load_engine(*small)
    assert name == "openvino"
    assert reason.startswith("OpenVINO is the fastest")
    pretend("onnxruntime", "torch")
    assert load_engine(*small)[0] == "onnxruntime"
    pretend("torch")
    assert load_engine(*small)[:2] == ("torch", "cpu")
    pretend("openvino", "torch", card="cuda")
    assert load_engine(*small)[:2] == ("torch", "cuda")
    assert load_engine(*small, device="cpu")[0] == "openvino"
    pretend("openvino", "torch")
    assert load_engine(small[0], None)[:2] == ("torch", "cpu")
    assert load_engine(*small, runtime="torch")[:2] == ("torch", "auto")
    pretend()
    with pytest.raises(MissingComponentError, match="pip install"):
        load_engine(*small)


def test_what_cannot_be_is_said(pretend, small):
    pretend("torch")
    with pytest.raises(MissingComponentError, match=r'OpenVINO is not installed: run pip install "cervixrisk\[cpu\]"'):
        load_engine(*small, runtime="openvino")
    with pytest.raises(MissingComponentError, match="ONNX Runtime is not installed: run pip install onnxruntime"):
        load_engine(*small, runtime="onnxruntime")
    with pytest.raises(SettingsError, match="no graph"):
        load_engine(small[0], None, runtime="openvino")
    with pytest.raises(SettingsError, match="on the CPU only"):
        load_engine(*small, runtime="openvino", device="cuda")
    with pytest.raises(SettingsError, match="not known"):
        load_engine(*small, runtime="tensorrt")
    with pytest.raises(SettingsError, match="not known"):
        load_engine(*small, device="tpu")
    with pytest.raises(BundleError, match="missing"):
        load_engine(small[0].with_name("none.safetensors"), small[1])


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed")
def test_a_runtime_that_cannot_be_loaded_is_passed_over_and_named(small, monkeypatch, two_channel_crops):
    def broken():
        raise ImportError("a library is missing")

    monkeypatch.setattr("CervixRiskLib.networks.openvino_engine.import_openvino", broken)
    with pytest.raises(MissingComponentError, match="OpenVINO is installed and cannot be loaded"):
        load_engine(*small, runtime="openvino", device="cpu")
    engine = load_engine(*small, device="cpu")
    assert engine.name != "openvino"
    assert "OpenVINO is installed and cannot be loaded" in engine.reason
    assert isinstance(engine.answer(two_channel_crops), NetworkAnswer)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_runtime_that_computes_wrongly_is_not_used(runtime, small, monkeypatch):
    right = Probe.of
    monkeypatch.setattr(Probe, "of", lambda answer: right(NetworkAnswer(*(1.3 * a for a in _arrays(answer)))))
    with pytest.raises(WrongAnswerError, match="otherwise than PyTorch"):
        load_engine(*small, device="cpu", runtime=runtime)
    engine = load_engine(*small, device="cpu")
    assert engine.name == "torch"
    assert f"The runtime {runtime} computes this network otherwise" in engine.reason


def _arrays(answer):
    return answer.logits, answer.feature_map, answer.channel_weights, answer.pooled


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_another_network_s_graph_is_refused(runtime, small, tmp_path):
    """Two classes in the header, three in the graph."""
    from CervixRiskLib.networks.network_header import header_from_metadata
    from CervixRiskLib.networks.weights_layout import read_layout

    header = header_from_metadata(read_layout(small[0]).metadata)
    other = type(header)(header.name, 2, header.in_channels, header.input_size, header.weights)
    content = small[0].read_bytes()
    before, after = (next(iter(each.to_metadata().values())).replace('"', '\\"').encode() for each in (header, other))
    assert content.count(before) == 1
    assert len(before) == len(after)
    weights, graph = tmp_path / small[0].name, tmp_path / small[1].name
    weights.write_bytes(content.replace(before, after))
    shutil.copy(small[1], graph)
    with pytest.raises(BundleError, match="not that of a ShuffleNet"):
        load_engine(weights, graph, device="cpu", runtime=runtime)


@pytest.mark.parametrize("runtime", RUNTIMES)
def test_a_garbled_graph_is_refused_by_a_sentence(runtime, small, tmp_path):
    weights, graph = tmp_path / small[0].name, tmp_path / small[1].name
    shutil.copy(small[0], weights)
    content = small[1].read_bytes()
    generator = np.random.default_rng(7)
    for _ in range(8):
        garbled = bytearray(content)
        # Names of operations and of what flows between them.
        for place in generator.integers(200, 100_000, size=60):
            garbled[place] = 32 + int(generator.integers(90))
        graph.write_bytes(garbled)
        with pytest.raises(BundleError):
            load_engine(weights, graph, device="cpu", runtime=runtime)
    for share in (0.0, 0.3, 0.99):
        graph.write_bytes(content[: int(share * len(content))])
        with pytest.raises(BundleError):
            load_engine(weights, graph, device="cpu", runtime=runtime)


def test_runtimes_take_the_threads_that_were_bound(monkeypatch):
    monkeypatch.setattr(threads, "available_cores", lambda: 6)
    for stated, expected in (("2", 2), ("99", 6), ("", 6), ("0", 6), ("2,1", 6)):
        monkeypatch.setenv("OMP_NUM_THREADS", stated)
        assert threads.runtime_threads() == expected


@pytest.mark.skipif(importlib.util.find_spec("openvino") is None, reason="openvino is not installed")
def test_openvino_computes_in_full_precision_with_the_threads_bound(small, monkeypatch):
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    engine = load_engine(*small, device="cpu", runtime="openvino")
    compiled = engine._request.get_compiled_model()  # type: ignore[attr-defined]
    assert compiled.get_property("INFERENCE_PRECISION_HINT").to_string() == "f32"
    assert compiled.get_property("INFERENCE_NUM_THREADS") == 1
    assert compiled.get_property("NUM_STREAMS") == 1


def test_a_card_is_looked_for_before_torch_is_imported(monkeypatch):
    monkeypatch.setattr(device_module, "choose_device", lambda requested: pytest.fail("torch was asked"))
    monkeypatch.setattr(device_module, "_shows_graphics_card", lambda: False)
    assert device_module.graphics_device() is None
    for found, expected in (("cpu", None), ("cuda", "cuda"), ("mps", "mps")):
        monkeypatch.setattr(device_module, "_shows_graphics_card", lambda: True)
        monkeypatch.setattr(
            device_module, "choose_device", lambda requested, found=found: device_module.DeviceChoice(found, "")
        )
        assert device_module.graphics_device() == expected


@pytest.mark.parametrize(
    ("system", "machine", "files_there", "expected"),
    [
        ("darwin", "arm64", (), True),
        ("darwin", "x86_64", (), False),
        ("linux", "x86_64", (), False),
        ("linux", "x86_64", ("/dev/nvidiactl",), True),
        ("linux", "x86_64", ("/dev/dxg",), True),
        ("linux", "x86_64", ("/dev/kfd",), True),
    ],
)
def test_signs_of_a_graphics_card(monkeypatch, system, machine, files_there, expected):
    monkeypatch.setattr(device_module.sys, "platform", system)
    monkeypatch.setattr(device_module.platform, "machine", lambda: machine)
    monkeypatch.setattr(device_module.Path, "exists", lambda path: str(path) in files_there)
    assert device_module._shows_graphics_card() is expected


def test_versions_are_told_without_importing():
    found = available_runtimes()
    assert list(found) == ["openvino", "onnxruntime", "torch"]
    assert found["torch"] == torch.__version__
    with pytest.raises(TypeError):
        found["torch"] = None  # type: ignore[index]
