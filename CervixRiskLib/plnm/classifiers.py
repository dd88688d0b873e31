"""The study's eight classifiers with their grids, and the gradient of a score where there is one.

Source: paper, "Predictive modeling framework". Every classifier sees standardised fused features. Their seeds are the
training run's.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator

from ..errors import MissingComponentError, SettingsError

LABELS: dict[str, str] = {
    "logistic_regression": "Logistic regression (L2)",
    "svm": "Support vector machine (RBF)",
    "knn": "K nearest neighbours (k = 5)",
    "random_forest": "Random forest (100 trees)",
    "extra_trees": "Extra trees (50 trees)",
    "xgboost": "XGBoost (depth 6)",
    "lightgbm": "LightGBM (31 leaves)",
    "mlp": "Multilayer perceptron",
}


PACKAGES: dict[str, tuple[str, ...]] = {"xgboost": ("xgboost",), "lightgbm": ("lightgbm",), "mlp": ("torch", "skorch")}
"""What a classifier needs beyond scikit-learn."""


def check_packages(names: Iterable[str]) -> None:
    """Tell before hours of measuring, not after them, that a classifier's package is missing.

    Raises
    ------
    MissingComponentError
    """
    for name in names:
        missing = [package for package in PACKAGES.get(name, ()) if importlib.util.find_spec(package) is None]
        if missing:
            raise MissingComponentError(
                f'The classifier {name} needs {" and ".join(missing)}: pip install "cervixrisk[train]", or name '
                "classifiers that do not, such as --classifier logistic_regression --classifier svm."
            )


def make_classifier(name: str, seed: int = 42) -> BaseEstimator:
    """A fresh, unfitted classifier with the paper's fixed values.

    Raises
    ------
    SettingsError
        No such classifier.
    MissingComponentError
        Its package is not installed.
    """
    if name == "logistic_regression":
        from sklearn.linear_model import LogisticRegression

        return LogisticRegression(C=0.1, max_iter=500)
    if name == "svm":
        from .svm import CalibratedSvm

        return CalibratedSvm()
    if name == "knn":
        from sklearn.neighbors import KNeighborsClassifier

        # Bundles carry no search trees; a few hundred cases need none.
        return KNeighborsClassifier(n_neighbors=5, algorithm="brute")
    if name == "random_forest":
        from sklearn.ensemble import RandomForestClassifier

        return RandomForestClassifier(n_estimators=100, random_state=seed)
    if name == "extra_trees":
        from sklearn.ensemble import ExtraTreesClassifier

        return ExtraTreesClassifier(n_estimators=50, random_state=seed)
    if name == "xgboost":
        try:
            from xgboost import XGBClassifier
        except ImportError as error:
            raise MissingComponentError('XGBoost is not installed: pip install "cervixrisk[train]".') from error
        return XGBClassifier(max_depth=6, n_estimators=60, learning_rate=0.1, n_jobs=1, random_state=seed)
    if name == "lightgbm":
        try:
            from lightgbm import LGBMClassifier
        except ImportError as error:
            raise MissingComponentError('LightGBM is not installed: pip install "cervixrisk[train]".') from error
        return LGBMClassifier(
            num_leaves=31,
            n_estimators=60,
            learning_rate=0.1,
            n_jobs=1,
            random_state=seed,
            verbosity=-1,
            deterministic=True,
            force_row_wise=True,
        )
    if name == "mlp":
        from .mlp import MultilayerPerceptron

        return MultilayerPerceptron()
    raise SettingsError(f"There is no classifier called {name!r}; choose from {', '.join(LABELS)}.")


_QUICK_GRIDS: Mapping[str, Mapping[str, list[Any]]] = {
    "logistic_regression": {"C": [0.01, 0.1, 1.0]},
    "svm": {"C": [0.3, 3.0], "gamma": ["scale"]},
    "knn": {"weights": ["uniform", "distance"]},
    "random_forest": {"min_samples_leaf": [1, 5]},
    "extra_trees": {"min_samples_leaf": [1, 5]},
    "xgboost": {"learning_rate": [0.1]},
    "lightgbm": {"min_child_samples": [10]},
    "mlp": {"weight_decay": [1e-2]},
}
_WIDE_GRIDS: Mapping[str, Mapping[str, list[Any]]] = {
    "logistic_regression": {"C": [0.001, 0.01, 0.1, 1.0, 10.0]},
    "svm": {"C": [0.1, 1.0, 10.0], "gamma": ["scale", 0.01]},
    "knn": {"weights": ["uniform", "distance"]},
    "random_forest": {"min_samples_leaf": [1, 3, 5], "max_features": ["sqrt"]},
    "extra_trees": {"min_samples_leaf": [1, 3, 5], "max_features": ["sqrt"]},
    "xgboost": {"learning_rate": [0.05, 0.2]},
    "lightgbm": {"min_child_samples": [5, 20]},
    "mlp": {"weight_decay": [1e-3, 1e-1], "hidden": [(32, 16), (16, 8)]},
}


def parameter_grid(name: str, *, wide: bool) -> list[dict[str, Any]]:
    """Every combination of tuned values of one classifier."""
    from sklearn.model_selection import ParameterGrid

    grids = _WIDE_GRIDS if wide else _QUICK_GRIDS
    if name not in grids:
        raise SettingsError(f"There is no classifier called {name!r}; choose from {', '.join(LABELS)}.")
    return list(ParameterGrid(dict(grids[name])))


def positive_probability(classifier: Any, X: np.ndarray) -> np.ndarray:
    """Probability of the second class, ``(cases,)``."""
    return np.asarray(classifier.predict_proba(X))[:, 1].astype(np.float64)


def probability_gradient(classifier: Any, x: np.ndarray) -> np.ndarray | None:
    """Gradient of the second class's probability at one case ``x`` ``(features,)``, or ``None`` where there is none.

    Logistic regression, the calibrated SVM and the multilayer perceptron have one; neighbours and trees are piecewise
    constant.
    """
    from sklearn.linear_model import LogisticRegression

    from .mlp import MultilayerPerceptron
    from .svm import CalibratedSvm

    x = np.asarray(x, dtype=np.float64)
    if isinstance(classifier, LogisticRegression):
        gradient = classifier.coef_[0].astype(np.float64)
    elif isinstance(classifier, CalibratedSvm | MultilayerPerceptron):
        gradient = classifier.decision_gradient(x)
    else:
        return None
    probability = positive_probability(classifier, x[None])[0]
    return gradient * probability * (1 - probability)
