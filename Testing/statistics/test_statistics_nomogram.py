"""The nomogram: rms's own drawing of the same model, the model's own probabilities, round numbers as R rounds."""

import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from CervixRiskLib.errors import BundleError, ClinicalValueError, TrainingError
from CervixRiskLib.statistics import LogisticModel, Nomogram, pretty

NAMES = ["diameter", "red_cells", "marker"]


def test_pretty_equals_r(reference):
    for case in reference["pretty"]:
        for key, n in (("two", 2), ("five", 5), ("ten", 10)):
            expected = np.array(case[key], dtype=float)
            found = pretty(case["low"], case["high"], n)
            assert len(found) == len(expected), (case["low"], case["high"], n)
            np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-12 * np.abs(expected).max() + 1e-300)


def test_pretty_ticks_print_as_round_numbers():
    assert pretty(0, 1, 10).tolist() == [0.0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1.0]
    with pytest.raises(ValueError, match="no ticks"):
        pretty(2, 1)
    with pytest.raises(ValueError, match="no ticks"):
        pretty(0, math.inf)


@given(st.floats(-1e6, 1e6, allow_subnormal=False), st.floats(0, 1e6, allow_subnormal=False), st.integers(1, 12))
@settings(deadline=None, max_examples=200)
def test_pretty_covers_the_range_in_equal_steps(low, span, n):
    high = low + span
    found = pretty(low, high, n)
    # A tick may miss the end by 1e-10 of a step.
    slack = 1e-8 * max(1.0, abs(low), abs(high))
    assert found[0] <= low + slack
    assert found[-1] >= high - slack
    if len(found) == 1:
        assert span <= slack
        return
    steps = np.diff(found)
    assert (steps > 0).all()
    np.testing.assert_allclose(steps, steps[0], rtol=1e-9, atol=1e-15 * max(abs(low), abs(high)))


@pytest.fixture(name="drawn")
def fixture_drawn(reference):
    expected = reference["nomogram"]
    intercept, *coefficients = expected["coefficients"]
    nomogram = Nomogram.from_logistic(
        NAMES,
        ["Largest diameter", "Red cells", "Marker"],
        ["mm", "10^12/L", ""],
        coefficients,
        intercept,
        [*expected["limits"], (0, 1)],
        levels={"marker": {"negative": 0, "positive": 1}},
    )
    return nomogram, expected


@pytest.mark.parametrize("name", NAMES)
def test_axes_and_points_equal_rms(name, drawn):
    nomogram, expected = drawn
    axis = nomogram.axis(name)
    np.testing.assert_allclose(axis.ticks(), expected[name]["values"])
    found = [nomogram.points(name, value) for value in expected[name]["values"]]
    np.testing.assert_allclose(found, expected[name]["points"], rtol=1e-9, atol=1e-9)
    ends = sorted((axis.points_low, axis.points_high))
    np.testing.assert_allclose(
        ends, [min(expected[name]["points"]), max(expected[name]["points"])], rtol=1e-9, atol=1e-9
    )


def test_totals_of_risks_equal_rms(drawn):
    nomogram, expected = drawn
    # rms interpolates between the points of a grid, hence the tolerance.
    found = [nomogram.total_at_risk(risk) for risk in expected["risk_values"]]
    np.testing.assert_allclose(found, expected["risk_totals"], atol=1e-3)
    assert [nomogram.risk(total) for total in found] == pytest.approx(expected["risk_values"])
    assert set(nomogram.risk_ticks()) >= {0.1, 0.5, 0.8}


def test_risk_is_the_models_probability(clinical):
    X = clinical[NAMES].astype(float)
    model = LogisticModel().fit(X, clinical["outcome"])
    ranges = {name: (X[name].min(), X[name].max()) for name in NAMES}
    nomogram = Nomogram.from_logistic(NAMES, NAMES, [""] * 3, model.coef_, model.intercept_, ranges)
    risks = [nomogram.risk(nomogram.total(row)) for row in X.to_dict("records")]
    np.testing.assert_allclose(risks, model.predict_proba(X)[:, 1], rtol=1e-10)
    calibrated = Nomogram.from_logistic(
        NAMES, NAMES, [""] * 3, model.coef_, model.intercept_, ranges, calibration=(0.8, -0.3)
    )
    risks = [calibrated.risk(calibrated.total(row)) for row in X.to_dict("records")]
    np.testing.assert_allclose(risks, expit(-0.3 + 0.8 * model.decision_function(X)), rtol=1e-10)
    assert calibrated.risk(calibrated.total_at_risk(0.37)) == pytest.approx(0.37)
    # scikit-learn's shapes are taken as well.
    same = Nomogram.from_logistic(NAMES, NAMES, [""] * 3, model.coef_[np.newaxis], np.array([model.intercept_]), ranges)
    assert same == nomogram


def test_values_beyond_the_axis_go_on_along_the_line(drawn):
    nomogram, _ = drawn
    assert nomogram.in_range("diameter", 80)
    assert not nomogram.in_range("diameter", 100)
    assert nomogram.points("diameter", 100) == pytest.approx(100 + 20 * 100 / 70)
    assert nomogram.points("diameter", 3) < 0


