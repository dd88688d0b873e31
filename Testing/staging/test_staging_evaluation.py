"""The best two networks on the same cases: what may be said where patients have several."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.staging.evaluation import compare_best_two, evaluate


@pytest.fixture(scope="module")
def answers():
    """Forty patients, and two networks of which the first is better."""
    rng = np.random.default_rng(6)
    truth = np.arange(40) % 2
    logits = [np.column_stack([np.zeros(40), rng.normal(size=40) + shift * truth]) for shift in (1.6, 0.3)]
    return truth, logits


def compared(answers, copies, patients=None):
    truth, logits = answers
    people = np.repeat(np.arange(40), copies)
    found = [
        evaluate(name, np.repeat(truth, copies), np.repeat(one, copies, axis=0), people, seed=1)
        for name, one in zip(("better", "worse"), logits, strict=True)
    ]
    return compare_best_two(found, people if patients else None)


def test_copies_of_a_case_do_not_make_a_difference_significant(answers):
    once, copied, by_patient = compared(answers, 1), compared(answers, 4), compared(answers, 4, patients=True)
    assert copied.auc_p < 0.25 * once.auc_p
    assert by_patient.auc_p == pytest.approx(once.auc_p, rel=0.5)
    assert by_patient.auc_difference == pytest.approx(once.auc_difference)
    assert copied.accuracy_p < 0.25 * once.accuracy_p < 0.2
    assert by_patient.accuracy_p == pytest.approx(once.accuracy_p)


def test_the_sentence_says_what_was_done(answers):
    assert "DeLong" in compared(answers, 1, patients=True).sentence()
    several = compared(answers, 2, patients=True).sentence()
    assert "DeLong" not in several
    assert "bootstrap over patients" in several
    assert "exchanging whole patients' answers" in several
    assert "McNemar" not in several


@pytest.mark.parametrize("copies", [1, 2])
def test_one_group_for_all_is_no_certainty(copies):
    """All resamples of a network that calls every case alike have one recall: 0.50 (0.50-0.50) would claim to know."""
    truth = np.arange(20) % 2
    logits = np.column_stack([np.zeros(20), 1 + np.linspace(0, 1, 20)])
    people = np.arange(20) // (2 * copies) * 2 + truth
    found = evaluate("network", truth, logits, people, seed=1)
    for name in ("macro_precision", "macro_recall", "macro_f1"):
        assert found.metric(name).lower is found.metric(name).upper is None
    assert found.metric("macro_recall").value == 0.5
    accuracy = found.metric("accuracy")
    assert (accuracy.lower is None) == (copies > 1)
    assert found.metric("auc").lower < 0.5 < found.metric("auc").upper
