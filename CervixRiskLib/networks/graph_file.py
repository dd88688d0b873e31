"""Read an exported graph: checked without trusting it, and completed with the weights it refers to.

A graph file is an ONNX model whose weights are references (``external_data``) into the ``.safetensors`` file beside it.
A bundle may come from a stranger, so no runtime is given a path: the graph is taken apart here, each reference must
name exactly one tensor of that one file, and the runtime gets the bytes of a model that is whole in itself. Then there
is no other file it could read, neither through ``..`` nor through a link, and none it could keep open.
"""

from __future__ import annotations

import hashlib
import io
import os
from dataclasses import dataclass
from pathlib import Path

from ..errors import BundleError
from .onnx_wire import Field, WireError, bytes_header, fields, integers
from .probe import PROBE_KEY, Probe
from .weights_layout import TensorPlace, WeightsLayout

# The graph's input and outputs; what they are is told where it is written.
INPUT = "crops"
DIGEST_KEY = b"cervixrisk-graph-sha256"
OUTPUTS = ("logits", "feature_map", "channel_weights", "pooled")
# Without weights a graph is well under a megabyte.
LARGEST_GRAPH = 16_000_000
_FLOAT = 1
_STANDARD_DOMAINS = (b"", b"ai.onnx")
# Field numbers of onnx.proto.
_MODEL_GRAPH, _MODEL_OPSET, _MODEL_METADATA, _MODEL_TRAINING, _MODEL_FUNCTION = 7, 8, 14, 20, 25
_OPSET_DOMAIN = 1
_GRAPH_NODE, _GRAPH_INITIALIZER, _GRAPH_INPUT, _GRAPH_OUTPUT, _GRAPH_SPARSE = 1, 5, 11, 12, 15
_VALUE_NAME = 1
_NODE_INPUT, _NODE_OUTPUT, _NODE_ATTRIBUTE, _NODE_DOMAIN = 1, 2, 5, 7
_ATTRIBUTE_TENSOR, _ATTRIBUTE_GRAPH, _ATTRIBUTE_TENSORS, _ATTRIBUTE_GRAPHS = 5, 6, 10, 11
_ATTRIBUTE_SPARSE, _ATTRIBUTE_SPARSES = 22, 23
_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME, _TENSOR_RAW, _TENSOR_EXTERNAL, _TENSOR_LOCATION = 1, 2, 8, 9, 13, 14
_ENTRY_KEY, _ENTRY_VALUE = 1, 2

_DAMAGED = "The network's graph file is damaged: copy the bundle again."
_WEIGHTS_DAMAGED = "The network file is damaged: copy the bundle again."
_ELSEWHERE = "The network's graph refers to something else than this bundle's weights: it is not opened."
_NOT_PLAIN = "The network's graph holds more than standard operations: it is not opened."


@dataclass(frozen=True)
class GraphFile:
    """An ONNX model that is whole in itself, and what torch answered to :func:`.probe.probe_image`."""

    model: bytes
    probe: Probe


@dataclass(frozen=True)
class _Reference:
    """An initializer whose bytes lie in the weights file: its own small fields, encoded, and the tensor's place."""

    fields: bytes
    place: TensorPlace


