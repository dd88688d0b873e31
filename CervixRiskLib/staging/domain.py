"""Where the training slices lie in the space of what the network's last layer sees."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from ..errors import BundleError
from ..networks.optional_packages import require
from ..statistics import Domain, held_out_limit

_MOST_AXES = 10
_PLANES = 5
_DAMAGED = "The bundle's file on its training cases is damaged: get the bundle again."


@dataclass(frozen=True, eq=False)
class NetworkDomain:
    """Principal axes of the pooled features of the training cases, and their spread along and off them.

    Parameters
    ----------
    centre
        ``(pooled,)`` float32: mean of the training cases.
    axes
        ``(axes, pooled)`` float32: the principal axes that hold 95 % of the variance, ten at most.
    domain
        In the coordinates along the axes and, last, the logarithm of the distance from the plane they span: a slice of
        another organ often differs where the training cases do not differ at all.
    """

    centre: np.ndarray
    axes: np.ndarray
    domain: Domain

    @classmethod
    def fit(cls, training: np.ndarray) -> NetworkDomain:
        """From pooled features ``(cases, pooled)`` of at least four training cases; the limit is set afterwards.

        The distance off the plane is judged on cases that did not span it: five planes, each without a fifth.
        """
        from sklearn.covariance import LedoitWolf

        found = cls(*_plane(training), Domain(np.zeros(0), np.zeros((0, 0)), 0.0))
        spread = LedoitWolf().fit(found.coordinates(training)[:, :-1])
        planes = min(_PLANES, len(training) // 2)
        off = np.empty(len(training))
        for part in range(planes):
            left_out = np.arange(len(training)) % planes == part
            without = cls(*_plane(training[~left_out]), found.domain)
            off[left_out] = without.coordinates(training[left_out])[:, -1]
        size = len(found.axes)
        precision = np.zeros((size + 1, size + 1))
        precision[:size, :size] = spread.precision_
        precision[size, size] = 1.0 / max(float(off.var()), 1e-6)
        return replace(found, domain=Domain(np.append(spread.location_, off.mean()), precision, 0.0))

    def with_limit(self, held_out_distances: np.ndarray) -> NetworkDomain:
        """The same with the limit of held-out cases' distances ``(cases,)``."""
        return replace(self, domain=replace(self.domain, limit=held_out_limit(held_out_distances)))

    def coordinates(self, pooled: np.ndarray) -> np.ndarray:
        """``(cases, axes + 1)`` of pooled features ``(cases, pooled)``."""
        offset = pooled.astype(np.float64) - self.centre
        along = offset @ self.axes.T.astype(np.float64)
        off_plane = np.sqrt(np.maximum(np.square(offset).sum(axis=1) - np.square(along).sum(axis=1), 0.0))
        return np.column_stack([along, np.log(off_plane + 1e-12)])

    def distances(self, pooled: np.ndarray) -> np.ndarray:
        """Mahalanobis distance ``(cases,)`` of pooled features ``(cases, pooled)``."""
        return np.array([self.domain.distance(row) for row in self.coordinates(pooled)])

    def to_bytes(self) -> bytes:
        """As a ``.safetensors`` file: reading it needs neither scikit-learn nor PyTorch, which take seconds to load."""
        save = require("safetensors.numpy").save
        arrays = {
            "centre": self.centre,
            "axes": self.axes,
            "mean": self.domain.mean,
            "precision": self.domain.precision,
        }
        arrays["limit"] = np.array([self.domain.limit])
        content: bytes = save({name: np.ascontiguousarray(array) for name, array in arrays.items()})
        return content

    @classmethod
    def from_bytes(cls, content: bytes) -> NetworkDomain:
        """Read what :meth:`to_bytes` wrote.

        Raises
        ------
        BundleError
            It is damaged, or its parts do not fit together.
        MissingComponentError
            The package safetensors is not installed.
        """
        error_type = require("safetensors").SafetensorError
        try:
            arrays = require("safetensors.numpy").load(content)
            centre, axes, mean, precision, limit = (
                arrays[name] for name in ("centre", "axes", "mean", "precision", "limit")
            )
        except (error_type, KeyError, ValueError, TypeError) as error:
            raise BundleError(_DAMAGED) from error
        size = len(mean)
        if (
            axes.ndim != 2
            or centre.shape != axes.shape[1:]
            or size != len(axes) + 1
            or mean.shape != (size,)
            or precision.shape != (size, size)
            or limit.shape != (1,)
            or not all(np.isfinite(array).all() for array in (centre, axes, mean, precision, limit))
        ):
            raise BundleError(_DAMAGED)
        return cls(centre, axes, Domain(mean, precision, float(limit[0])))


def _plane(training: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and principal axes."""
    centre = training.mean(axis=0, dtype=np.float64)
    _, singular, axes = np.linalg.svd(training - centre, full_matrices=False)
    variance = np.cumsum(singular**2)
    share = variance / max(float(variance[-1]), np.finfo(float).tiny)
    kept = min(int(np.searchsorted(share, 0.95)) + 1, _MOST_AXES, max(len(training) - 1, 1))
    return centre.astype(np.float32), axes[:kept].astype(np.float32)
