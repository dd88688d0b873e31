"""A built network: crops in; feature maps, embeddings, probabilities and gradients out, as NumPy arrays."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..errors import SettingsError
from .answer import NetworkAnswer
from .architecture import construct, split, split_parts
from .channel_weights import channel_weights
from .crop_normalisation import network_crops
from .graphics_card import computing_on
from .network_header import WeightsRecord
from .torch_import import torch
from .zoo import NetworkSpec, checked_input_size, network_spec


class Network:
    """A network of the zoo with its weights.

    Crops go in as they are, ``(n, size, size)`` or ``(n, channels, size, size)``; every method z-scores them first
    (:func:`zscore_crops`). Between calls the module stays in evaluation mode.

    Attributes
    ----------
    name, spec
        The zoo's name and row.
    module
        The ``torch.nn.Module``.
    weights
        Where its weights came from.
    input_size
        Side of the square crops in pixels.
    n_classes, in_channels
        Size of the head, channels of the image.
    """

    def __init__(
        self,
        spec: NetworkSpec,
        module: Any,
        *,
        weights: WeightsRecord,
        n_classes: int,
        in_channels: int = 1,
        input_size: int | None = None,
    ) -> None:
        self.spec = spec
        self.name = spec.name
        self.module = module.eval().to(memory_format=torch.channels_last)
        self.weights = weights
        self.n_classes = n_classes
        self.in_channels = in_channels
        self.input_size = checked_input_size(spec, input_size)

    def feature_maps(self, crops: np.ndarray, *, batch: int = 16, device: str = "cpu") -> np.ndarray:
        """The heat-map layer's map of every crop: ``(n, C, h, w)`` float32.

        The last feature map, after the last normalisation and ReLU, but for two networks: HRNet's is the map of
        highest resolution that its last stage gives, ViT's the patch tokens that its last attention reads.
        """
        features, _ = split(self.spec, self.module)
        return self._forward(crops, lambda images: features(images)[0], batch, device)

    def embed(self, crops: np.ndarray, *, batch: int = 16, device: str = "cpu") -> np.ndarray:
        """Flattened :meth:`feature_maps`, ``(n, C * h * w)`` float32: 16,384 for DenseNet121 at 128 x 128.

        Wang et al. 2025 (section 2.4) print 16,383 for it.
        """
        maps = self.feature_maps(crops, batch=batch, device=device)
        return maps.reshape(len(maps), -1)

    def probabilities(self, crops: np.ndarray, *, batch: int = 16, device: str = "cpu") -> np.ndarray:
        """Softmax of the network's own head: ``(n, n_classes)`` float32, rows sum to 1."""
        return self._forward(crops, lambda images: torch.softmax(self.module(images), dim=1), batch, device)

    def answer(
        self, crops: np.ndarray, *, batch: int = 16, device: str = "cpu", classes: Sequence[int] | None = None
    ) -> NetworkAnswer:
        """Logits and all that heat maps need, at about the cost of one forward pass.

        Parameters
        ----------
        classes
            Those whose heat map will be asked for; all where ``None``.

        Raises
        ------
        SettingsError
            A class does not exist, there is no crop, or the crops have another size.
        """
        wanted = tuple(range(self.n_classes)) if classes is None else tuple(classes)
        for index in wanted:
            self._check_class(index)
        parts = split_parts(self.spec, self.module)
        computed = []
        with computing_on(device):
            for images in self._batches(crops, batch, device):
                with torch.no_grad():
                    state = parts.features(images)
                logits, pooled, weights = channel_weights(self.spec, parts, state, wanted)
                computed.append([_to_numpy(tensor) for tensor in (logits, state[0], weights, pooled)])
        arrays = [np.concatenate(column) for column in zip(*computed, strict=True)]
        return NetworkAnswer(arrays[0], arrays[1], arrays[2], arrays[3], classes=wanted)

    def feature_map_and_gradient(
        self, crop: np.ndarray, class_index: int, *, device: str = "cpu"
    ) -> tuple[np.ndarray, np.ndarray]:
        """The last feature map of a crop and the gradient of a class's score before softmax by it: ``(C, h, w)`` each.

        Only the head is differentiated; the way from the image to the map needs no gradient.

        Raises
        ------
        SettingsError
            The class does not exist, or the crop has another size.
        """
        self._check_class(class_index)
        features, head = split(self.spec, self.module)
        with computing_on(device):
            images = self.prepare(np.asarray(crop)[np.newaxis], device)
            self.to(device)
            with torch.no_grad():
                feature_map, *rest = features(images)
            with torch.enable_grad():
                leaf = feature_map.detach().clone().requires_grad_(True)
                (gradient,) = torch.autograd.grad(head(leaf, *rest)[0, class_index], leaf)
            return _to_numpy(feature_map)[0], _to_numpy(gradient)[0]

    def prepare(self, crops: np.ndarray, device: str = "cpu") -> Any:
        """Check and z-score crops and put them on ``device``: a float32 tensor ``(n, channels, size, size)``."""
        images = network_crops(crops, self.spec.title, in_channels=self.in_channels, input_size=self.input_size)
        return torch.from_numpy(images).to(device).contiguous(memory_format=torch.channels_last)

    def to(self, device: str) -> Network:
        """Move the weights to ``device`` (``"cpu"``, ``"cuda"``, ``"mps"``); nothing is done when they are there."""
        if next(self.module.parameters()).device.type != torch.device(device).type:
            here = next(self.module.parameters()).device.type
            # Weights that are moved in inference mode can never be differentiated through again.
            with computing_on(here if device == "cpu" else device), torch.inference_mode(False):
                self.module.to(device)
        return self

    def state_dict(self) -> dict[str, Any]:
        """Name to tensor, on the CPU, contiguous."""
        return {
            name: tensor.detach().to("cpu").contiguous(memory_format=torch.contiguous_format)
            for name, tensor in self.module.state_dict().items()
        }

    def _forward(self, crops: np.ndarray, function: Any, batch: int, device: str) -> np.ndarray:
        with computing_on(device), torch.inference_mode():
            return np.concatenate([_to_numpy(function(images)) for images in self._batches(crops, batch, device)])

    def _batches(self, crops: np.ndarray, batch: int, device: str) -> Iterator[Any]:
        if len(crops) == 0:
            raise SettingsError("There is no crop to compute on.")
        if batch < 1:
            raise SettingsError("The batch size must be at least 1.")
        self.to(device)
        for start in range(0, len(crops), batch):
            yield self.prepare(crops[start : start + batch], device)

    def _check_class(self, class_index: int) -> None:
        if not 0 <= class_index < self.n_classes:
            raise SettingsError(f"The network has the classes 0 to {self.n_classes - 1}, not {class_index}.")


