"""What is known of a volume's pixel size, kept as attributes of its node.

MRML cannot say "unknown": a volume without a pixel size has 1 mm. The attribute ``CervixRisk.pixelSizeState`` says
where the number comes from; a volume that Slicer loaded itself has none yet and is judged by :func:`read_pixel_size`.
"""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from enum import Enum
from typing import Any

import numpy as np

from ..errors import ImageError
from ..imaging import SliceImage, read_image
from .slice_grid import SliceChoice, checked_choice, only_slice
from .volume_frames import frame_nodes
from .volume_origin import is_dicom, node_modality, was_picture
from .volume_spacing import set_slice_spacing

PIXEL_SIZE_STATE = "CervixRisk.pixelSizeState"
PIXEL_SIZE_SOURCE = "CervixRisk.pixelSizeSource"
PIXEL_SIZE_HISTORY = "CervixRisk.pixelSizeHistory"
BY_HAND = "given by hand"
CALIBRATED = "line on the ruler"
_SAME_SIZE = 0.01


class PixelSizeState(str, Enum):
    """Where the pixel size comes from."""

    FILE = "file"
    HAND = "hand"
    CALIBRATED = "calibrated"
    UNKNOWN = "unknown"


@dataclass(frozen=True)
class PixelSize:
    """``spacing_mm`` is ``(row_mm, column_mm)``, ``None`` exactly when the state is ``UNKNOWN``; a source in words."""

    state: PixelSizeState
    spacing_mm: tuple[float, float] | None
    source: str = ""


UNKNOWN_PIXEL_SIZE = PixelSize(PixelSizeState.UNKNOWN, None)


def pixel_size_of(image: SliceImage) -> PixelSize:
    """The state that belongs to an image's spacing and its source."""
    if image.spacing_mm is None:
        return UNKNOWN_PIXEL_SIZE
    source = image.spacing_source or ""
    state = PixelSizeState.FILE
    if source == BY_HAND:
        state = PixelSizeState.HAND
    elif source.startswith(CALIBRATED):
        state = PixelSizeState.CALIBRATED
    return PixelSize(state, image.spacing_mm, source)


def read_pixel_size(volume: Any, choice: SliceChoice | None = None) -> PixelSize:
    """What is known of the pixel size of ``volume``, in the plane of ``choice``.

    A volume without our attribute was loaded by Slicer. Its size counts as unknown when the file is a picture (PNG,
    JPEG, ...), and when it is 1 mm both ways, which is what readers write where the file says nothing; only DICOM other
    than ultrasound is believed then.
    """
    choice = checked_choice(volume, choice)
    spacing = volume.GetSpacing()
    spacing_mm = (float(spacing[choice.row_axis]), float(spacing[choice.column_axis]))
    written = volume.GetAttribute(PIXEL_SIZE_STATE)
    if written is not None:
        state = PixelSizeState(written)
        if state is PixelSizeState.UNKNOWN:
            return UNKNOWN_PIXEL_SIZE
        return PixelSize(state, spacing_mm, volume.GetAttribute(PIXEL_SIZE_SOURCE) or "")
    if was_picture(volume):
        return UNKNOWN_PIXEL_SIZE
    from_dicom = is_dicom(volume)
    if spacing_mm == (1.0, 1.0) and not (from_dicom and node_modality(volume) not in (None, "US")):
        return UNKNOWN_PIXEL_SIZE
    return PixelSize(PixelSizeState.FILE, spacing_mm, "DICOM file" if from_dicom else "file header")


def read_file_pixel_size(volume: Any, choice: SliceChoice | None = None) -> PixelSize:
    """What was known of it before a person gave or calibrated one."""
    history = _history(volume)
    return _remembered(history[0]) if history else read_pixel_size(volume, choice)


def write_pixel_size(volume: Any, size: PixelSize) -> None:
    """Write the state and its source on the node; the spacing is not touched."""
    volume.SetAttribute(PIXEL_SIZE_STATE, size.state.value)
    volume.SetAttribute(PIXEL_SIZE_SOURCE, size.source)


