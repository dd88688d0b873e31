"""One page for one patient: everything of it on one sheet, and more sheets rather than anything lost."""

from __future__ import annotations

import itertools
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from PIL import Image

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.bundle import PredictionWarning, WarningCode
from CervixRiskLib.report import write_case_page
from CervixRiskLib.report.case_blocks import _class_words, case_words
from CervixRiskLib.report.case_page import case_page
from CervixRiskLib.report.figures.pages import page_style

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from CervixRiskLib.report.case_report import CaseReport


@pytest.fixture(scope="module")
def pages(full_report: CaseReport) -> list[Figure]:
    return case_page(full_report)


def texts(figure: Figure) -> list[Any]:
    return [text for axes in figure.axes for text in axes.texts if text.get_text().strip()]


def told(figures: list[Figure]) -> str:
    return " ".join(text.get_text() for figure in figures for text in texts(figure))


def marks(figure: Figure, gid: str) -> list[Any]:
    return [artist for axes in figure.axes for artist in axes.get_children() if artist.get_gid() == gid]


def assert_readable(figure: Figure) -> None:
    with page_style():
        renderer = FigureCanvasAgg(figure).get_renderer()
        boxes = [(text, text.get_window_extent(renderer)) for text in texts(figure)]
        for text, box in boxes:
            assert figure.bbox.contains(box.x0, box.y0), text
            assert figure.bbox.contains(box.x1, box.y1), text
            assert text.get_fontsize() >= 6.4, text
        for (one, box), (other, further) in itertools.combinations(boxes, 2):
            assert not box.overlaps(further), f"{one} touches {other}"


def test_a_case_without_a_name_is_not_called_case_case() -> None:
    assert [case_words(name) for name in ("M027", "case", "Case")] == ["Case M027", "Case", "Case"]


def test_everything_stands_on_one_page(pages: list[Figure], full_report: CaseReport) -> None:
    (page,) = pages
    assert_readable(page)
    words = told(pages)
    for part in (
        "Case M027",
        "31 %",
        "95 % interval 22 to 42 %",
        "below the threshold of 35 %",
        "Pixel size was entered by hand.",
        "101 points",
        "Change of the score's log-odds",
        "nomogram: AUC 0.810 (0.74-0.87), n 126, inside its cohort",
        "trained on 420 cases (287 no metastasis, 133 metastasis); simulated images",
        "ab" * 32,
        "answered with cervixrisk 0.1.0",
        SIMULATED_MARK,
        RESEARCH_USE_NOTICE,
    ):
        assert part in words, part
    # How the paper counts is not how good the model is.
    assert "0.930" not in words
    assert marks(page, "slice")
    assert marks(page, "slice:heat")
    assert marks(page, "contour:Reader A, round 1")
    # A mark on each predictor, down to the risk.
    for point in full_report.prediction.points:
        assert len(marks(page, f"mark:{point.name}")) == 1
    assert len(marks(page, "mark:total")) == 1
    assert len(marks(page, "mark:interval")) == 1


def test_a_probability_that_rounds_to_the_threshold_is_not_read_as_a_mistake(full_report: CaseReport) -> None:
    assert full_report.prediction.threshold is not None
    near = replace(full_report.prediction, probability=full_report.prediction.threshold - 0.001)
    assert _class_words(replace(full_report, prediction=near)).startswith("just below the threshold of 35 %")


def test_without_contour_and_nomogram(staging_report: CaseReport) -> None:
    (page,) = case_page(staging_report)
    assert_readable(page)
    words = told([page])
    assert "Nomogram" not in words
    assert "shufflenet_v2_x1_0: macro AUC 0.740 (0.66-0.81), n 126" in words


def test_many_warnings_go_on_to_further_pages(full_report: CaseReport) -> None:
    sentence = "The pixel size is unknown but the training images had one: sizes are in the wrong unit."
    warnings = (PredictionWarning(WarningCode.UNKNOWN_PIXEL_SIZE, sentence),) * 14
    pages = case_page(replace(full_report, prediction=replace(full_report.prediction, warnings=warnings)))
    assert len(pages) > 1
    for page in pages:
        assert_readable(page)
    assert told(pages).replace("\n", " ").count("The pixel size is unknown but") == 14
    assert "What the answer stands on" in told(pages)


def test_a_model_that_nobody_judged_says_so(full_report: CaseReport) -> None:
    manifest = replace(full_report.manifest, metrics=())
    assert "nobody knows how good the model is" in told(case_page(replace(full_report, manifest=manifest)))


def test_a_bundle_without_nomogram_tells_its_points(full_report: CaseReport) -> None:
    pages = case_page(replace(full_report, manifest=replace(full_report.manifest, nomogram=None)))
    for point in full_report.prediction.points:
        assert f": {point.points:.0f} points" in told(pages)
    assert not marks(pages[0], "mark:total")


def test_files(full_report: CaseReport, tmp_path: Path) -> None:
    written = write_case_page(full_report, tmp_path / "M027.pdf", ("pdf", "png", "csv"))
    assert [path.name for path in written] == ["M027.pdf", "M027.png", "M027.csv"]
    content = written[0].read_bytes()
    assert content.startswith(b"%PDF")
    assert b"M027" not in content.split(b"stream")[0]
    with Image.open(written[1]) as picture:
        # A4 at 200 dots per inch.
        assert picture.size == (1654, 2338)
        assert picture.text["Disclaimer"] == RESEARCH_USE_NOTICE  # type: ignore[attr-defined]
