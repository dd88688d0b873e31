"""Net reclassification and integrated discrimination: Hmisc's improveProb and R's own tables."""

import numpy as np
import pytest

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.statistics import reclassification


@pytest.fixture(scope="module")
def risks(performance):
    return tuple(np.array(performance["probabilities"][name]) for name in ("old", "new"))


def test_equals_hmisc(performance, clinical, risks):
    expected = performance["reclassification"]
    found = reclassification(clinical["outcome"], *risks, [0.2, 0.4], resamples=3000)
    assert found.continuous_nri.value == pytest.approx(expected["continuous"])
    assert found.continuous_nri_positive.value == pytest.approx(expected["continuous_positive"])
    assert found.continuous_nri_negative.value == pytest.approx(expected["continuous_negative"])
    assert found.idi.value == pytest.approx(expected["idi"])
    assert found.nri_positive.value == pytest.approx(expected["categorical_positive"])
    assert found.nri_negative.value == pytest.approx(expected["categorical_negative"])
    assert found.nri.value == pytest.approx(expected["categorical_positive"] + expected["categorical_negative"])
    np.testing.assert_array_equal(found.positive_table, expected["positive_table"])
    np.testing.assert_array_equal(found.negative_table, expected["negative_table"])
    # For two risks that are given and not fitted anew, the published standard errors are about the bootstrap's.
    for estimate, error in ((found.continuous_nri, "continuous_error"), (found.idi, "idi_error")):
        assert (estimate.upper - estimate.lower) / 3.92 == pytest.approx(expected[error], rel=0.1)


def test_the_same_risks_change_nothing(clinical, risks):
    found = reclassification(clinical["outcome"], risks[0], risks[0], [0.3], resamples=50)
    for estimate in (found.nri, found.continuous_nri, found.idi):
        assert (estimate.value, estimate.lower, estimate.upper) == (0, 0, 0)
    assert found.positive_table.trace() == clinical["outcome"].sum()


def test_a_perfect_new_model_gains_all_there_is():
    y = np.repeat([0, 1], 5)
    found = reclassification(y, np.full(10, 0.5), y.astype(float), [0.5], resamples=50)
    assert found.continuous_nri.value == 2
    assert found.idi.value == 1
    # A risk equal to the cut-off is in the upper category: only the negative cases move.
    assert (found.nri_positive.value, found.nri_negative.value) == (0, 1)


def test_repeats_patients_and_no_categories(clinical, risks):
    y, (old, new) = clinical["outcome"].to_numpy(), risks
    each = [reclassification(y, old, other, [0.3], resamples=100) for other in (new, old)]
    both = reclassification(y, np.stack([old, old]), np.stack([new, old]), [0.3], resamples=100)
    assert both.idi.upper == pytest.approx(np.mean([one.idi.upper for one in each]))
    np.testing.assert_allclose(both.positive_table, (each[0].positive_table + each[1].positive_table) / 2)
    doubled = reclassification(
        np.repeat(y, 2), np.repeat(old, 2), np.repeat(new, 2), [0.3], np.repeat(np.arange(160), 2), resamples=100
    )
    assert doubled.nri.lower == pytest.approx(each[0].nri.lower)
    none = reclassification(y, old, new, resamples=50)
    assert none.nri is none.positive_table is None


def test_refused(clinical, risks):
    y, (old, new) = clinical["outcome"], risks
    for cuts in ([0.4, 0.2], [0.0, 0.5], [1.0]):
        with pytest.raises(TrainingError, match="must rise"):
            reclassification(y, old, new, cuts)
    with pytest.raises(ValueError, match="cannot be held against 2"):
        reclassification(y, old, np.stack([new, new]))
    with pytest.raises(TrainingError, match="between 0 and 1"):
        reclassification(y, old, new + 1)
