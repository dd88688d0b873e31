"""``slicer.i18n``: text as it stands in the source; marked on request, so that a test finds what was not wrapped."""

from __future__ import annotations

from types import ModuleType


def make_module(mark: str = "") -> ModuleType:
    """``tr`` and ``translate``; ``mark`` is put before every translated text."""
    module = ModuleType("slicer.i18n", "Stand-in.")
    module.tr = lambda text: mark + text  # type: ignore[attr-defined]
    module.translate = lambda context, text, disambiguation=None, n=-1: mark + text  # type: ignore[attr-defined]
    return module
