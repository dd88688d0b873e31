"""Reading a weights file's layout and a graph's wire format, without their libraries."""

from __future__ import annotations

import importlib.util
import struct

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import BundleError
from CervixRiskLib.networks.onnx_wire import WireError, bytes_header, fields, integers
from CervixRiskLib.networks.weights_layout import read_layout

torch = pytest.importorskip("torch")

from CervixRiskLib.networks import save_network  # noqa: E402

pytestmark = [
    pytest.mark.torch,
    pytest.mark.skipif(importlib.util.find_spec("timm") is None, reason="timm is not installed"),
]
needs_onnx = pytest.mark.skipif(importlib.util.find_spec("onnx") is None, reason="onnx is not installed")


def test_layout_against_the_reference_implementation(densenet, tmp_path):
    safetensors = pytest.importorskip("safetensors")
    path = tmp_path / "network.safetensors"
    save_network(densenet, path)
    layout = read_layout(path)
    content = path.read_bytes()
    with safetensors.safe_open(path, framework="numpy") as handle:
        assert dict(layout.metadata) == handle.metadata()
        assert set(layout.tensors) == set(handle.keys())
        for name in list(layout.tensors)[::50]:
            place = layout.tensors[name]
            expected = handle.get_tensor(name)
            assert content[place.offset : place.offset + place.length] == expected.tobytes()
            assert place.shape == expected.shape


@pytest.mark.parametrize(
    "header",
    [
        b"{",
        b"[]",
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 8]}}',
        b'{"a": {"dtype": "F32", "shape": [-1], "data_offsets": [0, 4]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [4, 0]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, 4000]}}',
        b'{"a": {"dtype": "F32", "shape": [1], "data_offsets": [0, true]}}',
        b'{"a": {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}}',
        b'{"a": 3}',
        b'{"__metadata__": 3}',
        b'{"__metadata__": {"a": 3}}',
        b"\xff\xfe",
        b"[" * 100_000,
    ],
)
def test_a_damaged_weights_header_is_refused(tmp_path, header):
    path = tmp_path / "network.safetensors"
    path.write_bytes(struct.pack("<Q", len(header)) + header + b"\0" * 16)
    with pytest.raises(BundleError):
        read_layout(path)


def test_a_weights_file_that_is_cut_short_or_missing_is_refused(tmp_path):
    path = tmp_path / "network.safetensors"
    with pytest.raises(BundleError, match="missing"):
        read_layout(path)
    for content in (b"", b"\1\0\0", struct.pack("<Q", 10**15), struct.pack("<Q", 9) + b"{}"):
        path.write_bytes(content)
        with pytest.raises(BundleError, match="damaged"):
            read_layout(path)


@settings(deadline=None, max_examples=60)
@given(
    st.lists(
        st.tuples(st.integers(1, 2**29 - 1), st.binary(max_size=300)),
        max_size=8,
    )
)
def test_wire_reads_back_what_is_written(message):
    encoded = b"".join(bytes_header(number, len(content)) + content for number, content in message)
    found = list(fields(encoded))
    assert [(field.number, field.content) for field in found] == message
    assert b"".join(field.encoded for field in found) == encoded
    if encoded:
        with pytest.raises(WireError):
            list(fields(encoded + b"\x0a\x05ab"))


@needs_onnx
@settings(deadline=None, max_examples=40)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), max_size=5))
def test_wire_reads_integers_as_protobuf_writes_them(dims):
    import onnx

    found = [value for field in fields(onnx.TensorProto(dims=dims).SerializeToString()) for value in integers(field)]
    assert found == dims
