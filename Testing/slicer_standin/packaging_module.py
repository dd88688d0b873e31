"""``slicer.packaging`` (5.12 and later) and the PyTorch extension's ``PyTorchUtils``: they write down, nothing more."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType
from typing import Any


def make_packaging(installed: list[Any]) -> ModuleType:
    """The module ``slicer.packaging``; what it was asked to install goes to ``installed``."""
    module = ModuleType("slicer.packaging", "Stand-in.")

    def load_requirements(path: str | Path) -> list[str]:
        lines = (line.split("#")[0].strip() for line in Path(path).read_text(encoding="utf-8").splitlines())
        return [line for line in lines if line]

    def pip_ensure(requirements: Any, requester: str | None = None, **options: Any) -> list[str]:
        names = [requirements] if isinstance(requirements, str) else list(requirements)
        installed.append({"requirements": names, "requester": requester, **options})
        return names

    module.load_requirements = load_requirements  # type: ignore[attr-defined]
    module.pip_ensure = pip_ensure  # type: ignore[attr-defined]
    return module


def make_pytorch_utils(installed: list[Any], present: bool) -> ModuleType:
    """The module ``PyTorchUtils``, of an extension with or without PyTorch installed by it."""
    module = ModuleType("PyTorchUtils", "Stand-in.")

    class PyTorchUtilsLogic:
        there = present

        def torchInstalled(self) -> bool:  # noqa: N802
            return PyTorchUtilsLogic.there

        def installTorch(self, askConfirmation: bool = False, **options: Any) -> None:  # noqa: N802
            installed.append({"requirements": ["torch"], "askConfirmation": askConfirmation, **options})
            PyTorchUtilsLogic.there = True

    module.PyTorchUtilsLogic = PyTorchUtilsLogic  # type: ignore[attr-defined]
    return module
