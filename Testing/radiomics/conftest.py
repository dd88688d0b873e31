from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest

from CervixRiskLib.imaging import Roi, SliceImage

REFERENCE_FOLDER = Path(__file__).parents[1] / "reference" / "radiomics"


def _load_reference_cases() -> ModuleType:
    name = "radiomics_reference_cases"
    spec = importlib.util.spec_from_file_location(name, REFERENCE_FOLDER / "reference_cases.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def reference_folder():
    return REFERENCE_FOLDER


@pytest.fixture(scope="session")
def reference_cases():
    """Name → case, as ``make_reference.py`` saw them."""
    return {case.name: case for case in _load_reference_cases().reference_cases()}


@pytest.fixture(scope="session")
def frozen():
    """The arrays that ``make_reference.py`` wrote."""
    with np.load(REFERENCE_FOLDER / "pyradiomics_3.0.1.npz", allow_pickle=False) as archive:
        return {name: archive[name] for name in archive.files}


@pytest.fixture(scope="session")
def as_slice():
    """Image and region from arrays."""

    def make(pixels, mask, spacing=None):
        return SliceImage(np.asarray(pixels, dtype=np.float32), spacing), Roi(np.asarray(mask, dtype=bool), spacing)

    return make


@pytest.fixture(scope="session")
def disc():
    """A mask of ``(rows, columns)`` with a centred disc."""

    def make(rows, columns, radius):
        y, x = np.mgrid[:rows, :columns]
        return (y - rows // 2) ** 2 + (x - columns // 2) ** 2 <= radius**2

    return make
