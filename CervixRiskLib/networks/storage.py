"""A network in one ``.safetensors`` file: tensors and a JSON header, nothing that could be executed."""

from __future__ import annotations

import os
from pathlib import Path

from ..atomic import atomic_file
from ..errors import BundleError
from .architecture import construct_shapes
from .network import Network
from .network_header import NetworkHeader, header_from_metadata
from .optional_packages import require
from .torch_import import torch


def save_network(network: Network, path: str | os.PathLike[str]) -> None:
    """Write ``network`` to ``path``, whole or not at all. The same network always gives the same bytes.

    Raises
    ------
    StorageError
        The disk is full or the place cannot be written.
    """
    save = require("safetensors.torch").save
    header = NetworkHeader(network.name, network.n_classes, network.in_channels, network.input_size, network.weights)
    # `save` and an ordinary write, not `save_file`: a full disk then is an OSError that atomic_file can tell.
    content = save(network.state_dict(), metadata=header.to_metadata())
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
            header = header_from_metadata(handle.metadata())
            # Cloned: a tensor that looks into the mapped file would end the process if the file were cut short.
            tensors = {name: handle.get_tensor(name).clone() for name in handle.keys()}  # noqa: SIM118 - not a dict
    except (safetensors.SafetensorError, OSError, ValueError) as error:
        raise BundleError("The network file is damaged: copy the bundle again.") from error

    spec = header.spec
    # Nothing is drawn that is replaced at once.
    module = construct_shapes(
        spec, n_classes=header.n_classes, in_channels=header.in_channels, input_size=header.input_size
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
        weights=header.weights,
        n_classes=header.n_classes,
        in_channels=header.in_channels,
        input_size=header.input_size,
    )
