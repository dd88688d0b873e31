"""The room's front door: every public name is there, and opening it loads nothing heavy."""

import subprocess
import sys

import pytest

import CervixRiskLib.statistics as room


def test_every_public_name_loads():
    for name in room.__all__:
        assert getattr(room, name).__module__.startswith("CervixRiskLib.statistics.")
    assert set(room.__all__) <= set(dir(room))
    with pytest.raises(AttributeError, match="no attribute"):
        room.no_such_thing  # noqa: B018


def test_the_room_opens_without_heavy_imports():
    code = (
        "import sys, CervixRiskLib.statistics as s; heavy = {'sklearn', 'pandas', 'scipy.stats', 'scipy.optimize'}; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules); s.icc, s.delong_test, s.Nomogram; "
        "assert not heavy & set(sys.modules), heavy & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)
