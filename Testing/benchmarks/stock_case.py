"""One case answered with stock parts only: PyRadiomics, timm, captum, and the bundle's own fitted arithmetic."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
import timm
import torch
from captum.attr import LayerGradCam
from stock_pyradiomics import StockPyRadiomics


@dataclass(frozen=True, eq=False)
class StockAnswer:
    """The answer and the seconds each step took."""

    features: dict[str, float]
    embedding: np.ndarray
    score: float
    heatmap: np.ndarray | None
    seconds: dict[str, float]


class StockCase:
    """timm's network as timm builds it, with the weights, standardisation, axes and classifier of a PLNM predictor.

    The crop and its normalisation are the predictor's, so that both sides answer for the same pixels.
    """

    def __init__(self, radiomics: StockPyRadiomics, predictor: Any) -> None:
        self.radiomics = radiomics
        self.predictor = predictor
        from CervixRiskLib.networks import load_network
        from CervixRiskLib.networks.bundle_files import NETWORK_FILE

        network = load_network(predictor.bundle.path_of(NETWORK_FILE))
        self.layer_name = network.spec.feature_layer
        self.module = timm.create_model(
            network.spec.architecture, pretrained=False, num_classes=network.n_classes, in_chans=network.in_channels
        ).eval()
        self.module.load_state_dict(network.state_dict())

    def answer(self, image: Any, roi: Any) -> StockAnswer:
        """Features, embedding, score and heat map of one case."""
        from CervixRiskLib.imaging import crop_around_roi
        from CervixRiskLib.networks import zscore_crops

        scorer = self.predictor.fusion.scorer
        seconds: dict[str, float] = {}
        features, seconds["features"] = self.radiomics.execute(image.pixels, roi.mask, image.spacing_mm)

        start = time.perf_counter()
        crop = crop_around_roi(image, roi, size=self.predictor.crop_size, margin=self.predictor.crop_margin)
        pixels = torch.from_numpy(zscore_crops(crop.pixels[np.newaxis]))
        with torch.no_grad():
            embedding = self.module.forward_features(pixels).flatten(1).numpy()[0]
        seconds["embedding"] = time.perf_counter() - start

        start = time.perf_counter()
        standardised = scorer.standardise(features, embedding)
        score = scorer.score(standardised)
        seconds["score"] = time.perf_counter() - start

        start = time.perf_counter()
        gradient = scorer.embedding_gradient(standardised)
        heatmap = None
        if gradient is not None:
            coarse = self._grad_cam(pixels, gradient)
            if not coarse.any():  # as the predictor does: nothing speaks for the score, show what speaks against it
                coarse = self._grad_cam(pixels, -gradient)
            heatmap = crop.to_image_grid(coarse, image.shape)
        seconds["heat map"] = time.perf_counter() - start
        return StockAnswer(features, embedding, score, heatmap, seconds)

    def _grad_cam(self, pixels: torch.Tensor, gradient: np.ndarray) -> np.ndarray:
        """captum's Grad-CAM of the fusion score, ``(h, w)``, largest value 1.

        Grad-CAM sees a score only through its gradient at this case, so the score may be put as the linear function
        of the embedding with that gradient.
        """
        linear = _LinearScore(self.module, torch.from_numpy(gradient.astype(np.float32)))
        layer = self.module.get_submodule(self.layer_name)
        coarse = LayerGradCam(linear, layer).attribute(pixels, relu_attributions=True)[0, 0].detach().numpy()
        peak = coarse.max()
        return coarse / peak if peak > 0 else coarse


class _LinearScore(torch.nn.Module):
    def __init__(self, module: Any, gradient: torch.Tensor) -> None:
        super().__init__()
        self.module = module
        self.gradient = gradient

    def forward(self, pixels: torch.Tensor) -> torch.Tensor:
        return self.module.forward_features(pixels).flatten(1) @ self.gradient[:, None]