def test_levels_by_label_or_code(drawn):
    nomogram, _ = drawn
    assert nomogram.points("marker", "positive") == nomogram.points("marker", 1)
    with pytest.raises(ClinicalValueError, match='no level "maybe": it has negative, positive'):
        nomogram.points("marker", "maybe")
    with pytest.raises(ClinicalValueError, match="no level"):
        nomogram.points("marker", 0.5)


def test_a_factor_with_a_coefficient_for_each_level():
    nomogram = Nomogram.from_logistic(
        ["age", "stage"],
        ["Age", "Stage"],
        ["years", ""],
        [0.05, 1.0],
        -2.0,
        [(20, 60), (0, 0)],
        levels={"stage": {"I": 0.0, "II": 0.7, "III": -0.2}},
    )
    total = nomogram.total({"age": 40, "stage": "III"})
    assert nomogram.risk(total) == pytest.approx(expit(-2.0 + 0.05 * 40 - 0.2))
    assert nomogram.points("stage", "III") == pytest.approx(0)
    assert nomogram.points("stage", "II") == pytest.approx(0.9 * 100 / 2.0)


def test_values_that_cannot_be_used(drawn):
    nomogram, _ = drawn
    with pytest.raises(ClinicalValueError, match="a value for red_cells"):
        nomogram.total({"diameter": 30, "marker": 1})
    with pytest.raises(ClinicalValueError, match='no predictor "height"'):
        nomogram.points("height", 1)
    for value in ("large", math.nan, math.inf, None):
        with pytest.raises(ClinicalValueError, match='"Largest diameter" is not a number'):
            nomogram.points("diameter", value)
    with pytest.raises(ValueError, match="risk lies between"):
        nomogram.total_at_risk(1.0)


def test_models_that_cannot_be_drawn():
    def lay(coefficients=(1.0,), ranges=((0, 1),), **more):
        return Nomogram.from_logistic(["x"], ["x"], [""], coefficients, 0.0, list(ranges), **more)

    with pytest.raises(TrainingError, match="No predictor"):
        lay((0.0,))
    with pytest.raises(TrainingError, match='"x" is empty'):
        lay(ranges=((2, 2),))
    with pytest.raises(TrainingError, match="finite"):
        lay((math.nan,))
    with pytest.raises(TrainingError, match="upside down"):
        lay(calibration=(-1.0, 0.0))
    with pytest.raises(TrainingError, match="label"):
        lay((1.0, 2.0))
    flat = lay(calibration=(0.0, -1.0))
    assert flat.risk(0) == flat.risk(100) == pytest.approx(expit(-1))
    assert math.isnan(flat.total_at_risk(0.3))
    assert flat.risk_ticks() == ()


coefficients = st.lists(st.floats(-3, 3).filter(lambda b: abs(b) > 1e-3), min_size=1, max_size=5)


@given(coefficients, st.floats(-5, 5), st.floats(0.1, 3), st.floats(-2, 2), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=80)
def test_points_and_risk_properties(weights, intercept, slope, shift, seed):
    rng = np.random.default_rng(seed)
    names = [f"x{i}" for i in range(len(weights))]
    low = rng.normal(0, 10, len(weights))
    ranges = list(zip(low, low + rng.exponential(10, len(weights)) + 0.1, strict=True))
    nomogram = Nomogram.from_logistic(
        names, names, [""] * len(names), weights, intercept, ranges, calibration=(slope, shift)
    )
    assert max(axis.points_largest for axis in nomogram.axes) == pytest.approx(100)
    assert min(min(axis.points_low, axis.points_high) for axis in nomogram.axes) == 0
    values = {axis.name: rng.uniform(axis.low, axis.high) for axis in nomogram.axes}
    total = nomogram.total(values)
    assert -1e-9 <= total <= nomogram.total_largest + 1e-9
    expected = expit(shift + slope * (intercept + sum(w * values[n] for w, n in zip(weights, names, strict=True))))
    assert nomogram.risk(total) == pytest.approx(expected, rel=1e-7)
    risks = [nomogram.risk(points) for points in np.linspace(-50, nomogram.total_largest + 50, 30)]
    assert (np.diff(risks) >= 0).all()
    for axis in nomogram.axes:
        ends = [nomogram.points(axis.name, value) for value in (axis.low, (axis.low + axis.high) / 2, axis.high)]
        assert (np.diff(ends) * np.sign(axis.coefficient) > 0).all()
    assert Nomogram.from_dict(json.loads(json.dumps(nomogram.to_dict()))) == nomogram


def test_round_trip_keeps_levels(drawn):
    nomogram, _ = drawn
    assert Nomogram.from_dict(json.loads(json.dumps(nomogram.to_dict()))) == nomogram


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.update(schema=2),
        lambda data: data.pop("axes"),
        lambda data: data.update(axes=[]),
        lambda data: data["axes"][0].update(coefficient="much"),
        lambda data: data["axes"][0].update(label=7),
        lambda data: data["axes"][0].update(low=math.nan),
        lambda data: data.update(calibration=None),
        lambda data: data.update(axes=3),
    ],
)
def test_damaged_nomograms_are_refused(damage, drawn):
    data = json.loads(json.dumps(drawn[0].to_dict()))
    damage(data)
    with pytest.raises(BundleError, match="nomogram"):
        Nomogram.from_dict(data)


def test_extreme_totals_do_not_overflow(drawn):
    nomogram, _ = drawn
    assert nomogram.risk(1e9) == 1.0
    assert nomogram.risk(-1e9) == 0.0
