"""A study report on the page, on paper and for programs: all of it is there, nothing runs, nothing is cut."""

from __future__ import annotations

import json
import math
import re
from base64 import b64encode
from dataclasses import replace
from hashlib import sha256
from html.parser import HTMLParser
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest
from drawn_report.study_document import DOCUMENT, NAMES, REASON
from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.transforms import Bbox

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.errors import SettingsError
from CervixRiskLib.report.figures.pages import page_style
from CervixRiskLib.report.figures.placed_figure import PlacedFigure
from CervixRiskLib.report.figures.sheet import Sheet
from CervixRiskLib.report.figures.table_layout import SIZES, TableWords, table_layouts
from CervixRiskLib.report.figures.word_measure import WordMeasure
from CervixRiskLib.report.pdf_outline import OutlineEntry, with_outline
from CervixRiskLib.report.study.cells import Cell, Estimate, PValue, Share, cell_json, cell_text
from CervixRiskLib.report.study.document import NamedValues, TableBlock
from CervixRiskLib.report.study.drawn_figures import DrawnFigure, draw_figures
from CervixRiskLib.report.study.html_page import html_page
from CervixRiskLib.report.study.pdf_pages import pdf_sheets
from CervixRiskLib.report.study.writer import write_document
from CervixRiskLib.report.style import new_figure


@pytest.fixture(scope="module")
def drawn() -> dict[str, DrawnFigure]:
    return draw_figures(DOCUMENT)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The report in a folder that holds something else."""
    folder = tmp_path_factory.mktemp("reports") / "report"
    folder.mkdir()
    (folder / "study.json").write_text("{}")
    write_document(DOCUMENT, folder, "# The card")
    return folder


@pytest.mark.parametrize(
    ("cell", "words", "value"),
    [
        (None, "–", None),
        (math.nan, "undefined", None),
        (-0.0, "0", 0.0),
        (12345.6, "12,346", 12345.6),
        (1283, "1,283", 1283),
        (0.12345, "0.123", 0.12345),
        (-3, "−3", -3),
        (True, "yes", True),
        (PValue(0.0271), "0.027", {"kind": "p_value", "value": 0.0271}),
        (PValue(1e-9), "< 0.001", {"kind": "p_value", "value": 1e-9}),
        (PValue(math.nan), "undefined", {"kind": "p_value", "value": None}),
        (Share(31, 127), "31 / 127 (24 %)", {"kind": "share", "count": 31, "total": 127}),
        (Share(0, 0), "0 / 0 (undefined)", {"kind": "share", "count": 0, "total": 0}),
    ],
)
def test_a_cell_is_read_by_people_and_programs(cell: Cell, words: str, value: Any) -> None:
    assert cell_text(cell) == words
    assert cell_json(cell) == value


def test_an_estimate_stands_before_its_interval() -> None:
    assert cell_text(Estimate(0.7781, 0.61, 0.9123)) == "0.778 (0.610–0.912)"
    assert cell_text(Estimate(-0.01, -0.2, 0.3, digits=2)) == "−0.01 (−0.20\u00a0to\u00a00.30)"
    assert cell_text(Estimate(1.2, 0.3, math.inf, digits=1)) == "1.2 (0.3–∞)"
    assert cell_text(Estimate(45.0, 40, 50, digits=0, unit="%")) == "45\u00a0% (40–50\u00a0%)"
    assert cell_text(Estimate(math.nan, 0.1, 0.2)) == cell_text(Estimate(None)) == "undefined"
    assert cell_json(Estimate(math.nan, -math.inf, 0.2))["lower"] is None


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: TableBlock("t", ("a", "b"), (("x",),), "t"),
        lambda: TableBlock("t", ("a", "b"), (), "t", groups=(("honest", 1),)),
        lambda: replace(DOCUMENT, summary=(NamedValues((), "hashes"),)),
        lambda: replace(DOCUMENT, summary=(NamedValues((), "../name"),)),
    ],
)
def test_a_document_that_cannot_be_told_is_refused(wrong: Any) -> None:
    with pytest.raises(SettingsError):
        wrong()


class Page(HTMLParser):
    """Elements with their attributes, and the words outside the style sheet."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.elements and self.elements[-1][0] != "style":
            self.words.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attributes for name, attributes in self.elements if name == tag]

    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def page_text(folder: Path) -> str:
    return (folder / "index.html").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def page(page_text: str) -> Page:
    return Page(page_text)


