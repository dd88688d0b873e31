"""Fetch published ImageNet weights once, and check them by hash every time.

torchvision and timm's own releases write the first digits of a file's SHA-256 into its name. The Hugging Face hub,
where timm publishes the others, states the whole SHA-256 of a file in the header ``X-Linked-Etag`` of its answer; the
file is kept under a name that carries it, so that it can be checked again without the hub.
"""

from __future__ import annotations

import http.client
import os
import re
import urllib.error
import urllib.request
from pathlib import Path
from typing import IO, Any

from ..atomic import atomic_file
from ..errors import MissingComponentError
from ..file_hash import file_sha256
from ..progress import SILENT, Progress
from .optional_packages import require
from .torch_import import torch
from .torchvision_guard import ensure_torchvision_operators
from .zoo import NetworkSpec

_HASH_IN_NAME = re.compile(r"-([0-9a-f]{8,64})\.")
_SHA256 = re.compile(r"[0-9a-f]{64}")
_HUB = "https://huggingface.co"
_HUB_FILE = "model.safetensors"
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
    folder = Path(torch.hub.get_dir()) / "checkpoints"
    name = url.rsplit("/", 1)[-1]
    if _HASH_IN_NAME.search(name):
        path = folder / name
        cached = path.is_file()
    else:
        kept = [path for path in sorted(folder.glob(f"{spec.imagenet}-*")) if _HASH_IN_NAME.search(path.name)]
        cached = bool(kept)
        path = kept[0] if kept else folder
    if not cached:
        path = _download(spec, url, folder, progress)
    sha256 = file_sha256(path)
    if not _is_published(path.name, sha256):
        raise MissingComponentError(
            f"The cached file {path.name} is not the one that was published (its hash differs): delete it from "
            "torch's cache folder (hub/checkpoints) and try again."
        )
    return path, sha256


def imagenet_url(spec: NetworkSpec) -> str:
    """Where the ImageNet weights of ``spec`` are published. ``HF_ENDPOINT`` names a mirror of the hub.

    Raises
    ------
    MissingComponentError
        The installed timm does not know them.
    """
    ensure_torchvision_operators()
    if "_Weights." in spec.imagenet:
        return str(require("torchvision.models").get_weight(spec.imagenet).url)
    published = require("timm").get_pretrained_cfg(spec.imagenet)
    if published is None:
        raise MissingComponentError(
            f"The installed timm does not know the published weights {spec.imagenet}: update it (pip install -U timm), "
            "or give a weights file."
        )
    if published.url and _HASH_IN_NAME.search(published.url):
        return str(published.url)
    hub = os.environ.get("HF_ENDPOINT", _HUB).rstrip("/")
    return f"{hub}/{published.hf_hub_id}/resolve/main/{published.hf_hub_filename or _HUB_FILE}"


class _StatedHash(urllib.request.HTTPRedirectHandler):
    """Follows redirects and keeps the SHA-256 that the first answer to state one stated, which is the hub's own."""

    def __init__(self) -> None:
        self.sha256: str | None = None

    def redirect_request(
        self,
        req: urllib.request.Request,
        fp: IO[bytes],
        code: int,
        msg: str,
        headers: http.client.HTTPMessage,
        newurl: str,
    ) -> urllib.request.Request | None:
        self.read(headers)
        return super().redirect_request(req, fp, code, msg, headers, newurl)

    def read(self, headers: Any) -> None:
        stated = (headers.get("X-Linked-Etag") or headers.get("ETag") or "").removeprefix("W/").strip('"')
        if self.sha256 is None and _SHA256.fullmatch(stated):
            self.sha256 = stated


def _download(spec: NetworkSpec, url: str, folder: Path, progress: Progress) -> Path:
    """The file at ``url``, written into ``folder`` under a name that carries its hash."""
    stated = _StatedHash()
    try:
        with urllib.request.build_opener(stated).open(url, timeout=_TIMEOUT_SECONDS) as answer:
            path = folder / _kept_name(spec, url, answer, stated)
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
            return path
    except (urllib.error.URLError, TimeoutError, ConnectionError, http.client.HTTPException) as error:
        raise MissingComponentError(
            f"The ImageNet weights of {spec.title} could not be fetched from here. On a computer with internet access "
            f"download {url}, copy the file to this one, and give its path as the weights (or choose weights none)."
        ) from error


def _kept_name(spec: NetworkSpec, url: str, answer: Any, stated: _StatedHash) -> str:
    name = url.rsplit("/", 1)[-1]
    if _HASH_IN_NAME.search(name):
        return name
    stated.read(answer.headers)
    if stated.sha256 is None:
        raise MissingComponentError(
            f"The answer from {url} does not state the hash of the ImageNet weights of {spec.title}, so they cannot be "
            "checked: a proxy may have answered. Download the file yourself and give its path as the weights."
        )
    return f"{spec.imagenet}-{stated.sha256}{Path(name).suffix}"


def _is_published(name: str, sha256: str) -> bool:
    published = _HASH_IN_NAME.search(name)
    return published is not None and sha256.startswith(published.group(1))
