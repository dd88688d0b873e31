"""One resample's result, and where it is kept so that a run that was killed goes on from there."""

from __future__ import annotations

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd

from ..atomic import atomic_file
from ..bundle.library_versions import library_versions
from ..cohort.engine_version import code_version
from .comparisons import Answer
from .model import PlnmModel

# What decides a resample's numbers besides its cases: a run that is resumed after an update begins anew.
_ROOMS = ("plnm", "statistics")
_PACKAGES = ("numpy", "scipy", "scikit-learn", "xgboost", "lightgbm", "torch")


@dataclass(frozen=True, eq=False)
class FoldResult:
    """What one resample's models said of the cases they had not seen, and what the model was made of.

    ``score``, ``probability`` and ``predicted`` are the model's own; ``answers`` those of all that it is compared with,
    empty where nothing was compared. ``features`` are the selected radiomic ones: the third principal component of one
    resample is not the third of another.
    """

    test: np.ndarray
    score: np.ndarray
    probability: np.ndarray
    predicted: np.ndarray
    network: str
    classifier: str
    features: tuple[str, ...]
    clinical: tuple[str, ...]
    answers: tuple[Answer, ...] = ()


@dataclass(frozen=True)
class FoldStore:
    """Finished resamples of one model on one table.

    Parameters
    ----------
    folder
        ``None`` keeps nothing.
    key
        Of all that a resample's result depends on besides its training side.
    """

    folder: Path | None
    key: str = ""

    @classmethod
    def of(
        cls, folder: Path | None, model: PlnmModel, X: pd.DataFrame, y: np.ndarray, groups: np.ndarray, what: str
    ) -> FoldStore:
        """The store of a model, its cases and ``what`` is asked of a resample."""
        if folder is None:
            return cls(None)
        parameters = joblib.hash((model.get_params(deep=False), np.asarray(y), np.asarray(groups), what))
        digest = sha256(parameters.encode())
        digest.update(json.dumps([code_version(_ROOMS), library_versions(_PACKAGES)]).encode())
        digest.update(joblib.hash((list(X.columns), X.to_numpy(np.float64))).encode())
        return cls(folder, digest.hexdigest())

    def save(self, train: np.ndarray, result: FoldResult) -> None:
        """Keep a finished resample."""
        if self.folder is not None:
            content = {name: _plain(value) for name, value in vars(result).items()}
            with atomic_file(self._path(self.folder, train)) as partial:
                partial.write_text(json.dumps(content), encoding="utf-8")

    def load(self, train: np.ndarray, test: np.ndarray) -> FoldResult | None:
        """A kept resample, ``None`` where there is none or it is damaged."""
        if self.folder is None:
            return None
        path = self._path(self.folder, train)
        if not path.is_file():
            return None
        try:
            result = _read(json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, KeyError, TypeError):
            return None
        scores = [result.score, *(answer.score for answer in result.answers)]
        fits = np.array_equal(result.test, test) and all(len(score) == len(test) for score in scores)
        return result if fits else None

    def _path(self, folder: Path, train: np.ndarray) -> Path:
        digest = sha256(self.key.encode() + np.sort(train).astype(np.int64).tobytes())
        return folder / f"fold-{digest.hexdigest()[:32]}.json"


def _read(content: dict[str, Any]) -> FoldResult:
    return FoldResult(
        np.array(content["test"], dtype=int),
        np.array(content["score"], dtype=float),
        np.array(content["probability"], dtype=float),
        np.array(content["predicted"], dtype=int),
        content["network"],
        content["classifier"],
        tuple(content["features"]),
        tuple(content["clinical"]),
        tuple(
            Answer(
                answer["table"],
                answer["name"],
                np.array(answer["score"], dtype=float),
                np.array(answer["predicted"], dtype=int),
            )
            for answer in content["answers"]
        ),
    )


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return value.tolist()
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    if isinstance(value, Answer):
        return {name: _plain(item) for name, item in vars(value).items()}
    return value
