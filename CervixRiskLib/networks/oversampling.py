"""In which order, and how often, the training cases of one epoch come."""

from __future__ import annotations

from typing import Any

import numpy as np

from .torch_import import torch


def epoch_length(labels: np.ndarray, *, oversample: bool) -> int:
    """Cases of one epoch: all, or as many of every class as the largest has."""
    counts = np.unique(labels, return_counts=True)[1]
    return int(len(counts) * counts.max()) if oversample else len(labels)


def draw_epoch(labels: np.ndarray, generator: Any, *, oversample: bool) -> Any:
    """Shuffled indices into ``labels``, a torch tensor of :func:`epoch_length`.

    With ``oversample`` every case comes once, and cases of the rarer classes, drawn with replacement, come again until
    each class that has cases is as frequent as the largest.
    """
    if not oversample:
        return torch.randperm(len(labels), generator=generator)
    classes, counts = np.unique(labels, return_counts=True)
    drawn = [torch.arange(len(labels))]
    for label, count in zip(classes, counts, strict=True):
        members = torch.from_numpy(np.flatnonzero(labels == label))
        again = torch.randint(int(count), (int(counts.max() - count),), generator=generator)
        drawn.append(members[again])
    cases = torch.cat(drawn)
    return cases[torch.randperm(len(cases), generator=generator)]
