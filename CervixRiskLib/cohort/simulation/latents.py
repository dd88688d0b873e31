"""What hides behind a simulated lesion, and how far the two classes lie apart.

Three appearance parameters are normal with unit variance in both classes and independent within a class; their means
differ by ``APPEARANCE_SHIFT`` (in standard deviations) times the cohort's ``effect``, symmetrically about zero. The
diameter is log-normal, truncated, with the mean and SD of the paper's Table 1 at ``effect=1`` and with those of all
cases, in both classes, at ``effect=0``. So an effect of 0 leaves nothing to be seen in the image.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .distributions import Family, Truncated, matched
from .table_one import MAXIMUM_DIAMETER_ALL, MAXIMUM_DIAMETER_NEGATIVE, MAXIMUM_DIAMETER_POSITIVE

APPEARANCE = ("hypoechogenicity", "heterogeneity", "irregularity")
"""Names of the three standardised parameters, in the order of ``APPEARANCE_SHIFT``."""

APPEARANCE_SHIFT = (0.7, 1.1, 0.9)
"""Difference of the class means, PLNM(+) minus PLNM(-), in standard deviations (Cohen's d) at ``effect=1``."""

DIAMETER_RANGE_MM = (8.0, 80.0)
CALLIPER_SD_MM = 0.8
"""Standard deviation of the error with which a sonographer's callipers measure the drawn contour."""

MAXIMUM_EFFECT = 2.0


@dataclass(frozen=True)
class LesionLatents:
    """The truth about one lesion.

    Parameters
    ----------
    hypoechogenicity
        Standardised; larger is darker.
    heterogeneity
        Standardised; larger means stronger patches and more necrotic spots.
    irregularity
        Standardised; larger means a rougher, more spiculated margin.
    diameter_mm
        Maximum Feret diameter of the lesion.
    """

    hypoechogenicity: float
    heterogeneity: float
    irregularity: float
    diameter_mm: float


def diameter_distribution(positive: bool, effect: float) -> Truncated:
    """The lesion's diameter in mm, by class; ``effect`` in 0-2 moves the classes apart from all cases' mean and SD."""
    own = MAXIMUM_DIAMETER_POSITIVE if positive else MAXIMUM_DIAMETER_NEGATIVE
    mean, sd = (whole + effect * (part - whole) for whole, part in zip(MAXIMUM_DIAMETER_ALL, own, strict=True))
    return matched(Family.LOG_NORMAL, mean, sd, *DIAMETER_RANGE_MM)


def draw_latents(rng: np.random.Generator, positive: bool, effect: float) -> LesionLatents:
    """The latent parameters of one lesion."""
    shift = (0.5 if positive else -0.5) * effect * np.array(APPEARANCE_SHIFT)
    appearance = shift + rng.standard_normal(len(APPEARANCE))
    diameter = float(diameter_distribution(positive, effect).draw(rng))
    return LesionLatents(float(appearance[0]), float(appearance[1]), float(appearance[2]), diameter)
