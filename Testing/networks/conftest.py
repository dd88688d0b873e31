"""Small crops on which networks are tried: bright or dark lesions on speckle."""

from __future__ import annotations

import numpy as np
import pytest

SIZE = 64


@pytest.fixture(scope="session")
def crops() -> np.ndarray:
    """``(24, 64, 64)`` float32; the odd ones carry a bright square."""
    generator = np.random.default_rng(42)
    images = generator.gamma(2.0, 20.0, size=(24, SIZE, SIZE)).astype(np.float32)
    images[1::2, 20:44, 20:44] += 120.0
    return images


@pytest.fixture(scope="session")
def labels() -> np.ndarray:
    return np.arange(24) % 2


@pytest.fixture(scope="session")
def densenet():
    from CervixRiskLib.networks import build_network

    return build_network("densenet121", input_size=SIZE)
