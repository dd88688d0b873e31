"""Colour to grey."""

from __future__ import annotations

import numpy as np

# ITU-R BT.601-7, section 2.5.1: luma of R, G, B.
_BT601 = (0.299, 0.587, 0.114)

COLOUR_NOTE = "Colour was converted to grey (BT.601 luma)."


def to_grey(pixels: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Grey of ``(rows, columns, 3)`` values, with a note where colour was lost.

    Three equal channels are grey already and come back unchanged.
    """
    red, green, blue = pixels[..., 0], pixels[..., 1], pixels[..., 2]
    if np.array_equal(red, green) and np.array_equal(red, blue):
        return red, ()
    grey = sum(weight * channel.astype(np.float64) for weight, channel in zip(_BT601, (red, green, blue), strict=True))
    return np.asarray(grey, dtype=np.float32), (COLOUR_NOTE,)
