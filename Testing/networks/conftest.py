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


@pytest.fixture(scope="session")
def zoo_network():
    """A network of the zoo for three classes and two channels, made once, as if its normalisation had seen images.

    Fresh running statistics let the activations of the deepest networks grow without bound in evaluation mode.
    """
    import functools

    import torch

    from CervixRiskLib.networks import build_network

    @functools.cache
    def build(name: str):
        network = build_network(name, n_classes=3, in_channels=2, input_size=SIZE)
        averaged = [module for module in network.module.modules() if isinstance(module, torch.nn.BatchNorm2d)]
        for module in averaged:
            module.momentum = 1.0
        with torch.no_grad():
            network.module.train()(torch.randn(4, 2, SIZE, SIZE, generator=torch.Generator().manual_seed(1)))
        for module in averaged:
            module.momentum = 0.1
        network.module.eval()
        return network

    return build


@pytest.fixture(scope="session")
def two_channel_crops(crops) -> np.ndarray:
    """``(3, 2, 64, 64)`` float32."""
    return np.stack([crops[:3], crops[3:6]], axis=1)


@pytest.fixture
def tiny_network():
    """A function that builds a network of two small layers with all that makes training hard to repeat: batch
    normalisation, dropout, and no batch of one case."""
    torch = pytest.importorskip("torch")
    from CervixRiskLib.networks import Network, WeightsRecord, network_spec

    class Tiny(torch.nn.Module):
        def __init__(self, n_classes, in_channels):
            super().__init__()
            self.conv = torch.nn.Conv2d(in_channels, 8, 3, stride=4, bias=False)
            self.norm = torch.nn.BatchNorm1d(8)
            self.drop = torch.nn.Dropout(0.2)
            self.fc = torch.nn.Linear(8, n_classes)

        def forward(self, images):
            pooled = torch.relu(self.conv(images)).mean((2, 3))
            return self.fc(self.drop(self.norm(pooled)))

    def build(n_classes=2, in_channels=1):
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            module = Tiny(n_classes, in_channels)
        record = WeightsRecord("none", seed=0)
        spec = network_spec("resnet50")
        return Network(spec, module, weights=record, n_classes=n_classes, in_channels=in_channels, input_size=32)

    return build
