"""The stand-in without a window. Its tests skip themselves where Qt or slicer-core is missing."""

from __future__ import annotations

import os

from slicer_standin.fixtures import slicer_app  # noqa: F401

os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
