"""What "Reload" must forget: Slicer itself runs the module's file again, and nothing that the file imports."""

import importlib
import sys

_PACKAGES = ("CervixRiskLib", "CervixRiskPanel")


def forget_library() -> None:
    """Let the next import read the library's and the panel's files again. Close the panel before."""
    for name in list(sys.modules):
        if name.split(".")[0] in _PACKAGES:
            del sys.modules[name]
    # A file made a moment ago may not be seen yet.
    importlib.invalidate_caches()
