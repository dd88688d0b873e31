"""Shares and paired answers of cases whose patients have several: statsmodels, enumeration, simulation."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from scipy.stats import beta, t

from CervixRiskLib.statistics import mcnemar_test, patient_proportion, proportion, repeated_auc


@pytest.mark.parametrize("hits", [0, 3, 10])
def test_one_case_a_patient_is_clopper_and_pearson(hits: int) -> None:
    found = patient_proportion([1] * hits + [0] * (10 - hits), list("abcdefghij"))
    exact = proportion(hits, 10)
    assert (found.value, found.lower, found.upper) == (exact.value, exact.lower, exact.upper)


def test_the_variance_is_the_sandwich_of_statsmodels() -> None:
    models = pytest.importorskip("statsmodels.api")
    rng = np.random.default_rng(4)
    patients = np.sort(rng.integers(0, 25, 60))
    hit = (rng.random(25)[patients] > 0.4).astype(float)
    fit = models.OLS(hit, np.ones(60)).fit(cov_type="cluster", cov_kwds={"groups": patients})
    people = len(np.unique(patients))
    effective = hit.mean() * (1 - hit.mean()) / fit.bse[0] ** 2
    effective *= (t.ppf(0.975, 59) / t.ppf(0.975, people - 1)) ** 2
    x = effective * hit.mean()
    found = patient_proportion(hit, patients)
    assert (found.lower, found.upper) == pytest.approx(
        (beta.ppf(0.025, x, effective - x + 1), beta.ppf(0.975, x + 1, effective - x)), rel=1e-9
    )


@pytest.mark.parametrize("share", [0, 1])
def test_where_all_agree_a_patient_counts_once(share: int) -> None:
    found, once = patient_proportion([share] * 12, [1, 2, 3] * 4), proportion(3 * share, 3)
    assert (found.value, found.lower, found.upper) == (share, once.lower, once.upper)


def test_one_patient_alone_tells_nothing() -> None:
    found = patient_proportion([1, 0, 1], ["a"] * 3)
    assert (found.lower, found.upper) == (0.0, 1.0)


def test_the_interval_holds_where_that_of_cases_does_not() -> None:
    """Thirty patients with four slices that mostly agree; 95 % is promised."""
    rng = np.random.default_rng(5)
    patients = np.repeat(np.arange(30), 4)
    held, naive = [], []
    for _ in range(400):
        hit = rng.random(120) < rng.beta(1.4, 0.6, 30)[patients]
        found, plain = patient_proportion(hit, patients), proportion(int(hit.sum()), 120)
        held.append(found.lower <= 0.7 <= found.upper)
        naive.append(plain.lower <= 0.7 <= plain.upper)
    assert np.mean(held) > 0.93
    assert np.mean(naive) < 0.85


def test_whole_patients_are_exchanged() -> None:
    """All 2^8 ways of exchanging two classifiers' answers, patient by patient."""
    rng = np.random.default_rng(6)
    patients = np.repeat(np.arange(8), 3)
    a, b = rng.random(24) < 0.75, rng.random(24) < 0.5
    ahead = np.bincount(patients, weights=a.astype(int) - b.astype(int))
    sums = [abs(np.dot(signs, ahead)) for signs in product((-1, 1), repeat=8)]
    assert mcnemar_test(a, b, patients).p_value == pytest.approx(np.mean(np.array(sums) >= abs(ahead.sum())))


def test_one_case_a_patient_is_the_exact_test() -> None:
    rng = np.random.default_rng(7)
    a, b = rng.random(40) < 0.8, rng.random(40) < 0.5
    plain = mcnemar_test(a, b)
    assert mcnemar_test(a, b, np.arange(40)) == plain
    apart = mcnemar_test(np.r_[a, True], np.r_[b, True], [*range(40), 0])
    assert apart.p_value == pytest.approx(plain.p_value, rel=1e-12)


def test_copies_of_a_slice_are_no_evidence() -> None:
    a, b = np.repeat([1, 1, 1, 0, 1], 6), np.repeat([0, 0, 1, 1, 0], 6)
    patients = np.repeat(np.arange(5), 6)
    assert mcnemar_test(a, b, patients).p_value == mcnemar_test(a[::6], b[::6]).p_value
    assert mcnemar_test(a, b).p_value < 0.05
    with pytest.raises(ValueError, match="exact test alone"):
        mcnemar_test(a, b, patients, exact=False)


def test_intervals_do_not_depend_on_what_patients_are_called() -> None:
    rng = np.random.default_rng(7)
    patients = rng.integers(0, 30, 60)
    renamed = rng.permutation(30)[patients]
    truth = (rng.random(30)[patients] > 0.5).astype(int)
    score = truth + rng.normal(size=60)
    first, second = (repeated_auc(truth, score[np.newaxis], patients=names) for names in (patients, renamed))
    assert (first.lower, first.upper) == (second.lower, second.upper)
