"""A slice as a volume node, and back.

A slice lies where its geometry says. One without (a picture) gets index ``(column, row)`` to RAS
``(-column * column_mm, -row * row_mm, 0)``, which is what Slicer's own readers give it (LPS identity). In the axial
view column 0 is on the left and row 0 on top, as the sonographer sees it.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ..imaging import SliceImage
from .pixel_size import pixel_size_of, write_pixel_size
from .slice_grid import matrix_of
from .volume_origin import MODALITY, write_series
from .volume_slice import GEOMETRY, NOTES, SLICE_PLACE, read_volume_slice, set_voxels


def add_slice_volume(scene: Any, image: SliceImage, name: str) -> Any:
    """Put ``image`` into ``scene`` as a ``vtkMRMLScalarVolumeNode`` with its display.

    MRML cannot say "unknown": an unknown pixel size is written as 1 mm, an unknown place as the origin, and the node's
    attributes say so; :func:`read_slice_volume` turns both into ``None`` again. Notes and the slice's number are kept
    as attributes too.
    """
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    set_voxels(volume, image.pixels, matrix_of(image.geometry, image.spacing_mm))
    write_pixel_size(volume, pixel_size_of(image))
    volume.SetAttribute(MODALITY, image.modality or "")
    write_series(volume, image.weighting, image.frame_of_reference)
    kind = "none" if image.geometry is None else "planar" if image.geometry.planar else "patient"
    volume.SetAttribute(GEOMETRY, kind)
    volume.SetAttribute(NOTES, json.dumps(image.notes))
    volume.SetAttribute(SLICE_PLACE, f"{image.slice_index}/{image.slice_count}")
    show_grey(volume, image)
    return volume


def show_grey(volume: Any, image: SliceImage) -> None:
    """A display with :func:`window_and_level`, smooth between pixels."""
    volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    window, level = window_and_level(image)
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window, level)
    display.SetInterpolate(True)


def read_slice_volume(volume: Any) -> SliceImage:
    """The ``SliceImage`` behind a node that :func:`add_slice_volume` made, also after saving and loading."""
    return read_volume_slice(volume)


def window_and_level(image: SliceImage) -> tuple[float, float]:
    """Display window and level in the pixels' own units.

    Eight-bit pictures (ultrasound, exports) were windowed by the scanner and are shown as they are, 0 to 255; anything
    else between its 0.5 and 99.5 percentile, and so is every MR image with its modality: its units are arbitrary.
    """
    pixels = image.pixels
    lowest, highest = float(pixels.min()), float(pixels.max())
    eight_bit = lowest >= 0 and 1 < highest <= 255 and image.modality != "MR"
    if eight_bit and (image.modality == "US" or _is_whole(pixels)):
        return 255.0, 127.5
    low, high = (float(value) for value in np.percentile(pixels, (0.5, 99.5)))
    if high <= low:
        low, high = lowest, highest
    if high <= low:
        high = low + 1.0
    return high - low, (high + low) / 2


def _is_whole(pixels: np.ndarray) -> bool:
    return bool((pixels == np.round(pixels)).all())
