"""A case report's pages: what stands on them, and that nothing covers anything or leaves its page."""

from __future__ import annotations

import itertools
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.transforms import Bbox

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.bundle import Contribution, PredictionWarning, PredictorPoints, WarningCode
from CervixRiskLib.bundle.prediction_text import percent
from CervixRiskLib.errors import RoiError, SettingsError
from CervixRiskLib.imaging.heat_colours import heat_colours
from CervixRiskLib.report.case_report import OtherContour, ReportedValue
from CervixRiskLib.report.case_sheet import case_pages, slice_picture
from CervixRiskLib.report.figures.heat_legend import blended
from CervixRiskLib.report.figures.page_blocks import broken
from CervixRiskLib.report.figures.page_fonts import families_for
from CervixRiskLib.report.figures.pages import page_style
from CervixRiskLib.report.figures.sheet import Sheet
from CervixRiskLib.statistics import Nomogram

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from CervixRiskLib.report.case_report import CaseReport

SENTENCE = (
    "The pixel size is unknown but the training images had one: sizes are in the wrong unit. Calibrate the image or "
    "give the pixel size."
)


@pytest.fixture(scope="module")
def pages(full_report: CaseReport) -> list[Figure]:
    return case_pages(full_report)


@pytest.fixture(scope="module")
def staging_pages(staging_report: CaseReport) -> list[Figure]:
    return case_pages(staging_report)


@pytest.fixture(scope="module")
def crowded(full_report: CaseReport, make_case) -> CaseReport:
    """Everything that makes a page overflow, on a flat slice without a pixel size."""
    names = [f"p{index}" for index in range(12)]
    labels = [f"Histological type as read by two pathologists at centre number {index}" for index in range(12)]
    nomogram = Nomogram.from_logistic(names, labels, ["unit"] * 12, [4.2, *[0.3] * 11], -3.0, [(0, 1)] * 12)
    values = dict.fromkeys(names, 0.4) | {"p3": 7.0}
    image, roi, heat_map = make_case((60, 600), None)
    prediction = replace(
        full_report.prediction,
        probability=nomogram.risk(nomogram.total(values)),
        interval=(0.0001, 0.9999),
        points=tuple(
            PredictorPoints(axis.name, axis.label, values[axis.name], axis.unit, nomogram.points(axis.name, 0.4))
            for axis in nomogram.axes
        ),
        total_points=nomogram.total(values),
        warnings=(PredictionWarning(WarningCode.UNKNOWN_PIXEL_SIZE, SENTENCE),) * 8,
        contributions=tuple(
            Contribution(f"log-sigma-3-0-mm-3D_glszm_SmallAreaLowGrayLevelEmphasis_{index}" * 2, "", 1.0, effect)
            for index, effect in enumerate((1.0, -0.9, 0.5, float("nan"), -0.1, 0.1, 0.1, 0.1))
        ),
        heatmap=heat_map,
        simulated=False,
    )  # fmt: skip
    return replace(
        full_report,
        case_id="A name that somebody has typed without thinking of the room that it takes " * 2,
        reader="Reader" + "x" * 150,
        image=image,
        roi=roi,
        prediction=prediction,
        manifest=replace(full_report.manifest, nomogram=nomogram.to_dict(), simulated=False),
        clinical=tuple(ReportedValue(label, label, "squamous cell") for label in labels),
        other_contours=tuple(OtherContour(f"Reader {index} of a long name", 0.3, 0.9, roi) for index in range(8)),
    )  # fmt: skip


def words_of(figure: Figure) -> list[str]:
    return [text.get_text() for axes in figure.axes for text in axes.texts]


def by_gid(figure: Figure, gid: str) -> list:
    return [artist for axes in figure.axes for artist in axes.get_children() if artist.get_gid() == gid]


def assert_readable(figure: Figure, smallest: float = 6.4) -> None:
    """No words beyond the page, over other words or over a picture, and none too small."""
    with page_style():
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        renderer = canvas.get_renderer()
        width, height = figure.get_size_inches() * figure.dpi
        boxes = {}
        for axes in figure.axes:
            for text in axes.texts:
                if not text.get_text().strip():
                    continue
                box = text.get_window_extent(renderer)
                boxes[f"{text.get_gid()}={text.get_text()} ({len(boxes)})"] = box
                assert box.x0 >= 0.02 * width, text
                assert box.x1 <= 0.98 * width, text
                assert box.y0 >= 0, text
                assert box.y1 <= height, text
                assert text.get_fontsize() >= smallest, text
        pictures = [
            Bbox.intersection(image.get_window_extent(renderer), axes.get_window_extent(renderer))
            for axes in figure.axes
            for image in axes.get_images()
        ]
    for (one, box), (other, other_box) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), f"{one} touches {other}"
    for name, box in boxes.items():
        assert not any(box.overlaps(picture) for picture in pictures), f"{name} lies on a picture"


