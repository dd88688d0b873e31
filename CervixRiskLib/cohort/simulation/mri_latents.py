"""What a section through a staged tumour shows: how large it is, how irregular, and what of the stromal ring is left.

FIGO 2018 defines the stages by the tumour's maximum diameter (IB1 under 20 mm, IB2 and IIA1 up to 40, IB3 and IIA2
above) and by where it has grown (IIB parametria, III pelvic wall or nodes, IVA bladder or rectum). A single section
tells less: it cuts most tumours beside their longest diameter; oedema can look like a broken ring and a small break can
lie outside the section; and the stage in the record is sometimes not the one a picture suggests. All three are here.
Diameters, ring and irregularity are our choice within FIGO's definitions, not measured.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import betaln

from .distributions import Family, Truncated, matched
from .figo_table import STAGE_SHARES, STAGES
from .latents import MAXIMUM_EFFECT

AGREEMENT = 0.94
"""At ``effect=1``: share of patients whose section looks like their own stage's; the others' like anybody's."""

SECTION_LOSS = 0.32
_LOSS_BETA = (1.3, 2.4)
"""The section's diameter is ``1 - SECTION_LOSS * Beta(1.3, 2.4)`` of the maximum one."""

IRREGULARITY_SD = 1.0
_DIAMETER_STEP_MM = 0.1


@dataclass(frozen=True)
class StageAppearance:
    """What the sections of one stage look like.

    Parameters
    ----------
    maximum_diameter
        Distribution of the tumour's maximum diameter in mm.
    ring_broken
        Probability that the section shows a gap in the stromal ring.
    gap_beta
        The two parameters of the beta distribution of the gap's size, where there is one.
    irregularity
        Mean of the margin's standardised irregularity.
    organ_invaded
        Probability that the section shows growth into the bladder or the rectum.
    """

    maximum_diameter: Truncated
    ring_broken: float
    gap_beta: tuple[float, float]
    irregularity: float = 0.0
    organ_invaded: float = 0.0

    def gap_log_density(self, gap: np.ndarray) -> np.ndarray:
        """Logarithm of the probability that there is no gap (where ``gap`` is 0) or of the density of its size."""
        first, second = self.gap_beta
        inside = np.clip(gap, 1e-9, 1 - 1e-9)
        density = (first - 1) * np.log(inside) + (second - 1) * np.log1p(-inside) - betaln(first, second)
        with np.errstate(divide="ignore"):
            return np.asarray(np.where(gap > 0, np.log(self.ring_broken) + density, np.log1p(-self.ring_broken)))


def _diameter(mean: float, sd: float, low: float, high: float) -> Truncated:
    return matched(Family.NORMAL, mean, sd, low, high)


_OEDEMA, _EARLY, _ADVANCED = (1.6, 5.0), (2.2, 3.4), (2.6, 2.6)
APPEARANCE_OF = {
    "IA1": StageAppearance(_diameter(4.0, 0.9, 2, 6), 0.0, _OEDEMA),
    "IA2": StageAppearance(_diameter(5.5, 1.0, 3, 8), 0.0, _OEDEMA),
    "IB1": StageAppearance(_diameter(14.5, 3.2, 6, 20), 0.02, _OEDEMA),
    "IB2": StageAppearance(_diameter(31.0, 5.0, 20, 40), 0.08, _OEDEMA),
    "IB3": StageAppearance(_diameter(48.0, 5.5, 40, 72), 0.12, _OEDEMA),
    "IIA1": StageAppearance(_diameter(31.0, 5.5, 15, 40), 0.09, _OEDEMA),
    "IIA2": StageAppearance(_diameter(48.0, 5.5, 40, 72), 0.14, _OEDEMA),
    "IIB": StageAppearance(_diameter(38.0, 10.5, 18, 75), 0.86, _EARLY, 0.5),
    "IIIA": StageAppearance(_diameter(45.0, 11.0, 24, 85), 0.80, _ADVANCED, 0.9),
    "IIIB": StageAppearance(_diameter(50.0, 11.0, 28, 88), 0.93, _ADVANCED, 1.0),
    "IIIC1": StageAppearance(_diameter(43.0, 11.5, 18, 85), 0.78, _EARLY, 0.8),
    "IIIC2": StageAppearance(_diameter(46.0, 11.5, 22, 88), 0.82, _ADVANCED, 0.9),
    "IVA": StageAppearance(_diameter(55.0, 11.0, 35, 92), 0.97, _ADVANCED, 1.2, 0.92),
    "IVB": StageAppearance(_diameter(50.0, 12.0, 26, 92), 0.88, _ADVANCED, 1.0),
}
"""By stage, in the order of :data:`~.figo_table.STAGES`."""


