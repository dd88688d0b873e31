"""The one place that imports PyTorch, so that its absence is told the same way everywhere."""

from __future__ import annotations

from ..errors import MissingComponentError

TORCH_MISSING = (
    'Networks need PyTorch, which is not installed: run pip install "cervixrisk[train]", or inside Slicer install '
    "the PyTorch extension; radiomics alone works without it (--no-deep)."
)

try:
    import torch
except ModuleNotFoundError as error:
    if (error.name or "").split(".")[0] != "torch":
        raise
    raise MissingComponentError(TORCH_MISSING) from error

__all__ = ["TORCH_MISSING", "torch"]
