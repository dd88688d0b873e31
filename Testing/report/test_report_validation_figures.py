"""ROC curves, confusion matrices, training curves: what is drawn is what was counted, and for whom it is."""

from __future__ import annotations

import math
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from drawn_report.figure_words import artist, words
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.report import RocCurve, draw_confusion_matrices, draw_roc, draw_training_curves

NETWORKS = ("hrnet_w32", "densenet121", "fbnetc_100", "regnety_016", "resnet50", "shufflenet_v2_x1_0", "vit_base")
GROUPS = ("surgery", "chemoradiotherapy")


def curves(count: int) -> list[RocCurve]:
    random = np.random.default_rng(3)
    truth = np.repeat([0, 1], (15, 18))
    return [
        RocCurve(name, truth, truth + random.normal(size=33), f"0.7{index} (0.51-0.84)")
        for index, name in enumerate(NETWORKS[:count])
    ]


def history(epochs: int, *, held_out: bool = True) -> list[Any]:
    return [
        SimpleNamespace(
            number=number,
            training_loss=1 / number,
            training_auc=math.nan if number == 1 else 0.9,
            validation_loss=1.2 / number if held_out else None,
            validation_auc=0.7 if held_out else None,
        )
        for number in range(1, epochs + 1)
    ]


def draw(kind: str, **more: Any) -> Figure:
    if kind == "roc":
        return draw_roc(curves(2), **more)
    if kind == "roc of many":
        return draw_roc(curves(7), **more)
    if kind == "confusion":
        return draw_confusion_matrices([("hrnet_w32", np.array([[9, 6], [4, 14]]))], GROUPS, **more)
    return draw_training_curves({"hrnet_w32": history(5)}, **more)


KINDS = ("roc", "roc of many", "confusion", "training")