def test_the_page_needs_no_network_and_runs_nothing(page: Page, page_text: str) -> None:
    tags = {tag for tag, _ in page.elements}
    assert not tags & {"script", "link", "iframe", "object", "form", "base"}
    assert not [name for _, attributes in page.elements for name in attributes if name.startswith("on")]
    assert not [attributes for _, attributes in page.elements if "style" in attributes]
    assert all(str(image["src"]).startswith("data:image/") for image in page.all("img"))
    assert "url(" not in page_text
    assert "@import" not in page_text
    policy = next(meta for meta in page.all("meta") if meta.get("http-equiv") == "Content-Security-Policy")
    style = page_text.split("<style>")[1].split("</style>")[0]
    known = b64encode(sha256(style.encode()).digest()).decode()
    assert policy["content"] == (
        f"default-src 'none'; img-src data:; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"
    )


def test_the_page_says_everything_and_what_it_is_not(page: Page) -> None:
    text = page.text()
    assert text.count(f"{SIMULATED_MARK} {RESEARCH_USE_NOTICE}") == 2
    assert 0 < text.index("No evidence of discrimination: <0.5>.") < text.index("Too few patients.")
    assert f"This figure could not be drawn from these data: {REASON}" in text
    for words in (*NAMES, "published, other data", "No held-out test.", "ab" * 32, "0.520", "0.450–0.590", "none"):
        assert words in text
    assert "nan" not in text.lower().replace("discriminan", "")


def test_running_text_parts_no_interval(drawn: dict[str, DrawnFigure]) -> None:
    told = replace(DOCUMENT, headline="Honest AUC 0.69 (0.50–0.87) <b>, better in 33 % (−0.1 to 0.2).", simulated=False)
    page = html_page(told, drawn)
    assert '0.69 <span class="interval">(0.50–0.87)</span> &lt;b&gt;' in page
    assert 'in 33\u00a0% <span class="interval">(−0.1 to 0.2)</span>.' in page


def test_the_page_can_be_read_without_seeing_it(page: Page) -> None:
    names = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
    assert len(names) == len(set(names))
    assert {str(link["href"])[1:] for link in page.all("a") if str(link["href"]).startswith("#")} <= set(names)
    assert page.all("html")[0]["lang"] == "en"
    assert len(page.all("img")) == 3
    assert {image["alt"] for image in page.all("img")} == {'Curves of "two" models'}
    assert {head["scope"] for head in page.all("th")} == {"col", "row", "colgroup"}


def test_a_simulated_page_is_told_from_one_of_patients(drawn: dict[str, DrawnFigure]) -> None:
    page = Page(html_page(replace(DOCUMENT, simulated=False), drawn))
    assert SIMULATED_MARK not in page.text()
    assert page.text().count(RESEARCH_USE_NOTICE) == 2


def test_a_heavy_drawing_is_shown_as_a_picture(drawn: dict[str, DrawnFigure]) -> None:
    assert drawn["roc"].address.startswith("data:image/svg+xml;base64,")
    heavy = DrawnFigure(None)
    heavy.__dict__.update(svg=b"x" * ((1 << 20) + 1), png=b"dots")
    assert heavy.address == "data:image/png;base64,ZG90cw=="


def test_programs_find_every_number_by_its_name(folder: Path) -> None:
    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    content = json.loads((folder / "report.json").read_text(encoding="utf-8"), parse_constant=refuse)
    assert (content["format"], content["schema_version"]) == ("cervixrisk-study-report", 1)
    assert content["simulated"] is True
    assert content["provenance"] == {"seeds": {"numpy": 42}, "p": None}
    number = content["key_numbers"]["auc_honest"]
    assert (number["value"], number["lower"], number["upper"]) == (0.52, 0.45, 0.59)
    table = content["tables"]["classifiers"]
    assert table["columns"][7] == {"name": "Measure 6", "group": "paper"}
    assert table["rows"][0][1]["value"]["upper"] == 0.9
    assert table["rows"][1][11] == {
        "text": "undefined",
        "value": {"kind": "estimate", "value": None, "lower": 0.1, "upper": 0.2, "digits": 3, "unit": ""},
    }
    assert len(content["tables"]["features"]["rows"]) == 60
    assert content["figures"]["roc"]["files"] == ["figures/roc.svg", "figures/roc.png"]
    assert (content["figures"]["none_drawn"]["files"], content["figures"]["none_drawn"]["not_drawn"]) == ([], REASON)
    assert {"kind": "table", "name": "table_one"} in content["sections"][0]["blocks"]
    assert content["named_values"]["hashes"][1] == {"name": "Site", "value": NAMES[1]}
    assert sorted(content["files"]) == sorted(
        str(path.relative_to(folder).as_posix())
        for path in folder.rglob("*")
        if path.is_file() and path.name != "study.json"
    )


