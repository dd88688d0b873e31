"""Examples of a staging study: ranked by answers of networks that had not seen them."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from CervixRiskLib.staging.examples import choose_judged_examples

NAMES = [f"c{index:02d}" for index in range(30)]


def judged(groups: int) -> Any:
    random = np.random.default_rng(groups)
    return SimpleNamespace(truth=np.arange(30) % groups, probabilities=random.dirichlet(np.ones(groups), 30))


@pytest.mark.parametrize("groups", [2, 3])
def test_the_median_case_of_each_group(groups: int) -> None:
    found = judged(groups)
    names = ("surgery", "chemoradiotherapy", "palliative care")[:groups]
    chosen = choose_judged_examples(found, NAMES, names, held_out=True)
    assert len(chosen) == 3 * groups
    for code, name in enumerate(names):
        shares = found.probabilities[:, 1 if groups == 2 else code]
        members = np.flatnonzero(found.truth == code)
        ordered = members[np.argsort(shares[members])]
        median = next(one for one in chosen if one.reason == f"50th percentile of {name}")
        middle = (len(ordered) - 1) / 2
        near = {NAMES[ordered[int(np.floor(middle))]], NAMES[ordered[int(np.ceil(middle))]]}
        assert median.candidates[0] in near
        assert median.outcome == name
        assert median.held_out
