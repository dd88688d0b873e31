"""The reference values R computed (Testing/reference/statistics) and the tables they were computed on."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

FOLDER = Path(__file__).parents[1] / "reference" / "statistics"


@pytest.fixture(scope="session")
def reference() -> dict:
    return json.loads((FOLDER / "reference.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def tables() -> dict:
    return json.loads((FOLDER / "tables.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def centres() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "centres.csv")


@pytest.fixture(scope="session")
def ratings() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "ratings.csv")


@pytest.fixture(scope="session")
def scores() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "scores.csv")


@pytest.fixture(scope="session")
def clinical() -> pd.DataFrame:
    return pd.read_csv(FOLDER / "clinical.csv")


@pytest.fixture(scope="session")
def performance() -> dict:
    """What performance.R computed: ROC bands, calibration curves, net benefit, reclassification."""
    return json.loads((FOLDER / "performance.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def paired_cases() -> np.ndarray:
    """Patients ``(160,)`` of clinical.csv, two neighbouring rows taken for one, as performance.R does."""
    return np.repeat(np.arange(80), 2)