@pytest.mark.parametrize("kind", KINDS)
def test_every_figure_says_for_whom_it_is(kind: str) -> None:
    for simulated in (False, True):
        (closing,) = artist(draw(kind, simulated=simulated), "closing")
        assert RESEARCH_USE_NOTICE in closing.get_text()
        assert (SIMULATED_MARK in closing.get_text()) == simulated


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("suffix", [".png", ".pdf"])
def test_files_are_whole_and_the_same_every_time(kind: str, suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw(kind, path=tmp_path / f"{name}{suffix}", title="Held-out cases")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    if suffix == ".png":
        with Image.open(tmp_path / "one.png") as picture:
            assert picture.width >= 1000
            assert picture.text["Disclaimer"] == RESEARCH_USE_NOTICE  # type: ignore[attr-defined]


@pytest.mark.parametrize("kind", KINDS)
def test_another_ending_is_refused(kind: str, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="docx"):
        draw(kind, path=tmp_path / "figure.docx")


@pytest.mark.parametrize("kind", KINDS)
def test_no_words_leave_the_sheet(kind: str) -> None:
    from matplotlib.text import Text

    title = "Held-out cases of a cohort with a rather long name: chemoradiotherapy against surgery, cross-validated"
    figure = draw(kind, title=title, simulated=True)
    figure.canvas.draw()
    sheet = figure.bbox
    for text in figure.findobj(Text):
        if text.get_text() and text.get_visible():
            box = text.get_window_extent()
            assert box.x0 >= sheet.x0 - 1, text.get_text()
            assert box.x1 <= sheet.x1 + 1, text.get_text()
            assert box.y0 >= sheet.y0 - 1, text.get_text()
            assert box.y1 <= sheet.y1 + 1, text.get_text()


class TestRoc:
    @settings(deadline=None, max_examples=60)
    @given(st.lists(st.tuples(st.booleans(), st.integers(-3, 3)), min_size=2, max_size=40))
    def test_points_are_those_of_scikit_learn(self, cases: list[tuple[bool, int]]) -> None:
        from sklearn.metrics import roc_curve

        truth, score = np.array([case[0] for case in cases]), np.array([case[1] for case in cases], dtype=float)
        curve = RocCurve("x", truth, score, "")
        if truth.all() or not truth.any():
            with pytest.raises(TrainingError, match="both groups"):
                curve.points()
            return
        false, true, _ = roc_curve(truth, score, drop_intermediate=False)
        np.testing.assert_allclose(curve.points(), (false, true), atol=1e-12)

    def test_a_score_that_is_no_number(self) -> None:
        with pytest.raises(TrainingError):
            draw_roc([RocCurve("x", np.array([0, 1]), np.array([0.1, math.nan]), "")])
        with pytest.raises(TrainingError, match="no ROC curve"):
            draw_roc([])

    @pytest.mark.parametrize("count", [1, 4])
    def test_few_share_one_axis_system(self, count: int) -> None:
        figure = draw_roc(curves(count))
        assert len(figure.axes) == 1
        told = words(figure)
        looks = set()
        for index, name in enumerate(NETWORKS[:count]):
            (line,) = artist(figure, f"roc:{name}")
            looks.add((to_rgb(line.get_color()), line.get_linestyle(), str(line._dash_pattern)))
            assert f"{name}: AUC 0.7{index} (0.51-0.84)" in told
        assert len({colour for colour, _, _ in looks}) == count
        assert len({dashes for _, _, dashes in looks}) == count

    def test_many_get_a_panel_each(self) -> None:
        figure = draw_roc(curves(7))
        assert len(figure.axes) == 7
        told = words(figure)
        for index, name in enumerate(NETWORKS):
            assert name in told
            assert f"AUC 0.7{index} (0.51-0.84)" in told
            (line,) = artist(figure.axes[index], f"roc:{name}")  # type: ignore[arg-type]
            np.testing.assert_array_equal(line.get_xydata().T, curves(7)[index].points())
        assert all(len(artist(axes, "roc:other")) == 6 for axes in figure.axes)  # type: ignore[arg-type]


class TestConfusion:
    def test_counts_and_row_shares(self) -> None:
        figure = draw("confusion")
        shown = {
            (row, column): (artist(figure, f"count:{row}:{column}")[0], artist(figure, f"share:{row}:{column}")[0])
            for row in (0, 1)
            for column in (0, 1)
        }
        assert [shown[place][0].get_text() for place in ((0, 0), (0, 1), (1, 0), (1, 1))] == ["9", "6", "4", "14"]
        assert [shown[place][1].get_text() for place in ((0, 0), (0, 1), (1, 0), (1, 1))] == [
            "60 %", "40 %", "22 %", "78 %",
        ]  # fmt: skip
        # Rows are the true groups: row 0 stands on top.
        assert shown[0, 1][0].get_position()[0] > shown[0, 0][0].get_position()[0]
        assert figure.axes[0].yaxis_inverted()

    def test_groups_are_named_in_order(self) -> None:
        axes = draw("confusion").axes[0]
        assert [label.get_text() for label in axes.get_xticklabels()] == list(GROUPS)
        assert [label.get_text() for label in axes.get_yticklabels()] == list(GROUPS)
        assert (axes.get_xlabel(), axes.get_ylabel()) == ("Predicted", "True group")

    def test_names_are_no_longer_than_their_cells(self) -> None:
        names = ("surgery", "concurrent chemoradiotherapy", "systemic therapy")
        axes = draw_confusion_matrices([("x", np.ones((3, 3), int))], names).axes[0]
        cell = axes.get_window_extent().width / 3
        assert all(label.get_window_extent().width <= cell for label in axes.get_xticklabels())
        assert all(label.get_window_extent().height <= cell for label in axes.get_yticklabels())

    def test_a_group_without_cases(self) -> None:
        figure = draw_confusion_matrices([("x", np.array([[0, 0], [1, 3]]))], GROUPS)
        assert artist(figure, "share:0:0")[0].get_text() == "–"
        assert artist(figure, "share:1:0")[0].get_text() == "25 %"

    @pytest.mark.parametrize("wrong", [0, 20, 40, 60, 75, 80, 86, 89, 92, 100])
    def test_numbers_stand_out_from_their_ground(self, wrong: int) -> None:
        """Contrast ratio of WCAG 2.1."""

        def luminance(colour: Any) -> float:
            linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
            return float(np.dot(linear, (0.2126, 0.7152, 0.0722)))

        figure = draw_confusion_matrices([("x", np.array([[100 - wrong, wrong], [0, 1]]))], GROUPS)
        (ground,) = artist(figure, "shares")
        pale, dark = sorted(
            (luminance(ground.to_rgba(wrong / 100)[:3]), luminance(artist(figure, "count:0:1")[0].get_color()))
        )[::-1]
        assert (pale + 0.05) / (dark + 0.05) > 4.0

    @pytest.mark.parametrize("matrices", [[], [("x", np.ones((3, 3)))], [("x", np.ones((2, 3)))]])
    def test_another_number_of_groups(self, matrices: Any) -> None:
        with pytest.raises(TrainingError, match="each group"):
            draw_confusion_matrices(matrices, GROUPS)


class TestTraining:
    def test_two_panels_a_network_with_shared_scales(self) -> None:
        figure = draw_training_curves({name: history(5 + index) for index, name in enumerate(NETWORKS)})
        assert len(figure.axes) == 14
        losses = [axes for axes in figure.axes if artist(axes, "training:loss")]  # type: ignore[arg-type]
        assert len({axes.get_ylim() for axes in losses}) == 1
        assert [axes.get_title(loc="left") for axes in losses] == list(NETWORKS)

    def test_what_is_drawn_is_what_was_measured(self) -> None:
        figure = draw_training_curves({"a": history(4)})
        (loss,), (auc,) = artist(figure, "validation:loss"), artist(figure, "training:auc")
        np.testing.assert_allclose(loss.get_xydata(), [(n, 1.2 / n) for n in (1, 2, 3, 4)])
        np.testing.assert_allclose(auc.get_ydata(), [math.nan, 0.9, 0.9, 0.9])

    def test_nothing_held_out_is_not_in_the_legend(self) -> None:
        figure = draw_training_curves({"a": history(4, held_out=False)})
        assert artist(figure, "validation:loss") == []
        assert "Held-out cases" not in words(figure)
        assert "Held-out cases" in words(draw_training_curves({"a": history(4)}))

    @pytest.mark.parametrize("epochs", [1, 2, 3, 100])
    def test_epochs_are_whole_numbers(self, epochs: int) -> None:
        figure = draw_training_curves({"a": history(epochs)})
        ticks = [tick for tick in figure.axes[1].get_xticks() if 0.5 <= tick <= epochs + 0.5]
        assert ticks
        assert all(tick == int(tick) for tick in ticks)

    @pytest.mark.parametrize("histories", [{}, {"a": []}])
    def test_nothing_to_draw(self, histories: Any) -> None:
        with pytest.raises(TrainingError, match="no epoch"):
            draw_training_curves(histories)

    def test_a_loss_that_is_not_finite_leaves_a_gap(self) -> None:
        broken = history(3)
        broken[1].training_loss = math.inf
        assert math.isfinite(draw_training_curves({"a": broken}).axes[0].get_ylim()[1])
