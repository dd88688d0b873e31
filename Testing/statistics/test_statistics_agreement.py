"""ICC: Shrout & Fleiss's printed table, psych::ICC, and what must hold for any ratings."""

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import IccForm, icc

# Shrout & Fleiss 1979, table 2; the six correlations as printed in table 4.
TABLE = np.array([[9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7]], dtype=float)
PRINTED = {"ICC(1,1)": 0.17, "ICC(2,1)": 0.29, "ICC(3,1)": 0.71, "ICC(1,k)": 0.44, "ICC(2,k)": 0.62, "ICC(3,k)": 0.91}
IN_R = {
    "ICC(1,1)": "ICC1",
    "ICC(2,1)": "ICC2",
    "ICC(3,1)": "ICC3",
    "ICC(1,k)": "ICC1k",
    "ICC(2,k)": "ICC2k",
    "ICC(3,k)": "ICC3k",
}


@pytest.mark.parametrize("form", PRINTED)
def test_icc_repeats_the_printed_table(form):
    assert round(icc(TABLE, form).value, 2) == PRINTED[form]


@pytest.mark.parametrize("form", PRINTED)
@pytest.mark.parametrize("data", ["drawn", "two_raters", "shrout_fleiss"])
def test_icc_and_interval_equal_psych(form, data, reference, ratings):
    table = {"drawn": ratings.to_numpy(), "two_raters": ratings.to_numpy()[:, :2], "shrout_fleiss": TABLE}[data]
    expected = reference["icc"][data]
    place = expected["type"].index(IN_R[form])
    found = icc(table, form)
    assert isinstance(found.value, float)
    np.testing.assert_allclose(
        [found.value, found.lower, found.upper],
        [expected["value"][place], expected["lower"][place], expected["upper"][place]],
        rtol=1e-9,
    )


@pytest.mark.parametrize("form", list(IccForm))
def test_many_features_are_each_as_if_alone(form):
    generator = np.random.default_rng(3)
    table = generator.normal(size=(12, 3, 20)) + generator.normal(size=(12, 1, 20)) * np.linspace(0, 4, 20)
    together = icc(table, form, confidence=0.9)
    assert together.value.shape == (20,)
    for feature in range(20):
        alone = icc(table[:, :, feature], form, confidence=0.9)
        np.testing.assert_allclose(
            [together.value[feature], together.lower[feature], together.upper[feature]],
            [alone.value, alone.lower, alone.upper],
            rtol=1e-10,
        )


def test_undefined_agreement_is_nan_and_no_pass():
    table = np.random.default_rng(0).normal(size=(10, 2, 4))
    table[..., 0] = 0.1
    table[..., 1] = 1.0
    table[3, 1, 1] += 4e-16
    table[2, 0, 2] = np.nan
    found = icc(table)
    assert np.isnan(found.value[:3]).all()
    assert np.isnan(found.lower[:3]).all()
    assert np.isnan(found.upper[:3]).all()
    assert np.isfinite(found.value[3])
    assert not (found.value[:3] >= 0.75).any()


@pytest.mark.parametrize("form", list(IccForm))
def test_raters_who_agree_exactly(form):
    table = np.repeat(np.array([[1.0], [2.0], [5.0], [5.5]]), 3, axis=1)
    found = icc(table, form)
    np.testing.assert_allclose([found.value, found.lower, found.upper], 1.0, rtol=1e-12)


def test_a_constant_offset_costs_absolute_agreement_only():
    table = np.array([[1.0], [2.0], [5.0], [5.5]]) + np.array([0.0, 2.0])
    assert icc(table, "ICC(3,1)").value == pytest.approx(1.0)
    found = icc(table, "ICC(2,1)")
    # MSE = 0, so ICC(2,1) = MSB / (MSB + k MSJ / n): targets' variance over it plus the raters' (2 = 4 / 2).
    variance = np.var([1.0, 2.0, 5.0, 5.5], ddof=1)
    assert found.value == pytest.approx(variance / (variance + 2.0))
    assert 0 <= found.lower <= found.value <= found.upper <= 1


finite = st.floats(-1e6, 1e6, allow_nan=False, width=32)


@given(arrays(float, st.tuples(st.integers(3, 8), st.integers(2, 4)), elements=finite), st.sampled_from(list(IccForm)))
@settings(deadline=None, max_examples=150)
def test_icc_is_bounded_and_its_interval_holds_it(table, form):
    found = icc(table, form)
    if np.isnan(found.value):
        return
    assert found.value <= 1 + 1e-12
    if form in (IccForm.ICC_1_1, IccForm.ICC_3_1):
        assert found.value >= -1 / (table.shape[1] - 1) - 1e-9
    if form in (IccForm.ICC_1_1, IccForm.ICC_1_K, IccForm.ICC_3_1, IccForm.ICC_3_K):
        assert found.lower <= found.value + 1e-9
        assert found.value <= found.upper + 1e-9


@given(
    arrays(float, (6, 3), elements=st.integers(-50, 50).map(float), unique=True),
    st.floats(0.1, 100),
    st.floats(-1000, 1000),
    st.sampled_from(list(IccForm)),
)
@settings(deadline=None, max_examples=100)
def test_icc_does_not_change_with_the_unit(table, scale, shift, form):
    before, after = icc(table, form), icc(table * scale + shift, form)
    np.testing.assert_allclose(
        [after.value, after.lower, after.upper], [before.value, before.lower, before.upper], rtol=1e-6, atol=1e-8
    )


def test_huge_and_tiny_numbers_are_no_matter():
    base = icc(TABLE).value
    assert icc(TABLE * 1e250).value == pytest.approx(base, rel=1e-9)
    assert icc(TABLE * 1e-250).value == pytest.approx(base, rel=1e-9)


def test_too_few_raters_or_targets():
    with pytest.raises(TrainingError, match="two targets and two raters"):
        icc(np.ones((5, 1)))
    with pytest.raises(TrainingError, match="1 targets"):
        icc(np.ones((1, 3)))
    with pytest.raises(ValueError, match="ICC"):
        icc(TABLE, "ICC(4,1)")
    with pytest.raises(ValueError, match="confidence"):
        icc(TABLE, confidence=95)


def test_a_cohort_of_features_takes_milliseconds():
    table = np.random.default_rng(1).normal(size=(50, 2, 1561))
    icc(table)
    started = time.perf_counter()
    icc(table)
    # Measured 5 ms; the margin is for a machine busy with other things.
    assert time.perf_counter() - started < 0.5
