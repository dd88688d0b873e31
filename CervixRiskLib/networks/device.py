"""Which processor computes, and why that one."""

from __future__ import annotations

from dataclasses import dataclass

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
