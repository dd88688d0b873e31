"""Which Python packages an answer needs, and which of them are missing; looked for without importing any."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import re
import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError
from .model_entry import ModelEntry

_LINE = re.compile(r"([A-Za-z0-9._-]+)>=([0-9.]+)")
# Where a package is imported under another name than it is installed by.
_MODULES = {
    "jinja2": "jinja2",
    "pillow": "PIL",
    "pywavelets": "pywt",
    "pyyaml": "yaml",
    "scikit-learn": "sklearn",
    "sqlalchemy": "sqlalchemy",
}


@dataclass(frozen=True)
class NeededPackage:
    """A package by the name it is installed by, and the lowest version that will do."""

    name: str
    at_least: str

    @property
    def requirement(self) -> str:
        return f"{self.name}>={self.at_least}"

    @property
    def module(self) -> str:
        return _MODULES.get(self.name.lower(), self.name)


ONNX_RUNTIME = NeededPackage("onnxruntime", "1.18")
"""Computes a network on the CPU; taken inside Slicer because, unlike OpenVINO, it sets NumPy no upper limit."""
TORCH = NeededPackage("torch", "2.3")
_BESIDE_TORCH = (NeededPackage("timm", "1.0.9"), NeededPackage("safetensors", "0.4.3"))
_RUNTIMES = (ONNX_RUNTIME, NeededPackage("openvino", "2024.4"), TORCH)


@dataclass(frozen=True)
class Lacking:
    """What is missing.

    Parameters
    ----------
    packages
        To be installed by pip, as requirements.
    torch
        PyTorch is missing, which has a way of its own inside Slicer.
    """

    packages: tuple[str, ...]
    torch: bool

    def __bool__(self) -> bool:
        return bool(self.packages) or self.torch

    @property
    def names(self) -> str:
        """Names in a row: ``"PyTorch, pandas"``."""
        titles = ["PyTorch"] if self.torch else []
        return ", ".join([*titles, *(package.split(">=")[0] for package in self.packages)])


def read_requirements(path: str | os.PathLike[str]) -> tuple[NeededPackage, ...]:
    """The packages of a ``requirements.txt`` whose lines are ``name>=version``.

    Raises
    ------
    SettingsError
        A line of another kind.
    """
    found = []
    for line in Path(path).read_text(encoding="utf-8").splitlines():
        text = line.split("#")[0].strip()
        if not text:
            continue
        match = _LINE.fullmatch(text)
        if match is None:
            raise SettingsError(f"The list of needed packages holds a line that is not understood: {text}")
        found.append(NeededPackage(match[1], match[2]))
    return tuple(found)


def is_installed(package: NeededPackage) -> bool:
    """Whether it is there, in a version that will do; one that does not tell its version is believed."""
    if package.module not in sys.modules and importlib.util.find_spec(package.module) is None:
        return False
    try:
        version = importlib.metadata.version(package.name)
    except importlib.metadata.PackageNotFoundError:
        return True
    return _numbers(version) >= _numbers(package.at_least)


def what_lacks(
    model: ModelEntry | None,
    base: Iterable[NeededPackage],
    installed: Callable[[NeededPackage], bool] = is_installed,
) -> Lacking:
    """What an answer of ``model`` still needs; without a model what every answer needs.

    A network with a graph runs on any of the inference runtimes or on PyTorch, one without on PyTorch alone.
    """
    packages = [package for package in base if not installed(package)]
    torch = False
    if model is not None and model.has_network:
        if not model.has_graph:
            torch = not installed(TORCH)
            packages += [package for package in _BESIDE_TORCH if not installed(package)]
        elif not any(installed(runtime) for runtime in _RUNTIMES):
            packages.append(ONNX_RUNTIME)
    return Lacking(tuple(package.requirement for package in packages), torch)


def _numbers(version: str) -> tuple[int, ...]:
    """``(2, 4)`` for ``"2.4.0"`` and ``"2.4rc1"``: trailing zeros count for nothing."""
    match = re.match(r"\d+(\.\d+)*", version)
    numbers = [int(part) for part in match[0].split(".")] if match else [0]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers)
