"""AUC and DeLong's test over repeats: one repeat is the plain thing, patients are kept together, p stays honest."""

import numpy as np
import pytest

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import (
    auc,
    delong_interval,
    delong_test,
    patient_bootstrap,
    repeated_auc,
    repeated_delong_test,
)


@pytest.fixture(scope="module")
def repeated():
    """Outcome ``(120,)``, two models' scores ``(4, 120)``, patients with two cases each."""
    rng = np.random.default_rng(11)
    of_patients = np.repeat(rng.normal(size=60), 2)
    y = (of_patients + rng.normal(size=120) > 0.5).astype(int)
    good = of_patients + rng.normal(0, 0.8, (4, 120))
    poor = of_patients + rng.normal(0, 2.0, (4, 120))
    return y, good, poor, np.repeat(np.arange(60), 2)


def test_one_repeat_is_delong(reference, scores):
    for name, expected in reference["delong"].items():
        found = repeated_auc(scores["outcome"], scores[name])
        assert (found.auc, found.lower) == pytest.approx((expected["auc"], expected["lower"]), abs=1e-12)
        assert (found.repeats, found.method) == (1, "DeLong")
    for pair in reference["delong_test"]:
        found = repeated_delong_test(scores["outcome"], scores[pair["a"]], scores[pair["b"]])
        assert (found.z, found.p) == pytest.approx((pair["z"], pair["p"]), rel=1e-9)


def test_repeats_are_averaged(repeated):
    y, good, _, _ = repeated
    found = repeated_auc(y, good)
    each = [delong_interval(y, repeat) for repeat in good]
    assert found.auc == pytest.approx(np.mean([one.auc for one in each]))
    assert found.lower == pytest.approx(np.mean([one.lower for one in each]))
    assert found.upper == pytest.approx(np.mean([one.upper for one in each]))
    assert found.repeats == 4


def test_patients_are_kept_together(repeated):
    y, good, _, patients = repeated
    found = repeated_auc(y, good[:1], patients)
    slow = patient_bootstrap(
        lambda a, b: auc(a, b) if 0 < a.sum() < a.size else np.nan, [y, good[0]], y, patients, resamples=1500
    )
    assert found.method == "bootstrap over patients"
    assert found.auc == slow.value
    assert found.standard_error == pytest.approx(slow.standard_error, rel=0.08)
    assert (found.lower, found.upper) == pytest.approx((slow.lower, slow.upper), abs=0.015)
    tied = np.where(np.round(good[:1]) > 0, 1.0, 0.0)
    bounds = repeated_auc(y, tied, patients)
    assert bounds.lower < auc(y, tied[0]) < bounds.upper
    assert bounds.standard_error < 1.5 * delong_interval(y, tied[0]).standard_error
    twice = repeated_auc(np.tile(y, 2), np.tile(good, 2), np.tile(np.arange(120), 2))
    once = repeated_auc(y, good)
    assert twice.standard_error == pytest.approx(once.standard_error, rel=0.1)


def test_the_test_over_repeats_is_no_bolder_than_one_repeat(repeated):
    y, good, poor, patients = repeated
    found = repeated_delong_test(y, good, poor)
    each = [delong_test(y, a, b) for a, b in zip(good, poor, strict=True)]
    assert found.difference == pytest.approx(np.mean([one.difference for one in each]))
    assert found.standard_error == pytest.approx(np.sqrt(np.mean([one.standard_error**2 for one in each])))
    same = repeated_delong_test(y, np.stack([good[0]] * 6), np.stack([poor[0]] * 6))
    assert same.p == pytest.approx(each[0].p)
    clustered = repeated_delong_test(y, good, poor, patients)
    assert clustered.difference == pytest.approx(found.difference)
    assert 0.5 < clustered.standard_error / found.standard_error < 2
    one_against_several = repeated_delong_test(y, good, poor[0])
    assert one_against_several.difference == pytest.approx(
        np.mean([auc(y, repeat) for repeat in good]) - auc(y, poor[0])
    )


def test_p_is_uniform_when_two_scores_are_as_good():
    rng = np.random.default_rng(5)
    y = np.repeat([0, 1], [50, 30])
    p = []
    for _ in range(200):
        signal = rng.normal(size=80) + y
        a, b = signal + rng.normal(size=(2, 1, 80)) + 0.3 * rng.normal(size=(2, 3, 80))
        p.append(repeated_delong_test(y, a, b).p)
    assert 0.005 < np.mean(np.array(p) < 0.05) < 0.09


def test_identical_and_impossible_scores(repeated):
    y, good, poor, patients = repeated
    for of_patients in (None, patients):
        same = repeated_delong_test(y, good, good, of_patients)
        assert (same.p, same.difference) == (1.0, 0.0)
        undefined = repeated_delong_test(y, np.stack([y, y]), np.zeros((2, 120)), of_patients)
        assert np.isnan(undefined.p)
        assert undefined.difference == 0.5
    assert repeated_auc(y, np.zeros(120)).auc == 0.5
    with pytest.raises(ValueError, match="4 repeats cannot be held against 2"):
        repeated_delong_test(y, good, poor[:2])
    with pytest.raises(TrainingError, match="at least 2 of each"):
        repeated_auc([0, 0, 1], [1.0, 2, 3])
    with pytest.raises(ValueError, match="patient identifiers"):
        repeated_auc(y, good, [1, 2])