@pytest.fixture(scope="module")
def sheets(drawn: dict[str, DrawnFigure]) -> tuple[list[Figure], list[OutlineEntry]]:
    with page_style("".join(NAMES)):
        return pdf_sheets(DOCUMENT, drawn)


def texts(sheet: Figure) -> list[tuple[str, str, Bbox]]:
    """Mark, words and place of all that is written on a page, in inches."""
    axes = sheet.axes[0]
    renderer = sheet.canvas.get_renderer()  # type: ignore[attr-defined]
    inches = sheet.dpi_scale_trans.inverted()
    return [
        (text.get_gid() or "", text.get_text(), text.get_window_extent(renderer).transformed(inches))
        for text in axes.texts
        if text.get_text().strip()
    ]


def test_nothing_leaves_its_page_or_covers_anything(sheets: tuple[list[Figure], list[OutlineEntry]]) -> None:
    with page_style("".join(NAMES)):
        for sheet in sheets[0]:
            width, height = sheet.get_size_inches()
            found = texts(sheet)
            for _, words, box in found:
                assert box.x0 > 0.55, words
                assert box.x1 < width - 0.55, words
                assert 0.3 < box.y0 < box.y1 < height - 0.3, words
            for (_, one, first), (_, other, second) in combinations(found, 2):
                shared = Bbox.intersection(first, second)
                # Ascenders of a line and descenders of the one above may touch.
                assert shared is None or min(shared.width, shared.height) < 0.03, (one, other)


def test_every_word_is_printed_and_heads_are_repeated(sheets: tuple[list[Figure], list[OutlineEntry]]) -> None:
    with page_style("".join(NAMES)):
        pages = [texts(sheet) for sheet in sheets[0]]
    printed = "".join(words for page in pages for _, words, _ in page).replace(" ", "").replace("\u00a0", "")
    for number in range(60):
        assert f"{NAMES[number % 4]}{number}".replace(" ", "") in printed
    assert printed.count("nothingofaheld-outcaseisknownwhenitisjudged.") >= 40 + 110
    assert printed.count("0.800") == 21
    heads = [page for page in pages if any(words == "Odds ratio" for _, words, _ in page)]
    assert (
        len(heads) == sum(any("glszm_Small" in words for gid, words, _ in page if gid == "cell") for page in pages) > 1
    )
    for sheet, page in zip(sheets[0], pages, strict=True):
        assert any(gid == "closing" and words == f"{SIMULATED_MARK} {RESEARCH_USE_NOTICE}" for gid, words, _ in page)
        below = [(box.y0, gid) for gid, _, box in page if gid not in ("closing", "page", "head")]
        assert min(below)[1] not in ("heading", "caption") or sheet.artists or sheet is sheets[0][-1]


def test_wide_tables_lie_on_their_side(sheets: tuple[list[Figure], list[OutlineEntry]]) -> None:
    with page_style("".join(NAMES)):
        lying = [sheet for sheet in sheets[0] if sheet.get_size_inches()[0] > sheet.get_size_inches()[1]]
        assert any(words == "Measure 10" or words == "10" for sheet in lying for _, words, _ in texts(sheet))


