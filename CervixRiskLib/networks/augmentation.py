"""Training augmentation on whole batches at once: one affine resampling, then intensities.

Two published lists of operations meet here. Wang et al. 2025, section 2.4 (ultrasound, the defaults): random cropping
(± 15 % volume), horizontal and vertical flips (p = 0.5), intensity scaling (± 20 %). "Volume" is the area of a slice
here: the window's area is 85 to 115 % of the crop's. Dai et al. 2025 (MRI): rotation, translation, flip, scale, random
crop, jitter, without a single number; :data:`MRI_AUGMENTATION` states ours.
"""

from __future__ import annotations

import dataclasses
import math
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError


@dataclass(frozen=True)
class Augmentation:
    """How far a training crop may be changed. Every change is drawn uniformly up to its limit, for each image anew.

    Parameters
    ----------
    crop
        Largest relative change of the window's area, in 0 to 1.
    flip
        Probability of each of the two flips.
    intensity
        Largest relative change of the intensities, in 0 to 1. It acts after z-scoring, which would undo it.
    vertical_flip
        Probability of the upside-down flip where it is another than ``flip``.
    rotation
        Largest turn about the centre to either side, in degrees.
    translation
        Largest shift along each axis, as a share of the side.
    scale
        Largest relative change of size, in 0 to 1; unlike ``crop`` the window stays centred.
    brightness
        Largest offset, in standard deviations of the z-scored crop.
    contrast
        Largest relative change of the differences from each channel's own mean, in 0 to 1.

    Raises
    ------
    SettingsError
        A limit outside its range.
    """

    crop: float = 0.15
    flip: float = 0.5
    intensity: float = 0.20
    vertical_flip: float | None = None
    rotation: float = 0.0
    translation: float = 0.0
    scale: float = 0.0
    brightness: float = 0.0
    contrast: float = 0.0

    def __post_init__(self) -> None:
        ranges = {
            "crop": 1.0,
            "flip": 1.0,
            "intensity": 1.0,
            "vertical_flip": 1.0,
            "rotation": 180.0,
            "translation": 0.5,
            "scale": 0.9,
            "brightness": 10.0,
            "contrast": 1.0,
        }
        for name, largest in ranges.items():
            value = getattr(self, name)
            if value is None and name == "vertical_flip":
                continue
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= largest:
                raise SettingsError(f"The augmentation's {name} must be a number from 0 to {largest:g}.")

    def __call__(self, images: Any, generator: Any) -> Any:
        """Change every image of ``(n, channels, rows, columns)`` by its own draw from ``generator`` (a CPU one).

        A window smaller than the crop lies inside it; a larger, turned or shifted one sees the crop's margin mirrored.
        All channels of an image are changed alike.
        """
        from .torch_import import torch

        if not any(dataclasses.astuple(self)):
            return images
        n = len(images)
        # All draws come from the CPU in one fixed order, so they are the same for every device.
        draws = torch.rand((n, 6), generator=generator)
        signed = 2.0 * draws - 1.0
        # Columns of their own, so that who uses none of them draws what was always drawn.
        further = 2.0 * torch.rand((n, 6), generator=generator) - 1.0 if self._goes_further() else None
        side = torch.sqrt(1.0 + self.crop * signed[:, 0])
        shift = (1.0 - side).abs().unsqueeze(1) * signed[:, 1:3]
        upside_down = self.flip if self.vertical_flip is None else self.vertical_flip
        flips = torch.where(draws[:, 3:5] < torch.tensor([self.flip, upside_down]), -1.0, 1.0)
        transform = torch.zeros((n, 2, 3))
        transform[:, 0, 0] = side * flips[:, 0]
        transform[:, 1, 1] = side * flips[:, 1]
        transform[:, :, 2] = shift
        if further is not None:
            transform = torch.bmm(self._turn_and_zoom(further, images.shape), transform)
            # A side is 2 in the grid's coordinates.
            transform[:, :, 2] += 2.0 * self.translation * further[:, 2:4]
        grid = torch.nn.functional.affine_grid(transform.to(images.device), list(images.shape), align_corners=False)
        moved = torch.nn.functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
        scale = (1.0 + self.intensity * signed[:, 5]).to(images.device)
        changed = moved * scale.view(n, 1, 1, 1)
        if further is None or not (self.brightness or self.contrast):
            return changed
        factor = (1.0 + self.contrast * further[:, 4]).to(images.device).view(n, 1, 1, 1)
        offset = (self.brightness * further[:, 5]).to(images.device).view(n, 1, 1, 1)
        mean = changed.mean(dim=(2, 3), keepdim=True)
        return mean + factor * (changed - mean) + offset

    def _goes_further(self) -> bool:
        return any((self.rotation, self.translation, self.scale, self.brightness, self.contrast))

    def _turn_and_zoom(self, further: Any, shape: Any) -> Any:
        """``(n, 2, 2)``: rotation in pixels, whatever the image's aspect, and scaling, in the grid's coordinates."""
        from .torch_import import torch

        angle = math.radians(self.rotation) * further[:, 0]
        zoom = 1.0 + self.scale * further[:, 1]
        aspect = shape[2] / shape[3]
        turn = torch.stack(
            [torch.cos(angle), -torch.sin(angle) * aspect, torch.sin(angle) / aspect, torch.cos(angle)], dim=1
        )
        return turn.view(-1, 2, 2) / zoom.view(-1, 1, 1)


NO_AUGMENTATION = Augmentation(crop=0.0, flip=0.0, intensity=0.0)

MRI_AUGMENTATION = Augmentation(
    crop=0.15,
    flip=0.5,
    intensity=0.0,
    # Left and right are alike in the pelvis; upside down, bladder and rectum (or head and foot) would change places.
    vertical_flip=0.0,
    rotation=15.0,
    translation=0.10,
    scale=0.10,
    brightness=0.20,
    contrast=0.20,
)
"""Dai et al. 2025 name rotation, translation, flip, scale, random crop and jitter and print no limits; these are ours:
± 15°, ± 10 % of the side, left-right flips in half the cases, ± 10 % in size, ± 15 % of the window's area, and ± 20 %
in contrast and (of a standard deviation) in brightness."""
