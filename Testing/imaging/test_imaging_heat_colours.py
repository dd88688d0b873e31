"""The colours' curve against SciPy's, which is not used because a panel would wait for its import."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from scipy.interpolate import PchipInterpolator

from CervixRiskLib.imaging.heat_colours import _through

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("seed", range(20))
def test_the_curve_is_scipys(seed: int) -> None:
    random = np.random.default_rng(seed)
    knots = random.normal(size=random.integers(3, 9))
    expected = PchipInterpolator(np.arange(len(knots)), knots)(np.linspace(0, len(knots) - 1, 301))
    np.testing.assert_allclose(_through(knots, 301), expected, atol=1e-9)


def test_the_colours_come_without_scipy() -> None:
    code = (
        "import sys; from CervixRiskLib.imaging.heat_colours import heat_colours; heat_colours(); "
        "sys.exit('scipy' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0
