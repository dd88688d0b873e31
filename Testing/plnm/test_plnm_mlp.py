"""The multilayer perceptron: scikit-learn's contract, PyTorch's numbers, one seed one result."""

from __future__ import annotations

import numpy as np
import pytest

pytest.importorskip("torch")
pytestmark = pytest.mark.torch

from sklearn.utils.estimator_checks import parametrize_with_checks  # noqa: E402

from CervixRiskLib.plnm.mlp import MultilayerPerceptron  # noqa: E402


@parametrize_with_checks([MultilayerPerceptron(epochs=5)])
def test_keeps_scikit_learns_contract(estimator, check):
    check(estimator)


@pytest.fixture(scope="module")
def ring():
    """Two classes that no straight line divides."""
    rng = np.random.default_rng(0)
    X = rng.normal(size=(300, 2))
    return X, (np.hypot(*X.T) > 1.2).astype(int)


def test_learns_what_a_line_cannot(ring):
    X, y = ring
    fitted = MultilayerPerceptron(dropout=0.0, epochs=200).fit(X[:200], y[:200])
    assert fitted.score(X[200:], y[200:]) > 0.9


def test_a_seed_gives_the_same_bits_and_leaves_torchs_state_alone(ring):
    import torch

    X, y = ring
    torch.manual_seed(1)
    before = torch.rand(3)
    torch.manual_seed(1)
    first = MultilayerPerceptron(epochs=15, seed=7).fit(X, y)
    np.testing.assert_array_equal(torch.rand(3).numpy(), before.numpy())
    second = MultilayerPerceptron(epochs=15, seed=7).fit(X, y)
    other = MultilayerPerceptron(epochs=15, seed=8).fit(X, y)
    np.testing.assert_array_equal(first.decision_function(X), second.decision_function(X))
    assert not np.array_equal(first.decision_function(X), other.decision_function(X))


def test_early_stopping_ends_the_training(ring):
    rng = np.random.default_rng(3)
    X, y = rng.normal(size=(200, 6)), rng.integers(0, 2, 200)
    assert MultilayerPerceptron(epochs=300, patience=5).fit(X, y).epochs_trained_ < 300


def test_forward_pass_equals_torchs(ring):
    import torch

    X, y = ring
    fitted = MultilayerPerceptron(epochs=10).fit(X, y)
    hidden = torch.from_numpy(X)
    for weight, bias in zip(fitted.weights_[:-1], fitted.biases_[:-1], strict=True):
        hidden = torch.relu(hidden @ torch.from_numpy(weight) + torch.from_numpy(bias))
    expected = hidden @ torch.from_numpy(fitted.weights_[-1]) + torch.from_numpy(fitted.biases_[-1])
    np.testing.assert_allclose(fitted.decision_function(X), expected[:, 0].numpy(), rtol=1e-12)
