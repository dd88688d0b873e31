"""A network in one ``.safetensors`` file: tensors and a JSON header, nothing that could be executed."""

from __future__ import annotations

import dataclasses
import json
import os
from pathlib import Path
from typing import Any

from ..atomic import atomic_file
from ..errors import BundleError, SettingsError
from .architecture import construct
from .network import Network, WeightsRecord, checked_input_size
from .optional_packages import require
from .torch_import import torch
from .zoo import NETWORKS

FORMAT = "cervixrisk-network"
FORMAT_VERSION = 1
_KEY = "cervixrisk"


def save_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write ``network`` to ``path``, whole or not at all. The same network always gives the same bytes.

    Raises
    ------
    StorageError
        The disk is full or the place cannot be written.
    """
    save = require("safetensors.torch").save
    header = {
        "format": FORMAT,
        "version": FORMAT_VERSION,
        "name": network.name,
        "n_classes": network.n_classes,
        "in_channels": network.in_channels,
        "input_size": network.input_size,
        "weights": dataclasses.asdict(network.weights),
    }
    # `save` and an ordinary write, not `save_file`: a full disk then is an OSError that atomic_file can tell.
    content = save(network.state_dict(), metadata={_KEY: json.dumps(header, sort_keys=True)})
    with atomic_file(path) as partial:
        partial.write_bytes(content)


def load_network(path: str | os.PathLike[str]) -> Network:
    """Read what :func:`save_network` wrote.

    Raises
    ------
    BundleError
        The file is missing, damaged, of another kind or version, or its tensors do not make that network.
    MissingComponentError
        PyTorch or the package that defines the network is not installed.
    """
    safetensors = require("safetensors")
    path = Path(path)
    if not path.is_file():
        raise BundleError(f"The network file {path.name!r} is missing: copy the whole bundle again.")
    try:
        with safetensors.safe_open(path, framework="pt", device="cpu") as handle:
            header = _header(handle.metadata())
            # Cloned: a tensor that looks into the mapped file would end the process if the file were cut short.
            tensors = {name: handle.get_tensor(name).clone() for name in handle.keys()}  # noqa: SIM118 - not a dict
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise BundleError("The network file is damaged: copy the bundle again.") from error

    spec = NETWORKS[header["name"]]
    # On the meta device a module has shapes and no memory, so nothing is drawn that is replaced at once.
    with torch.device("meta"):
        module = construct(
            spec,
            n_classes=header["n_classes"],
            in_channels=header["in_channels"],
            input_size=header["input_size"],
        )
    wanted = module.state_dict()
    wrong = [
        name
        for name in wanted.keys() | tensors.keys()
        if name not in wanted
        or name not in tensors
        or wanted[name].shape != tensors[name].shape
        or wanted[name].dtype != tensors[name].dtype
    ]
    if wrong:
        raise BundleError(
            f"The network file does not hold a {spec.title}: {len(wrong)} tensors are missing, unknown or of another "
            "shape or type. Copy the bundle again."
        )
    if not all(bool(torch.isfinite(tensor).all()) for tensor in tensors.values() if tensor.is_floating_point()):
        raise BundleError("The network file holds values that are not finite: train the bundle again.")
    module.load_state_dict(tensors, assign=True)
    return Network(
        spec,
        module,
        weights=header["weights"],
        n_classes=header["n_classes"],
        in_channels=header["in_channels"],
        input_size=header["input_size"],
    )


def _header(metadata: dict[str, str] | None) -> dict[str, Any]:
    """The validated header, its ``weights`` as a :class:`WeightsRecord`."""
    text = (metadata or {}).get(_KEY)
    if text is None:
        raise BundleError("The file holds tensors but is no network of CervixRisk: give it as weights instead.")
    try:
        header = json.loads(text)
        if header["format"] != FORMAT:
            raise BundleError("The file is no network of CervixRisk.")
        if header["version"] != FORMAT_VERSION:
            raise BundleError("The network file was written by a newer version: update CervixRisk.")
        if header["name"] not in NETWORKS:
            raise BundleError("The network file names a network this version does not know: update CervixRisk.")
        for key, smallest in (("n_classes", 2), ("in_channels", 1), ("input_size", 1)):
            if type(header[key]) is not int or not smallest <= header[key] <= 4096:
                raise BundleError(f"The network file states an impossible {key}: copy the bundle again.")
        checked_input_size(NETWORKS[header["name"]], header["input_size"])
        header["weights"] = _weights_record(header["weights"])
    except (json.JSONDecodeError, KeyError, TypeError, RecursionError, SettingsError) as error:
        raise BundleError("The network file's header is damaged: copy the bundle again.") from error
    return header


def _weights_record(stated: dict[str, Any]) -> WeightsRecord:
    record = WeightsRecord(**stated)
    if not (
        record.kind in ("none", "imagenet", "file")
        and record.fine_tuned in ("none", "head", "all")
        and isinstance(record.note, str)
        and (record.sha256 is None or isinstance(record.sha256, str))
        and (record.seed is None or type(record.seed) is int)
    ):
        raise TypeError("weights record")
    return record
