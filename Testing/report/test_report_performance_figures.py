"""ROC bands, calibration, decision curves, the heat map panel: what is drawn is what was computed."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_report.figure_words import artist
from matplotlib.figure import Figure
from matplotlib.text import Text

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.bundle.study_examples import StudyExample
from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.report import (
    CalibratedModel,
    RocCurve,
    draw_calibration,
    draw_confusion_matrices,
    draw_decision_curve,
    draw_heat_map_panel,
    draw_roc,
)
from CervixRiskLib.report.figures.heat_legend import blended
from CervixRiskLib.report.figures.slice_figure import grey_levels
from CervixRiskLib.statistics import auc, calibration_curve, calibration_summary, decision_curve, roc_band

CASES = 120
CLASSES = ("no metastasis", "metastasis")
NAMES = (
    "logistic regression",
    "SVM with a radial basis function",
    "k nearest neighbours",
    "random forest",
    "extra trees",
    "XGBoost",
    "LightGBM",
    "multilayer perceptron",
)
LONG = "Nomogram of the fusion score and the clinical predictors, cross-validated on all cases of every centre"


@pytest.fixture(scope="module")
def truth() -> np.ndarray:
    return (np.arange(CASES) % 3 == 0).astype(int)


def risks(truth: np.ndarray, repeats: int, seed: int = 0, strength: float = 1.2) -> np.ndarray:
    random = np.random.default_rng(seed)
    scores = strength * truth + random.normal(size=len(truth)) + 0.4 * random.normal(size=(repeats, len(truth))) - 1
    return np.asarray(1 / (1 + np.exp(-scores)))


@pytest.fixture(scope="module")
def calibrated(truth: np.ndarray) -> CalibratedModel:
    risk = risks(truth, 2)
    return CalibratedModel("nomogram", truth, risk, calibration_curve(truth, risk), calibration_summary(truth, risk))


@pytest.fixture(scope="module")
def constant() -> CalibratedModel:
    truth, risk = np.array([0, 1] * 10), np.full(20, 0.3)
    return CalibratedModel(LONG, truth, risk, calibration_curve(truth, risk), calibration_summary(truth, risk))


@pytest.fixture(scope="module")
def curve(truth: np.ndarray) -> Any:
    models = {"nomogram": risks(truth, 2), "maximum diameter alone": risks(truth, 1, 5, 0.4)[0]}
    return decision_curve(truth, models, resamples=60)


def example(number: int, outcome: str, shape: tuple[int, int] = (60, 50), **more: Any) -> StudyExample:
    random = np.random.default_rng(number)
    rows, columns = np.mgrid[: shape[0], : shape[1]]
    distance = np.hypot(rows / shape[0] - 0.5, columns / shape[1] - 0.5)
    heat_map = np.clip(1 - 2 * distance, 0, 1).astype(np.float32)
    heat_map[:, :3] = np.nan
    made = StudyExample(
        random.gamma(3, 20, shape).astype(np.float32), distance < 0.3, heat_map, outcome, 0.1 * number, "metastasis",
        f"{10 * number}th percentile of {outcome}", number % 2 == 0, "Grad-CAM of the fusion score", (0.2, 0.1),
    )  # fmt: skip
    return replace(made, **more)


EXAMPLES = tuple(example(number, CLASSES[number // 4]) for number in (1, 2, 3, 5, 6, 7))


@pytest.fixture(scope="module")
def drawn(truth: np.ndarray, calibrated: CalibratedModel, constant: CalibratedModel, curve: Any) -> dict[str, Any]:
    """Each figure's function, to be called with the common options."""
    repeats = [risks(truth, 3, seed) for seed in range(8)]
    bands = [roc_band(truth, scores, resamples=50) for scores in repeats]
    many = [
        RocCurve(name, truth, scores, "0.753 (0.649-0.856)", band)
        for name, scores, band in zip(NAMES, repeats, bands, strict=True)
    ]
    return {
        "roc with band": lambda **more: draw_roc(many[:1], **more),
        "roc of eight": lambda **more: draw_roc(many, **more),
        "calibration": lambda **more: draw_calibration([calibrated], CLASSES, **more),
        "calibration of four": lambda **more: draw_calibration([calibrated, constant] * 2, CLASSES, **more),
        "decision": lambda **more: draw_decision_curve(curve, **more),
        "heat maps": lambda **more: draw_heat_map_panel(EXAMPLES, notes=[LONG + ". " + LONG], **more),
        "confusion": lambda **more: draw_confusion_matrices(
            [("nomogram", np.array([[70, 10], [15, 25]])), (LONG, np.zeros((2, 2), int))], CLASSES, **more
        ),
    }