def test_a_table_wider_than_any_page_is_parted_between_columns() -> None:
    words = TableWords(
        ("Name", *(f"Subgroup{i}" for i in range(19))),
        (("x", *("(0.610–0.910)",) * 19),),
        (),
        (False, *(True,) * 19),
    )
    with page_style():
        layouts = table_layouts(WordMeasure(Sheet(5, 5)), words, (7.0, 10.5))
    assert len(layouts) == 2
    heads = [[" ".join(cell) for cell in layout.head().cells] for layout in layouts]
    assert [head[0] for head in heads] == ["Name", "Name"]
    assert [name for head in heads for name in head[1:]] == list(words.head[1:])
    assert all(layout.width < 10.5 + 1e-6 for layout in layouts)


def test_words_are_broken_only_where_they_must_be() -> None:
    with page_style():
        measure = WordMeasure(Sheet(5, 5))
        name = "wavelet-LHL_glszm_SmallAreaLowGrayLevelEmphasis"
        lines = measure.lines(f"{name} 7\u00a0of\u00a09", SIZES[0], 1.2)
        assert "".join(lines).replace(" ", "") == f"{name}7\u00a0of\u00a09"
        assert all(measure.width(line, SIZES[0]) <= 1.2 for line in lines)
        assert lines[0].endswith("_")
        assert measure.lines("", 8.0, 1.0) == ("",)


def test_the_pdf_has_pages_words_and_an_outline(folder: Path, sheets: tuple[list[Figure], list[OutlineEntry]]) -> None:
    content = (folder / "report.pdf").read_bytes()
    assert content.startswith(b"%PDF-1.4")
    assert content.count(b"/Type /Page ") == len(sheets[0])
    titles = [bytes.fromhex(found.decode()).decode("utf-16") for found in re.findall(rb"/Title <([0-9A-F]+)>", content)]
    assert sorted(titles) == sorted([DOCUMENT.title, *(section.title for section in DOCUMENT.sections)])
    assert b"/PageMode /UseOutlines" in content
    # Drawn with lines and words: no picture is in it.
    assert b"/Subtype /Image" not in content
    start = int(content.rsplit(b"startxref\n", 1)[1].split()[0])
    table = content[start:].split(b"trailer")[0].split(b"\n")[1:-1]
    for head, entry in zip(table[::2], table[1::2], strict=True):
        number, place = int(head.split()[0]), int(entry.split()[0])
        assert content[place:].startswith(b"%d 0 obj\n" % number)
        assert len(entry) == 19


def test_a_figure_is_whole_where_it_is_larger_than_its_page(tmp_path: Path) -> None:
    wide = new_figure(12.0, 4.0)
    axes = wide.add_axes((0.0, 0.1, 0.98, 0.8))
    axes.plot([0, 1], [0.5, 0.5], linewidth=3)
    axes.set_xlim(0, 1)
    axes.axis("off")
    with page_style(), rc_context({"pdf.compression": 0}):
        page = Sheet(6.5, 3.0)
        PlacedFigure(wide, 0.5).draw(page, 0.25, 2.5)
        page.figure.savefig(tmp_path / "page.pdf")
    content = (tmp_path / "page.pdf").read_bytes()
    assert b"0.5 0 0 0.5 18 36 cm" in content
    # The line ends 0.98 * 12 inches from the figure's left; the page ends at 6.5.
    assert re.search(rb"\n846.72 144 l\n", content)
    assert wide.dpi == 200


def test_sections_are_entered_with_their_pages(sheets: tuple[list[Figure], list[OutlineEntry]]) -> None:
    figures, entries = sheets
    assert [(entry.title, entry.level) for entry in entries] == [(s.title, s.level) for s in DOCUMENT.sections]
    with page_style("".join(NAMES)):
        for entry in entries:
            headings = [words for gid, words, _ in texts(figures[entry.page]) if gid == "heading"]
            assert entry.title in headings


def test_only_a_pdf_of_matplotlib_is_continued() -> None:
    with pytest.raises(ValueError, match="trailer"):
        with_outline(b"%PDF-1.4\n", "title", [])


def test_room_left_below_the_last_block_begins_no_page():
    from CervixRiskLib.report.figures.page_blocks import Gap
    from CervixRiskLib.report.figures.pages import Pages, page_style

    with page_style():
        pages = Pages("A report", simulated=False)
        pages.add(Gap(pages.room - 0.05))
        pages.skip(0.3)
        assert pages.count == 1
        pages.add(Gap(0.1))
        assert pages.count == 2
