"""Which features stay: the rule by hand, over random analyses, and as the training's own filter reads a table."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.statistics import IccForm, IccResult, icc, reproducible


def analysis(value, lower=None):
    value = np.asarray(value, dtype=float)
    lower = value - 0.1 if lower is None else np.asarray(lower, dtype=float)
    return IccResult(IccForm.ICC_2_1, value, lower, np.minimum(value + 0.1, 1), 0.95)


INTER = analysis([0.9, 0.9, 0.7, 0.7, 0.75, np.nan, np.nan], [0.8, 0.7, 0.6, 0.6, 0.75, np.nan, np.nan])
INTRA = analysis([0.9, 0.7, 0.9, 0.7, 0.75, 0.9, np.nan], [0.8, 0.6, 0.8, 0.6, 0.74, 0.8, np.nan])


def test_the_rules_by_hand():
    assert reproducible([INTER, INTRA]).tolist() == [True, False, False, False, True, False, False]
    assert reproducible([INTER, INTRA], rule="both").tolist() == [True, True, True, False, True, True, False]
    assert reproducible([INTER, INTRA], bound="lower").tolist() == [True, False, False, False, False, False, False]
    lower = reproducible([INTER, INTRA], rule="both", bound="lower")
    assert lower.tolist() == [True, False, True, False, True, True, False]


def test_one_analysis_is_its_own_rule():
    for rule in ("either", "both"):
        assert reproducible([INTER], 0.8, rule).tolist() == [True, True, False, False, False, False, False]


correlation = st.one_of(st.just(np.nan), st.just(0.75), st.floats(-1, 1))


@given(st.lists(st.tuples(correlation, correlation, correlation), min_size=1, max_size=20), st.floats(-1, 1))
@settings(deadline=None, max_examples=100)
def test_what_holds_for_any_analyses(features, threshold):
    analyses = [analysis(column) for column in zip(*features, strict=True)]
    either, both = (reproducible(analyses, threshold, rule) for rule in ("either", "both"))
    for place, iccs in enumerate(features):
        # NaN >= threshold is false.
        assert either[place] == all(icc >= threshold for icc in iccs)
        assert both[place] == any(icc >= threshold for icc in iccs)
    assert not (reproducible(analyses, threshold, bound="lower") & ~either).any()


@pytest.mark.parametrize("rule", ["either", "both"])
@pytest.mark.parametrize("bound", ["estimate", "lower"])
def test_the_filter_of_the_training_keeps_the_same(rule, bound):
    from CervixRiskLib.plnm.reproducibility import ReproducibilityFilter

    rng = np.random.default_rng(4)
    base = rng.normal(size=(50, 1, 60))
    noise = np.linspace(0.05, 1.5, 60)
    inter, intra = (icc(base + rng.normal(size=(50, 2, 60)) * noise) for _ in range(2))
    names = [f"feature{place}" for place in range(60)]
    table = pd.DataFrame(
        {"inter_icc": inter.value, "intra_icc": intra.value, "inter_lower": inter.lower, "intra_lower": intra.lower},
        index=names,
    )
    kept = ReproducibilityFilter.from_table(table, threshold=0.7, rule=rule, bound=bound)
    kept.fit(pd.DataFrame(np.zeros((3, 60)), columns=names))
    found = reproducible([inter, intra], 0.7, rule, bound)
    np.testing.assert_array_equal(found, kept.get_support())
    assert 0 < found.sum() < 60


def test_a_single_feature():
    table = np.arange(10.0)[:, np.newaxis] + np.random.default_rng(0).normal(0, 0.1, size=(10, 2))
    assert reproducible([icc(table)]).tolist() == [True]


def test_settings_that_do_not_exist():
    with pytest.raises(SettingsError, match="Without an agreement analysis"):
        reproducible([])
    with pytest.raises(SettingsError, match="any"):
        reproducible([INTER], rule="any")
    with pytest.raises(SettingsError, match="upper"):
        reproducible([INTER], bound="upper")
    for threshold in (np.nan, 75):
        with pytest.raises(SettingsError, match="threshold"):
            reproducible([INTER], threshold)
    with pytest.raises(ValueError, match="7, 2 features"):
        reproducible([INTER, analysis([0.9, 0.8])])
