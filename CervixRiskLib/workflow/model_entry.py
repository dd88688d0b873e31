"""What a model says of itself, read in a moment: ``bundle.json`` alone, of a folder or a zip.

Enough to offer it and to say what it needs. Nothing is verified here; the program that loads it verifies all of it.
"""

from __future__ import annotations

import zipfile
import zlib
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from ..bundle.contents import MANIFEST_NAME, MOST_MANIFEST_BYTES, BundleContents
from ..bundle.foreign_text import printable
from ..bundle.load import read_manifest
from ..bundle.manifest import BundleManifest
from ..bundle.trained_series import TrainedSeries
from ..errors import BundleError
from .study_questions import QUESTIONS

_GRAPH, _NETWORK = "network.onnx", "network.safetensors"


@dataclass(frozen=True)
class ModelEntry:
    """A model to choose.

    Parameters
    ----------
    path
        Its folder or zip.
    title
        For a menu.
    problem
        Why it cannot be used, a sentence; empty for a sound one. All that follows is empty then.
    task
        ``"plnm"`` or ``"staging"``.
    simulated
        Made on simulated images.
    needs_contour
        Whether it looks around the tumour.
    channels
        Names of the images it looks at, as it writes them: a stranger's words.
    modalities
        DICOM's codes of the case's own image that it was trained on, or else that its study is about.
    clinical
        ``(name, label)`` of the clinical values it needs.
    has_network, has_graph
        Whether a neural network is part of it, and whether an inference runtime can compute that without PyTorch.
    hash
        As :attr:`CervixRiskLib.bundle.Bundle.hash`: names the whole content, so that a replaced file is another model.
    """

    path: Path
    title: str
    problem: str = ""
    task: str = ""
    simulated: bool = False
    needs_contour: bool = True
    channels: tuple[str, ...] = ("image",)
    clinical: tuple[tuple[str, str], ...] = ()
    has_network: bool = False
    has_graph: bool = False
    hash: str = ""
    modalities: tuple[str, ...] = ()


def read_entry(path: Path) -> ModelEntry:
    """The model at ``path``; one that cannot be read says why in ``problem``."""
    name = printable(path.stem if path.suffix == ".zip" else path.name, 40).replace("-", " ")
    try:
        content = _manifest_bytes(path)
        manifest, files = read_manifest(BundleContents({MANIFEST_NAME: content}))
        if manifest.task not in QUESTIONS:
            raise BundleError("This model answers a question that this CervixRisk does not know: update CervixRisk.")
        channels = _channels(manifest)
    except BundleError as error:
        return ModelEntry(path, f"{name} (cannot be used)", str(error))
    return ModelEntry(
        path,
        f"{name} (simulated)" if manifest.simulated else name,
        "",
        manifest.task,
        manifest.simulated,
        manifest.task != "staging" or manifest.preprocessing.get("centre") == "roi",
        channels,
        tuple((predictor.name, printable(predictor.label)) for predictor in manifest.clinical),
        _NETWORK in files,
        _GRAPH in files,
        sha256(content).hexdigest(),
        _modalities(manifest, channels),
    )


def _channels(manifest: BundleManifest) -> tuple[str, ...]:
    """A bundle of another task has one channel and does not speak of it."""
    names = manifest.details.get("channels", ["image"])
    if not isinstance(names, list) or not names or not all(isinstance(name, str) for name in names):
        raise BundleError("The bundle's description lacks what a staging model needs: get it again.")
    return tuple(names)


def _modalities(manifest: BundleManifest, channels: tuple[str, ...]) -> tuple[str, ...]:
    trained_on = TrainedSeries.of(manifest.details, channels, QUESTIONS[manifest.task].modality)
    return trained_on.modalities[channels[0]]


def _manifest_bytes(path: Path) -> bytes:
    """``bundle.json``.

    Raises
    ------
    BundleError
        There is none, or it cannot be read.
    """
    try:
        if path.is_dir():
            manifest = path / MANIFEST_NAME
            if not manifest.is_file():
                raise BundleError("This folder is not a model: it holds no bundle.json.")
            with manifest.open("rb") as file:
                return _limited(file.read(MOST_MANIFEST_BYTES + 1))
        if not path.is_file():
            raise BundleError("This model is not there any more: open it from where it is now.")
        with zipfile.ZipFile(path) as archive, archive.open(MANIFEST_NAME) as entry:
            return _limited(entry.read(MOST_MANIFEST_BYTES + 1))
    except KeyError as error:
        raise BundleError("This file is not a model: it holds no bundle.json.") from error
    # RuntimeError: an encrypted entry.
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise BundleError("This file is not a model, or it is damaged: a model is a folder or a .zip.") from error
    except (OSError, ValueError) as error:
        raise BundleError("The model may not be read, or cannot be: check the place it is kept at.") from error


def _limited(content: bytes) -> bytes:
    if len(content) > MOST_MANIFEST_BYTES:
        raise BundleError("The model's bundle.json is larger than it can be: it was not opened.")
    return content
