"""Selection and cohort drawn: what is drawn is what was recorded, long names fit, and nothing to draw is said."""

from __future__ import annotations

import math
import warnings
from collections.abc import Callable
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import to_hex
from matplotlib.figure import Figure
from matplotlib.text import Text

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.bundle.study_record import FlowStep, PermutationRecord, RecordTable, SelectionTrace
from CervixRiskLib.errors import TrainingError
from CervixRiskLib.report import (
    ForestRow,
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
from CervixRiskLib.statistics import ConformalSummary
from CervixRiskLib.statistics.proportions import Estimate

LONG = "wavelet-HLL_glszm_SmallAreaLowGrayLevelEmphasis"
CENTRE = "Universitätsklinikum Schleswig-Holstein, Campus Lübeck, Frauenheilkunde und Geburtshilfe"
STEPS = ("measured", "reproducible", "varying", "mann_whitney", "spearman", "lasso", "eliminated")
COUNTS = {"glcm": (374, 300, 298, 120, 40, 4, 1), "shape": (14, 14, 12, 6, 0, 0, 0), "other": (9, None, 8, 2, 2, 1, 1)}


def names(count: int) -> tuple[str, ...]:
    return tuple(f"{LONG}{place}" for place in range(count))


def trace(features: int = 5, classes: int = 3) -> SelectionTrace:
    """A selection whose numbers are plain: coefficients shrink to zero one after the other."""
    rng = np.random.default_rng(4)
    penalties = np.logspace(0, -3, 31)
    starts = np.linspace(0, 2.5, features)
    signs = np.where(np.arange(features) % 2, -1, 1)
    coefficients = signs[:, None] * np.maximum(0, -np.log10(penalties) - starts[:, None]) * 0.05
    rows = [(name, *counts) for name, counts in COUNTS.items()][:classes]
    rows += [(f"{CENTRE} {place}", *COUNTS["glcm"]) for place in range(classes - len(rows))]
    values = np.corrcoef(rng.normal(size=(features, 30))) if features > 1 else np.ones((1, 1))
    return SelectionTrace(
        RecordTable(("feature_class", *STEPS), tuple(rows), ("2 principal components were kept beside them.",)),
        lasso_penalties=tuple(penalties.tolist()),
        lasso_error=tuple((0.19 + 0.01 * (np.log10(penalties) + 1.35) ** 2).tolist()),
        lasso_error_spread=tuple(np.full(31, 0.008).tolist()),
        lasso_penalty=0.05,
        lasso_features=names(features),
        lasso_coefficients=tuple(tuple(row) for row in coefficients.tolist()),
        correlation_names=names(features),
        correlation=tuple(tuple(row) for row in values.tolist()),
        elimination_features=tuple(range(1, features + 1)),
        elimination_auc=tuple(np.linspace(0.6, 0.8, features).tolist()),
        elimination_spread=tuple(np.full(features, 0.04).tolist()),
        importance_names=names(features),
        importance=tuple(np.linspace(0.05, -0.01, features).tolist()),
    )


def odds(*, wild: bool = False) -> dict[str, list[ForestRow]]:
    alone = [
        ForestRow("Age (per year)", 0.99, 0.97, 1.01),
        ForestRow("Histological type"),
        ForestRow("squamous", text="reference", level=1),
        ForestRow("other", 1.7, 0.8, 3.6, level=1),
        ForestRow("RBC count (per 10¹²/L)", 0.646, 0.459, 0.910),
    ]
    if wild:
        alone += [
            ForestRow(CENTRE, 4e5, 0.0, math.inf),
            ForestRow("no interval", 0.002, math.nan, math.nan),
            ForestRow("undefined", math.nan, math.nan, math.nan, text="undefined: separated"),
        ]
    return {"Univariate": alone, "Multivariate": [alone[4], replace(alone[0], value=1.05, lower=1.03, upper=1.07)]}


def aucs() -> dict[str, list[ForestRow]]:
    rows = [ForestRow("All cases", 0.76, 0.66, 0.87), ForestRow("Centre")]
    rows += [ForestRow(f"{CENTRE} {place}", 0.5 + place / 80, 0.4, 1.0, level=1) for place in range(38)]
    return {"": rows}


def summary(asked: float = 0.9, **shares: float) -> ConformalSummary:
    def of(value: float) -> Estimate:
        return Estimate(value, max(0.0, value - 0.05), min(1.0, value + 0.05))

    told = {"coverage": 0.9, "coverage_positive": 0.8, "coverage_negative": 0.94, "single": 0.6, "both": 0.3,
            "empty": 0.1, "abstains": 0.4, "right_of_single": 0.75, **shares}  # fmt: skip
    estimates = {name: of(value) if value == value else Estimate(math.nan, 0.0, 1.0) for name, value in told.items()}
    return ConformalSummary(asked=asked, class_conditional=False, folds=10, repeats=1, cases=294, **estimates)


def flow(*, reasons: int = 3) -> list[FlowStep]:
    told = {f"reason {place}, which needs a second line in its narrow box": 10 + place for place in range(reasons)}
    lost = sum(told.values())
    return [
        FlowStep("Rows of the cohort table", 421 + lost),
        FlowStep("Usable rows of patients with squamous-cell carcinoma", 421, lost, told),
        FlowStep("Training cases", 294, 127, {"held out for testing": 127}),
    ]


PERMUTATION = PermutationRecord("nomogram", 0.745, (0.41, 0.48, 0.5, 0.5199, 0.52, 0.61, 0.745, math.nan), 0.25)
FREQUENCY = {name: 1 - place / 45 for place, name in enumerate(names(45))}
DIFFERENCES = {"Training and test": {"Age": -0.2, "BMI": 0.05, "SCC": math.nan}, "Outcome": {"Age": 0.1, "RBC": -0.7}}

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


def artist(figure: Figure, gid: str) -> list[Any]:
    return figure.findobj(lambda item: item.get_gid() == gid)


def only(figure: Figure, gid: str) -> Any:
    (found,) = artist(figure, gid)
    return found


def visible(figure: Figure) -> list[Text]:
    """All words that are drawn; matplotlib keeps labels for ticks beyond the axis, too."""
    figure.canvas.draw()
    beyond = set()
    for axes in figure.axes:
        for axis in (axes.xaxis, axes.yaxis):
            low, high = sorted(axis.get_view_interval())
            ticks = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
            shown = (low - 1e-9, high + 1e-9) if axes.axison else (math.inf, -math.inf)
            beyond |= {label for place, label in ticks if not shown[0] <= place <= shown[1]}
    texts = figure.findobj(Text)
    return [text for text in texts if text.get_text().strip() and text.get_visible() and text not in beyond]  # type: ignore[misc]


def words(figure: Figure) -> list[str]:
    return [text.get_text() for text in visible(figure)]


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


class TestFlowChart:
    def test_boxes_say_how_many_remain_and_why_others_left(self) -> None:
        figure = draw_flow_chart(flow())
        step = " ".join(text.get_text() for text in artist(figure, "step:1:words"))
        assert step == "Usable rows of patients with squamous-cell carcinoma n = 421"
        aside = [text.get_text() for text in artist(figure, "left:1:words")]
        assert aside[0] == "n = 33"
        assert [text.get_text() for text in artist(figure, "left:1:count") if text.get_text()] == ["12", "11", "10"]
        assert [text.get_text() for text in artist(figure, "left:2:words")] == ["n = 127", "held out for testing"]
        assert not artist(figure, "left:0")
        for gid in ("step:0", "step:1", "step:2", "left:1", "left:2"):
            frame = only(figure, gid).get_window_extent()
            for text in artist(figure, f"{gid}:words"):
                box = text.get_window_extent()
                assert frame.x0 <= box.x0
                assert box.x1 <= frame.x1
                assert frame.y0 <= box.y0
                assert box.y1 <= frame.y1

    def test_many_reasons_are_summed(self) -> None:
        figure = draw_flow_chart(flow(reasons=20))
        aside = [text.get_text() for text in artist(figure, "left:1:words")]
        assert aside[-1] == "8 other reasons"
        assert artist(figure, "left:1:count")[-1].get_text() == str(sum(range(10, 18)))

    def test_sides_stand_beside_each_other(self) -> None:
        steps = [FlowStep("Cases", 110), FlowStep("Training", 77), FlowStep("Test", 33)]
        frames = [only(draw_flow_chart(steps), f"step:{place}") for place in range(3)]
        assert frames[1].get_y() == frames[2].get_y() < frames[0].get_y()
        # Fewer remain and nobody left: the numbers do not add up to sides, so they stand below each other.
        frames = [only(draw_flow_chart([*steps[:2], FlowStep("Test", 30)]), f"step:{place}") for place in range(3)]
        assert frames[2].get_y() < frames[1].get_y()

    def test_the_first_step_may_lose_cases(self) -> None:
        figure = draw_flow_chart([FlowStep("Eligible", 100, 5)])
        assert [text.get_text() for text in artist(figure, "step:0:words")] == ["All cases", "n = 105"]
        assert [text.get_text() for text in artist(figure, "left:1:words")] == ["n = 5"]
        with pytest.raises(TrainingError, match="no flow of cases"):
            draw_flow_chart([])


class TestForest:
    def test_estimates_intervals_and_words(self) -> None:
        figure = draw_forest(odds(), "Odds ratio")
        alone, together = figure.axes
        assert [label.get_text().strip() for label in alone.get_yticklabels()] == [
            "Age (per year)", "Histological type", "squamous", "other", "RBC count (per 10¹²/L)"
        ]  # fmt: skip
        assert alone.get_xscale() == "log"
        assert alone.get_xlim() == together.get_xlim()
        estimate = only(figure, "estimate:Univariate:Histological type:other")
        assert (estimate.get_xdata()[0], estimate.get_ydata()[0]) == (1.7, 3)
        np.testing.assert_allclose(
            only(figure, "interval:Univariate:Histological type:other").get_xdata(), (0.8, 3.6)
        )  # fmt: skip
        assert only(figure, "words:Univariate:Histological type:other").get_text() == "1.70 (0.80 to 3.60)"
        assert only(figure, "words:Multivariate::Age (per year)").get_text() == "1.050 (1.030 to 1.070)"
        assert only(figure, "words:Univariate:Histological type:squamous").get_text() == "reference"
        # The other column has its rows in another order and lacks some; each stands in its own line all the same.
        assert only(figure, "estimate:Multivariate::Age (per year)").get_ydata()[0] == 0
        assert only(figure, "estimate:Multivariate::RBC count (per 10¹²/L)").get_ydata()[0] == 4
        assert not artist(figure, "estimate:Multivariate:Histological type:other")
        assert alone.get_yticklabels()[1].get_fontweight() == "bold"
        assert alone.get_yticklabels()[2].get_fontweight() != "bold"

    def test_what_leaves_the_axis_is_an_arrow(self) -> None:
        figure = draw_forest(odds(wild=True), "Odds ratio")
        low, high = figure.axes[0].get_xlim()
        assert low > 1e-3
        assert high < 1e3
        drawn = {(line.get_marker(), int(line.get_ydata()[0])) for line in artist(figure, "beyond")}
        assert drawn == {("<", 5), (">", 5), ("<", 6)}
        told = words(figure)
        assert "Arrows: the interval goes on beyond the axis." in told
        assert "undefined: separated" in told
        assert only(figure, f"words:Univariate::{CENTRE}").get_text() == "4e+05 (0.00 to ∞)"

    def test_linear_axis_with_a_reference(self) -> None:
        rows = [ForestRow("all", 0.7, 0.6, 0.8), ForestRow("one class", text="undefined: one outcome only")]
        figure = draw_forest({"": rows}, "AUC", scale="linear", reference=0.5)
        assert figure.axes[0].get_xscale() == "linear"
        np.testing.assert_allclose(only(figure, "reference").get_xdata(), 0.5)
        ticks = [float(label.get_text()) for label in figure.axes[0].get_xticklabels()]
        assert {0.5, 0.6, 0.7, 0.8} <= set(ticks)

    def test_narrow_ratios_have_round_numbers(self) -> None:
        figure = draw_forest({"": [ForestRow("diameter", 1.055, 1.036, 1.075)]}, "Odds ratio")
        ticks = [label.get_text() for label in figure.axes[0].get_xticklabels()]
        assert len(ticks) >= 3
        assert "1" in ticks

    def test_nothing_to_draw(self) -> None:
        for rows in ([], [ForestRow("x")], [ForestRow("x", math.nan, math.nan, math.nan)]):
            with pytest.raises(TrainingError, match="no estimate to draw"):
                draw_forest({"": rows}, "AUC")

    def test_one_label_twice_is_two_rows(self) -> None:
        rows = [ForestRow("x", 1.0), ForestRow("x", 2.0)]
        figure = draw_forest({"a": rows, "b": rows}, "Odds ratio")
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["x", "x"]
        for column in ("a", "b"):
            places = [mark.get_ydata()[0] for mark in artist(figure, f"estimate:{column}::x")]
            assert places == [0, 1]

    def test_a_later_column_s_rows_follow_the_one_they_follow_there(self) -> None:
        columns = {"a": ("x", "y"), "b": ("y", "z", "x")}
        figure = draw_forest({name: [ForestRow(row, 1.0) for row in rows] for name, rows in columns.items()}, "OR")
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["x", "y", "z"]

    def test_a_bound_that_is_unknown_is_not_hidden(self) -> None:
        figure = draw_forest({"": [ForestRow("x", 8.3, 0.6, None)]}, "Odds ratio")
        assert only(figure, "words:x").get_text() == "8.30 (0.60 to undefined)"
        assert [mark.get_marker() for mark in artist(figure, "beyond")] == [">"]


class TestPermutation:
    def test_bars_count_the_permutations(self) -> None:
        figure = draw_permutation(PERMUTATION)
        bars = artist(figure, "permuted")
        assert sum(bar.get_height() for bar in bars) == 7
        # .5 and .5199 stand in one bar, .52 in the next.
        heights = {round(bar.get_x(), 3): bar.get_height() for bar in bars}
        assert heights[0.5] == 2
        assert heights[0.52] == 1
        np.testing.assert_allclose(only(figure, "observed").get_xdata(), 0.745)
        told = words(figure)
        assert any(line.startswith("1 of 7 permutations reach the observed AUC.") for line in told)
        assert "Observed, nomogram: AUC 0.745, p = 0.250" in told

    def test_nothing_to_draw(self) -> None:
        for record in (replace(PERMUTATION, permuted=()), replace(PERMUTATION, observed=math.nan)):
            with pytest.raises(TrainingError, match="no permutation test"):
                draw_permutation(record)


class TestConformal:
    def test_answers_add_up_and_coverage_is_drawn(self) -> None:
        figure = draw_conformal([summary(0.9), summary(0.8, coverage=0.81)])
        shares = [only(figure, f"{kind}:0").get_width() for kind in ("right", "wrong", "both", "empty")]
        np.testing.assert_allclose(shares, (0.45, 0.15, 0.3, 0.1))
        reached = only(figure, "coverage:1")
        assert reached.get_xdata()[0] == 0.81
        np.testing.assert_allclose(only(figure, "coverage:1:ci").get_xdata(), (0.76, 0.86))
        np.testing.assert_allclose(only(figure, "asked:1").get_xdata(), 0.8)
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["90 % asked", "80 % asked"]
        low, high = figure.axes[1].get_xlim()
        assert low < 0.75
        assert high >= 1

    def test_nothing_to_draw(self) -> None:
        with pytest.raises(TrainingError, match="no prediction sets"):
            draw_conformal([])


class TestStandardisedDifferences:
    def test_absolute_values_largest_first(self) -> None:
        figure = draw_standardised_differences(DIFFERENCES)
        assert [label.get_text() for label in figure.axes[0].get_yticklabels()] == ["RBC", "Age", "BMI"]
        np.testing.assert_allclose(only(figure, "difference:Training and test").get_xdata(), (math.nan, 0.2, 0.05))
        np.testing.assert_allclose(only(figure, "difference:Outcome").get_xdata(), (0.7, 0.1, math.nan))
        assert "1 without a defined difference: not drawn." in words(figure)

    def test_nothing_to_draw(self) -> None:
        with pytest.raises(TrainingError, match="no standardised difference"):
            draw_standardised_differences({"a": {"Age": math.nan}})
        with pytest.raises(ValueError, match="At most 6"):
            draw_standardised_differences({str(place): {"Age": 0.1} for place in range(7)})


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