def read_graph(
    graph_path: str | os.PathLike[str], weights_path: str | os.PathLike[str], layout: WeightsLayout
) -> GraphFile:
    """The ONNX model in ``graph_path``, with its weights out of ``weights_path`` inside.

    Parameters
    ----------
    layout
        What :func:`.weights_layout.read_layout` says of ``weights_path``.

    Raises
    ------
    BundleError
        A file is missing or damaged; the graph refers to anything else than tensors of this weights file; or it holds
        functions, training steps, sparse tensors or operators of a domain of their own.
    """
    graph_path, weights_path = Path(graph_path), Path(weights_path)
    try:
        if graph_path.stat().st_size > LARGEST_GRAPH:
            raise BundleError("The network's graph file is too large: weights belong into the weights file.")
        content = graph_path.read_bytes()
    except OSError as error:
        raise BundleError(f"The graph file {graph_path.name!r} is missing: copy the whole bundle again.") from error
    places = {(place.offset, place.length): place for place in layout.tensors.values() if place.dtype == "F32"}
    try:
        before, graph, after = _take_apart(content)
        parts = [_checked_graph_part(field, weights_path.name, places) for field in fields(graph)]
        _check_names(graph)
        # Against damage, which may crash a runtime; who writes a graph on purpose writes its sum too.
        if _metadata(content, DIGEST_KEY) != hashlib.sha256(graph).hexdigest().encode():
            raise BundleError(_DAMAGED)
        return GraphFile(_assemble(before, parts, after, weights_path), Probe.decode(_metadata(content, PROBE_KEY)))
    except WireError as error:
        raise BundleError(_DAMAGED) from error


def _take_apart(content: bytes) -> tuple[bytes, bytes, bytes]:
    """What stands before the graph in the model, the graph, what stands behind it."""
    before, after = bytearray(), bytearray()
    graph: bytes | None = None
    for field in fields(content):
        if field.number == _MODEL_GRAPH:
            # Parsers merge a graph given twice; this one would check neither whole.
            if graph is not None:
                raise BundleError(_DAMAGED)
            graph = field.content
            continue
        if field.number in (_MODEL_TRAINING, _MODEL_FUNCTION):
            raise BundleError(_NOT_PLAIN)
        if field.number == _MODEL_OPSET:
            _check_domains(field.content, _OPSET_DOMAIN)
        (before if graph is None else after).extend(field.encoded)
    if graph is None:
        raise BundleError(_DAMAGED)
    return bytes(before), graph, bytes(after)


def _metadata(content: bytes, wanted: bytes) -> bytes:
    for field in fields(content):
        if field.number == _MODEL_METADATA:
            key, value = _entry(field.content)
            if key == wanted:
                return value
    raise BundleError(_DAMAGED)


def _check_names(graph: bytes) -> None:
    """Refuse a graph in which something is used that nothing before it makes: OpenVINO may crash on such a one."""
    known = {b""}
    wanted: set[bytes] = set()
    parts = list(fields(graph))
    for part in parts:
        if part.number in (_GRAPH_INITIALIZER, _GRAPH_INPUT):
            number = _TENSOR_NAME if part.number == _GRAPH_INITIALIZER else _VALUE_NAME
            known.update(field.content for field in fields(part.content) if field.number == number)
        elif part.number == _GRAPH_OUTPUT:
            wanted.update(field.content for field in fields(part.content) if field.number == _VALUE_NAME)
    for part in parts:
        if part.number != _GRAPH_NODE:
            continue
        inside = list(fields(part.content))
        if not {field.content for field in inside if field.number == _NODE_INPUT} <= known:
            raise BundleError(_DAMAGED)
        made = [field.content for field in inside if field.number == _NODE_OUTPUT]
        if any(name and name in known for name in made):
            raise BundleError(_DAMAGED)
        known.update(made)
    if not wanted <= known:
        raise BundleError(_DAMAGED)
    try:
        b"".join(known).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BundleError(_DAMAGED) from error


def _checked_graph_part(
    field: Field, weights_name: str, places: dict[tuple[int, int], TensorPlace]
) -> bytes | _Reference:
    if field.number == _GRAPH_INITIALIZER:
        return _initializer(field, weights_name, places)
    _check_graph_field(field)
    return field.encoded


def _check_graph_field(field: Field) -> None:
    """Refuse what an operation may not be."""
    if field.number == _GRAPH_SPARSE:
        raise BundleError(_NOT_PLAIN)
    if field.number != _GRAPH_NODE:
        return
    _check_domains(field.content, _NODE_DOMAIN)
    for attribute in fields(field.content):
        if attribute.number != _NODE_ATTRIBUTE:
            continue
        for value in fields(attribute.content):
            if value.number in (_ATTRIBUTE_SPARSE, _ATTRIBUTE_SPARSES):
                raise BundleError(_NOT_PLAIN)
            if value.number in (_ATTRIBUTE_TENSOR, _ATTRIBUTE_TENSORS):
                _check_inline(value.content)
            # No network of the zoo branches or loops.
            if value.number in (_ATTRIBUTE_GRAPH, _ATTRIBUTE_GRAPHS):
                raise BundleError(_NOT_PLAIN)


