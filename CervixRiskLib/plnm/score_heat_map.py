"""Where in the image the fusion score comes from: a heat map back through classifier, elimination and PCA.

The embedding is the flattened feature map, so the score has a slope of its own at every place of it. HiResCAM keeps
them apart; Grad-CAM, which the published study used, takes their mean over the places for each channel.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..bundle import PredictionWarning, WarningCode
from ..imaging import Crop
from ..networks import CamMethod, score_cam
from .fusion_scorer import FusionScorer

if TYPE_CHECKING:
    from ..networks import InferenceEngine

DEFAULT_METHOD = CamMethod.HIRES_CAM


@dataclass(frozen=True, eq=False)
class NetworkView:
    """What the network saw of a case: its crop and its last feature map ``(C, h, w)``."""

    engine: InferenceEngine
    crop: Crop
    feature_map: np.ndarray

    @property
    def embedding(self) -> np.ndarray:
        """The flattened feature map."""
        return self.feature_map.reshape(-1)


@dataclass(frozen=True, eq=False)
class ScoreHeatMap:
    """A heat map ``(rows, columns)`` on the image's grid, or the reasons why there is none.

    ``target`` says in words what the map explains.
    """

    values: np.ndarray | None
    target: str
    warnings: tuple[PredictionWarning, ...] = ()


def score_heat_map(
    scorer: FusionScorer,
    standardised: np.ndarray,
    view: NetworkView | None,
    shape: tuple[int, int],
    method: CamMethod = DEFAULT_METHOD,
) -> ScoreHeatMap:
    """Of the fusion score where it has a gradient; Grad-CAM of the network's own trained head where it has not.

    Parameters
    ----------
    standardised
        The case's features as ``scorer`` takes them.
    shape
        ``(rows, columns)`` of the image.
    """
    if view is None:
        return _unavailable("There is no heat map: this bundle's score does not use a network.")
    weights = view.engine.weights
    warnings: tuple[PredictionWarning, ...] = ()
    if weights.kind == "none" and weights.fine_tuned == "none":
        text = (
            "The network's weights are random: the heat map shows where its random textures move the score, not what "
            "a trained network looks at."
        )
        warnings = (PredictionWarning(WarningCode.UNTRAINED_NETWORK, text),)
    gradient = scorer.embedding_gradient(standardised)
    if gradient is not None:
        cells = score_cam(view.feature_map, gradient, method)
        target = f"{method.caption} of the fusion score, in the square that the network sees"
        if not cells.any():
            # Nothing speaks for the score: show what speaks against it, and say so.
            cells = score_cam(view.feature_map, -gradient, method)
            target = f"{method.caption} against the fusion score (nothing in the image speaks for it)"
    elif weights.fine_tuned != "none":
        cells = view.engine.answer(view.crop.pixels[None]).cam(0, 1)
        target = "Grad-CAM of the network's own head (the fusion score has no gradient)"
    else:
        return _unavailable(
            "There is no heat map: the fusion score has no gradient back to the image (its classifier is piecewise "
            "constant, or no deep feature was retained), and the network has no trained head of its own."
        )
    if not cells.any():
        return _unavailable("There is no heat map: nothing in what the network sees moves the score.")
    return ScoreHeatMap(view.crop.to_image_grid(cells, shape), target, warnings)


def _unavailable(text: str) -> ScoreHeatMap:
    return ScoreHeatMap(None, "", (PredictionWarning(WarningCode.HEATMAP_UNAVAILABLE, text),))
