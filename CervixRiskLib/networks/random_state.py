"""Torch's own random numbers, which dropout draws: seeded for an epoch, and put back after a training."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from .torch_import import torch


@contextmanager
def kept_random_state(device: str) -> Iterator[None]:
    """Leave the generators of the CPU and of ``device`` as they were."""
    cards = [torch.cuda.current_device()] if device == "cuda" else []
    of_mac = torch.mps.get_rng_state() if device == "mps" else None
    # Named, since torch otherwise takes whatever accelerator it finds for the one that is meant.
    with torch.random.fork_rng(devices=cards, device_type="cuda"):
        try:
            yield
        finally:
            if of_mac is not None:
                torch.mps.set_rng_state(of_mac)


def seed_random_state(seed: int, device: str) -> None:
    """Seed the generators of the CPU and of ``device``, and no other."""
    torch.default_generator.manual_seed(seed)
    if device == "cuda":
        torch.cuda.manual_seed(seed)
    elif device == "mps":
        torch.mps.manual_seed(seed)
