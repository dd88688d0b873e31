"""Import what the ``train`` extra brings, or say how to get it."""

from __future__ import annotations

import importlib
from typing import Any

from ..errors import MissingComponentError


def require(module: str) -> Any:
    """The imported ``module``.

    Raises
    ------
    MissingComponentError
        Its package is not installed. A package that is there and lacks something itself raises as usual.
    """
    package = module.split(".")[0]
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").split(".")[0] != package:
            raise
        raise MissingComponentError(
            f'Networks need the package {package}, which is not installed: run pip install "cervixrisk[train]", or '
            "inside Slicer install the PyTorch extension and CervixRisk's packages; radiomics alone works without "
            "(--no-deep)."
        ) from error
