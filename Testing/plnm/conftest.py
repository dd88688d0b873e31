"""Feature tables with a known truth."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest


@pytest.fixture(scope="session")
def make_table():
    """``make(n, signal, seed)``: radiomics, embeddings and clinical columns whose association with y has that size."""

    def make(n=60, signal=1.0, seed=0, radiomics=120, deep=300):
        rng = np.random.default_rng(seed)
        y = rng.permutation(np.arange(n) % 2)
        raw = rng.normal(size=(n, radiomics)) * np.geomspace(1e-3, 1e3, radiomics) + 5
        informative = np.arange(0, radiomics, 12)
        raw[:, informative] += signal * y[:, None] * np.geomspace(1e-3, 1e3, radiomics)[informative]
        embedding = np.maximum(rng.normal(size=(n, deep)), 0).astype(np.float32)
        embedding[:, :20] += (signal * y[:, None]).astype(np.float32)
        X = pd.concat(
            [
                pd.DataFrame(raw, columns=[f"original_firstorder_{i:03d}" for i in range(radiomics)]),
                pd.DataFrame(embedding, columns=[f"net_embedding_{i:03d}" for i in range(deep)]),
                pd.DataFrame(
                    {
                        "maximum_diameter": rng.normal(30, 8, n) + 6 * signal * y,
                        "age": rng.normal(52, 10, n),
                    }
                ),
            ],
            axis=1,
        )
        X.index = [f"case {i}" for i in range(n)]
        return X, y

    return make


@pytest.fixture(scope="session")
def columns_of():
    """Split a table's columns into the blocks that the model takes."""

    def split(X):
        return {
            "radiomics_columns": tuple(name for name in X if name.startswith("original")),
            "deep_columns": {"net": tuple(name for name in X if name.startswith("net"))},
            "clinical_columns": ("maximum_diameter", "age"),
        }

    return split
