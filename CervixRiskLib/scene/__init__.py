"""MRML: put a slice, a contour, a heat map and an answer into a scene, and draw it. Runs in Slicer and on slicer-core.

Names are loaded on first use; importing the room loads neither VTK nor Slicer.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .case_scene import CaseNodes, CaseScene
    from .heat_map import HeatMapDisplay
    from .offscreen import render_slice_png
    from .prediction_text import AnswerText, answer_text
    from .runtime import SceneRuntime

_HOMES = {
    "AnswerText": "prediction_text",
    "CaseNodes": "case_scene",
    "CaseScene": "case_scene",
    "HeatMapDisplay": "heat_map",
    "SceneRuntime": "runtime",
    "answer_text": "prediction_text",
    "render_slice_png": "offscreen",
}

__all__ = [
    "AnswerText",
    "CaseNodes",
    "CaseScene",
    "HeatMapDisplay",
    "SceneRuntime",
    "answer_text",
    "render_slice_png",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
