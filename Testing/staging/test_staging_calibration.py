"""Calibration of a network's logits, with its interval, and the way through a manifest."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.special import expit, softmax
from sklearn.linear_model import LogisticRegression

from CervixRiskLib.bundle import BundleManifest, TrainingSummary
from CervixRiskLib.errors import BundleError
from CervixRiskLib.staging.calibration import GroupCalibration


def _two_groups(n=400, sharpness=3.0, seed=0):
    rng = np.random.default_rng(seed)
    log_odds = rng.normal(0, 1.5, n)
    labels = (rng.random(n) < expit(log_odds)).astype(int)
    logits = np.column_stack([np.zeros(n), sharpness * log_odds]) + rng.normal(0, 1, (n, 1))
    return logits, labels


def _manifest(calibration, names):
    entry, details = calibration.to_manifest()
    return BundleManifest(
        task="staging",
        created="2026-01-01T00:00:00+00:00",
        library_versions={},
        simulated=False,
        positive_class=names[-1],
        class_names=names,
        threshold=calibration.threshold if len(names) == 2 else None,
        calibration=entry,
        training=TrainingSummary(10, 5, "", 1.0),
        details={"calibration": details},
    )


def test_two_groups_follow_logistic_regression():
    logits, labels = _two_groups()
    found = GroupCalibration.fit(logits, labels)
    oracle = LogisticRegression(C=1e12, tol=1e-10).fit((logits[:, 1] - logits[:, 0])[:, None], labels)
    wanted = oracle.predict_proba((logits[:, 1] - logits[:, 0])[:, None])[:, 1]
    got = np.array([found.probabilities(row)[1] for row in logits])
    np.testing.assert_allclose(got, wanted, atol=1e-5)
    assert found.slope == pytest.approx(1 / 3, rel=0.3)


def test_the_threshold_is_where_the_network_itself_is_undecided():
    logits, labels = _two_groups()
    found = GroupCalibration.fit(logits, labels)
    for row in logits:
        assert (found.probabilities(row)[1] >= found.threshold) == (row[1] >= row[0])


def test_intervals_hold_the_probability_and_mirror_each_other():
    logits, labels = _two_groups(60)
    found = GroupCalibration.fit(logits, labels)
    for row in logits[:10]:
        lower, upper = found.interval(row, 1)
        assert 0 <= lower < found.probabilities(row)[1] < upper <= 1
        mirrored = found.interval(row, 0)
        assert mirrored == pytest.approx((1 - upper, 1 - lower))


def test_a_network_that_ranks_the_wrong_way_round_answers_with_the_shares():
    logits, labels = _two_groups()
    found = GroupCalibration.fit(-logits, labels)
    assert found.no_discrimination
    assert found.threshold == 0.5
    np.testing.assert_allclose(found.probabilities(logits[0]), [1 - labels.mean(), labels.mean()], atol=1e-6)


def _three_groups(n=600, sharpness=4.0, seed=1):
    rng = np.random.default_rng(seed)
    true = rng.normal(0, 1.2, (n, 3))
    labels = np.array([rng.choice(3, p=row) for row in softmax(true, axis=1)])
    return sharpness * true, labels


def test_three_groups_find_the_temperature():
    logits, labels = _three_groups()
    found = GroupCalibration.fit(logits, labels)
    assert np.exp(found.log_temperature) == pytest.approx(4.0, rel=0.25)
    shares = found.probabilities(logits[0])
    assert shares.sum() == pytest.approx(1.0)
    assert np.argmax(shares) == np.argmax(logits[0])
    lower, upper = found.interval(logits[0], int(np.argmax(logits[0])))
    assert lower <= shares.max() <= upper


@pytest.mark.parametrize("groups", [2, 3])
def test_the_manifest_gives_the_same_calibration_back(groups):
    logits, labels = _two_groups() if groups == 2 else _three_groups()
    found = GroupCalibration.fit(logits, labels)
    again = GroupCalibration.of(_manifest(found, ("a", "b", "c")[:groups]))
    for row in logits[:5]:
        np.testing.assert_allclose(again.probabilities(row), found.probabilities(row), rtol=1e-12)
        assert again.interval(row, 1) == pytest.approx(found.interval(row, 1), rel=1e-12)


def test_a_manifest_whose_parts_do_not_fit_is_refused():
    logits, labels = _two_groups()
    found = GroupCalibration.fit(logits, labels)
    with pytest.raises(BundleError):
        GroupCalibration.of(_manifest(found, ("a", "b", "c")))


@pytest.mark.parametrize("groups", [2, 3])
def test_logits_that_hardly_differ_are_not_stretched(groups):
    """A slope of a hundred thousand would make answers of what runtimes round differently."""
    logits, labels = _two_groups(24) if groups == 2 else _three_groups(24)
    found = GroupCalibration.fit(np.float32(0.1) + 1e-6 * logits, labels)
    assert found.no_discrimination
    shares = np.bincount(labels) / len(labels)
    np.testing.assert_allclose(found.probabilities(logits[0]), shares, atol=1e-12)
    lower, upper = found.interval(logits[0], groups - 1)
    assert lower < shares[-1] < upper
    again = GroupCalibration.fit(0.1 * logits, labels)
    assert not again.no_discrimination


def test_networks_of_folds_that_differ_from_each_other_do_not_tell_cases_apart():
    """Three folds' networks, each with one answer for all, the higher the more of its cases are of the second group."""
    networks = np.repeat([0, 1, 2], 20)
    labels = (np.arange(60) % 20 < np.repeat([8, 10, 12], 20)).astype(int)
    logits = np.column_stack([np.zeros(60), 0.1 * networks])
    assert not GroupCalibration.fit(logits, labels).no_discrimination
    assert GroupCalibration.fit(logits, labels, networks).no_discrimination


def test_a_temperature_that_these_cases_do_not_determine_leaves_an_interval():
    """The inverse of next to no information is no number once it is in an exponential."""
    logits, labels = _three_groups(12)
    found = replace(GroupCalibration.fit(logits, labels), log_temperature_variance=2e7)
    for group in range(3):
        lower, upper = found.interval(logits[0], group)
        assert 0 <= lower <= found.probabilities(logits[0])[group] <= upper <= 1