@dataclass(frozen=True)
class SectionLatents:
    """The truth about one section.

    Parameters
    ----------
    looks_like
        The stage whose appearance the section has; the recorded one in nearly all patients.
    maximum_diameter_mm, section_diameter_mm
        Largest diameter of the tumour and of what the section shows of it.
    ring_gap
        0 where the stromal ring is closed, else the size of its gap, up to 1 for more than half of the circumference.
    irregularity
        Standardised; larger means a rougher, more spiculated margin.
    organ_invaded
        The section shows growth into the bladder or the rectum.
    """

    looks_like: str
    maximum_diameter_mm: float
    section_diameter_mm: float
    ring_gap: float
    irregularity: float
    organ_invaded: bool


def agreement(effect: float) -> float:
    """Share of sections that look like the recorded stage: none at ``effect=0``, all at 2."""
    if effect <= 1:
        return AGREEMENT * effect
    return AGREEMENT + (1 - AGREEMENT) * (effect - 1) / (MAXIMUM_EFFECT - 1)


def draw_section(rng: np.random.Generator, stage: str, effect: float) -> SectionLatents:
    """The latent parameters of one patient's section."""
    own = rng.random() < agreement(effect)
    anybody = min(int(np.searchsorted(np.cumsum(list(STAGE_SHARES.values())), rng.random())), len(STAGES) - 1)
    looks_like = stage if own else STAGES[anybody]
    appearance = APPEARANCE_OF[looks_like]
    maximum = float(appearance.maximum_diameter.draw(rng))
    section = maximum * (1 - SECTION_LOSS * rng.beta(*_LOSS_BETA))
    broken, gap = rng.random() < appearance.ring_broken, rng.beta(*appearance.gap_beta)
    return SectionLatents(
        looks_like=looks_like,
        maximum_diameter_mm=maximum,
        section_diameter_mm=float(section),
        ring_gap=float(gap) if broken else 0.0,
        irregularity=float(appearance.irregularity + IRREGULARITY_SD * rng.standard_normal()),
        organ_invaded=bool(rng.random() < appearance.organ_invaded),
    )


def section_log_density(
    looks_like: str, diameter_mm: np.ndarray, gap: np.ndarray, irregularity: np.ndarray, organ_invaded: np.ndarray
) -> np.ndarray:
    """Logarithm of the joint density of what a section of this appearance shows."""
    appearance = APPEARANCE_OF[looks_like]
    grid, density = _section_diameter_density(looks_like)
    with np.errstate(divide="ignore"):
        total = np.log(np.interp(diameter_mm, grid, density, left=0.0, right=0.0))
        total += np.where(organ_invaded, np.log(appearance.organ_invaded), np.log1p(-appearance.organ_invaded))
    total += appearance.gap_log_density(gap)
    total += -0.5 * ((irregularity - appearance.irregularity) / IRREGULARITY_SD) ** 2
    return np.asarray(total)


@lru_cache(maxsize=len(STAGES))
def _section_diameter_density(looks_like: str) -> tuple[np.ndarray, np.ndarray]:
    """Density of the section's diameter: the maximum one times the section's loss, integrated over the loss."""
    maximum = APPEARANCE_OF[looks_like].maximum_diameter
    grid = np.arange(maximum.low * (1 - SECTION_LOSS), maximum.high + _DIAMETER_STEP_MM, _DIAMETER_STEP_MM)
    loss = (np.arange(400) + 0.5) / 400
    first, second = _LOSS_BETA
    weight = np.exp((first - 1) * np.log(loss) + (second - 1) * np.log1p(-loss) - betaln(first, second))
    kept = 1 - SECTION_LOSS * loss
    density = np.exp(maximum.log_density(grid[:, None] / kept)) / kept
    return grid, np.asarray((density * weight).sum(axis=1) / weight.sum())
