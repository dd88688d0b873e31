"""The study's training augmentation, on whole batches at once.

Wang et al. 2025, section 2.4: random cropping (± 15 % volume), horizontal and vertical flips (p = 0.5), intensity
scaling (± 20 %). "Volume" is the area of a slice here: the window's area is 85 to 115 % of the crop's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from .torch_import import torch


@dataclass(frozen=True)
class Augmentation:
    """How far a training crop may be changed.

    Parameters
    ----------
    crop
        Largest relative change of the window's area, in 0 to 1.
    flip
        Probability of each of the two flips.
    intensity
        Largest relative change of the intensities, in 0 to 1. It acts after z-scoring, which would undo it.
    """

    crop: float = 0.15
    flip: float = 0.5
    intensity: float = 0.20

    def __call__(self, images: Any, generator: Any) -> Any:
        """Change every image of ``(n, channels, rows, columns)`` by its own draw from ``generator`` (a CPU one).

        A window smaller than the crop lies inside it; a larger one holds the whole crop, its margin mirrored.
        """
        n = len(images)
        # All draws come from the CPU in one fixed order, so they are the same for every device.
        draws = torch.rand((n, 6), generator=generator)
        signed = 2.0 * draws - 1.0
        side = torch.sqrt(1.0 + self.crop * signed[:, 0])
        shift = (1.0 - side).abs().unsqueeze(1) * signed[:, 1:3]
        flips = torch.where(draws[:, 3:5] < self.flip, -1.0, 1.0)
        transform = torch.zeros((n, 2, 3))
        transform[:, 0, 0] = side * flips[:, 0]
        transform[:, 1, 1] = side * flips[:, 1]
        transform[:, :, 2] = shift
        grid = torch.nn.functional.affine_grid(transform.to(images.device), list(images.shape), align_corners=False)
        moved = torch.nn.functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        scale = (1.0 + self.intensity * signed[:, 5]).to(images.device)
        return moved * scale.view(n, 1, 1, 1)


NO_AUGMENTATION = Augmentation(crop=0.0, flip=0.0, intensity=0.0)
