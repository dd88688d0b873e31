"""Cohort, odds and validation drawn: what is drawn is what was recorded."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from drawn_report.figure_words import artist, only, words
from drawn_report.selection import CENTRE, DIFFERENCES, PERMUTATION, flow, odds, summary

from CervixRiskLib.bundle.study_record import FlowStep
from CervixRiskLib.errors import TrainingError
from CervixRiskLib.report import (
    ForestRow,
    draw_conformal,
    draw_flow_chart,
    draw_forest,
    draw_permutation,
    draw_standardised_differences,
)


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

    def test_the_legend_names_the_groups(self) -> None:
        told = words(draw_conformal([summary(0.9)], class_names=("surgery", "chemoradiotherapy")))
        assert {"surgery", "chemoradiotherapy"} <= set(told)
        assert "Positive cases" not in told
        assert "Positive cases" in words(draw_conformal([summary(0.9)]))

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
