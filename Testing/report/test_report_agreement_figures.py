"""Agreement drawn: what is drawn is what was measured, names fit and stay apart, and nothing to draw is said."""

from __future__ import annotations

import math
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from drawn_report.figure_words import artist, visible, words
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from PIL import Image

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_DATA_MARK
from CervixRiskLib.errors import RoiError, SettingsError, TrainingError
from CervixRiskLib.imaging import Roi, SliceImage, compare_contours
from CervixRiskLib.report import (
    CaseOverlap,
    draw_bland_altman,
    draw_contour_pairs,
    draw_icc_histogram,
    draw_overlap_per_case,
)
from CervixRiskLib.report.figures.fitted_text import fit_width, shortened, text_width
from CervixRiskLib.report.figures.label_places import LabelPlaces
from CervixRiskLib.report.style import new_figure
from CervixRiskLib.statistics import BlandAltman, bland_altman

CLASSES = ("shape", "firstorder", "glcm", "glrlm", "glszm", "gldm", "ngtdm")
LONG = "Universitätsklinikum Schleswig-Holstein, Campus Lübeck, Frauenheilkunde, "


def iccs(seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).beta(5, 1.5, size=140)


def of_classes() -> list[str]:
    return list(np.repeat(CLASSES, 20))


def sizes(n: int = 50, seed: int = 0) -> BlandAltman:
    rng = np.random.default_rng(seed)
    first = rng.gamma(9, 4, size=n)
    return bland_altman(first, first + rng.standard_t(3, size=n))


def overlaps(
    n: int, pairs: tuple[str, ...] = ("A – B",), *, name: str = "case-", mixed: bool = False
) -> list[CaseOverlap]:
    rng = np.random.default_rng(1)
    return [
        CaseOverlap(
            f"{name}{case:03d}", pair, dice := rng.beta(12, 2), 20 * (1 - dice), "px" if mixed and case % 3 else "mm"
        )
        for case in range(n)
        for pair in pairs
    ]


def ellipse(centre: tuple[float, float], radii: tuple[float, float], shape: tuple[int, int] = (120, 160)) -> np.ndarray:
    row, column = np.ogrid[: shape[0], : shape[1]]
    return ((row - centre[0]) / radii[0]) ** 2 + ((column - centre[1]) / radii[1]) ** 2 <= 1


def slice_of(spacing: tuple[float, float] | None = (0.2, 0.1)) -> SliceImage:
    pixels = np.random.default_rng(2).normal(100, 20, size=(120, 160))
    return SliceImage(pixels, spacing)


def pair_of(spacing: tuple[float, float] | None = (0.2, 0.1), *, names: tuple[str, ...] = ("A", "B")) -> Any:
    masks = [ellipse((60 + 3 * place, 80), (20, 30)) for place in range(len(names))]
    return slice_of(spacing), [(name, Roi(mask, spacing)) for name, mask in zip(names, masks, strict=True)]


def starting(figure: Any, gid: str) -> list[Any]:
    return figure.findobj(lambda item: (item.get_gid() or "").startswith(gid))


def draw(kind: str, **more: Any) -> Figure:
    if kind == "icc":
        return draw_icc_histogram({"Inter-observer": iccs(), "Intra-observer": iccs(1)}, of_classes(), **more)
    if kind == "icc, long":
        return draw_icc_histogram({LONG: np.append(iccs(), math.nan)}, [*of_classes(), LONG], **more)
    if kind == "bland-altman":
        return draw_bland_altman([("Largest diameter", "mm", sizes())], labels=[[f"c{i}" for i in range(50)]], **more)
    if kind == "bland-altman, many":
        named = [[f"{LONG}{place}" for place in range(400)]] * 3
        return draw_bland_altman([(LONG, "mm", sizes(400, seed)) for seed in range(3)], labels=named, **more)
    if kind == "bland-altman, three":
        same = bland_altman([1, 2, 3], [1, 2, 3])
        return draw_bland_altman([("x", "mm", bland_altman([9, 20, 30], [8, 20, 31])), ("y", "px", same)], **more)
    if kind == "overlap, one":
        return draw_overlap_per_case(overlaps(1), **more)
    if kind == "overlap, named":
        return draw_overlap_per_case(overlaps(50, ("A – B", "A – A"), name=LONG, mixed=True), **more)
    if kind == "overlap, many":
        return draw_overlap_per_case(overlaps(200, ("A – B", f"{LONG} – A"), name=LONG, mixed=True), **more)
    if kind == "contours":
        return draw_contour_pairs([("B001", *pair_of()), ("B002", *pair_of(None))], **more)
    return draw_contour_pairs([(LONG * 2, *pair_of(names=("A", f"{LONG} 1", f"{LONG} 2")))] * 5, **more)


