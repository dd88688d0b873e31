"""The multilayer perceptron of the study: two hidden layers, ReLU, dropout, early stopping.

Trained with PyTorch through skorch; what is learned is kept as plain arrays, so that a bundle holds no code and
answering needs no PyTorch.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils.validation import check_is_fitted

from ..errors import MissingComponentError
from .binary_classifier import BinaryClassifier


class MultilayerPerceptron(BinaryClassifier):
    """Binary classifier with two hidden layers (paper, "Predictive modeling framework").

    Parameters
    ----------
    hidden
        Widths of the two hidden layers.
    dropout
        Share of hidden units silenced at each training step (paper: .3).
    learning_rate, weight_decay
        Of AdamW.
    epochs, patience
        Longest training, and how many epochs without a better validation loss end it (paper: 10). The best epoch's
        weights are kept.
    validation_fraction
        Share of the training cases, stratified, that early stopping watches.
    batch_size, seed
        Of the training; a seed gives bit-identical weights on one machine.
    """

    def __init__(
        self,
        hidden: tuple[int, int] = (32, 16),
        dropout: float = 0.3,
        learning_rate: float = 1e-2,
        weight_decay: float = 1e-3,
        epochs: int = 120,
        patience: int = 10,
        validation_fraction: float = 0.2,
        batch_size: int = 32,
        seed: int = 3407,
    ) -> None:
        self.hidden = hidden
        self.dropout = dropout
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.epochs = epochs
        self.patience = patience
        self.validation_fraction = validation_fraction
        self.batch_size = batch_size
        self.seed = seed

    def __sklearn_tags__(self):  # type: ignore[no-untyped-def]
        tags = super().__sklearn_tags__()
        # Early stopping needs more cases than some of scikit-learn's toy checks offer.
        tags.classifier_tags.poor_score = True
        return tags

    def fit(self, X: Any, y: Any) -> MultilayerPerceptron:
        """Fit to ``X`` ``(cases, features)``, standardised, and ``y`` of two classes.

        Raises
        ------
        MissingComponentError
            PyTorch or skorch is not installed.
        """
        X, encoded = self._encode(X, y)
        try:
            import torch
            from skorch import NeuralNetBinaryClassifier
            from skorch.callbacks import EarlyStopping
            from skorch.dataset import ValidSplit
        except ImportError as error:
            raise MissingComponentError(
                'The multilayer perceptron needs PyTorch and skorch: pip install "cervixrisk[train]".'
            ) from error
        watched = min(self.validation_fraction * len(encoded), np.bincount(encoded).min()) >= 2
        state = torch.random.get_rng_state()
        try:
            # The CPU's generator alone, which is put back; torch.manual_seed would seed a graphics card's too.
            torch.default_generator.manual_seed(self.seed)
            first, second = self.hidden
            module = torch.nn.Sequential(
                torch.nn.Linear(X.shape[1], first),
                torch.nn.ReLU(),
                torch.nn.Dropout(self.dropout),
                torch.nn.Linear(first, second),
                torch.nn.ReLU(),
                torch.nn.Dropout(self.dropout),
                torch.nn.Linear(second, 1),
                torch.nn.Flatten(0),
            )
            folds = max(2, round(1 / self.validation_fraction))
            net = NeuralNetBinaryClassifier(
                module,
                optimizer=torch.optim.AdamW,
                lr=self.learning_rate,
                optimizer__weight_decay=self.weight_decay,
                batch_size=self.batch_size,
                iterator_train__shuffle=True,
                max_epochs=self.epochs,
                # Without enough cases to watch, the number of epochs alone ends the training.
                train_split=ValidSplit(min(folds, int(np.bincount(encoded).min())), stratified=True)
                if watched
                else None,
                callbacks=[("stop", EarlyStopping(patience=self.patience, load_best=True))] if watched else None,
                verbose=0,
                device="cpu",
            )
            # The net's own progress and scoring callbacks cost more than the training of so small a network.
            net.set_params(callbacks__print_log=None, callbacks__valid_acc=None, callbacks__epoch_timer=None)
            net.fit(X.astype(np.float32), encoded.astype(np.float32))
            layers = [layer for layer in net.module_ if isinstance(layer, torch.nn.Linear)]
            self.weights_ = [layer.weight.detach().numpy().astype(np.float64).T.copy() for layer in layers]
            self.biases_ = [layer.bias.detach().numpy().astype(np.float64).copy() for layer in layers]
            self.epochs_trained_ = len(net.history)
        finally:
            torch.random.set_rng_state(state)
        return self

    def _log_odds(self, X: np.ndarray) -> np.ndarray:
        hidden = X
        for weight, bias in zip(self.weights_[:-1], self.biases_[:-1], strict=True):
            hidden = np.maximum(hidden @ weight + bias, 0.0)
        return (hidden @ self.weights_[-1] + self.biases_[-1])[:, 0]

    def decision_gradient(self, x: np.ndarray) -> np.ndarray:
        """Gradient of :meth:`decision_function` at one case ``x`` ``(features,)``, same shape."""
        check_is_fitted(self, "weights_")
        actives = []
        hidden = np.asarray(x, dtype=np.float64)
        for weight, bias in zip(self.weights_[:-1], self.biases_[:-1], strict=True):
            before = hidden @ weight + bias
            actives.append(before > 0)
            hidden = np.maximum(before, 0.0)
        gradient = self.weights_[-1][:, 0]
        for weight, active in zip(reversed(self.weights_[:-1]), reversed(actives), strict=True):
            gradient = weight @ (gradient * active)
        return gradient
