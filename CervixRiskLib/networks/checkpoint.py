"""Where a training stands after a whole epoch, in one ``.safetensors`` file: tensors and JSON, nothing executable.

Everything drawn in an epoch follows from the seed and the epoch's number, so no generator's state has to be kept: the
weights, the optimiser's tensors, the loss scaler and the epochs so far are all there is.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..atomic import atomic_file
from ..errors import CervixRiskError
from .epoch import Epoch
from .network import Network
from .optional_packages import require
from .torch_import import torch
from .training_plan import TrainingPlan

FORMAT = "cervixrisk-checkpoint"
FORMAT_VERSION = 1
_KEY = "cervixrisk"


class DamagedCheckpointError(CervixRiskError):
    """A checkpoint that cannot be read or does not fit the network; the training begins anew."""


@dataclass(frozen=True)
class Checkpoint:
    """A training after ``len(history)`` epochs.

    Parameters
    ----------
    fingerprint
        See :func:`training_fingerprint`.
    history
        The epochs so far.
    best_epoch
        Number of the epoch whose weights are kept so far; 0 when the last ones are.
    tensors
        By name: ``network.NAME``, ``optimizer.PARAMETER.FIELD`` and, where another epoch than the last was the best,
        ``best.NAME``.
    scaler
        State of the loss scaler; empty without one.
    """

    fingerprint: Mapping[str, str]
    history: tuple[Epoch, ...]
    best_epoch: int
    tensors: Mapping[str, Any]
    scaler: Mapping[str, float] = field(default_factory=dict)


def save_checkpoint(checkpoint: Checkpoint, path: str | os.PathLike[str]) -> None:
    """Write ``checkpoint`` to ``path`` in place of what is there, whole or not at all.

    Raises
    ------
    StorageError
        The disk is full or the place cannot be written.
    """
    tensors = {name: _bytes(tensor) for name, tensor in sorted(checkpoint.tensors.items())}
    header = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "fingerprint": dict(checkpoint.fingerprint),
        "history": [dataclasses.asdict(epoch) for epoch in checkpoint.history],
        "best_epoch": checkpoint.best_epoch,
        "scaler": dict(checkpoint.scaler),
        "sha256": _digest(checkpoint.tensors),
    }
    # The format is written by hand: the package's `save` doubles hundreds of megabytes in memory every epoch, and its
    # `save_file` leaves a temporary file of its own when the process is killed and hides the disk's errors.
    table: dict[str, Any] = {"__metadata__": {_KEY: json.dumps(header, sort_keys=True)}}
    end = 0
    for name, content in tensors.items():
        start, end = end, end + content.nbytes
        tensor = checkpoint.tensors[name]
        table[name] = {"dtype": _TYPES[tensor.dtype], "shape": list(tensor.shape), "data_offsets": [start, end]}
    text = json.dumps(table).encode()
    text += b" " * (-len(text) % 8)
    with atomic_file(path) as partial, partial.open("wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for content in tensors.values():
            file.write(content)


def load_checkpoint(path: str | os.PathLike[str]) -> Checkpoint:
    """Read what :func:`save_checkpoint` wrote; every byte of the tensors is checked.

    Raises
    ------
    DamagedCheckpointError
        The file cannot be read, was cut short or altered, or is of another kind or version.
    """
    safetensors = require("safetensors")
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as handle:
            text = (handle.metadata() or {})[_KEY]
            # Cloned: a tensor that looks into the mapped file would change when the file is replaced.
            tensors = {name: handle.get_tensor(name).clone() for name in handle.keys()}  # noqa: SIM118 - not a dict
        header = json.loads(text, parse_constant=_CONSTANTS.__getitem__)
        if (header["format"], header["version"], header["sha256"]) != (FORMAT, FORMAT_VERSION, _digest(tensors)):
            raise ValueError("another kind, version or content")
        history = tuple(Epoch(**epoch) for epoch in header["history"])
        best_epoch = header["best_epoch"]
        if [epoch.number for epoch in history] != list(range(1, len(history) + 1)) or not history:
            raise ValueError("epochs are missing")
        if type(best_epoch) is not int or not 0 <= best_epoch <= len(history):
            raise ValueError("the best epoch is none of them")
        return Checkpoint(dict(header["fingerprint"]), history, best_epoch, tensors, dict(header["scaler"]))
    except (safetensors.SafetensorError, OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise DamagedCheckpointError("The checkpoint is damaged or of another version.") from error


_TYPES = {torch.float32: "F32", torch.float64: "F64", torch.int64: "I64"}
# One NaN for all, so that histories with an undefined AUC compare equal before and after.
_CONSTANTS = {"NaN": math.nan, "Infinity": math.inf, "-Infinity": -math.inf}


def training_fingerprint(
    network: Network,
    plan: TrainingPlan,
    *,
    seed: int,
    device: str,
    precision: str,
    arrays: Mapping[str, np.ndarray | None],
) -> dict[str, str]:
    """What a training's result depends on, as short texts and hashes by name: equal ones give the same bits on a CPU.

    ``arrays`` are the crops, labels, patients and whatever else the training reads.
    """
    stated = (network.name, network.n_classes, network.in_channels, network.input_size)
    return {
        "network": json.dumps(stated),
        "initial weights": _digest(network.state_dict()),
        "training plan": json.dumps(plan.to_json(), sort_keys=True),
        "seed": str(seed),
        "version of PyTorch": str(torch.__version__),
        "number of threads": str(torch.get_num_threads()),
        "device": device,
        "precision": precision,
        **{name: "none" if array is None else _array_digest(array) for name, array in arrays.items()},
    }


def _digest(tensors: Mapping[str, Any]) -> str:
    digest = hashlib.sha256()
    for name in sorted(tensors):
        digest.update(f"{name} {tensors[name].dtype} {tuple(tensors[name].shape)};".encode())
        digest.update(_bytes(tensors[name]))
    return digest.hexdigest()


def _bytes(tensor: Any) -> memoryview:
    """The values in row-major order; a view, when they lie so."""
    content: memoryview = tensor.detach().contiguous().reshape(-1).numpy().view(np.uint8).data
    return content


def _array_digest(array: np.ndarray) -> str:
    contiguous = np.ascontiguousarray(array)
    digest = hashlib.sha256(f"{contiguous.dtype.str} {contiguous.shape};".encode())
    digest.update(contiguous.tobytes())
    return digest.hexdigest()