KINDS = (
    "icc",
    "icc, long",
    "bland-altman",
    "bland-altman, many",
    "bland-altman, three",
    "overlap, one",
    "overlap, named",
    "overlap, many",
    "contours",
    "contours, long",
)


@pytest.mark.parametrize("kind", ["icc", "bland-altman", "overlap, one", "contours"])
def test_every_figure_says_for_whom_it_is(kind: str) -> None:
    for simulated in (False, True):
        (closing,) = artist(draw(kind, simulated=simulated), "closing")
        assert RESEARCH_USE_NOTICE in closing.get_text()
        assert (SIMULATED_DATA_MARK in closing.get_text()) == simulated


@pytest.mark.parametrize("kind", ["icc", "bland-altman", "overlap, one", "contours"])
@pytest.mark.parametrize("suffix", [".png", ".svg"])
def test_files_are_whole_and_the_same_every_time(kind: str, suffix: str, tmp_path: Path) -> None:
    for name in ("one", "two"):
        draw(kind, path=tmp_path / f"{name}{suffix}", title="Reader A against reader B")
    assert (tmp_path / f"one{suffix}").read_bytes() == (tmp_path / f"two{suffix}").read_bytes()
    if suffix == ".png":
        with Image.open(tmp_path / "one.png") as picture:
            assert picture.width >= 1000
    with pytest.raises(SettingsError, match="docx"):
        draw(kind, path=tmp_path / "figure.docx")


@pytest.mark.parametrize("kind", KINDS)
def test_no_words_leave_the_sheet_or_cover_each_other(kind: str) -> None:
    figure = draw(
        kind, title="A reader study with a rather long name: ultrasound, two readers, a repeat", simulated=True
    )
    boxes = [(text.get_text(), text.get_window_extent()) for text in visible(figure)]
    for told, box in boxes:
        assert box.x0 >= figure.bbox.x0 - 1, told
        assert box.x1 <= figure.bbox.x1 + 1, told
        assert box.y0 >= figure.bbox.y0 - 1, told
        assert box.y1 <= figure.bbox.y1 + 1, told
    for (one, a), (other, b) in combinations(boxes, 2):
        # Boxes have some air above and below the letters.
        across = min(a.x1, b.x1) - max(a.x0, b.x0)
        up = min(a.y1, b.y1) - max(a.y0, b.y0)
        assert across <= 1 or up <= 0.35 * min(a.height, b.height), (one, other)


@pytest.mark.parametrize("kind", KINDS)
def test_no_words_are_too_small_to_read(kind: str) -> None:
    figure = draw(kind)
    small = {text.get_text() for text in visible(figure) if text.get_fontsize() < 6.5}
    # A note or legend in which the caller's own long names stand may shrink.
    assert all(LONG[:20] in told for told in small)