def test_two_pages_of_a4_and_nothing_overlaps(pages):
    assert len(pages) == 2
    for page in pages:
        assert tuple(page.get_size_inches()) == pytest.approx((8.27, 11.69))
        assert_readable(page)


def test_staging_without_contour_and_nomogram(staging_pages):
    assert len(staging_pages) == 2
    for page in staging_pages:
        assert_readable(page)
    words = words_of(staging_pages[0])
    for group, probability in (("surgery", "31 %"), ("chemoradiotherapy", "62 %"), ("palliative care", "7 %")):
        assert group in words
        assert probability in words
    assert "Nomogram" not in words
    assert "What moves the score most" not in words
    assert not by_gid(staging_pages[0], "contour:Contour")


def test_the_hardest_case_goes_on_to_further_pages(crowded):
    pages = case_pages(crowded)
    assert len(pages) > 2
    for page in pages:
        assert_readable(page)
    everything = " ".join(word for page in pages for word in words_of(page))
    assert everything.count("The pixel size is unknown but") == 8
    assert "squamous cell" in everything
    assert "Open mark" in everything


@pytest.mark.parametrize("shape", [(900, 90), (64, 64)])
def test_tall_and_small_slices(full_report, make_case, shape):
    image, roi, _ = make_case(shape, (0.1, 0.1))
    prediction = replace(full_report.prediction, heatmap=None, contributions=(), warnings=())
    report = replace(full_report, image=image, roi=roi, prediction=prediction, other_contours=(), clinical=())
    first, *_ = case_pages(report)
    assert_readable(first)
    assert "The contour, closer" in words_of(first)
    assert "What moves the score most" not in words_of(first)


def test_a_nomogram_longer_than_a_page_becomes_a_table(full_report):
    names = [f"p{index}" for index in range(30)]
    nomogram = Nomogram.from_logistic(names, names, [""] * 30, [1.0] * 30, 0.0, [(0, 1)] * 30)
    points = tuple(PredictorPoints(name, f"Predictor {name}", 0.5, "", 50.0) for name in names)
    prediction = replace(full_report.prediction, points=points, total_points=1500.0)
    manifest = replace(full_report.manifest, nomogram=nomogram.to_dict())
    pages = case_pages(replace(full_report, prediction=prediction, manifest=manifest))
    for page in pages:
        assert_readable(page)
    everything = [word for page in pages for word in words_of(page)]
    assert "Predictor p29" in everything
    assert everything.count("0.5: 50 points") == 30


def test_the_first_page_answers(pages, full_report):
    words = " ".join(words_of(pages[0]))
    assert percent(full_report.prediction.probability) == "31 %"
    for told in (
        "Case M027",
        "Pelvic lymph node metastasis · Reader A, round 1 · 2026-11-22 05:31",
        "31 %",
        "95 % interval 22 to 42 %",
        "below the threshold of 35 %",
        "29 to 34 % with the contour moved",
        "33 %, overlap (Dice) 0.91",
        "3.9 10¹²/L",
        "0.2 mm (SequenceOfUltrasoundRegions)",
        "Pixel size was entered by hand.",
        "101 points",
        "20 mm",
    ):
        assert told in words, told


def test_the_second_page_says_what_the_answer_stands_on(pages):
    words = " ".join(words_of(pages[1]))
    for told in (
        "420 (287 no metastasis, 133 metastasis); simulated images",
        "AUC 0.810 (0.74-0.87)",
        "calibration slope 0.960",
        "platt (slope 0.91, intercept -0.05)",
        "ab" * 32,
        "openvino 2026.1",
        "The CPU answers, through OpenVINO",
        "not for decisions about a patient",
    ):
        assert told in words, told
    # How the paper counts is not how good the model is.
    assert "0.930" not in words


def test_every_page_and_picture_says_what_it_is_for(pages, full_report):
    for figure in (*pages, slice_picture(full_report)):
        assert any(RESEARCH_USE_NOTICE in word and SIMULATED_MARK in word for word in words_of(figure))


def test_a_model_of_patients_is_not_called_simulated(full_report):
    prediction = replace(full_report.prediction, simulated=False, warnings=())
    report = replace(full_report, prediction=prediction, manifest=replace(full_report.manifest, simulated=False))
    for figure in (*case_pages(report), slice_picture(report)):
        assert any(RESEARCH_USE_NOTICE in word for word in words_of(figure))
        assert not any("simulated" in word.lower() for word in words_of(figure))


