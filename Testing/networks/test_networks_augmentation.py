"""The augmentation keeps its old draws, moves what it says by what it says, and nothing else."""

from __future__ import annotations

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from CervixRiskLib.errors import SettingsError  # noqa: E402
from CervixRiskLib.networks import MRI_AUGMENTATION, NO_AUGMENTATION, Augmentation  # noqa: E402

pytestmark = pytest.mark.torch

_STILL = {"crop": 0.0, "flip": 0.0, "intensity": 0.0}


def _generator(seed=0):
    return torch.Generator().manual_seed(seed)


def _coordinates(n, rows, columns):
    """Images whose two channels say where a pixel is, in pixels from the centre: ``(n, 2, rows, columns)``."""
    y = torch.arange(rows, dtype=torch.float32) - (rows - 1) / 2
    x = torch.arange(columns, dtype=torch.float32) - (columns - 1) / 2
    return torch.stack([x.expand(rows, columns), y[:, None].expand(rows, columns)]).expand(n, 2, rows, columns)


def _moves(augmentation, n=300, rows=65, columns=65):
    """For every image the matrix and the offset (in pixels) that lead from the new grid to the old."""
    moved = augmentation(_coordinates(n, rows, columns).contiguous(), _generator(3)).numpy()
    r, c = rows // 2, columns // 2
    centre = moved[:, :, r, c]
    along_x = (moved[:, :, r, c + 4] - moved[:, :, r, c - 4]) / 8
    along_y = (moved[:, :, r + 4, c] - moved[:, :, r - 4, c]) / 8
    return np.stack([along_x, along_y], axis=2), centre


def test_the_ultrasound_study_s_setting_draws_and_computes_what_it_always_did():
    """The formula of the first version, written out: equal to the bit."""
    images = torch.randn(7, 2, 20, 20, generator=_generator(5))
    draws = torch.rand((7, 6), generator=_generator(9))
    signed = 2.0 * draws - 1.0
    side = torch.sqrt(1.0 + 0.15 * signed[:, 0])
    shift = (1.0 - side).abs().unsqueeze(1) * signed[:, 1:3]
    flips = torch.where(draws[:, 3:5] < 0.5, -1.0, 1.0)
    transform = torch.zeros((7, 2, 3))
    transform[:, 0, 0] = side * flips[:, 0]
    transform[:, 1, 1] = side * flips[:, 1]
    transform[:, :, 2] = shift
    grid = torch.nn.functional.affine_grid(transform, list(images.shape), align_corners=False)
    moved = torch.nn.functional.grid_sample(images, grid, padding_mode="reflection", align_corners=False)
    expected = moved * (1.0 + 0.2 * signed[:, 5]).view(7, 1, 1, 1)
    generator = _generator(9)
    assert torch.equal(Augmentation()(images, generator), expected)
    after = _generator(9)
    torch.rand((7, 6), generator=after)
    assert torch.equal(generator.get_state(), after.get_state())


def test_nothing_to_change_returns_the_same_images():
    images = torch.randn(2, 1, 8, 8)
    assert NO_AUGMENTATION(images, _generator()) is images


@pytest.mark.parametrize(("rows", "columns"), [(65, 65), (65, 97)])
def test_a_rotation_turns_about_the_centre_and_keeps_angles_and_lengths(rows, columns):
    matrix, centre = _moves(Augmentation(**_STILL, rotation=15.0), rows=rows, columns=columns)
    np.testing.assert_allclose(matrix @ matrix.transpose(0, 2, 1), np.eye(2)[None].repeat(300, 0), atol=2e-4)
    np.testing.assert_allclose(centre, 0.0, atol=1e-3)
    angles = np.degrees(np.arctan2(matrix[:, 1, 0], matrix[:, 0, 0]))
    assert 14 < np.abs(angles).max() <= 15.01
    assert abs(angles.mean()) < 2
    assert angles.min() < -14
    assert angles.max() > 14