class TestIccHistogram:
    def test_bars_are_the_shares_and_words_the_counts(self) -> None:
        values = iccs()
        values[[0, 25]] = math.nan
        values[1] = 0.75
        values[21] = -0.4
        figure = draw_icc_histogram({"Inter": values}, of_classes(), threshold=0.75)
        figure.canvas.draw()
        counts = [text.get_text() for text in artist(figure, "count")]
        assert len(counts) == 8
        for place, name in enumerate(("All features", *CLASSES)):
            chosen = values if name == "All features" else values[np.array(of_classes()) == name]
            passing = [icc for icc in chosen if icc >= 0.75]
            assert counts[place] == f"{len(passing)} of {len(chosen)} pass ({100 * len(passing) / len(chosen):.0f} %)"
            bars = {kind: artist(figure, f"{kind}:Inter:{name}") for kind in ("pass", "fail")}
            heights = {kind: sum(bar.get_height() for bar in found) for kind, found in bars.items()}
            assert heights["pass"] == pytest.approx(len(passing) / len(chosen))
            assert heights["fail"] == pytest.approx(sum(icc < 0.75 for icc in chosen) / len(chosen))
            assert all(bar.get_x() >= 0.75 for bar in bars["pass"] if bar.get_height() > 0)
            assert all(bar.get_x() + bar.get_width() <= 0.75 for bar in bars["fail"] if bar.get_height() > 0)
        below = artist(figure, "fail:Inter:firstorder")[0]
        assert below.get_x() < 0
        assert below.get_height() == pytest.approx(1 / 20)
        assert "Inter: no defined ICC for 2 of 140 features; not drawn, not passing." in words(figure)

    def test_a_threshold_inside_a_bin_splits_its_bar(self) -> None:
        values = np.array([0.81, 0.84])
        figure = draw_icc_histogram({"a": values}, ["x", "x"], threshold=0.82)
        (failed,) = [bar for bar in artist(figure, "fail:a:x") if bar.get_height() > 0]
        (passed,) = [bar for bar in artist(figure, "pass:a:x") if bar.get_height() > 0]
        assert failed.get_x() == passed.get_x()
        assert passed.get_y() == pytest.approx(failed.get_height())

    def test_one_is_in_the_last_bar(self) -> None:
        figure = draw_icc_histogram({"a": np.array([1.0, 1.0 + 1e-12])}, ["x", "x"])
        assert artist(figure, "pass:a:x")[-1].get_height() == pytest.approx(1.0)

    def test_classes_stand_in_their_order_under_their_names(self) -> None:
        figure = draw_icc_histogram({"a": iccs()[:3], "b": iccs()[:3]}, ["habitat", "glcm", "shape"])
        titles = [axes.get_title(loc="left") for axes in figure.axes]
        assert titles == ["All features"] * 2 + ["Shape"] * 2 + ["GLCM"] * 2 + ["habitat"] * 2
        assert [text.get_text() for text in artist(figure, "heading")] == ["a", "b"]
        # One class is all there is: it is not told twice.
        assert len(draw_icc_histogram({"a": iccs()[:3]}, ["glcm"] * 3).axes) == 1

    def test_nothing_to_draw(self) -> None:
        for values in ({}, {"a": np.full(140, math.nan)}):
            with pytest.raises(TrainingError, match="no ICC to draw"):
                draw_icc_histogram(values, of_classes())
        with pytest.raises(TrainingError, match="no ICC to draw"):
            draw_icc_histogram({"a": np.empty(0)}, [])
        with pytest.raises(ValueError, match="one ICC for each feature"):
            draw_icc_histogram({"a": iccs()}, ["glcm"])


