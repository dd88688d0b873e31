"""Grad-CAM and HiResCAM: which places of the last feature map speak for a score.

Grad-CAM (Selvaraju et al. 2017, doi 10.1109/ICCV.2017.74): the weight of channel k is the spatial mean of the score's
gradient, ``a_k = mean_ij(dy / dA_kij)``, and the map is ``ReLU(sum_k a_k A_k)``, here divided by its largest value.

HiResCAM (Draelos & Carin 2020, arXiv 2011.08891) leaves the mean out: ``ReLU(sum_k dy / dA_kij A_kij)``. Before the
ReLU its sum over the places is the score where that is linear in the map. Where the gradient is the same at every
place, as behind a global average, both are the same map.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

import numpy as np

from ..errors import SettingsError

if TYPE_CHECKING:
    from .network import Network


class CamMethod(str, Enum):
    """How a heat map is made of a feature map and a score's gradient."""

    GRAD_CAM = "gradcam"
    HIRES_CAM = "hirescam"

    @property
    def caption(self) -> str:
        """As it is written in captions."""
        return {"gradcam": "Grad-CAM", "hirescam": "HiResCAM"}[self.value]


def grad_cam(feature_map: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Grad-CAM of a score from its gradient with respect to a feature map.

    Parameters
    ----------
    feature_map, gradient
        ``(C, h, w)`` each.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` float32 with largest value 1; all zero where nothing speaks for the score.

    Raises
    ------
    SettingsError
        The two differ in shape, or hold values that are not finite.
    """
    activation, slope = _of_one_shape(feature_map, gradient)
    return weighted_cam(activation, slope.mean(axis=(1, 2)))


def hires_cam(feature_map: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """HiResCAM of a score; parameters, result and errors as those of :func:`grad_cam`."""
    activation, slope = _of_one_shape(feature_map, gradient)
    return _drawn(np.einsum("kij,kij->ij", slope, activation))


def weighted_cam(feature_map: np.ndarray, channel_weights: np.ndarray) -> np.ndarray:
    """``ReLU(sum_k a_k A_k)`` over its largest value, from channel weights that are already known.

    Parameters
    ----------
    feature_map
        ``(C, h, w)``.
    channel_weights
        ``(C,)``: spatial mean of the score's gradient with respect to each channel.

    Returns
    -------
    numpy.ndarray
        ``(h, w)`` float32 with largest value 1; all zero where nothing speaks for the score.

    Raises
    ------
    SettingsError
        The two do not fit, or hold values that are not finite.
    """
    activation = np.asarray(feature_map, dtype=np.float64)
    weights = np.asarray(channel_weights, dtype=np.float64)
    if activation.ndim != 3 or weights.shape != activation.shape[:1]:
        raise SettingsError(
            f"A heat map needs a feature map (C, h, w) and a weight for each channel, not {activation.shape} and "
            f"{weights.shape}."
        )
    return _drawn(np.einsum("k,kij->ij", weights, activation))


def head_grad_cam(network: Network, crop: np.ndarray, class_index: int, *, device: str = "cpu") -> np.ndarray:
    """Grad-CAM of the network's own score for a class: ``(h, w)`` float32 for one crop ``(size, size)``."""
    feature_map, gradient = network.feature_map_and_gradient(crop, class_index, device=device)
    return grad_cam(feature_map, gradient)


def score_cam(
    feature_map: np.ndarray, score_gradient: np.ndarray, method: CamMethod = CamMethod.GRAD_CAM
) -> np.ndarray:
    """Heat map of any score whose gradient with respect to the embedding is known: ``(h, w)`` as :func:`grad_cam`'s.

    Parameters
    ----------
    feature_map
        ``(C, h, w)``.
    score_gradient
        ``(C * h * w,)``: gradient with respect to the flattened map, as a study's chain rule through its
        standardisation, PCA and classifier gives it.
    """
    feature_map = np.asarray(feature_map)
    flat = np.asarray(score_gradient)
    if flat.shape != (feature_map.size,):
        raise SettingsError(f"The gradient has the shape {flat.shape}; the embedding has {feature_map.size} values.")
    draw = hires_cam if method is CamMethod.HIRES_CAM else grad_cam
    return draw(feature_map, flat.reshape(feature_map.shape))


def _of_one_shape(feature_map: np.ndarray, gradient: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Both as float64 ``(C, h, w)``."""
    activation = np.asarray(feature_map, dtype=np.float64)
    slope = np.asarray(gradient, dtype=np.float64)
    if activation.ndim != 3 or activation.shape != slope.shape:
        raise SettingsError(
            f"A heat map needs a feature map and a gradient of one shape (C, h, w), not {activation.shape} "
            f"and {slope.shape}."
        )
    return activation, slope


def _drawn(raw: np.ndarray) -> np.ndarray:
    """The positive part over its largest value, float32."""
    # A sum over channels is finite when its terms are, short of overflow, which is refused alike.
    if not np.isfinite(raw).all():
        raise SettingsError("The heat map cannot be drawn: the feature map or its gradient is not finite.")
    positive = np.maximum(raw, 0.0)
    peak = positive.max()
    return (positive / peak if peak > 0 else positive).astype(np.float32)
