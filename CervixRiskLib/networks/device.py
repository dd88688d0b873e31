"""Which processor computes, and why that one."""

from __future__ import annotations

import importlib.util
import os
import platform
import sys
from dataclasses import dataclass
from pathlib import Path

from ..errors import SettingsError

DEVICES = ("auto", "cuda", "mps", "cpu")


@dataclass(frozen=True)
class DeviceChoice:
    """``device`` as torch names it (``"cuda"``, ``"mps"``, ``"cpu"``) and ``reason``, a sentence for the person."""

    device: str
    reason: str


def choose_device(requested: str = "auto") -> DeviceChoice:
    """Choose the processor for a network.

    Parameters
    ----------
    requested
        ``"auto"`` takes a graphics card when torch can use one: CUDA first, then Apple's MPS, else the CPU.

    Raises
    ------
    SettingsError
        The name is unknown, or the device was asked for and is not there.
    MissingComponentError
        PyTorch is not installed.
    """
    if requested not in DEVICES:
        raise SettingsError(f"The device {requested!r} is not known: choose one of {', '.join(DEVICES)}.")
    from .torch_import import torch

    cuda = bool(torch.cuda.is_available())
    mps = bool(torch.backends.mps.is_available())
    if requested == "cuda" and not cuda:
        built = "was built without CUDA" if torch.version.cuda is None else "sees no NVIDIA graphics card"
        raise SettingsError(f"The device cuda was asked for, but the installed PyTorch {built}: choose auto or cpu.")
    if requested == "mps" and not mps:
        raise SettingsError(
            "The device mps was asked for, but this is not a Mac with Apple silicon or PyTorch lacks it: "
            "choose auto or cpu."
        )
    if requested == "cpu":
        return DeviceChoice("cpu", "The CPU was asked for.")
    if cuda and requested in ("auto", "cuda"):
        return DeviceChoice("cuda", f"PyTorch can use the graphics card {torch.cuda.get_device_name(0)}.")
    if mps:
        return DeviceChoice("mps", "PyTorch can use the graphics cores of this Mac.")
    return DeviceChoice("cpu", "PyTorch sees no graphics card it can use.")


def graphics_device() -> str | None:
    """The graphics device that torch can use (``"cuda"`` or ``"mps"``), ``None`` where there is none.

    Torch takes seconds and hundreds of megabytes to import, which an answer through another runtime does not need: it
    is imported only where it is installed and the system shows a graphics card that it could use.
    """
    if importlib.util.find_spec("torch") is None or not _shows_graphics_card():
        return None
    device = choose_device("auto").device
    return None if device == "cpu" else device


def _shows_graphics_card() -> bool:
    """Whether there is the driver of an NVIDIA or AMD card, or an Apple one; whether it works is torch's to say."""
    if sys.platform == "darwin":
        return platform.machine() == "arm64"
    if sys.platform == "win32":
        system = Path(os.environ.get("SYSTEMROOT", r"C:\Windows")) / "System32"
        return (system / "nvcuda.dll").is_file() or (system / "amdhip64.dll").is_file()
    # The last one is the card as Windows lends it to WSL.
    return any(Path(path).exists() for path in ("/dev/nvidiactl", "/dev/nvidia0", "/dev/kfd", "/dev/dxg"))