def _check_domains(message: bytes, number: int) -> None:
    if any(field.number == number and field.content not in _STANDARD_DOMAINS for field in fields(message)):
        raise BundleError(_NOT_PLAIN)


def _check_inline(tensor: bytes) -> None:
    if any(field.number in (_TENSOR_EXTERNAL, _TENSOR_LOCATION) for field in fields(tensor)):
        raise BundleError(_ELSEWHERE)


def _initializer(field: Field, weights_name: str, places: dict[tuple[int, int], TensorPlace]) -> bytes | _Reference:
    """An inline initializer as it is; a reference as the place of the tensor it means."""
    parts = list(fields(field.content))
    external = [part.content for part in parts if part.number == _TENSOR_EXTERNAL]
    if not external:
        _check_inline(field.content)
        return field.encoded
    entries = dict(_entry(content) for content in external)
    if len(entries) != len(external) or not entries.keys() <= {b"location", b"offset", b"length"}:
        raise BundleError(_ELSEWHERE)
    if entries.get(b"location") != weights_name.encode():
        raise BundleError(_ELSEWHERE)
    try:
        place = places[int(entries[b"offset"]), int(entries[b"length"])]
    except (KeyError, ValueError) as error:
        raise BundleError(_ELSEWHERE) from error
    shape = tuple(size for part in parts if part.number == _TENSOR_DIMS for size in integers(part))
    types = [part.value for part in parts if part.number == _TENSOR_TYPE]
    if types != [_FLOAT] or shape != place.shape:
        raise BundleError(_ELSEWHERE)
    # Only these three go on: a value of its own beside the reference could be read instead of it.
    kept = (_TENSOR_DIMS, _TENSOR_TYPE, _TENSOR_NAME)
    return _Reference(b"".join(part.encoded for part in parts if part.number in kept), place)


def _entry(content: bytes) -> tuple[bytes, bytes]:
    key = value = b""
    for field in fields(content):
        if field.number == _ENTRY_KEY:
            key = field.content
        elif field.number == _ENTRY_VALUE:
            value = field.content
    return key, value


def _assemble(before: bytes, parts: list[bytes | _Reference], after: bytes, weights_path: Path) -> bytes:
    """The model, with a copy of its tensors in place of the references."""
    pieces: list[bytes | TensorPlace] = []
    for part in parts:
        if isinstance(part, bytes):
            pieces.append(part)
            continue
        raw = bytes_header(_TENSOR_RAW, part.place.length)
        length = len(part.fields) + len(raw) + part.place.length
        pieces += [bytes_header(_GRAPH_INITIALIZER, length) + part.fields + raw, part.place]
    length = sum(piece.length if isinstance(piece, TensorPlace) else len(piece) for piece in pieces)
    places = [piece for piece in pieces if isinstance(piece, TensorPlace)]
    # Each tensor once: a small graph could otherwise ask for any amount of memory.
    if len({place.offset for place in places if place.length}) != sum(place.length > 0 for place in places):
        raise BundleError(_ELSEWHERE)
    model = io.BytesIO()
    model.write(before + bytes_header(_MODEL_GRAPH, length))
    try:
        with weights_path.open("rb") as weights:
            for piece in pieces:
                if isinstance(piece, TensorPlace):
                    weights.seek(piece.offset)
                    values = weights.read(piece.length)
                    if len(values) != piece.length:
                        raise BundleError(_WEIGHTS_DAMAGED)
                    model.write(values)
                else:
                    model.write(piece)
    except OSError as error:
        raise BundleError(_WEIGHTS_DAMAGED) from error
    model.write(after)
    return model.getvalue()
