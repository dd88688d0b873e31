"""The training loop that everyone writes: timm's or torchvision's module, contiguous float32, one batch at a time."""

from __future__ import annotations

from typing import Any

import torch


def plain_network(spec: Any, *, n_classes: int, in_channels: int, input_size: int) -> torch.nn.Module:
    """The package's own module, as its documentation builds it."""
    from CervixRiskLib.networks.architecture import construct

    return construct(spec, n_classes=n_classes, in_channels=in_channels, input_size=input_size)


def train_plainly(
    module: torch.nn.Module,
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    epochs: int,
    batch_size: int,
    device: str,
    augmentation: Any,
    seed: int = 0,
) -> None:
    """SGD with momentum 0.9, weight decay 1e-4 and cosine annealing from 0.01, as Dai et al. 2025 print it."""
    generator = torch.Generator().manual_seed(seed)
    module = module.to(device).train()
    images, labels = images.to(device), labels.to(device)
    optimizer = torch.optim.SGD(module.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, T_max=epochs)
    for _ in range(epochs):
        for chosen in torch.randperm(len(images), generator=generator).split(batch_size):
            batch = augmentation(images[chosen.to(device)], generator)
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(module(batch), labels[chosen.to(device)])
            loss.backward()
            optimizer.step()
        schedule.step()
    if device == "cuda":
        torch.cuda.synchronize()
