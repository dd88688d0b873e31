"""skops, imported without the PyTorch that it does not use.

While skops is imported it asks scikit-learn for all its estimators. scikit-learn walks through all its packages for
them, among these the adapters for PyTorch, CuPy and Dask, and importing an adapter imports the library: seconds and
hundreds of megabytes before the first answer. No estimator lives in them, so skops trusts the same types without.
"""

from __future__ import annotations

import importlib
from typing import Any

from ..absent_modules import absent_modules

_ADAPTERS = tuple(f"sklearn.externals.array_api_compat.{library}" for library in ("cupy", "dask", "torch"))


def import_skops() -> Any:
    """The module ``skops.io``."""
    with absent_modules(*_ADAPTERS):
        return importlib.import_module("skops.io")