def set_pixel_size(volume: Any, size: PixelSize, choice: SliceChoice | None = None) -> None:
    """Give ``volume`` the pixel size, contours and maps on its grid with it; what was before can be undone.

    An unknown size is written as 1 mm.

    Raises
    ------
    ImageError
        The size is not two positive numbers.
    """
    choice = checked_choice(volume, choice)
    spacing_mm = (1.0, 1.0) if size.spacing_mm is None else size.spacing_mm
    if not (np.isfinite(spacing_mm).all() and min(spacing_mm) > 0):
        raise ImageError("The pixel size must be two positive numbers of millimetres.")
    before = read_pixel_size(volume, choice)
    history = _history(volume)
    history.append([before.state.value, before.source, before.spacing_mm, choice.axis])
    _apply(volume, size, choice, history)


def set_pixel_size_by_hand(volume: Any, spacing_mm: tuple[float, float], choice: SliceChoice | None = None) -> None:
    """A pixel size ``(row_mm, column_mm)`` that the person knows.

    Raises
    ------
    ImageError
        It is not two positive numbers.
    """
    set_pixel_size(volume, PixelSize(PixelSizeState.HAND, spacing_mm, BY_HAND), choice)


def can_undo_pixel_size(volume: Any) -> bool:
    """Whether there is an earlier pixel size; survives saving the scene."""
    return bool(_history(volume))


def undo_pixel_size(volume: Any) -> PixelSize:
    """Take back the last change of the pixel size and return what holds now; without one nothing changes."""
    history = _history(volume)
    if not history:
        return read_pixel_size(volume)
    entry = history.pop()
    before = _remembered(entry)
    _apply(volume, before, SliceChoice(entry[3], 0), history)
    return before


def check_against_file(volume: Any, path: str | os.PathLike[str], choice: SliceChoice | None = None) -> str:
    """Compare the node's pixel size with what the file itself says, and take the file's; a sentence if they differed.

    For DICOM ultrasound, whose size Slicer takes over also where the file's calibrated regions contradict each other
    (DICOM PS3.3 C.8.5.5, SequenceOfUltrasoundRegions). Nothing is changed once a person has given or calibrated it.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    size = read_pixel_size(volume, choice)
    if size.state in (PixelSizeState.HAND, PixelSizeState.CALIBRATED):
        return ""
    if checked_choice(volume, choice).axis != 2 and only_slice(volume) is None:
        # Files are cut across their last axis alone.
        return ""
    # All slices and frames of a file have one pixel size, and of a series each file is one slice.
    told = read_image(path, slice_index=0)
    if told.spacing_mm is None:
        if size.spacing_mm is None:
            return ""
        set_pixel_size(volume, UNKNOWN_PIXEL_SIZE, choice)
        return "The file does not say its pixel size reliably: draw a line on the image's ruler to calibrate it."
    if size.spacing_mm is not None and np.allclose(size.spacing_mm, told.spacing_mm, rtol=_SAME_SIZE, atol=0):
        return ""
    set_pixel_size(volume, pixel_size_of(told), choice)
    return f"The pixel size was corrected to the one the file says ({told.spacing_source})."


def _history(volume: Any) -> list[Any]:
    return list(json.loads(volume.GetAttribute(PIXEL_SIZE_HISTORY) or "[]"))


def _remembered(entry: list[Any]) -> PixelSize:
    state, source, spacing, _axis = entry
    return PixelSize(PixelSizeState(state), None if spacing is None else (spacing[0], spacing[1]), source)


def _apply(volume: Any, size: PixelSize, choice: SliceChoice, history: list[Any]) -> None:
    set_slice_spacing(volume, choice, (1.0, 1.0) if size.spacing_mm is None else size.spacing_mm)
    # The shown volume is overwritten by a film's next frame, so every frame learns the size.
    for node in (volume, *frame_nodes(volume)):
        write_pixel_size(node, size)
        node.SetAttribute(PIXEL_SIZE_HISTORY, json.dumps(history))
        if node is not volume:
            node.SetSpacing(volume.GetSpacing())