def build_network(
    name: str,
    *,
    n_classes: int = 2,
    weights: str = "none",
    in_channels: int = 1,
    seed: int = 3407,
    input_size: int | None = None,
) -> Network:
    """Build a network of the zoo.

    Parameters
    ----------
    name
        A key of :data:`NETWORKS`.
    weights
        ``"none"``: drawn from ``seed``. ``"imagenet"``: torchvision's or timm's published weights, fetched once,
        checked by hash. Anything else: path of a ``.safetensors`` file or a torch state dict.
    seed
        The paper's 3407; torch's own random state is left as it was.
    input_size
        Side of the crops in pixels; the zoo's default where ``None``.

    Raises
    ------
    SettingsError
        Unknown network, a size it cannot take, or a weights file that does not fit or holds more than tensors.
    MissingComponentError
        A package or a weights file is not there, or cannot be fetched.
    """
    spec = network_spec(name)
    size = checked_input_size(spec, input_size)
    if n_classes < 2 or in_channels < 1:
        raise SettingsError("A network needs at least two classes and one image channel.")
    with torch.random.fork_rng(devices=[]):
        # The CPU's generator alone: torch.manual_seed would also seed the graphics card's, and nothing puts that back.
        torch.default_generator.manual_seed(seed)
        module = construct(spec, n_classes=n_classes, in_channels=in_channels, input_size=size)
    record = WeightsRecord("none", seed=seed, note=f"Weights were drawn at random (seed {seed}).")
    if weights != "none":
        from .weights import load_weights

        record = load_weights(spec, module, weights, in_channels=in_channels, seed=seed)
    return Network(spec, module, weights=record, n_classes=n_classes, in_channels=in_channels, input_size=size)


def _to_numpy(tensor: Any) -> np.ndarray:
    return np.ascontiguousarray(tensor.detach().to("cpu").float().numpy())