class TestBlandAltman:
    def test_lines_bands_and_points(self) -> None:
        found = sizes()
        assert 0 < found.outside.sum() < 8
        figure = draw_bland_altman([("Diameter", "mm", found)], labels=[[f"c{place}" for place in range(50)]])
        for gid, value, interval in (
            ("bias", found.bias, found.bias_interval),
            ("upper", found.upper_limit, found.upper_limit_interval),
            ("lower", found.lower_limit, found.lower_limit_interval),
        ):
            (line,) = artist(figure, gid)
            np.testing.assert_allclose(line.get_ydata(), value)
            (band,) = artist(figure, f"{gid}:interval")
            box = band.get_extents().transformed(figure.axes[0].transData.inverted())
            np.testing.assert_allclose((box.y0, box.y1), interval, atol=1e-9)
        for gid, chosen in (("inside", ~found.outside), ("outside", found.outside)):
            (points,) = artist(figure, gid)
            np.testing.assert_array_equal(
                points.get_xydata(), np.column_stack([found.means, found.differences])[chosen]
            )
        named = {text.get_text() for text in starting(figure, "case:")}
        assert named == {f"c{place}" for place in np.flatnonzero(found.outside)}

    def test_units(self) -> None:
        relative = bland_altman([10, 20, 33], [11, 20, 30], relative=True)
        told = words(draw_bland_altman([("Area", "mm²", relative)]))
        assert "First − second (%)" in told
        assert "Mean of both readings (mm²)" in told
        assert any("% per mm²" in line for line in told)

    def test_names_cover_no_point(self) -> None:
        figure = draw("bland-altman")
        figure.canvas.draw()
        found, axes = sizes(), figure.axes[0]
        places = axes.transData.transform(np.column_stack([found.means, found.differences]))
        for text in starting(figure, "case:"):
            box = text.get_window_extent()
            inside = (places > (box.x0, box.y0)).all(axis=1) & (places < (box.x1, box.y1)).all(axis=1)
            assert not inside.any(), text.get_text()

    def test_the_farthest_are_named_first(self) -> None:
        rng = np.random.default_rng(0)
        found = bland_altman(50 + np.where(rng.random(600) < 0.05, 20, 1) * rng.normal(size=600), np.full(600, 50.0))
        outside = np.flatnonzero(found.outside)
        assert len(outside) > 12
        figure = draw_bland_altman([("x", "mm", found)], labels=[[f"c{place}" for place in range(600)]])
        named = [int(text.get_text()[1:]) for text in starting(figure, "case:")]
        farthest = outside[np.argsort(-np.abs(found.differences - found.bias)[outside])][:12]
        assert set(named) <= set(farthest)
        assert len(named) >= 8
        assert farthest[0] in named
        assert any("the farthest first" in line for line in words(figure))

    def test_where_there_is_no_room_there_is_no_name(self) -> None:
        figure = draw_bland_altman([("x", "mm", sizes(400))], labels=[["a name without end " * 20] * 400])
        assert len(starting(figure, "case:")) < 12
        axes = new_figure(1, 1).add_axes((0, 0, 1, 1))
        places = LabelPlaces(axes, np.array([[0.5, 0.5]]))
        assert places.write("x", 0.5, 0.5, size=8, gid="case:x")
        assert not places.write("a name wider than the sheet", 0.5, 0.5, size=8, gid="case:long")
        assert [text.get_text() for text in axes.texts] == ["x"]

    def test_nothing_to_draw(self) -> None:
        with pytest.raises(TrainingError, match="no Bland-Altman"):
            draw_bland_altman([])
        with pytest.raises(ValueError, match="one label for each"):
            draw_bland_altman([("x", "mm", sizes())], labels=[["a"]])


class TestOverlap:
    def test_cases_stand_in_the_order_of_their_lowest_dice(self) -> None:
        rows = [
            CaseOverlap("good", "A – B", 0.95, 1.0, "mm"),
            CaseOverlap("bad", "A – B", 0.9, 2.0, "mm"),
            CaseOverlap("bad", "A – C", 0.3, 9.0, "mm"),
            CaseOverlap("middle", "A – B", 0.6, 5.0, "mm"),
        ]
        figure = draw_overlap_per_case(rows)
        dice, distance = figure.axes
        assert [label.get_text() for label in dice.get_yticklabels()] == ["bad", "middle", "good"]
        assert dice.yaxis_inverted()
        (points,) = artist(dice, "dice:A – B")
        assert points.get_xdata().tolist() == [0.95, 0.9, 0.6]
        assert np.round(points.get_ydata()).tolist() == [2, 0, 1]
        (points,) = artist(distance, "mm:A – C")
        assert points.get_xdata().tolist() == [9.0]
        (median,) = artist(dice, "median:dice:A – B")
        np.testing.assert_allclose(median.get_xdata(), 0.9)
        assert "A – B: n = 3, median Dice 0.900, Hausdorff 95 % 2.0 mm" in words(figure)

    def test_many_cases_lie_side_by_side_and_the_worst_are_listed(self) -> None:
        rows = overlaps(200, ("A – B", "A – A"))
        figure = draw_overlap_per_case(rows)
        worst = {}
        for row in rows:
            worst[row.case] = min(worst.get(row.case, 1.0), row.dice)
        order = sorted(worst, key=lambda case: worst[case])
        listed = [text.get_text() for text in artist(figure, "worst:case")]
        assert listed == [f"{place}  {case}" for place, case in enumerate(order[:10], start=1)]
        values = [text.get_text() for text in artist(figure, "worst:words")]
        assert values[0].startswith(f"{worst[order[0]]:.2f} · ")
        (points,) = artist(figure.axes[0], "dice:A – B")
        for x, y in points.get_xydata():
            assert y >= worst[order[round(x)]]
        assert len(points.get_xydata()) == 200

    def test_mm_and_pixels_are_not_mixed(self) -> None:
        rows = overlaps(6, mixed=True)
        figure = draw_overlap_per_case(rows)
        assert [axes.get_xlabel() for axes in figure.axes] == ["Dice", "Hausdorff 95 % (mm)", "Hausdorff 95 % (px)"]
        for unit, axes in zip(("mm", "px"), figure.axes[1:], strict=True):
            (points,) = artist(axes, f"{unit}:A – B")
            assert points.get_xdata().tolist() == [row.hausdorff95 for row in rows if row.unit == unit]

    @pytest.mark.parametrize("count", [5, 60])
    def test_missing_values_are_counted_and_stand_last(self, count: int) -> None:
        rows = [*overlaps(count), CaseOverlap("none", "A – B", math.nan, math.nan, "mm")]
        figure = draw_overlap_per_case(rows)
        assert any(line.startswith(f"1 of {count + 1} comparisons") for line in words(figure))
        assert math.isfinite(figure.axes[1].get_xlim()[1])
        if count == 5:
            assert figure.axes[0].get_yticklabels()[-1].get_text() == "none"

    def test_pairs_are_told_apart(self) -> None:
        pairs = tuple(f"pair {number}" for number in range(12))
        figure = draw_overlap_per_case(overlaps(3, pairs))
        lines = [artist(figure.axes[0], f"dice:{pair}")[0] for pair in pairs]
        assert len({(line.get_color(), line.get_marker()) for line in lines}) == 12

    @pytest.mark.parametrize("rows", [[], [CaseOverlap("a", "A – B", math.nan, 1.0, "mm")]])
    def test_nothing_to_draw(self, rows: list[CaseOverlap]) -> None:
        with pytest.raises(TrainingError, match="no comparison"):
            draw_overlap_per_case(rows)


