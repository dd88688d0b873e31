"""The one place that imports PyTorch, so that its absence is told the same way everywhere."""

from __future__ import annotations

from .optional_packages import require
from .threads import wait_passively

wait_passively()
torch = require("torch")

__all__ = ["torch"]