KINDS = ("roc with band", "roc of eight", "calibration", "calibration of four", "decision", "heat maps", "confusion")


def words(figure: Figure) -> list[Text]:
    """What can be read; ticks beyond the limits, and of sheets without axes, are kept by matplotlib and never drawn."""
    figure.draw_without_rendering()
    beyond = set()
    for axes in figure.axes:
        if not axes.axison:
            beyond |= {*axes.get_xticklabels(), *axes.get_yticklabels()}
        low, high = sorted(axes.get_ylim())
        beyond |= {label for label in axes.get_yticklabels() if not low <= label.get_position()[1] <= high}
    found = [text for text in figure.findobj(Text) if text.get_text().strip() and text.get_visible()]
    return [text for text in found if text not in beyond]


@pytest.mark.parametrize("kind", KINDS)
def test_for_whom_it_is_and_that_nothing_overlaps(kind: str, drawn: dict[str, Any]) -> None:
    figure = drawn[kind](title=LONG, simulated=True)
    boxes = [(text.get_text(), text.get_window_extent()) for text in words(figure)]
    sheet = figure.bbox
    for name, box in boxes:
        assert sheet.x0 - 1 <= box.x0, name
        assert box.x1 <= sheet.x1 + 1, name
        assert sheet.y0 - 1 <= box.y0, name
        assert box.y1 <= sheet.y1 + 1, name
    for (one, box), (other, further) in itertools.combinations(boxes, 2):
        assert not box.overlaps(further), f"{one} touches {other}"
    (closing,) = artist(figure, "closing")
    assert SIMULATED_MARK in closing.get_text()
    assert RESEARCH_USE_NOTICE in closing.get_text()


@pytest.mark.parametrize("kind", ["roc with band", "calibration", "decision", "heat maps"])
def test_patients_are_not_called_simulated(kind: str, drawn: dict[str, Any]) -> None:
    (closing,) = artist(drawn[kind](), "closing")
    assert closing.get_text() == RESEARCH_USE_NOTICE


@pytest.mark.parametrize("kind", ["calibration", "heat maps"])
def test_files_are_the_same_every_time(kind: str, drawn: dict[str, Any], tmp_path: Path) -> None:
    for name in ("one.svg", "two.svg"):
        drawn[kind](path=tmp_path / name)
    assert (tmp_path / "one.svg").read_bytes() == (tmp_path / "two.svg").read_bytes()
    with pytest.raises(SettingsError, match="docx"):
        drawn[kind](path=tmp_path / "one.docx")


