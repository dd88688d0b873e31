"""Fetch torchvision's published ImageNet weights once, and check them by hash every time."""

from __future__ import annotations

import re
import urllib.error
import urllib.request
from pathlib import Path

from ..atomic import atomic_file
from ..errors import MissingComponentError
from ..progress import SILENT, Progress
from .optional_packages import require
from .torch_import import torch
from .torchvision_guard import ensure_torchvision_operators
from .weights_file import file_sha256
from .zoo import NetworkSpec

# torchvision writes the first digits of a file's SHA-256 into its name: densenet121-a639ec97.pth.
_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.")
_TIMEOUT_SECONDS = 20.0
_BLOCK = 1 << 20


def fetch_imagenet(spec: NetworkSpec, *, progress: Progress = SILENT) -> tuple[Path, str]:
    """Path and SHA-256 of the published weights of ``spec``, downloaded into torch's own cache if not there yet.

    Raises
    ------
    MissingComponentError
        The file cannot be fetched, or what came is not the published file.
    """
    url = imagenet_url(spec)
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rsplit("/", 1)[-1]
    if not path.is_file():
        _download(spec, url, path, progress)
    sha256 = file_sha256(path)
    if not _is_published(path.name, sha256):
        raise MissingComponentError(
            f"The cached file {path.name} is not the one that was published (its hash differs): delete it from "
            "torch's cache folder (hub/checkpoints) and try again."
        )
    return path, sha256


def imagenet_url(spec: NetworkSpec) -> str:
    """Where torchvision publishes the ImageNet weights of ``spec``."""
    ensure_torchvision_operators()
    return str(require("torchvision.models").get_weight(spec.imagenet).url)


def _download(spec: NetworkSpec, url: str, path: Path, progress: Progress) -> None:
    try:
        with urllib.request.urlopen(url, timeout=_TIMEOUT_SECONDS) as answer:
            length = answer.headers.get("Content-Length")
            with (
                atomic_file(path) as partial,
                partial.open("wb") as handle,
                progress.task(f"Fetching weights of {spec.title}", total=int(length) if length else None) as task,
            ):
                while block := answer.read(_BLOCK):
                    handle.write(block)
                    task.advance(len(block))
                handle.flush()
                if not _is_published(path.name, file_sha256(partial)):
                    raise MissingComponentError(
                        f"What came in place of the ImageNet weights of {spec.title} is not the published file (its "
                        "hash differs): the connection broke off, or a proxy answered. Nothing was kept; try again."
                    )
    except (urllib.error.URLError, TimeoutError, ConnectionError) as error:
        raise MissingComponentError(
            f"The ImageNet weights of {spec.title} could not be fetched from here. On a computer with internet access "
            f"download {url}, copy the file to this one, and give its path as the weights (or choose weights none)."
        ) from error


def _is_published(name: str, sha256: str) -> bool:
    published = _HASH_IN_NAME.search(name)
    return published is not None and sha256.startswith(published.group(1))