def test_a_translation_shifts_by_a_share_of_the_side():
    matrix, centre = _moves(Augmentation(**_STILL, translation=0.1))
    np.testing.assert_allclose(matrix, np.eye(2)[None].repeat(300, 0), atol=1e-4)
    for axis in (0, 1):
        assert 6.2 < np.abs(centre[:, axis]).max() <= 6.501
        assert abs(centre[:, axis].mean()) < 0.6
    assert abs(np.corrcoef(centre.T)[0, 1]) < 0.2


def test_a_scale_changes_the_size_about_the_centre():
    matrix, centre = _moves(Augmentation(**_STILL, scale=0.1))
    np.testing.assert_allclose(centre, 0.0, atol=1e-3)
    np.testing.assert_allclose(matrix[:, 0, 0], matrix[:, 1, 1], atol=1e-4)
    magnified = 1 / matrix[:, 0, 0]
    assert 0.9 - 1e-4 <= magnified.min() < 0.91
    assert 1.09 < magnified.max() <= 1.1 + 1e-4


def test_mri_is_never_turned_upside_down_and_mirrored_in_half_the_cases():
    still_bright = {**MRI_AUGMENTATION.__dict__, "brightness": 0.0, "contrast": 0.0}
    matrix, centre = _moves(Augmentation(**still_bright))
    assert (matrix[:, 1, 1] > 0.7).all()
    assert 0.4 < (matrix[:, 0, 0] < 0).mean() < 0.6
    magnified = 1 / np.sqrt(np.abs(np.linalg.det(matrix)))
    assert magnified.min() > 0.9 / math.sqrt(1.15) - 1e-3
    assert magnified.max() < 1.1 / math.sqrt(0.85) + 1e-3
    assert 1.0 < np.abs(centre).max() < 65 * (0.1 + 0.06)


def test_brightness_adds_and_contrast_stretches_about_the_mean_of_each_channel():
    images = torch.randn(400, 2, 8, 8, generator=_generator(2)) + torch.tensor([0.0, 3.0]).view(1, 2, 1, 1)
    brighter = Augmentation(**_STILL, brightness=0.2)(images, _generator(4)) - images
    offset = brighter.mean(dim=(1, 2, 3))
    torch.testing.assert_close(brighter, offset.view(-1, 1, 1, 1).expand_as(brighter), rtol=0, atol=1e-4)
    assert 0.19 < float(offset.abs().max()) <= 0.2001
    stretched = Augmentation(**_STILL, contrast=0.2)(images, _generator(4))
    torch.testing.assert_close(stretched.mean((2, 3)), images.mean((2, 3)), rtol=0, atol=1e-4)
    factor = stretched.std((2, 3)) / images.std((2, 3))
    torch.testing.assert_close(factor[:, 0], factor[:, 1], rtol=1e-4, atol=0)
    assert 0.8 - 1e-3 <= float(factor.min()) < 0.81
    assert 1.19 < float(factor.max()) <= 1.2 + 1e-3


def test_the_same_generator_gives_the_same_bits_and_every_image_its_own_change():
    images = torch.randn(1, 1, 16, 16).repeat(5, 1, 1, 1)
    first = MRI_AUGMENTATION(images, _generator(1))
    assert torch.equal(first, MRI_AUGMENTATION(images, _generator(1)))
    assert not torch.equal(first, MRI_AUGMENTATION(images, _generator(2)))
    assert len({float(image.sum()) for image in first}) == 5


@pytest.mark.parametrize(
    "limit",
    [
        {"crop": 1.5},
        {"flip": -0.1},
        {"intensity": math.nan},
        {"vertical_flip": 2.0},
        {"rotation": 181.0},
        {"translation": 0.6},
        {"scale": 1.0},
        {"brightness": math.inf},
        {"contrast": "much"},
        {"crop": True},
    ],
)
def test_limits_out_of_range_are_refused(limit):
    with pytest.raises(SettingsError, match=next(iter(limit))):
        Augmentation(**limit)
