"""How further readers, and the first one weeks later, contour a simulated lesion that the first reader has contoured.

A reading is the first reader's mask, warped. Around the lesion's centre the radius ``r`` at the angle ``a`` becomes

    r * exp(limited(v * (tendency + size + detail(a) + stray(a)))),   and the centre moves by   v * shift * R

with ``v`` the variability and ``R`` the contour's largest radius:

- tendency: a reader draws everything larger or smaller by a fixed share, 2-6 %, drawn once per reader;
- detail: a reader cuts the corners of the margin, or follows them more closely than the first reader;
- size, stray, shift: drawn anew for every contour, so also when a reader repeats, then with ``REPEAT_SHARE`` of the
  usual spread and without tendency and detail, since those are the reader's own.

So all readings scatter around the first reader's first one, and ``v = 0`` gives that one, pixel by pixel. Two further
readers agree less with each other than either does with the first.

Measured on 200 simulated ultrasound and 200 MRI cases with five further readers, the mean Dice of the first reader's
contour with a further reader's, and with her own repeat:

======= ============= ============= ============= =============
``v``   US, another   US, repeat    MRI, another  MRI, repeat
======= ============= ============= ============= =============
1       .91 (SD .03)  .94 (SD .02)  .91 (SD .03)  .94 (SD .02)
2       .83           .88           .82           .87
2.5     .79           .85           .78           .84
======= ============= ============= ============= =============

The usual spread is an assumption about one section of a tumour that both see well. Published for the whole volume of
cervical tumours on T2-weighted MRI is a median Dice of .78 between two radiologists (Hodneland et al. 2022, doi
10.3390/cancers14102372), as at ``v = 2.5`` here; on transvaginal ultrasound .88 to .90 between networks and the person
who contoured (Jin et al. 2022, doi 10.1007/s10278-022-00620-z).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import distance_transform_edt, map_coordinates

from .lesion_shape import ANGLES, READER_ORDERS, Outline, ripple, smooth_log_radius

TENDENCY = (0.02, 0.06)
"""The share of the radius by which a reader draws larger or smaller, lowest and highest."""

DETAIL_SD = 0.7
"""SD of the logarithm of how finely a reader follows the margin, compared with the first reader."""

SIZE_SD = 0.05
"""SD of a single contour's size, as a share of the radius."""

STRAY_SD = 0.075
"""SD of the way a single contour strays around the lesion, as a share of the radius."""

SHIFT_SD = 0.05
"""SD of a single contour's displacement along each axis, as a share of the largest radius."""

REPEAT_SHARE = 0.7
"""The spread of a reader's own repeats, compared with that between readers."""

HAND_RADIUS_MM = 6.0
"""On a smaller lesion the hand strays as many mm as on one of this radius."""

LARGEST_LOG_RATIO = 0.6
"""Nobody draws a radius more than exp(0.6) = 1.8 times too large or small; so a contour never vanishes either."""

MAXIMUM_VARIABILITY = 3.0

EXPECTED_INTER_DICE, EXPECTED_INTRA_DICE = 0.91, 0.94
"""Mean Dice at the usual spread, of the first reader with a further one and with herself."""


@dataclass(frozen=True)
class ReaderHabit:
    """What is a reader's own in all contours.

    Parameters
    ----------
    tendency
        Draws the radius larger (above 0) or smaller by this share.
    detail
        How finely the reader follows the margin: 1 as the first reader, below 1 smoother.
    pace
        How long the reader takes: 1 as usual, 2 twice as long.
    """

    tendency: float
    detail: float
    pace: float


FIRST_READER = ReaderHabit(tendency=0.0, detail=1.0, pace=1.0)
"""The measure of the others."""


@dataclass(frozen=True, eq=False)
class Stray:
    """What is a single contour's own.

    Parameters
    ----------
    size
        Share by which it is larger or smaller.
    shift
        Displacement ``(rows, columns)`` as a share of the largest radius.
    log_ratio
        ``(ANGLES,)`` logarithm of what the radius is multiplied with.
    """

    size: float
    shift: tuple[float, float]
    log_ratio: np.ndarray


