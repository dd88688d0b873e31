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
    """``device`` as torch names it (``"cuda"``, ``"mps"``, ``"cpu"``) and ``reason``, a sentence for the person.

    ``unused_card``: the system has the driver of a graphics card, and torch cannot use it; ``reason`` says why.
    """

    device: str
    reason: str
    unused_card: bool = False


def choose_device(requested: str = "auto") -> DeviceChoice:
    """Choose the processor for a network.

    Parameters
    ----------
    requested
        ``"auto"`` takes a graphics card when torch can compute on one: CUDA (NVIDIA's cards, and AMD's where PyTorch is
        built for them) first, then Apple's MPS, else the CPU. Of several cards the first is taken;
        ``CUDA_VISIBLE_DEVICES`` chooses another.

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

    if requested == "cpu":
        return DeviceChoice("cpu", "The CPU was asked for.")
    problem = ""
    if requested in ("auto", "cuda"):
        from .card_check import check_card

        card = check_card()
        if not isinstance(card, str):
            return DeviceChoice("cuda", f"PyTorch can use the graphics card {card.name}.")
        problem = card
    if requested == "cuda":
        raise SettingsError(f"The device cuda was asked for, but {problem}. Mend that, or choose auto or cpu.")
    if torch.backends.mps.is_available():
        return DeviceChoice("mps", "PyTorch can use the graphics cores of this Mac.")
    if requested == "mps":
        raise SettingsError(
            "The device mps was asked for, but this is not a Mac with Apple silicon or PyTorch lacks it: "
            "choose auto or cpu."
        )
    if sys.platform != "darwin" and _shows_graphics_card():
        return DeviceChoice("cpu", f"This computer's graphics card is not used: {problem}.", unused_card=True)
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
