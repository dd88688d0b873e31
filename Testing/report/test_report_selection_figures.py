"""Selection drawn: what is drawn is what was recorded; long names of all these figures fit."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from drawn_report.figure_words import artist, only, visible, words
from drawn_report.selection import (
    CENTRE,
    DIFFERENCES,
    FREQUENCY,
    LONG,
    PERMUTATION,
    STEPS,
    aucs,
    flow,
    names,
    odds,
    summary,
    trace,
)
from matplotlib.colors import to_hex
from matplotlib.figure import Figure

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.bundle.study_record import FlowStep, RecordTable, SelectionTrace
from CervixRiskLib.errors import TrainingError
from CervixRiskLib.report import (
    draw_conformal,
    draw_correlation_map,
    draw_elimination_curve,
    draw_feature_classes,
    draw_flow_chart,
    draw_forest,
    draw_importances,
    draw_lasso_coefficients,
    draw_lasso_path,
    draw_permutation,
    draw_selection_frequency,
    draw_standardised_differences,
)
from CervixRiskLib.report.figures.row_names import row_names
from CervixRiskLib.report.style import BLUE, LIGHT_GREY, VERMILLION

KINDS: dict[str, Callable[..., Figure]] = {
    "classes": lambda **more: draw_feature_classes(trace(), **more),
    "lasso path": lambda **more: draw_lasso_path(trace(), **more),
    "lasso coefficients": lambda **more: draw_lasso_coefficients(trace(), **more),
    "correlation": lambda **more: draw_correlation_map(trace(), **more),
    "elimination": lambda **more: draw_elimination_curve(trace(), chosen=3, **more),
    "importances": lambda **more: draw_importances(trace(), **more),
    "frequency": lambda **more: draw_selection_frequency({"fusion score": 1.0}, -0.013, **more),
    "flow": lambda **more: draw_flow_chart(flow(), **more),
    "forest": lambda **more: draw_forest(odds(), "Odds ratio", **more),
    "permutation": lambda **more: draw_permutation(PERMUTATION, **more),
    "conformal": lambda **more: draw_conformal([summary()], **more),
    "differences": lambda **more: draw_standardised_differences(DIFFERENCES, **more),
}
EXTREMES: dict[str, Callable[..., Figure]] = {
    "one class": lambda **more: draw_feature_classes(trace(classes=1), **more),
    "40 classes": lambda **more: draw_feature_classes(trace(classes=40), **more),
    "lasso path of one": lambda **more: draw_lasso_path(trace(1), **more),
    "40 coefficients": lambda **more: draw_lasso_coefficients(replace(trace(45), lasso_penalty=0.001), **more),
    "40 correlations": lambda **more: draw_correlation_map(trace(40), clustered=True, **more),
    "elimination of one": lambda **more: draw_elimination_curve(trace(1), **more),
    "45 frequencies": lambda **more: draw_selection_frequency(FREQUENCY, 0.3, chosen=names(3), **more),
    "importances of one": lambda **more: draw_importances(trace(1), **more),
    "41 differences": lambda **more: draw_standardised_differences({"x": dict.fromkeys(names(41), 0.0)}, **more),
    "20 reasons": lambda **more: draw_flow_chart(flow(reasons=20), **more),
    "sides": lambda **more: draw_flow_chart([FlowStep("Cases", 6), *(FlowStep(CENTRE, 2) for _ in range(3))], **more),
    "wild forest": lambda **more: draw_forest(odds(wild=True), "Odds ratio", **more),
    "forest of centres": lambda **more: draw_forest(aucs(), "AUC", scale="linear", reference=0.5, **more),
    "one permutation": lambda **more: draw_permutation(replace(PERMUTATION, permuted=(0.5,)), **more),
    "prediction sets": lambda **more: draw_conformal(
        [summary(0.8), summary(0.95, single=0.0, both=1.0, empty=0.0, right_of_single=math.nan)], **more
    ),
}  # fmt: skip


@pytest.mark.parametrize("kind", [*KINDS, *EXTREMES])
def test_words_fit_are_apart_and_say_for_whom(kind: str) -> None:
    simulated = kind in KINDS
    title = "Training cases of a cohort with a rather long name"
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        figure = {**KINDS, **EXTREMES}[kind](title=title, simulated=simulated)
        texts = visible(figure)
    closing = f"{SIMULATED_MARK} {RESEARCH_USE_NOTICE}" if simulated else RESEARCH_USE_NOTICE
    assert only(figure, "closing").get_text() == closing
    assert only(figure, "title").get_text() == title
    boxes = [(text.get_text(), text.get_window_extent()) for text in texts]
    for told, box in boxes:
        assert box.x0 >= figure.bbox.x0 - 1, told
        assert box.x1 <= figure.bbox.x1 + 1, told
        assert box.y0 >= figure.bbox.y0 - 1, told
        assert box.y1 <= figure.bbox.y1 + 1, told
    for (one, a), (other, b) in combinations(boxes, 2):
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        # Boxes have some air above and below the letters.
        assert across <= 1 or up <= 0.35 * min(a.height, b.height), (one, other)
    assert min(text.get_fontsize() for text in texts) >= 6.5
    assert not any("nan" in told.lower().split() for told, _ in boxes)


@pytest.mark.parametrize(("kind", "suffix"), [("lasso path", ".svg"), ("flow", ".pdf"), ("forest", ".png")])
def test_files_are_the_same_every_time(kind: str, suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        KINDS[kind](path=tmp_path / f"{name}{suffix}")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()


class TestFeatureClasses:
    def test_counts_their_ground_and_the_total(self) -> None:
        figure = draw_feature_classes(trace())
        labels = [label.get_text() for label in figure.axes[0].get_yticklabels()]
        assert labels == ["Shape", "GLCM", "Other", "All features"]
        told = {label: [only(figure, f"count:{label}:{step}").get_text() for step in STEPS] for label in labels}
        assert told["GLCM"] == ["374", "300", "298", "120", "40", "4", "1"]
        assert told["Other"] == ["9", "–", "8", "2", "2", "1", "1"]
        assert told["All features"] == ["397", "314", "318", "128", "42", "5", "2"]
        assert to_hex(only(figure, "share:GLCM:measured").get_facecolor()) == BLUE.lower()
        assert to_hex(only(figure, "share:Shape:lasso").get_facecolor()) == "#ffffff"
        light = [sum(only(figure, f"share:GLCM:{step}").get_facecolor()[:3]) for step in STEPS]
        assert light == sorted(set(light))
        assert "2 principal components were kept beside them." in words(figure)

    def test_one_class_has_no_total(self) -> None:
        figure = draw_feature_classes(trace(classes=1))
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["GLCM"]

    def test_nothing_to_draw(self) -> None:
        for table in (RecordTable(("feature_class", *STEPS), ()), RecordTable(("feature_class",), (("glcm",),))):
            with pytest.raises(TrainingError, match="no table of feature classes"):
                draw_feature_classes(SelectionTrace(table))


class TestLasso:
    def test_error_spread_choice_and_counts(self) -> None:
        found = trace()
        figure = draw_lasso_path(found)
        (error,) = artist(figure, "error")
        order = np.argsort(found.lasso_penalties)
        np.testing.assert_allclose(error.get_xdata(), np.log10(found.lasso_penalties)[order])
        np.testing.assert_allclose(error.get_ydata(), np.array(found.lasso_error)[order])
        bars = np.array(only(figure, "spread").get_segments())
        np.testing.assert_allclose(np.ptp(bars[:, :, 1], axis=1), 2 * 0.008)
        for line in artist(figure, "chosen"):
            np.testing.assert_allclose(line.get_xdata(), math.log10(0.05))
        above = figure.axes[0].child_axes[0]
        counts = (np.array(found.lasso_coefficients) != 0).sum(axis=0)
        told = {round(float(place), 6): label.get_text() for place, label in
                zip(above.get_xticks(), above.get_xticklabels(), strict=True)}  # fmt: skip
        for place, count in zip(np.log10(found.lasso_penalties), counts, strict=True):
            assert told.get(round(float(place), 6), str(count)) == str(count)
        assert len(told) == 5

    def test_paths_are_told_apart_by_what_became_of_them(self) -> None:
        found = trace()
        figure = draw_lasso_path(found)
        # At .05, 1.30 below the largest penalty, the third to fifth coefficients: 0.05, 0, 0 as they start at 1.25 on.
        colours = [only(figure, f"path:{name}").get_color() for name in names(5)]
        assert colours == [VERMILLION, BLUE, VERMILLION, LIGHT_GREY, LIGHT_GREY]
        line = only(figure, f"path:{names(1)[0]}")
        np.testing.assert_allclose(
            np.nan_to_num(line.get_ydata()), np.array(found.lasso_coefficients[0])[::-1], atol=1e-12
        )
        told = words(figure)
        assert {"2 kept, positive", "1 kept, negative", "2 zero at the chosen penalty"} <= set(told)

    def test_coefficients_are_those_of_the_nearest_penalty_largest_first(self) -> None:
        found = trace()
        figure = draw_lasso_coefficients(found)
        place = int(np.argmin(np.abs(np.log(found.lasso_penalties) - math.log(0.05))))
        expected = {
            name: row[place] for name, row in zip(names(5), found.lasso_coefficients, strict=True) if row[place]
        }
        assert len(expected) == 3
        drawn = {name: only(figure, f"bar:{name}") for name in expected}
        for name, bar in drawn.items():
            signed = bar.get_width()
            assert signed == pytest.approx(expected[name])
            assert to_hex(bar.get_facecolor()) == (VERMILLION if signed > 0 else BLUE).lower()
        heights = [drawn[name].get_y() for name in sorted(expected, key=lambda name: -abs(expected[name]))]
        assert heights == sorted(heights)
        assert only(figure, f"number:{names(2)[1]}").get_text().startswith("\N{MINUS SIGN}0.03")

    def test_more_than_forty_are_counted(self) -> None:
        notes = [text.get_text() for text in artist(EXTREMES["40 coefficients"](), "note")]
        assert "The first 40 of 45 are drawn." in notes

    def test_a_tiny_coefficient_is_not_told_as_zero(self) -> None:
        tiny = replace(trace(2), lasso_coefficients=((0.2,) * 31, (-0.00004,) * 31))
        assert only(draw_lasso_coefficients(tiny), f"number:{names(2)[1]}").get_text() == "\N{MINUS SIGN}0.00004"

    def test_nothing_to_draw(self) -> None:
        found = trace()
        for empty in (replace(found, lasso_penalty=None), replace(found, lasso_penalties=())):
            with pytest.raises(TrainingError, match="no LASSO to draw"):
                draw_lasso_path(empty)
            with pytest.raises(TrainingError, match="no LASSO to draw"):
                draw_lasso_coefficients(empty)
        with pytest.raises(TrainingError, match="all are zero"):
            draw_lasso_coefficients(replace(found, lasso_penalty=1.0))
        alone = draw_lasso_path(replace(found, lasso_features=(), lasso_coefficients=()))
        assert len(alone.axes) == 1


class TestCorrelationMap:
    def test_cells_are_the_matrix(self) -> None:
        found = trace()
        figure = draw_correlation_map(found)
        np.testing.assert_allclose(only(figure, "correlation").get_array(), found.correlation)
        assert only(figure, "correlation").get_clim() == (-1.0, 1.0)
        value = found.correlation[1][3]
        told = only(figure, "rho:1:3").get_text().replace("\N{MINUS SIGN}", "-")
        assert float(told) == pytest.approx(value, abs=0.0051)
        assert not artist(figure, "rho:2:2")

    def test_clustering_puts_alike_together(self) -> None:
        matrix = np.eye(4)
        matrix[0, 3] = matrix[3, 0] = -0.95
        matrix[1, 2] = matrix[2, 1] = math.nan
        found = replace(trace(4), correlation=tuple(tuple(row) for row in matrix.tolist()))
        figure = draw_correlation_map(found, clustered=True)
        order = [int(label.get_text().split()[0].removeprefix(LONG)) for label in figure.axes[0].get_yticklabels()]
        assert abs(order.index(0) - order.index(3)) == 1
        np.testing.assert_array_equal(only(figure, "correlation").get_array().filled(math.nan), matrix[order][:, order])
        assert any("undefined" in line for line in words(figure))

    def test_one_feature_has_none(self) -> None:
        with pytest.raises(TrainingError, match="fewer than two features"):
            draw_correlation_map(trace(1))


class TestEliminationAndImportances:
    def test_curve_band_and_choice(self) -> None:
        found = trace()
        figure = draw_elimination_curve(found, chosen=3)
        np.testing.assert_allclose(only(figure, "auc").get_ydata(), found.elimination_auc)
        band = only(figure, "spread").get_paths()[0].vertices
        assert band[:, 1].min() == pytest.approx(0.56)
        assert band[:, 1].max() == pytest.approx(0.84)
        np.testing.assert_allclose(only(figure, "chosen").get_xdata(), 3)
        assert "Chosen: 3 features, AUC 0.700" in words(figure)
        assert not artist(draw_elimination_curve(found), "chosen")
        # A fold in which fewer features passed ends the curve before the number that the model keeps.
        figure = draw_elimination_curve(found, chosen=16)
        assert figure.axes[0].get_xlim()[1] > 16
        assert "Chosen: 16 features" in words(figure)

    def test_bars_are_the_importances_largest_first(self) -> None:
        found = replace(trace(3), importance=(0.01, -0.02, 0.05))
        figure = draw_importances(found)
        first, second, third = (only(figure, f"bar:{name}") for name in names(3))
        assert [bar.get_width() for bar in (first, second, third)] == [0.01, -0.02, 0.05]
        assert third.get_y() < first.get_y() < second.get_y()
        assert to_hex(second.get_facecolor()) != to_hex(first.get_facecolor())

    def test_nothing_to_draw(self) -> None:
        empty = SelectionTrace(RecordTable((), ()))
        with pytest.raises(TrainingError, match="no elimination curve"):
            draw_elimination_curve(empty)
        with pytest.raises(TrainingError, match="no importance"):
            draw_importances(replace(empty, importance_names=("a",), importance=(math.nan,)))


class TestSelectionFrequency:
    def test_shares_stability_and_the_final_model(self) -> None:
        figure = draw_selection_frequency({"a": 0.2, "b": 0.9, "c": 0.0}, 0.31, chosen=["a"])
        assert only(figure, "bar:b").get_width() == 0.9
        assert only(figure, "bar:b").get_y() < only(figure, "bar:a").get_y()
        assert to_hex(only(figure, "bar:a").get_facecolor()) == BLUE.lower()
        assert to_hex(only(figure, "bar:b").get_facecolor()) == LIGHT_GREY.lower()
        assert not artist(figure, "bar:c")
        told = words(figure)
        assert {"20 %", "90 %", "In the final model", "Not in the final model"} <= set(told)
        assert any(line.startswith("Stability of the selection 0.31 ") for line in told)

    def test_without_stability_or_frequencies(self) -> None:
        for unknown in (None, math.nan):
            told = words(draw_selection_frequency({"a": 1.0}, unknown))
            assert not any("Stability" in line for line in told)
        with pytest.raises(TrainingError, match="no selection frequency"):
            draw_selection_frequency({"a": 0.0})


class TestRowNames:
    def test_names_shrink_together_before_they_are_cut(self) -> None:
        short = row_names(["Age", "BMI"])
        assert short.words == ("Age", "BMI")
        both = row_names([LONG, "Age"])
        assert both.words == (LONG, "Age")
        assert both.size < short.size or both.room <= 3.5
        cut = row_names([LONG * 3, "Age"])
        assert cut.size == 7.0
        assert "…" in cut.words[0]
        assert cut.words[1] == "Age"
        assert cut.room <= 3.5


def test_no_band_says_that_an_auc_lies_above_one() -> None:
    found = replace(trace(), elimination_spread=tuple(np.full(len(trace().elimination_auc), 0.5)))
    band = only(draw_elimination_curve(found), "spread").get_paths()[0].vertices
    assert band[:, 1].max() == 1.0
