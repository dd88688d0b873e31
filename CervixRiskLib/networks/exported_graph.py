"""Write a network as an ONNX graph without weights, beside the weights file that it refers to.

The graph takes z-scored crops and gives everything a :class:`.answer.NetworkAnswer` holds, channel weights included
(:mod:`.head_gradients`). One set of weights serves torch and the inference runtimes: each of the graph's tensors is a
reference (``external_data``) to its bytes in the ``.safetensors`` file. :mod:`.graph_file` reads it back.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import io
import os
import warnings
from pathlib import Path
from typing import Any

from ..atomic import atomic_file
from ..errors import MissingComponentError, TrainingError
from ..progress import SILENT, Progress
from .answer import NetworkAnswer
from .architecture import split_parts
from .channel_weights import channel_weights
from .graph_file import DIGEST_KEY, INPUT, OUTPUTS
from .head_gradients import answer_function
from .network import Network
from .probe import PROBE_KEY, Probe, probe_image
from .torch_import import torch
from .weights_layout import TensorPlace, read_layout

# Layer normalisation is one operation from 17 on.
_OPSET = 17


def can_export() -> bool:
    """Whether graphs can be written here: torch's exporter needs the package ``onnx``."""
    return importlib.util.find_spec("onnx") is not None


def export_graph(
    network: Network,
    weights_path: str | os.PathLike[str],
    graph_path: str | os.PathLike[str],
    *,
    progress: Progress = SILENT,
) -> None:
    """Write ``network`` as an ONNX graph, whole or not at all. The network is moved to the CPU.

    Parameters
    ----------
    weights_path
        What :func:`.storage.save_network` wrote for this network, in the folder of ``graph_path``.
    graph_path
        Its input is ``crops`` ``(n, in_channels, input_size, input_size)`` float32, z-scored; its outputs are
        ``logits``, ``feature_map``, ``channel_weights`` and ``pooled`` as :class:`.answer.NetworkAnswer` has them.

    Raises
    ------
    MissingComponentError
        The package ``onnx`` is not installed (:func:`can_export`).
    TrainingError
        The weights file is another network's or lies elsewhere, or the graph would not answer as the network does.
    BundleError
        The weights file is missing or damaged.
    StorageError
        The disk is full or the place cannot be written.
    """
    if not can_export():
        raise MissingComponentError(
            'Exporting a network needs the package onnx, which is not installed: run pip install "cervixrisk[train]". '
            "Without it the bundle answers through PyTorch."
        )
    weights_path, graph_path = Path(weights_path), Path(graph_path)
    if weights_path.resolve().parent != graph_path.resolve().parent:
        raise TrainingError("A network's graph must lie in the folder of its weights file.")
    places = read_layout(weights_path).tensors
    with progress.task("Exporting the network", total=2) as task:
        network.to("cpu")
        function = _Answer(network)
        probe = _probed(network, function)
        task.advance()
        model = _traced(network, function)
        inline = _refer(model, places, weights_path)
        digest = hashlib.sha256(model.graph.SerializeToString(deterministic=True)).hexdigest()
        model.metadata_props.add(key=DIGEST_KEY.decode(), value=digest)
        model.metadata_props.add(key=PROBE_KEY.decode(), value=probe.encode().decode())
        task.advance()
    if inline:
        raise TrainingError(
            f"The weights file does not hold this network: {inline} of its tensors differ. Save the network first."
        )
    with atomic_file(graph_path) as partial:
        partial.write_bytes(model.SerializeToString(deterministic=True))


class _Answer(torch.nn.Module):
    """The network's answer as a module, which is what torch exports."""

    def __init__(self, network: Network) -> None:
        super().__init__()
        self.network = network.module
        self._function = answer_function(network.spec, network.module)
        self.eval()

    def forward(self, images: Any) -> tuple[Any, Any, Any, Any]:
        return self._function(images)


def _probed(network: Network, function: Any) -> Probe:
    """The network's own answer, its gradient by differentiation; refused where ``function`` does not give the same."""
    images = torch.from_numpy(probe_image(network.in_channels, network.input_size))
    parts = split_parts(network.spec, network.module)
    with torch.no_grad():
        written_out = Probe.of(_to_answer(*function(images)))
        state = parts.features(images)
    logits, pooled, weights = channel_weights(network.spec, parts, state, range(network.n_classes))
    probe = Probe.of(_to_answer(logits, state[0], weights, pooled))
    if not probe.agrees(written_out):
        raise TrainingError(
            f"{network.spec.title} is not exported: its graph would not answer as the network does. The package that "
            "defines it may be of another version than CervixRisk was written for."
        )
    return probe


def _to_answer(*tensors: Any) -> NetworkAnswer:
    return NetworkAnswer(*(tensor.numpy() for tensor in tensors))


def _traced(network: Network, function: Any) -> Any:
    """The ONNX model with its weights inside."""
    options: dict[str, Any] = {
        "input_names": [INPUT],
        "output_names": list(OUTPUTS),
        "dynamic_axes": {name: {0: "n"} for name in (INPUT, *OUTPUTS)},
        "opset_version": _OPSET,
        # Weights folded into each other are no longer those of the file.
        "do_constant_folding": False,
        "training": torch.onnx.TrainingMode.PRESERVE,
    }
    # The newer exporter renames and rearranges tensors; before torch 2.5 there was only this one.
    if "dynamo" in inspect.signature(torch.onnx.export).parameters:
        options["dynamo"] = False
    images = torch.from_numpy(probe_image(network.in_channels, network.input_size))
    content = io.BytesIO()
    with warnings.catch_warnings():
        # That this exporter is the older one, and that sizes become constants, which they are here.
        warnings.simplefilter("ignore")
        torch.onnx.export(function, (images,), content, **options)
    return importlib.import_module("onnx").load_model_from_string(content.getvalue())


def _refer(model: Any, places: Any, weights_path: Path) -> int:
    """Turn tensors into references where the file has the same bytes; how many of the network's it has not."""
    onnx = importlib.import_module("onnx")
    to_array = importlib.import_module("onnx.numpy_helper").to_array
    different = 0
    with weights_path.open("rb") as handle:
        for tensor in model.graph.initializer:
            name = tensor.name.removeprefix("network.")
            if name == tensor.name:
                continue
            place = places.get(name)
            values = to_array(tensor)
            if place is None or not _holds(handle, place, values):
                different += 1
                continue
            tensor.ClearField("raw_data")
            tensor.ClearField("float_data")
            tensor.data_location = onnx.TensorProto.EXTERNAL
            for key, value in (("location", weights_path.name), ("offset", place.offset), ("length", place.length)):
                tensor.external_data.add(key=key, value=str(value))
    return different


def _holds(handle: Any, place: TensorPlace, values: Any) -> bool:
    if place.dtype != "F32" or str(values.dtype) != "float32" or place.shape != values.shape:
        return False
    handle.seek(place.offset)
    return bool(handle.read(place.length) == values.astype("<f4").tobytes())
