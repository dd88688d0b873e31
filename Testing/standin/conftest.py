"""Makes the stand-in importable. Its tests skip themselves where Qt or slicer-core is missing."""

from __future__ import annotations

import os
import sys
from pathlib import Path

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
_TESTING = str(Path(__file__).resolve().parents[1])
if _TESTING not in sys.path:
    # Last: the folders beside it have names of the standard library's.
    sys.path.append(_TESTING)

from slicer_standin.fixtures import slicer_app  # noqa: E402, F401
