"""Rounded weights: near the ones they came from, with zeros where a zip wants them."""

from __future__ import annotations

import importlib.util
import zlib
from pathlib import Path

import numpy as np
import pytest

_SPEC = importlib.util.spec_from_file_location("rounded_weights", Path(__file__).with_name("rounded_weights.py"))
assert _SPEC is not None
assert _SPEC.loader is not None
rounded_weights = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(rounded_weights)


@pytest.mark.parametrize("bits", [4, 7])
def test_rounding(bits: int) -> None:
    values = np.random.default_rng(42).normal(0, 0.05, 100_000).astype(np.float32)
    values[:3] = 0.0, 1.0, -0.375
    rounded = rounded_weights.rounded(values, bits)
    assert rounded.dtype == np.float32
    assert not (rounded.view(np.uint32) & np.uint32((1 << (23 - bits)) - 1)).any()
    # Half of the last place that is kept.
    np.testing.assert_array_less(np.abs(rounded - values), np.abs(values) * 2.0 ** -(bits + 1) + 1e-12)
    np.testing.assert_array_equal(rounded[:3], values[:3])
    np.testing.assert_array_equal(rounded_weights.rounded(rounded, bits), rounded)
    assert len(zlib.compress(rounded.tobytes())) < 0.5 * values.nbytes


def test_seven_bits_are_bfloat16() -> None:
    torch = pytest.importorskip("torch")
    values = np.random.default_rng(1).normal(size=1_000).astype(np.float32)
    expected = torch.from_numpy(values).bfloat16().float().numpy()
    np.testing.assert_array_equal(rounded_weights.rounded(values, 7), expected)