def test_the_contour_lies_on_its_pixels(pages, full_report):
    line = by_gid(pages[0], "contour:Reader A, round 1")[0]
    row0, column0, row1, column1 = full_report.roi.bounding_box
    x, y = line.get_xdata(), line.get_ydata()
    # In mm from the image's corner; the line runs along the outer pixels' edges, cutting their corners.
    assert (x.min(), x.max()) == pytest.approx((column0 * 0.2, column1 * 0.2), abs=0.11)
    assert (y.min(), y.max()) == pytest.approx((row0 * 0.2, row1 * 0.2), abs=0.11)


def test_the_ruler_is_as_long_as_it_says(pages):
    figure = pages[0]
    picture = next(axes for axes in figure.axes if axes.images and axes.images[0].get_gid() == "slice")
    inches = picture.get_position().width * figure.get_size_inches()[0]
    left, right = picture.get_xlim()
    ruler = by_gid(figure, "ruler")[0].get_xdata()
    assert (ruler[1] - ruler[0]) / inches * (right - left) == pytest.approx(20.0)


def test_without_a_pixel_size_the_ruler_says_so(crowded):
    assert any("pixels, size unknown" in word for word in words_of(slice_picture(crowded)))


def test_the_legends_colours_stand_over_their_numbers(pages):
    strip = by_gid(pages[0], "legend")[0]
    left, right, *_ = strip.get_extent()
    pixels = np.asarray(strip.get_array())
    for value in (0.5, 0.75, 1.0):
        tick = by_gid(pages[0], f"legend:{value:g}")[0]
        # The last number is moved inwards, its tick is not.
        place = right if value == 1.0 else tick.get_position()[0]
        column = min(int((place - left) / (right - left) * pixels.shape[1]), pixels.shape[1] - 1)
        ground = np.linspace(0.85, 0.15, pixels.shape[0])[:, np.newaxis]
        expected = 0.5 * ground + 0.5 * heat_colours()[round(value * 255)]
        assert np.abs(pixels[:, column] - expected).max() < 0.02


def test_below_the_threshold_and_without_a_value_the_slice_stays(full_report):
    picture = np.full((1, 4, 3), 0.3)
    heat = np.array([[0.34, np.nan, 0.35, 1.0]])
    laid = blended(picture, heat, 0.35, 0.5)
    assert laid[0, :2].tolist() == picture[0, :2].tolist()
    assert laid[0, 3] == pytest.approx(0.15 + 0.5 * heat_colours()[-1])
    assert not np.allclose(laid[0, 2], picture[0, 2])


def test_a_dashed_line_stands_where_the_heat_map_ends(pages, full_report):
    lines = by_gid(pages[0], "map frame")
    first = int(np.flatnonzero(np.isfinite(full_report.prediction.heatmap).any(axis=0))[0])
    # White on a dark rim; in mm. Where the image itself ends there is no line.
    assert len(lines) == 2
    for line in lines:
        assert line.is_dashed()
        assert list(line.get_xdata()) == pytest.approx([first * 0.2] * 2)
        assert list(line.get_ydata()) == pytest.approx([0.0, full_report.image.shape[0] * 0.2])


def test_a_line_breaks_in_words_that_are_too_wide_but_not_before_a_unit():
    with page_style():
        sheet = Sheet(3, 3)
        whole = "a" * 200
        lines = broken(sheet, f"Model {whole} of 54 %", 8.0, 1.5)
        assert "".join(lines).replace("Model", "").replace("of", "").replace("54 %", "").strip() == whole
        assert all(sheet.text_width(line, 8.0) <= 1.5 for line in lines)
        assert broken(sheet, "above 54 %", 8.0, 0.56) == ["above", "54 %"]


def test_names_keep_to_one_line(full_report):
    report = replace(full_report, case_id="two\nlines\tand $maths$ \x07", other_contours=(), reader="R\n1")
    words = words_of(slice_picture(report))
    assert any("two lines and $maths$" in word for word in words)


def test_what_belongs_to_another_image_is_refused(full_report, make_case):
    image, roi, _ = make_case((50, 60))
    with pytest.raises(RoiError, match="another size"):
        replace(full_report, image=image)
    with pytest.raises(RoiError, match="heat map"):
        replace(full_report, image=image, roi=roi, other_contours=())
    with pytest.raises(SettingsError, match="between 0 and 1"):
        replace(full_report, heat_opacity=1.2)


def test_signs_that_the_house_s_font_lacks_come_from_another(full_report):
    assert families_for("Fall Ærøskøbing ≥ 10¹²/L ▲") == ["DejaVu Sans"]
    families = families_for("病例 王五")
    if len(families) == 1:
        pytest.skip("no font with Chinese signs is installed")
    report = replace(full_report, case_id="王五", other_contours=())
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert_readable(slice_picture(report))