class TestRoc:
    def test_the_mean_curve_has_the_mean_of_the_areas(self, truth: np.ndarray) -> None:
        # Ties too, so that slanted steps are averaged.
        for scores in (risks(truth, 4), np.round(risks(truth, 4), 1)):
            x, y = RocCurve("x", truth, scores, "").points()
            area = float(np.sum(np.diff(x) * (y[1:] + y[:-1]) / 2))
            assert area == pytest.approx(np.mean([auc(truth, one) for one in scores]), abs=1e-12)
            assert (x[0], y[0], x[-1], y[-1]) == (0, 0, 1, 1)
            assert (np.diff(x) >= 0).all()
            assert (np.diff(y) >= -1e-12).all()

    def test_band_and_repeats_stand_behind_their_curve(self, truth: np.ndarray) -> None:
        scores = risks(truth, 3)
        band = roc_band(truth, scores, resamples=50)
        figure = draw_roc([RocCurve("nomogram", truth, scores, "0.75", band)])
        (area,) = artist(figure, "band:nomogram")
        path = area.get_paths()[0].vertices
        assert {(round(x, 9), round(y, 9)) for x, y in zip(band.false_positive_rate, band.upper, strict=True)} <= {
            (round(x, 9), round(y, 9)) for x, y in path
        }
        lines = artist(figure, "repeat:nomogram")
        assert len(lines) == 3
        np.testing.assert_array_equal(lines[1].get_xydata().T, RocCurve("x", truth, scores[1], "").points())
        assert any("3 repeats" in text.get_text() for text in artist(figure, "note"))

    def test_bands_that_would_hide_each_other_get_a_panel_each(self, drawn: dict[str, Any], truth: np.ndarray) -> None:
        figure = drawn["roc of eight"]()
        assert len(figure.axes) == 8
        for name, axes in zip(NAMES, figure.axes, strict=True):
            assert len(artist(axes, f"band:{name}")) == 1
            assert len(artist(axes, "roc:other")) == 7
        plain = [RocCurve(name, truth, risks(truth, 1)[0], "") for name in NAMES[:4]]
        assert len(draw_roc(plain).axes) == 1
        assert len(draw_roc([replace(one, score=risks(truth, 1)) for one in plain]).axes) == 1
        assert len(draw_roc([replace(one, score=risks(truth, 2)) for one in plain]).axes) == 4


class TestCalibration:
    def test_curve_groups_and_risks(self, calibrated: CalibratedModel, truth: np.ndarray) -> None:
        figure = draw_calibration([calibrated], CLASSES)
        (line,), (points,) = artist(figure, "curve"), artist(figure, "group")
        np.testing.assert_array_equal(line.get_xydata().T, (calibrated.curve.grid, calibrated.curve.observed))
        np.testing.assert_array_equal(points.get_xdata(), calibrated.curve.groups.predicted)
        for outcome, sign in ((1, 1), (0, -1)):
            heights = sum(bar.get_height() for bar in artist(figure, f"risks:{outcome}"))
            # Of two repeats the mean number of cases.
            assert heights == pytest.approx(sign * (truth == outcome).sum())

    def test_the_numbers_are_those_of_the_summary(self, calibrated: CalibratedModel) -> None:
        assert calibrated.summary is not None
        told = [text.get_text() for text in artist(draw_calibration([calibrated], CLASSES), "numbers")]
        for name, estimate in (("Slope", calibrated.summary.slope), ("Brier", calibrated.summary.brier)):
            wanted = f"{name} {estimate.value:.2f} ({estimate.lower:.2f} to {estimate.upper:.2f})"
            assert wanted.replace("-", "\N{MINUS SIGN}") in told
        without = draw_calibration([replace(calibrated, summary=None)], CLASSES)
        assert artist(without, "numbers") == []

    def test_constant_risks_have_no_curve_and_no_nan(self, constant: CalibratedModel) -> None:
        figure = draw_calibration([constant], CLASSES)
        assert artist(figure, "curve") == []
        told = " ".join(text.get_text() for text in words(figure))
        assert "Slope undefined" in told
        assert "no curve" in told
        assert "nan" not in told

    @pytest.mark.parametrize("wrong", [np.nan, 1.2, -0.1])
    def test_what_is_no_probability(self, calibrated: CalibratedModel, wrong: float) -> None:
        spoiled = np.where(np.arange(CASES) == 3, wrong, 0.5)
        with pytest.raises(TrainingError, match="between 0 and 1"):
            draw_calibration([replace(calibrated, probability=spoiled)], CLASSES)

    @pytest.mark.parametrize("count", [0, 5])
    def test_how_many(self, calibrated: CalibratedModel, count: int) -> None:
        with pytest.raises(TrainingError, match="one and 4"):
            draw_calibration([calibrated] * count, CLASSES)


