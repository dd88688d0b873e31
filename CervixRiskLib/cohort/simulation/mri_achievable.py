"""The best AUC that any reader or model can reach on a simulated MRI cohort.

As in :mod:`.achievable`: the likelihood ratio of what the section shows (diameter, gap of the ring, irregularity,
growth into an organ) is computed from the known densities and its AUC estimated on a fixed Monte Carlo sample; the
standard error is below 0.003. The clinical columns do not depend on the group, so they add nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.special import logsumexp

from .achievable import area_under_curve
from .figo_table import STAGE_SHARES, STAGES, outcome_of
from .mri_latents import agreement, draw_section, section_log_density

_SAMPLE_PER_GROUP = 8_000
_MONTE_CARLO_SEED = 42


@dataclass(frozen=True)
class SectionAuc:
    """Bayes-optimal areas under the ROC curve.

    Parameters
    ----------
    image
        All that the section shows, known without error.
    diameter
        The section's diameter alone, the larger the more advanced.
    """

    image: float
    diameter: float


@lru_cache(maxsize=8)
def achievable_section_auc(effect: float = 1.0) -> SectionAuc:
    """The ceiling for cohorts of this ``effect``; the stages are those of the table."""
    rng = np.random.default_rng(_MONTE_CARLO_SEED)
    scores, diameters = [], []
    weights = [_appearance_weights(outcome, effect) for outcome in (0, 1)]
    for outcome in (0, 1):
        stages = _stages_of(outcome)
        shares = np.array([STAGE_SHARES[stage] for stage in stages])
        drawn = rng.choice(len(stages), _SAMPLE_PER_GROUP, p=shares / shares.sum())
        sections = [draw_section(rng, stages[index], effect) for index in drawn]
        shown = [
            np.array([getattr(section, name) for section in sections])
            for name in ("section_diameter_mm", "ring_gap", "irregularity", "organ_invaded")
        ]
        densities = np.stack([section_log_density(stage, *shown) for stage in STAGES])
        negative, positive = (logsumexp(densities + weight[:, None], axis=0) for weight in weights)
        # A section that only one group can show: the ratio is infinite, its rank is all that counts.
        scores.append(np.clip(positive - negative, -1e6, 1e6))
        diameters.append(shown[0])
    return SectionAuc(
        image=round(area_under_curve(scores[0], scores[1]), 3),
        diameter=round(area_under_curve(diameters[0], diameters[1]), 3),
    )


def _stages_of(outcome: int) -> list[str]:
    return [stage for stage in STAGES if outcome_of(stage) == outcome]


def _appearance_weights(outcome: int, effect: float) -> np.ndarray:
    """Logarithm of the probability that a section of this group looks like each stage."""
    own = np.array([share if outcome_of(stage) == outcome else 0.0 for stage, share in STAGE_SHARES.items()])
    anybody = np.array(list(STAGE_SHARES.values()))
    share = agreement(effect)
    with np.errstate(divide="ignore"):
        return np.log(share * own / own.sum() + (1 - share) * anybody)
