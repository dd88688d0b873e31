"""Put weights from a file or the published ImageNet set into a built network."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ..errors import SettingsError
from ..file_hash import file_sha256
from .network import WeightsRecord
from .optional_packages import require
from .tensor_names import built_names
from .torch_import import torch
from .weights_file import read_tensors
from .zoo import NetworkSpec


def load_weights(
    spec: NetworkSpec, module: Any, weights: str, *, in_channels: int, seed: int | None = None
) -> WeightsRecord:
    """Load ``weights`` (``"imagenet"`` or a path) into ``module`` in place and say what was done.

    Raises
    ------
    MissingComponentError
        The file is not there or cannot be fetched.
    SettingsError
        The file does not fit the network, or is not a plain set of tensors.
    """
    if weights == "imagenet":
        from .pretrained import fetch_imagenet

        path, sha256 = fetch_imagenet(spec)
        notes = fit_tensors(spec, module, read_tensors(path), in_channels=in_channels)
        notes.insert(0, f"Published weights {spec.imagenet} ({path.name}).")
        return WeightsRecord("imagenet", sha256=sha256, note=" ".join(notes), seed=seed)
    path = Path(weights).expanduser()
    tensors = read_tensors(path)
    notes = fit_tensors(spec, module, tensors, in_channels=in_channels)
    return WeightsRecord("file", sha256=file_sha256(path), note=" ".join(notes), seed=seed)


def fit_tensors(spec: NetworkSpec, module: Any, tensors: dict[str, Any], *, in_channels: int) -> list[str]:
    """Copy ``tensors`` into ``module``, with the changes that transfer learning needs, and return them as notes.

    A head of another class count is dropped (the new one keeps its random weights). A first convolution of three
    colour channels is summed over them for a grey image, which is what showing the grey image three times would
    compute; for ``k`` channels the sum is shared evenly. An embedding of the patches' places that was made for
    another size of image is resampled (bicubic), as in Dosovitskiy et al. 2021, section 3.2.

    Raises
    ------
    SettingsError
        Any other tensor is missing, unknown, of another shape, or not finite; nothing has been copied then.
    """
    wanted = module.state_dict()
    tensors = built_names(spec.name, tensors)
    notes: list[str] = []

    head = [name for name in wanted if name.startswith(spec.head)]
    if any(name in tensors and tensors[name].shape != wanted[name].shape for name in head):
        classes = next(len(tensors[name]) for name in head if name in tensors)
        notes.append(f"The head of {classes} classes was replaced by a new one.")
        tensors = {name: tensor for name, tensor in tensors.items() if name not in head}
    elif not any(name in tensors for name in head):
        notes.append("The file has no head; a new one was made.")
    else:
        head = []

    first = spec.first_convolution
    if first in tensors and tensors[first].ndim == 4:
        channels = tensors[first].shape[1]
        if channels == 3 and in_channels != 3:
            summed = tensors[first].float().sum(dim=1, keepdim=True)
            tensors[first] = summed.repeat(1, in_channels, 1, 1) / in_channels
            notes.append(f"The first convolution's three colour channels were summed for {in_channels} channel(s).")

    places = spec.position_embedding
    if places and places in tensors and tensors[places].shape != wanted[places].shape:
        resampled = _resampled_places(tensors[places], wanted[places].shape)
        if resampled is not None:
            old, new = (math.isqrt(tensor.shape[1] - 1) for tensor in (tensors[places], resampled))
            tensors[places] = resampled
            notes.append(f"The position embedding was resampled from {old} x {old} to {new} x {new} patches.")

    # Old files do not count the batches seen; evaluation does not use the count.
    optional = {name for name in wanted if name.endswith("num_batches_tracked")} | set(head)
    missing = [name for name in wanted if name not in tensors and name not in optional]
    unknown = [name for name in tensors if name not in wanted]
    reshaped = [name for name in tensors if name in wanted and tensors[name].shape != wanted[name].shape]
    mismatched = len(missing) + len(unknown) + len(reshaped)
    if mismatched:
        raise SettingsError(
            f"The weights file does not fit {spec.title}: of its {len(wanted)} tensors {len(missing)} are missing and "
            f"{len(reshaped)} have another shape, and {len(unknown)} are unknown ({mismatched} mismatched). "
            f"Choose a file made for {spec.title}."
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values() if tensor.is_floating_point()):
        raise SettingsError("The weights file holds values that are not finite: its training had failed; use another.")
    module.load_state_dict({**wanted, **tensors})
    return notes


def _resampled_places(embedding: Any, wanted: Any) -> Any:
    """``embedding`` ``(1, 1 + side * side, width)`` for another side, or ``None`` where it is no such grid."""
    if embedding.ndim != 3 or embedding.shape[0] != 1 or embedding.shape[2] != wanted[2]:
        return None
    count = embedding.shape[1] - 1
    if count < 1 or math.isqrt(count) ** 2 != count:
        return None
    side = math.isqrt(wanted[1] - 1)
    return require("timm.layers").resample_abs_pos_embed(embedding, new_size=[side, side], num_prefix_tokens=1)