class TestContours:
    def test_the_outline_lies_where_the_region_ends(self) -> None:
        mask = np.zeros((40, 60), dtype=bool)
        mask[10:20, 30:36] = True
        image = SliceImage(np.random.default_rng(0).normal(size=(40, 60)), (0.5, 0.25))
        figure = draw_contour_pairs([("x", image, [("A", Roi(mask, (0.5, 0.25)))])])
        (line,) = artist(figure, "contour:A")
        x, y = line.get_xydata().T
        # Pixel edges in mm: columns 30 to 36 of 0.25, rows 10 to 20 of 0.5.
        np.testing.assert_allclose((x.min(), x.max()), (7.5, 9.0))
        np.testing.assert_allclose((y.min(), y.max()), (5.0, 10.0))
        (shown,) = artist(figure, "slice")
        left, right, bottom, top = shown.get_extent()
        assert (right - left) / shown.get_array().shape[1] == pytest.approx(0.25)
        assert (bottom - top) / shown.get_array().shape[0] == pytest.approx(0.5)
        first = round(top / 0.5), round(left / 0.25)
        np.testing.assert_array_equal(
            shown.get_array(), image.pixels[first[0] : round(bottom / 0.5), first[1] : round(right / 0.25)]
        )

    def test_both_contours_are_in_the_picture_with_a_margin(self) -> None:
        masks = [ellipse((30, 40), (8, 8)), ellipse((90, 120), (10, 10))]
        figure = draw_contour_pairs([("x", slice_of(None), [(n, Roi(m)) for n, m in zip("AB", masks, strict=True)])])
        axes = figure.axes[0]
        (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
        assert right - left == pytest.approx(bottom - top)
        for name in "AB":
            x, y = artist(figure, f"contour:{name}")[0].get_xydata().T
            assert left + 5 < x.min()
            assert x.max() < right - 5
            assert top + 5 < y.min()
            assert y.max() < bottom - 5

    def test_holes_parts_and_the_image_edge_are_closed_lines(self) -> None:
        mask = np.zeros((30, 30), dtype=bool)
        mask[:10, :10] = True
        mask[3:5, 3:5] = False
        mask[20:25, 20:25] = True
        figure = draw_contour_pairs([("x", SliceImage(np.zeros((30, 30))), [("A", Roi(mask))])])
        lines = artist(figure, "contour:A")
        assert len(lines) == 3
        for line in lines:
            np.testing.assert_array_equal(line.get_xydata()[0], line.get_xydata()[-1])
        assert min(line.get_xydata().min() for line in lines) == pytest.approx(0.0)

    def test_each_reading_has_its_own_colour_and_dashes_wherever_it_stands(self) -> None:
        image, contours = pair_of(names=("A", "B", "C"))
        figure = draw_contour_pairs([("x", image, contours), ("y", image, contours[::-1])])
        looks = {}
        for name in "ABC":
            lines = artist(figure, f"contour:{name}")
            assert len(lines) == 2
            looks[name] = {(to_rgb(line.get_color()), str(line._unscaled_dash_pattern)) for line in lines}
            assert len(looks[name]) == 1
        assert len({next(iter(look))[0] for look in looks.values()}) == 3
        assert len({next(iter(look))[1] for look in looks.values()}) == 3

    def test_two_contours_that_run_together_are_both_seen(self, tmp_path: Path) -> None:
        image = SliceImage(np.random.default_rng(0).normal(size=(120, 160)))
        roi = Roi(ellipse((60, 80), (30, 40)))
        draw_contour_pairs([("x", image, [("A", roi), ("B", roi)])], path=tmp_path / "same.png")
        with Image.open(tmp_path / "same.png") as picture:
            pixels = np.asarray(picture.convert("RGB"), dtype=float) / 255
        # Above the legend.
        pixels = pixels[: int(0.8 * len(pixels))]
        for colour in ("#56B4E9", "#E69F00"):
            assert (np.abs(pixels - to_rgb(colour)).max(axis=2) < 0.02).sum() > 500

    def test_overlap_and_distance_are_told(self) -> None:
        image, contours = pair_of()
        found = compare_contours(contours[0][1], contours[1][1])
        told = words(draw_contour_pairs([("B001", image, contours)]))
        assert "B001" in told
        assert f"Dice {found.dice:.2f}, Hausdorff 95 % {found.hausdorff95:.1f} mm" in told
        three = words(draw_contour_pairs([("B001", *pair_of(None, names=("A", "B", "C")))]))
        assert any(line.startswith("A – B: Dice") and line.endswith("px") for line in three)
        assert any(line.startswith("A – C: Dice") for line in three)

    @pytest.mark.parametrize("spacing", [None, (0.2, 0.1), (1.0, 1.0), (0.003, 0.003)])
    def test_the_scale_bar_is_as_long_as_it_says(self, spacing: tuple[float, float] | None) -> None:
        figure = draw_contour_pairs([("x", *pair_of(spacing))])
        (bar,), (told,) = artist(figure, "scale"), artist(figure, "scale:words")
        length, unit = told.get_text().split()
        x = bar.get_xdata()
        assert x[1] - x[0] == pytest.approx(float(length))
        assert unit == ("px" if spacing is None else "mm")
        left, right = figure.axes[0].get_xlim()
        assert 0.1 < (x[1] - x[0]) / (right - left) <= 0.35

    def test_what_cannot_be_drawn(self) -> None:
        image, contours = pair_of()
        for pairs in ([], [("x", image, [])]):
            with pytest.raises(TrainingError, match="no contour"):
                draw_contour_pairs(pairs)
        with pytest.raises(RoiError, match="size of the slice"):
            draw_contour_pairs([("x", image, [("A", Roi(np.ones((5, 5))))])])
        with pytest.raises(ValueError, match="same name"):
            draw_contour_pairs([("x", image, [contours[0], contours[0]])])
        with pytest.raises(TrainingError, match="At most 6"):
            draw_contour_pairs([("x", *pair_of(names=tuple("ABCDEFG")))])


def test_words_are_cut_in_their_middle() -> None:
    assert shortened("case-0123456789", 8) == "case…6789"
    assert shortened("case-01", 8) == "case-01"
    figure = new_figure(4, 1)
    text = figure.text(0, 0, LONG, fontsize=10)
    fit_width(text, 1.5, least=8)
    assert text.get_fontsize() == 8
    assert 1.2 < text_width(text) <= 1.5
    assert text.get_text()[0] == LONG[0]
    assert text.get_text()[-1] == LONG[-1]