class TestDecision:
    def test_lines_are_the_curve_s(self, curve: Any) -> None:
        figure = draw_decision_curve(curve, main="maximum diameter alone")
        for name in curve.net_benefit:
            (line,), (avoided,) = artist(figure, f"benefit:{name}"), artist(figure, f"avoided:{name}")
            np.testing.assert_allclose(line.get_xydata().T, (100 * curve.thresholds, curve.net_benefit[name]))
            np.testing.assert_allclose(avoided.get_ydata(), curve.interventions_avoided[name])
        (all_treated,) = artist(figure, "treat all")
        np.testing.assert_allclose(all_treated.get_ydata(), curve.treat_all)
        assert len(artist(figure, "band:maximum diameter alone")) == 1
        assert artist(figure, "band:nomogram") == []

    def test_the_fall_of_treating_everybody_does_not_flatten_the_models(self, curve: Any) -> None:
        low, high = draw_decision_curve(curve).axes[0].get_ylim()
        assert curve.treat_all.min() < -10
        assert low >= -0.1
        assert high >= curve.prevalence

    def test_a_model_that_is_none_of_them(self, curve: Any) -> None:
        with pytest.raises(TrainingError):
            draw_decision_curve(curve, main="fusion")


class TestHeatMaps:
    def test_each_example_twice_with_its_words(self) -> None:
        figure = draw_heat_map_panel(EXAMPLES)
        plain, hot = artist(figure, "example"), artist(figure, "example:heat")
        assert len(plain) == len(hot) == len(EXAMPLES)
        # Rows of one outcome are drawn together.
        for shown, mapped, made in zip(plain, hot, EXAMPLES, strict=True):
            grey = np.repeat(grey_levels(made.image)[:, :, np.newaxis], 3, axis=2)
            np.testing.assert_allclose(np.asarray(shown.get_array()), grey)
            np.testing.assert_allclose(np.asarray(mapped.get_array()), blended(grey, made.heat_map, 0.35, 0.5))
        told = " ".join(text.get_text() for text in words(figure))
        for made in EXAMPLES:
            assert f"{made.reason}; {'held out' if made.held_out else 'seen in training'}" in told
            assert f"Probability of metastasis {100 * made.probability:.0f} %" in told
        assert [text.get_text() for text in artist(figure, "heading")] == [f"Outcome: {name}" for name in CLASSES]

    def test_pictures_keep_their_proportions_in_mm(self) -> None:
        figure = draw_heat_map_panel([example(2, "metastasis")])
        (picture,) = artist(figure, "example")
        box = picture.axes.get_window_extent()
        assert box.height / box.width == pytest.approx(60 * 0.2 / (50 * 0.1), rel=1e-6)

    def test_without_maps_contours_and_pixel_size(self) -> None:
        bare = example(2, "surgery", heat_map=None, mask=None, spacing_mm=None)
        figure = draw_heat_map_panel([bare])
        assert artist(figure, "contour") == []
        assert artist(figure, "legend") == []
        assert len(artist(figure, "no heat map")) == 1
        assert artist(figure, "map frame") == []

    def test_a_dashed_line_where_the_map_ends(self) -> None:
        lines = artist(draw_heat_map_panel([example(2, "surgery")]), "map frame")
        assert [tuple(line.get_xdata()) for line in lines] == [pytest.approx((0.3, 0.3))] * 2

    def test_maps_that_explain_different_classes_say_which(self) -> None:
        targets = ("Grad-CAM for surgery", "Grad-CAM for chemoradiotherapy")
        figure = draw_heat_map_panel([example(2, "surgery", heat_map_target=target) for target in targets])
        assert [text.get_text() for text in artist(figure, "target")] == list(targets)
        assert artist(draw_heat_map_panel(EXAMPLES), "target") == []

    def test_more_outcomes_than_columns(self) -> None:
        figure = draw_heat_map_panel([example(2, f"group {number}") for number in range(5)])
        assert len(artist(figure, "heading")) == 5
        width, height = figure.get_size_inches()
        assert max(width, height) < 14

    def test_nothing_to_draw(self) -> None:
        with pytest.raises(TrainingError, match="no example"):
            draw_heat_map_panel([])