@dataclass(frozen=True, eq=False)
class LesionOnGrid:
    """A lesion and where it lies on the picture.

    Parameters
    ----------
    outline
        Its true margin.
    center
        ``(row, column)`` of the outline's centre.
    pixel_mm
        Size of the square pixels.
    diameter_mm
        Feret diameter of the first reader's contour.
    """

    outline: Outline
    center: tuple[float, float]
    pixel_mm: float
    diameter_mm: float


def draw_habit(rng: np.random.Generator) -> ReaderHabit:
    """A further reader's habits."""
    sign = 1.0 if rng.random() < 0.5 else -1.0
    tendency = sign * rng.uniform(*TENDENCY)
    return ReaderHabit(tendency, float(np.exp(DETAIL_SD * rng.standard_normal())), float(rng.lognormal(0, 0.2)))


def draw_stray(rng: np.random.Generator) -> Stray:
    """How a single contour strays at the usual spread."""
    size = SIZE_SD * rng.standard_normal()
    row, column = SHIFT_SD * rng.standard_normal(2)
    return Stray(float(size), (float(row), float(column)), ripple(rng, 2, 8, STRAY_SD))


def redrawn(
    first: np.ndarray, lesion: LesionOnGrid, habit: ReaderHabit, stray: Stray, *, repeat: bool, variability: float
) -> np.ndarray:
    """The mask of another reading, ``(rows, columns)`` bool, never empty where ``first`` is not.

    Parameters
    ----------
    first
        The first reader's mask, ``(rows, columns)`` bool.
    habit
        The reader's; :data:`FIRST_READER` for a repeat of the first.
    repeat
        Whether the reader has drawn this lesion before.
    variability
        0 gives ``first`` itself, 1 the usual spread.
    """
    radius_mm = lesion.diameter_mm / 2
    spread = (REPEAT_SHARE if repeat else 1.0) * max(1.0, HAND_RADIUS_MM / radius_mm)
    own = habit.tendency + _detail(lesion.outline, habit.detail)
    log_ratio = _limited(variability * (own + spread * (stray.size + stray.log_ratio)))
    shift = np.array(stray.shift) * (variability * spread * radius_mm / lesion.pixel_mm)
    window = _window(first, float(np.hypot(*shift)), lesion.center)
    part = first[window]
    # Positive inside, negative outside, never 0: what is not moved keeps its side of the margin exactly.
    depth = distance_transform_edt(part) - distance_transform_edt(~part)
    row, column = np.indices(part.shape, dtype=float)
    from_row = row + window[0].start - lesion.center[0] - shift[0]
    from_column = column + window[1].start - lesion.center[1] - shift[1]
    shrunk = np.expm1(-_around(log_ratio, from_row, from_column))
    source = np.stack([row - shift[0] + from_row * shrunk, column - shift[1] + from_column * shrunk])
    mask = np.zeros_like(first)
    mask[window] = map_coordinates(depth, source, order=1, mode="nearest") >= 0
    return mask


def _detail(outline: Outline, detail: float) -> np.ndarray:
    """What following the margin more or less finely adds to the logarithm of the radius, ``(ANGLES,)``."""
    return smooth_log_radius(outline, READER_ORDERS * detail) - smooth_log_radius(outline, READER_ORDERS)


def _limited(log_ratio: np.ndarray) -> np.ndarray:
    return np.asarray(LARGEST_LOG_RATIO * np.tanh(log_ratio / LARGEST_LOG_RATIO))


def _around(values: np.ndarray, down: np.ndarray, right: np.ndarray) -> np.ndarray:
    """``values`` (``ANGLES``) interpolated at the angle of each offset from the centre, in pixels."""
    turn = np.arctan2(down, right) * (ANGLES / (2 * np.pi))
    lower = np.floor(turn)
    index = lower.astype(np.int64) % ANGLES
    return np.asarray(values[index] + (turn - lower) * (values[(index + 1) % ANGLES] - values[index]))


def _window(mask: np.ndarray, shift: float, center: tuple[float, float]) -> tuple[slice, slice]:
    """The part of the picture where any reading of this mask lies."""
    rows, columns = np.nonzero(mask)
    reach = np.exp(LARGEST_LOG_RATIO) * float(np.hypot(rows - center[0], columns - center[1]).max()) + shift + 2
    return (
        slice(max(int(center[0] - reach), 0), min(int(center[0] + reach) + 2, mask.shape[0])),
        slice(max(int(center[1] - reach), 0), min(int(center[1] + reach) + 2, mask.shape[1])),
    )
