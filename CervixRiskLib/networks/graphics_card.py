"""What a graphics card needs from everything that computes on it: float32 that is float32, and errors in sentences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

from ..errors import DeviceError
from .torch_import import torch

Failure = Literal["memory", "too old", "other"]

# Torch has no common error for what goes wrong on a card: CUDA's, cuDNN's, cuBLAS's, AMD's and Apple's words.
_WORDS: dict[Failure, tuple[str, ...]] = {
    "memory": ("out of memory", "alloc_failed"),
    "too old": ("no kernel image", "invalid device function", "arch_mismatch"),
    "other": ("cuda error", "cudnn", "cublas", "hip error", "miopen", "mps backend", " mps"),
}
_SENTENCES: dict[Failure, str] = {
    "memory": "The graphics card's memory does not suffice: close other programs that use it, take smaller batches or "
    "crops when training, or choose the device cpu.",
    "too old": "The installed PyTorch has no code for this graphics card, most likely because the card is too old: "
    "install a PyTorch that supports it, or choose the device cpu.",
    "other": "The graphics card failed or cannot compute this network: start the program again, update the card's "
    "driver, or choose the device cpu.",
}


@contextmanager
def computing_on(device: str) -> Iterator[None]:
    """Everything inside that ``device`` (``"cuda"``, ``"mps"``, ``"cpu"``) computes, moves or allocates.

    Convolutions and matrix products in float32 are computed in float32 (docs/decisions/0019), and what fails because
    of the card is a :class:`DeviceError`. On the CPU nothing is changed.

    Raises
    ------
    DeviceError
        The card's memory does not suffice, it is too old for this PyTorch, or it failed.
    """
    if device == "cpu":
        yield
        return
    try:
        with _whole_float32():
            yield
    except RuntimeError as error:
        failure = card_failure(error)
        if failure is None:
            raise
        raise DeviceError(_SENTENCES[failure]) from error


def card_failure(error: BaseException) -> Failure | None:
    """What went wrong with the card; ``None`` where ``error`` is not about it."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return "memory"
    words = str(error).lower()
    return next((failure for failure, parts in _WORDS.items() if any(part in words for part in parts)), None)


@contextmanager
def _whole_float32() -> Iterator[None]:
    """Switch TF32 off, and leave the switches as they were."""
    backends = torch.backends
    places: tuple[tuple[Any, str, Any], ...]
    if hasattr(backends.cudnn, "conv"):
        places = ((backends.cudnn.conv, "fp32_precision", "ieee"), (backends.cuda.matmul, "fp32_precision", "ieee"))
    else:  # PyTorch before 2.9
        places = ((backends.cudnn, "allow_tf32", False), (backends.cuda.matmul, "allow_tf32", False))
    before = [getattr(place, name) for place, name, _ in places]
    try:
        for place, name, whole in places:
            setattr(place, name, whole)
        yield
    finally:
        for (place, name, _), value in zip(places, before, strict=True):
            setattr(place, name, value)
