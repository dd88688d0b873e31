"""MRML: put a slice, a contour, a heat map and an answer into a scene, and draw it. Runs in Slicer and on slicer-core.

Names are loaded on first use; importing the room loads neither VTK nor Slicer.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case_answer import AnswerNodes, add_answer
    from .case_folder import CaseFolder, CaseRole, case_ids
    from .case_scene import CaseNodes, CaseScene
    from .heat_map import HeatMapDisplay
    from .named_contour import NamedContour
    from .offscreen import render_slice_png
    from .pixel_size import (
        PixelSize,
        PixelSizeState,
        can_undo_pixel_size,
        check_against_file,
        read_pixel_size,
        set_pixel_size_by_hand,
        undo_pixel_size,
    )
    from .reader_segmentation import (
        Reading,
        find_reading,
        only_segment,
        read_contour,
        reading_of,
        segment_ids,
        start_reading,
        write_contour,
    )
    from .reading_file import load_reading, save_reading
    from .results_table import results_text
    from .ruler_calibration import RulerReading, calibrate_pixel_size, read_ruler
    from .runtime import SceneRuntime
    from .scene_file import load_scene, save_scene
    from .slice_grid import SliceChoice, choose_slice
    from .slice_volume import add_slice_volume
    from .volume_slice import add_slice_map, read_volume_slice

_HOMES = {
    "AnswerNodes": "case_answer",
    "CaseFolder": "case_folder",
    "CaseNodes": "case_scene",
    "CaseRole": "case_folder",
    "CaseScene": "case_scene",
    "HeatMapDisplay": "heat_map",
    "NamedContour": "named_contour",
    "PixelSize": "pixel_size",
    "PixelSizeState": "pixel_size",
    "Reading": "reader_segmentation",
    "RulerReading": "ruler_calibration",
    "SceneRuntime": "runtime",
    "SliceChoice": "slice_grid",
    "add_answer": "case_answer",
    "add_slice_map": "volume_slice",
    "add_slice_volume": "slice_volume",
    "calibrate_pixel_size": "ruler_calibration",
    "can_undo_pixel_size": "pixel_size",
    "case_ids": "case_folder",
    "check_against_file": "pixel_size",
    "choose_slice": "slice_grid",
    "find_reading": "reader_segmentation",
    "load_reading": "reading_file",
    "load_scene": "scene_file",
    "only_segment": "reader_segmentation",
    "read_contour": "reader_segmentation",
    "read_pixel_size": "pixel_size",
    "read_ruler": "ruler_calibration",
    "read_volume_slice": "volume_slice",
    "reading_of": "reader_segmentation",
    "render_slice_png": "offscreen",
    "results_text": "results_table",
    "save_reading": "reading_file",
    "save_scene": "scene_file",
    "segment_ids": "reader_segmentation",
    "set_pixel_size_by_hand": "pixel_size",
    "start_reading": "reader_segmentation",
    "undo_pixel_size": "pixel_size",
    "write_contour": "reader_segmentation",
}

__all__ = [
    "AnswerNodes",
    "CaseFolder",
    "CaseNodes",
    "CaseRole",
    "CaseScene",
    "HeatMapDisplay",
    "NamedContour",
    "PixelSize",
    "PixelSizeState",
    "Reading",
    "RulerReading",
    "SceneRuntime",
    "SliceChoice",
    "add_answer",
    "add_slice_map",
    "add_slice_volume",
    "calibrate_pixel_size",
    "can_undo_pixel_size",
    "case_ids",
    "check_against_file",
    "choose_slice",
    "find_reading",
    "load_reading",
    "load_scene",
    "only_segment",
    "read_contour",
    "read_pixel_size",
    "read_ruler",
    "read_volume_slice",
    "reading_of",
    "render_slice_png",
    "results_text",
    "save_reading",
    "save_scene",
    "segment_ids",
    "set_pixel_size_by_hand",
    "start_reading",
    "undo_pixel_size",
    "write_contour",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
