"""Draws the extension's icon: a delineated lesion in the cervix, with the heat of an answer in it.

python Testing/extension/draw_icon.py CervixRisk/Resources/Icons/CervixRisk.png
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

SIZE = 128
# Drawn larger and averaged down, so that edges are smooth.
FINER = 8


def _distance_to_rounded_square(x: np.ndarray, y: np.ndarray, half: float, corner: float) -> np.ndarray:
    """Signed distance to a square with round corners, negative inside; units of the icon's width."""
    outside_x, outside_y = np.abs(x) - half + corner, np.abs(y) - half + corner
    beyond = np.hypot(np.maximum(outside_x, 0), np.maximum(outside_y, 0))
    return beyond + np.minimum(np.maximum(outside_x, outside_y), 0) - corner


def _lesion_radius(angle: np.ndarray) -> np.ndarray:
    """The contour: an irregular outline, as drawn by hand."""
    return 0.285 + 0.028 * np.cos(2 * angle + 0.6) + 0.020 * np.cos(3 * angle - 1.1) + 0.010 * np.cos(5 * angle + 0.3)


def _heat(strength: np.ndarray) -> np.ndarray:
    """Dark violet over red to pale yellow, as on the slice; ``(..., 3)`` in 0-1."""
    stops = np.array([0.0, 0.35, 0.65, 0.85, 1.0])
    colours = np.array(
        [(0.20, 0.07, 0.33), (0.62, 0.16, 0.39), (0.92, 0.39, 0.22), (0.99, 0.69, 0.26), (0.99, 0.98, 0.75)]
    )
    return np.stack([np.interp(strength, stops, colours[:, channel]) for channel in range(3)], axis=-1)


def draw_icon(size: int = SIZE) -> Image.Image:
    """The icon as an RGBA picture of ``size`` x ``size`` pixels."""
    n = size * FINER
    x, y = np.meshgrid((np.arange(n) + 0.5) / n - 0.5, (np.arange(n) + 0.5) / n - 0.5)
    tile = _distance_to_rounded_square(x, y, 0.5 - 1 / size, 0.20)
    # The slice: a dark field, a little lighter above, as ultrasound is near the probe.
    colour = np.empty((n, n, 3))
    colour[:] = np.array([0.10, 0.12, 0.16])
    colour += (0.10 * (0.5 - y))[..., None]
    # Tissue: the cervix as a grey ring section around the canal.
    ring = np.exp(-(((np.hypot(x * 0.92, (y + 0.02)) - 0.40) / 0.045) ** 2))
    colour += (0.20 * ring)[..., None]
    centre_x, centre_y = 0.0, 0.01
    radius = np.hypot(x - centre_x, y - centre_y)
    contour = _lesion_radius(np.arctan2(y - centre_y, x - centre_x))
    inside = np.clip((contour - radius) * n / FINER, 0, 1)[..., None]
    # The heat has its middle off the lesion's, towards where the doubt is.
    strength = np.clip(1.05 - np.hypot((x - 0.055) / 0.31, (y + 0.045) / 0.29), 0, 1)
    colour = colour * (1 - inside) + _heat(strength) * inside
    line = np.clip((0.024 - np.abs(radius - contour)) * n / FINER, 0, 1)[..., None]
    colour = colour * (1 - line) + np.array([0.30, 0.92, 0.48]) * line
    alpha = np.clip(0.5 - tile * n / FINER, 0, 1)
    pixels = np.concatenate([np.clip(colour, 0, 1), alpha[..., None]], axis=-1)
    # Averaged with the colours weighted by what is seen of them.
    pixels[..., :3] *= alpha[..., None]
    small = pixels.reshape(size, FINER, size, FINER, 4).mean(axis=(1, 3))
    small[..., :3] /= np.maximum(small[..., 3:], 1e-6)
    return Image.fromarray(np.round(255 * np.clip(small, 0, 1)).astype(np.uint8), "RGBA")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    arguments = parser.parse_args()
    draw_icon().save(arguments.output, optimize=True)


if __name__ == "__main__":
    main()
