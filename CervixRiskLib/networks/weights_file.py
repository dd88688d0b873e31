"""Read tensors from a weights file without running anything it holds."""

from __future__ import annotations

import pickle
import re
import struct
from pathlib import Path
from typing import Any

from ..errors import MissingComponentError, SettingsError
from .optional_packages import require
from .torch_import import torch

_WRAPPERS = ("state_dict", "model_state_dict", "model")
# Names of torchvision's first DenseNet files: "denselayer1.norm.1.weight" is "denselayer1.norm1.weight" today.
_OLD_DENSENET = re.compile(r"(denselayer\d+\.(?:norm|conv))\.(\d)\.")


def read_tensors(path: str | Path) -> dict[str, Any]:
    """The state dict in a ``.safetensors`` file or a torch checkpoint.

    Torch files are read with ``weights_only=True``: anything but tensors in plain containers is refused, unexecuted.

    Raises
    ------
    MissingComponentError
        There is no such file.
    SettingsError
        It is damaged, holds other objects, or no tensors by name.
    """
    path = Path(path)
    if not path.is_file():
        raise MissingComponentError(
            f"There is no weights file {path.name!r} at the path given: check it, or choose weights none or imagenet."
        )
    content = _read_safetensors(path) if path.suffix == ".safetensors" else _read_torch(path)
    return _clean(content)


def _read_safetensors(path: Path) -> Any:
    error_type = require("safetensors").SafetensorError
    try:
        return require("safetensors.torch").load_file(path)
    except (error_type, OSError, ValueError, KeyError, AttributeError) as error:
        raise SettingsError("The weights file is not a whole .safetensors file: copy or download it again.") from error


def _read_torch(path: Path) -> Any:
    try:
        return torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise SettingsError(
            "The weights file is damaged or holds Python objects besides tensors, which are never opened here: "
            "save only the state dict, best as .safetensors."
        ) from error
    # Damaged bytes surface as whatever the unpickler or the zip reader trips over first.
    except (
        RuntimeError, EOFError, ValueError, KeyError, IndexError, TypeError, AttributeError, OSError, struct.error,
    ) as error:  # fmt: skip
        raise SettingsError(
            "The weights file is neither .safetensors nor a readable torch state dict: copy or download it again."
        ) from error


def _clean(content: Any) -> dict[str, Any]:
    """Unwrap a training checkpoint, and bring names to today's."""
    for wrapper in _WRAPPERS:
        if isinstance(content, dict) and isinstance(content.get(wrapper), dict):
            content = content[wrapper]
            break
    if not isinstance(content, dict) or not content:
        raise SettingsError("The weights file holds no tensors by name: save the network's state dict.")
    cleaned: dict[str, Any] = {}
    for name, tensor in content.items():
        if not isinstance(name, str) or not isinstance(tensor, torch.Tensor):
            raise SettingsError("The weights file holds something that is no tensor: save only the state dict.")
        cleaned[_OLD_DENSENET.sub(r"\1\2.", name.removeprefix("module."))] = tensor
    return cleaned
