"""FIGO 2018 stages and clinical columns of Table 1 of Dai et al. 2025 (doi 10.3389/fonc.2025.1557486).

The paper contradicts itself. What is taken here, training and test column pooled, and why:

- The stage rows of Table 1 (IA-IB2 25 + 10, IB3 12 + 5, IIA1 12 + 5, IIA2-IIB 8 + 3, III 18 + 7, IVA 2 + 1, IVB 3 + 1)
  add up to 112, the number of patients in the text, so they are the ones. By the guideline's rule they make 52 patients
  for surgery and 60 for chemoradiotherapy.
- The rows "Group" of the same table (21 + 9 and 47 + 20) add up to 97 and do not follow from the stage rows; the
  column heads (77 + 33) add up to 110; the text has 23 and 13 where the table has 25 and 12. None of these is used.
- Age, nerve invasion and vascular tumour embolism are printed for 110, 110 and 92 patients and without a difference
  between the groups; here they are independent of the stage, and always known.

The paper merges neighbouring stages. How they divide is ours: the paper leaves out tumours too small to delineate, so
IA is rare, and in a series selected for surgery most of III are nodes found in the pelvis (IIIC1).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from .distributions import Family, Truncated

PATIENTS = 112
"""Sum of the stage rows, both columns."""

_ROWS: tuple[tuple[int, dict[str, float]], ...] = (
    (25 + 10, {"IA1": 0.04, "IA2": 0.06, "IB1": 0.40, "IB2": 0.50}),
    (12 + 5, {"IB3": 1.0}),
    (12 + 5, {"IIA1": 1.0}),
    (8 + 3, {"IIA2": 0.35, "IIB": 0.65}),
    (18 + 7, {"IIIA": 0.04, "IIIB": 0.28, "IIIC1": 0.56, "IIIC2": 0.12}),
    (2 + 1, {"IVA": 1.0}),
    (3 + 1, {"IVB": 1.0}),
)
SURGERY = frozenset({"IA1", "IA2", "IB1", "IB2", "IIA1"})
"""Stages that the ESGO-ESTRO-ESP guideline of 2023 operates on: outcome 0. All others: outcome 1."""

STAGE_SHARES = {stage: count * share / PATIENTS for count, parts in _ROWS for stage, share in parts.items()}
"""Share of each stage among all patients, in the order of the table."""

STAGES = tuple(STAGE_SHARES)
CHEMORADIOTHERAPY_SHARE = sum(share for stage, share in STAGE_SHARES.items() if stage not in SURGERY)

OVER_60_SHARE = (34 + 14) / 110
NERVE_INVASION_SHARE = (17 + 9) / 110
VASCULAR_EMBOLISM_SHARE = (34 + 13) / 92
CLINICAL_COLUMNS = ("age", "nerve_invasion", "vascular_embolism")

# 18 to 80 years are the paper's inclusion criterion; it prints only how many are over 60.
_AGE_LOCATION, _AGE_SCALE = 57.0, 12.0
_UP_TO_60 = Truncated(Family.NORMAL, _AGE_LOCATION, _AGE_SCALE, 24.5, 60.49)
_OVER_60 = Truncated(Family.NORMAL, _AGE_LOCATION, _AGE_SCALE, 60.51, 80.49)


@dataclass(frozen=True)
class StagedPatient:
    """What a record says of one patient; ``nerve_invasion`` and ``vascular_embolism`` are 0 or 1."""

    age: int
    nerve_invasion: int
    vascular_embolism: int


def outcome_of(stage: str) -> int:
    """0 for surgery, 1 for chemoradiotherapy or systemic treatment."""
    return int(stage not in SURGERY)


def staged_cases(cases: int) -> Iterator[str]:
    """The stages of the first ``cases`` cases, spread so evenly that every prefix has the table's shares.

    The group comes first (at most half a case from its share), then within the group the stage that lags most.
    """
    given = dict.fromkeys(STAGES, 0)
    of_group = {
        outcome: {stage: share for stage, share in STAGE_SHARES.items() if outcome_of(stage) == outcome}
        for outcome in (0, 1)
    }
    totals = [0, 0]
    for index in range(cases):
        outcome = int(np.floor((index + 1) * CHEMORADIOTHERAPY_SHARE + 0.5)) - totals[1]
        totals[outcome] += 1
        group = of_group[outcome]
        whole = sum(group.values())
        stage = max(group, key=lambda name: (group[name] / whole * totals[outcome] - given[name], group[name]))
        given[stage] += 1
        yield stage


def draw_patient(rng: np.random.Generator) -> StagedPatient:
    """Age, nerve invasion and vascular tumour embolism of one patient, whatever the stage."""
    age = (_OVER_60 if rng.random() < OVER_60_SHARE else _UP_TO_60).draw(rng)
    return StagedPatient(
        age=round(float(age)),
        nerve_invasion=int(rng.random() < NERVE_INVASION_SHARE),
        vascular_embolism=int(rng.random() < VASCULAR_EMBOLISM_SHARE),
    )
