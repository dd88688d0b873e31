"""Figures and reports.

Names are loaded on first use; importing the room does not load matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .figures.nomogram import draw_nomogram

_HOMES = {"draw_nomogram": "figures.nomogram"}

__all__ = ["draw_nomogram"]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
