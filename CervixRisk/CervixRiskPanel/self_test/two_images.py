"""A model of two images and a T1 for the sample, made when a scenario needs them. What they answer means nothing."""

import json
import struct
from dataclasses import replace
from pathlib import Path

import numpy as np

CHANNELS = ("image", "image_t1")
_FIRST_LAYER = "conv1.0.weight"


def make_two_image_model(demo: Path, destination: Path) -> Path:
    """The MR sample's demo model, its network's first layer made to look at a second image as well.

    Its weights are halved for the one image and shared by the other: nobody has trained or validated that, so the
    measures of the demo model go, and so does the graph that computes it without PyTorch.
    """
    from safetensors.numpy import load, save

    from CervixRiskLib.bundle import load_bundle, write_bundle

    bundle = load_bundle(demo)
    stored = bundle.read_bytes("network.safetensors")
    weights = load(stored)
    weights[_FIRST_LAYER] = np.repeat(weights[_FIRST_LAYER] / 2, 2, axis=1)
    described = json.loads(stored[8 : 8 + struct.unpack("<Q", stored[:8])[0]])["__metadata__"]
    network = {**json.loads(described["cervixrisk"]), "in_channels": len(CHANNELS)}
    manifest = replace(
        bundle.manifest,
        metrics=(),
        intended_use="Self-test of the module alone: nobody trained or validated this model.",
        details={**bundle.manifest.details, "channels": list(CHANNELS)},
    )
    files = {
        "network.safetensors": save(weights, {"cervixrisk": json.dumps(network)}),
        "domain.safetensors": bundle.read_bytes("domain.safetensors"),
    }
    return write_bundle(destination, manifest, files=files)


def add_t1(scene, volume, contrast: float = 1.0):
    """A volume on the grid of ``volume`` with bright and dark exchanged, about as fluid is between T2 and T1."""
    from CervixRiskLib.scene import add_slice_volume, read_volume_slice

    image = read_volume_slice(volume)
    dark = (image.pixels.max() - image.pixels) / np.ptp(image.pixels)
    return add_slice_volume(scene, replace(image, pixels=1000 * dark**contrast), "Sample MR, T1 (simulated)")
