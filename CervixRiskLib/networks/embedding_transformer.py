"""Deep features as a scikit-learn step that never shows downstream steps an embedding its own label had shaped."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ..errors import SettingsError, TrainingError


class FineTunedEmbedding(TransformerMixin, BaseEstimator):
    """Turn crops into network embeddings, fine-tuning the network on the training labels.

    ``fit_transform`` (what a ``Pipeline`` calls on training cases) cross-fits: the cases are cut into ``cv`` stratified
    folds, a network fine-tuned from the same initial weights on the other folds embeds each one, so that a selector or
    classifier behind it learns from embeddings as new cases will have them. ``transform`` uses ``network_``, fine-tuned
    on all training cases. The fold networks start from one set of weights, which keeps their feature axes comparable
    as long as the learning rate is small; that is an approximation.

    With ``mode="none"`` the network is frozen, and with ``mode="head"`` only the last layer behind the feature map
    learns: embeddings then depend on no label and nothing is cross-fitted.

    Parameters
    ----------
    network, weights
        As in :func:`build_network`.
    mode
        ``"none"``, ``"head"`` or ``"all"``.
    size, in_channels
        Side of the crops in pixels, channels; a row of X is ``in_channels * size * size`` pixels, row-major.
    epochs, learning_rate, patience
        As in :func:`fine_tune`.
    cv
        Number of cross-fitting folds; fewer where the rarest class has fewer cases.
    seed
        For weights, folds and training.
    device
        As in :func:`choose_device`.
    batch
        Crops at once.

    Attributes
    ----------
    network_
        The :class:`Network` that ``transform`` uses.
    classes_
        The labels seen, in the order of the network's head; absent when fitted without labels.
    history_
        Epochs of ``network_``'s fine-tuning; empty when frozen.
    n_features_in_
        Pixels of a row.
    """

    def __init__(
        self,
        network: str = "densenet121",
        *,
        weights: str = "none",
        mode: str = "none",
        size: int = 128,
        in_channels: int = 1,
        epochs: int = 20,
        learning_rate: float | None = None,
        patience: int = 5,
        cv: int = 5,
        seed: int = 3407,
        device: str = "cpu",
        batch: int = 16,
    ) -> None:
        self.network = network
        self.weights = weights
        self.mode = mode
        self.size = size
        self.in_channels = in_channels
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.patience = patience
        self.cv = cv
        self.seed = seed
        self.device = device
        self.batch = batch

    def fit(self, X: Any, y: Any = None, groups: Any = None) -> FineTunedEmbedding:
        """Build the network and fine-tune it on all cases.

        Parameters
        ----------
        X
            ``(n, in_channels * size * size)`` array or DataFrame of pixels.
        y
            ``(n,)`` labels; may be missing for ``mode="none"``.
        groups
            ``(n,)`` patients.

        Raises
        ------
        SettingsError, TrainingError, MissingComponentError
            As :func:`build_network` and :func:`fine_tune` raise them.
        """
        crops, encoded = self._start(X, y)
        self._finish(crops, encoded, groups)
        return self

    def fit_transform(self, X: Any, y: Any = None, groups: Any = None) -> np.ndarray:
        """Fit on all cases and return each case's out-of-fold embedding, ``(n, C * h * w)`` float32."""
        from .fine_tuning import fine_tune
        from .inner_split import smallest_class, stratified_folds

        crops, encoded = self._start(X, y)
        initial = self.network_
        embeddings = None
        if self.mode == "all":
            assert encoded is not None
            if not isinstance(self.cv, (int, np.integer)) or self.cv < 2:
                raise SettingsError("Cross-fitting needs at least 2 folds.")
            folds = max(2, min(int(self.cv), smallest_class(encoded, groups)))
            for training, held_out in stratified_folds(encoded, groups, folds=folds, seed=self.seed):
                inner_groups = None if groups is None else np.asarray(groups)[training]
                tuned = fine_tune(
                    initial, crops[training], encoded[training], groups=inner_groups, **self._training_settings()
                )
                part = self._embed(tuned.network, crops[held_out])
                if embeddings is None:
                    embeddings = np.empty((len(crops), part.shape[1]), dtype=np.float32)
                embeddings[held_out] = part
        self._finish(crops, encoded, groups)
        return self._embed(self.network_, crops) if embeddings is None else embeddings

    def transform(self, X: Any) -> np.ndarray:
        """Embeddings of ``network_``: ``(n, C * h * w)`` float32."""
        check_is_fitted(self, "network_")
        return self._embed(self.network_, self._crops(X))

    def get_feature_names_out(self, input_features: Any = None) -> np.ndarray:
        """``deep_00000`` and so on, in the order of the flattened map."""
        check_is_fitted(self, "n_features_out_")
        return np.array([f"deep_{index:05d}" for index in range(self.n_features_out_)], dtype=object)

    def _start(self, X: Any, y: Any) -> tuple[np.ndarray, np.ndarray | None]:
        from .network import build_network

        if self.mode not in ("none", "head", "all"):
            raise SettingsError(f"Fine-tuning {self.mode!r} is not known: choose 'none', 'head' or 'all'.")
        crops = self._crops(X)
        encoded = None
        classes = 2
        if y is not None:
            self.classes_, encoded = np.unique(np.asarray(y), return_inverse=True)
            classes = max(2, len(self.classes_))
            if len(encoded) != len(crops):
                raise SettingsError(f"Each of the {len(crops)} crops needs one label; {len(encoded)} came.")
        elif self.mode != "none":
            raise TrainingError("Fine-tuning needs the outcome of every case.")
        self.network_ = build_network(
            self.network,
            n_classes=classes,
            weights=self.weights,
            in_channels=self.in_channels,
            seed=self.seed,
            input_size=self.size,
        )
        self.n_features_in_ = self.in_channels * self.size * self.size
        self.history_: tuple[Any, ...] = ()
        return crops, encoded

    def _finish(self, crops: np.ndarray, encoded: np.ndarray | None, groups: Any) -> None:
        if self.mode != "none":
            from .fine_tuning import fine_tune

            assert encoded is not None
            result = fine_tune(self.network_, crops, encoded, groups=groups, **self._training_settings())
            self.network_ = result.network
            self.history_ = result.history
        self.n_features_out_ = self._embed(self.network_, crops[:1]).shape[1]

    def _training_settings(self) -> dict[str, Any]:
        return {
            "mode": self.mode,
            "epochs": self.epochs,
            "learning_rate": self.learning_rate,
            "patience": self.patience,
            "batch_size": self.batch,
            "seed": self.seed,
            "device": self.device,
        }

    def _embed(self, network: Any, crops: np.ndarray) -> np.ndarray:
        from .device import choose_device

        embedding: np.ndarray = network.embed(crops, batch=self.batch, device=choose_device(self.device).device)
        # Resampling keeps many fitted networks, and a graphics card's memory holds few.
        network.to("cpu")
        return embedding

    def _crops(self, X: Any) -> np.ndarray:
        pixels = np.asarray(X, dtype=np.float32)
        wanted = self.in_channels * self.size * self.size
        if pixels.ndim != 2 or pixels.shape[1] != wanted or len(pixels) == 0:
            raise SettingsError(
                f"Crops come as one row of {wanted} pixels a case ({self.in_channels} x {self.size} x {self.size}); "
                f"these have the shape {pixels.shape}."
            )
        return pixels.reshape(len(pixels), self.in_channels, self.size, self.size)
