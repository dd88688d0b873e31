"""Which frame of a film a contour was drawn on: Slicer shows all of them in one volume node."""

from __future__ import annotations

from typing import Any

from ..errors import RoiError
from ..scene.volume_frames import frame_place, show_frame

FRAME = "CervixRisk.frame"


def note_frame(segmentation: Any, volume: Any) -> None:
    """Keep the frame that ``volume`` shows as the contour's, the first time; nothing happens without a film."""
    place = frame_place(volume)
    if place is not None and segmentation.GetAttribute(FRAME) is None:
        segmentation.SetAttribute(FRAME, str(place[0]))


def drawn_frame(segmentation: Any | None, volume: Any) -> int | None:
    """Index of the contour's frame where ``volume`` shows another one, else ``None``."""
    kept = None if segmentation is None else segmentation.GetAttribute(FRAME)
    place = frame_place(volume)
    if kept is None or place is None or int(kept) == place[0]:
        return None
    return int(kept)


def check_frame(segmentation: Any, volume: Any) -> None:
    """Refuse a contour of another frame than the one shown.

    Raises
    ------
    RoiError
    """
    drawn = drawn_frame(segmentation, volume)
    if drawn is not None:
        raise RoiError(f"The contour was drawn on frame {drawn + 1} of the film. Show that frame: step 1, Show.")


def show_drawn_frame(segmentation: Any, volume: Any) -> None:
    """Let the film show the contour's frame."""
    drawn = drawn_frame(segmentation, volume)
    if drawn is not None:
        show_frame(volume, drawn)
