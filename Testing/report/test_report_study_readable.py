"""What makes a report readable: widths, signs, nothing twice, and sentences true of the numbers beside them."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pytest
from matplotlib.figure import Figure

from CervixRiskLib.bundle.study_file import Study
from CervixRiskLib.bundle.study_record import TEST, TRAINING, CaseSet, JudgedModel
from CervixRiskLib.errors import TrainingError
from CervixRiskLib.report.figures.pages import page_style
from CervixRiskLib.report.study.calibration_blocks import miscalibration
from CervixRiskLib.report.study.cells import Cell, Estimate
from CervixRiskLib.report.study.decision_blocks import range_sentence
from CervixRiskLib.report.study.document import FigureBlock, Paragraph, Section, StudyDocument, TableBlock
from CervixRiskLib.report.study.drawn_figures import draw_figures
from CervixRiskLib.report.study.html_page import html_page
from CervixRiskLib.report.study.pdf_pages import pdf_sheets
from CervixRiskLib.report.study.performance import Judged
from CervixRiskLib.report.study.plnm_document import plnm_document
from CervixRiskLib.report.study.sections_cohort import cohort_sections
from CervixRiskLib.report.study.sections_features import features_sections
from CervixRiskLib.report.study.sections_uncertainty import uncertainty_sections
from CervixRiskLib.report.study.table_words import table_words, unparted_signs
from CervixRiskLib.report.style import closing_line, new_figure
from CervixRiskLib.statistics import decision_curve

AUC = Estimate(0.7, 0.6, 0.8)


def table(name: str, *cells: Cell, **parts: object) -> TableBlock:
    columns = ("Model", *(f"column {place}" for place in range(len(cells))))
    return TableBlock(f"Table {name}", parts.pop("head", columns), (("nomogram", *cells),), name, **parts)


def document(*blocks: object) -> StudyDocument:
    return StudyDocument("Title", "Subtitle", "Headline.", (), (Section("Section", tuple(blocks)),), False)


def small_figure() -> Figure:
    return new_figure(2.0, 1.0)


def not_drawn() -> Figure:
    raise TrainingError("Too few cases.")


def test_tables_too_wide_for_the_page_get_smaller_type() -> None:
    long = "fusion, selected on all cases"
    shown = document(
        table("narrow", AUC, AUC, "x"),
        table("short", *("x" for _ in range(9))),
        table("intervals", AUC, AUC, AUC, AUC, AUC),
        table("head", AUC, AUC, AUC, AUC, head=("Model", long, long, long, long)),
        table("many", *(AUC for _ in range(9))),
        table("texts", *("142.92\u00a0±\u00a0762.65" for _ in range(7))),
    )
    page = html_page(shown, {})
    found = dict(re.findall(r'id="table-(\w+)">.*?<table(?: class="([^"]*)")?>', page, re.DOTALL))
    assert found == {
        "narrow": "", "short": "", "intervals": "wide", "head": "wide", "many": "wide widest", "texts": "wide widest",
    }  # fmt: skip
    for rule in ("table.wide td .interval { display: block; }", "table.widest {"):
        assert rule in page


@pytest.mark.parametrize(
    ("words", "together"),
    [
        ("in 5 % of them (DeLong p = 0.11)", "in 5\u00a0% of them (DeLong p\u00a0=\u00a00.11)"),
        ("difference 0.2, p < 0.001.", "difference 0.2, p\u00a0<\u00a00.001."),
        ("p &lt; 0.001", "p\u00a0&lt;\u00a00.001"),
        ("a group = 3 and a 3 x 5", "a group = 3 and a 3 x 5"),
    ],
)
def test_no_sign_is_parted_from_its_number(words: str, together: str) -> None:
    assert unparted_signs(words) == together


def test_a_p_value_stays_on_one_line_on_the_page() -> None:
    assert "p\u00a0&lt;\u00a00.001" in html_page(document(Paragraph("They differ, p < 0.001.")), {})


def test_an_interval_without_brackets_is_not_parted() -> None:
    page = html_page(document(Paragraph("Alone they tell it (AUC 0.63, 0.50–0.75) in 2020–2021.")), {})
    assert '<span class="interval">0.50–0.75</span>) in 2020–2021.' in page


def test_every_printed_page_says_what_the_report_is() -> None:
    for simulated in (False, True):
        page = html_page(replace(document(Paragraph("Words.")), simulated=simulated), {})
        assert f'@bottom-left {{ content: "{closing_line(simulated)}";' in page


def test_names_over_columns_part_no_bracket() -> None:
    block = table("published", "x", "y", groups=(("", 1), ("published, other data: test (n = 33)", 2)))
    assert table_words(block).groups[1:] == ("published, other data: test (n\u00a0=\u00a033)",) * 2


def test_numbers_that_a_figure_shows_are_not_printed_twice() -> None:
    figure = FigureBlock("Counts as bars", small_figure, "bars", "Bars.")
    block = table("counts", 1283, repeats="bars")
    assert printed_words(document(figure, block)).count("1,283") == 0
    assert printed_words(document(replace(figure, draw=not_drawn), block)).count("1,283") == 1
    assert printed_words(document(figure, replace(block, repeats=""))).count("1,283") == 1
    shown = document(figure, block)
    page = html_page(shown, draw_figures(shown))
    folded = page.split('<details class="folded">')[1].split("</details>")[0]
    assert "<summary>The same as a table: Table counts</summary>" in folded
    assert "1,283" in folded
    unseen = document(replace(figure, draw=not_drawn), block)
    assert "1,283" in html_page(unseen, draw_figures(unseen))
    assert '<details class="folded">' not in html_page(unseen, draw_figures(unseen))


def test_the_report_folds_what_its_figures_show(study_full: Study) -> None:
    (section,) = features_sections(study_full)
    repeated = {block.name: block.repeats for block in section.blocks if isinstance(block, TableBlock) if block.repeats}
    assert repeated == {"feature_class_counts": "feature_classes", "feature_frequency": "selection_frequency"}


def test_held_out_patients_are_counted_in_the_first_lines(study_full: Study, study_minimal: Study) -> None:
    patients = len(set(study_full.record.case_set(TEST).patients))
    assert re.search(rf"with metastasis, and .*\b{patients} patients held out; ", plnm_document(study_full).subtitle)
    assert "held out" not in plnm_document(study_minimal).subtitle


def test_table_one_counts_cases_where_patients_have_several(study_full: Study) -> None:
    def shown(patients: int) -> TableBlock:
        training = replace(study_full.manifest.training, patients=patients)
        study = replace(study_full, manifest=replace(study_full.manifest, training=training))
        (section,) = cohort_sections(study)
        return next(block for block in section.blocks if isinstance(block, TableBlock))

    cases = study_full.manifest.training.cases
    assert any(f"Counted by case, {cases} of {cases - 1} patients" in note for note in shown(cases - 1).notes)
    assert not any("Counted by case" in note for note in shown(cases).notes)


def test_components_of_a_network_are_explained(study_full: Study) -> None:
    trace = study_full.record.selection
    assert trace is not None
    names = ("pc04", *trace.correlation_names[1:])
    selection = replace(trace, correlation_names=names, importance_names=("shape_a",) * len(trace.importance_names))
    (section,) = features_sections(replace(study_full, record=replace(study_full.record, selection=selection)))
    notes = {block.name: " ".join(block.notes) for block in section.blocks if isinstance(block, FigureBlock)}
    assert "principal component" in notes["correlation_map"]
    assert "principal component" not in notes["importances"]


def test_risks_that_are_too_extreme_or_too_high_are_said_to_be() -> None:
    rng = np.random.default_rng(4)
    logit = rng.normal(0.0, 1.2, 400)
    outcomes = (rng.random(400) < 1 / (1 + np.exp(-logit))).astype(int)

    def said(logits: np.ndarray) -> str:
        model = JudgedModel("nomogram", "models", "honest", TRAINING, (tuple(1 / (1 + np.exp(-logits))),), (), True)
        return " ".join(miscalibration(Judged(model, CaseSet(TRAINING, tuple(outcomes), tuple(range(400))))))

    assert said(logit) == ""
    assert "too extreme" in said(3 * logit)
    assert re.search(r"calibration slope 0\.4\d \(", said(3 * logit))
    assert said(logit + 1).startswith("On average the risks are too high: expected : observed 1.")
    assert "too low: expected : observed 0." in said(logit - 1)
    assert said(np.full(400, -0.1)) == ""


@pytest.mark.parametrize(("patients", "test"), [(40, "Paired DeLong"), (39, "bootstrap of the patients")])
def test_the_note_of_the_comparisons_names_the_test(study_minimal: Study, patients: int, test: str) -> None:
    rng = np.random.default_rng(5)
    outcomes = tuple([0, 1] * 20)
    cases = CaseSet(TRAINING, outcomes, tuple(np.minimum(np.arange(40), patients - 1).tolist()))
    models = tuple(
        JudgedModel(name, "models", "honest", TRAINING, (tuple(rng.random(40)),), (), True)
        for name in ("nomogram", "radiomics")
    )
    record = replace(study_minimal.record, case_sets=(cases,), models=models)
    sections = uncertainty_sections(replace(study_minimal, record=record))
    block = next(one for one in sections[0].blocks if isinstance(one, TableBlock) and one.name == "comparisons")
    assert test in block.notes[0]


def test_a_decision_curve_that_chance_could_draw_is_not_called_better() -> None:
    rng = np.random.default_rng(0)
    outcomes = np.arange(40) % 2
    noise = decision_curve(outcomes, {"model": rng.uniform(0.3, 0.7, 40)})
    assert noise.useful_ranges("model", certain=False)
    assert not noise.useful_ranges("model", certain=True)
    sentence = range_sentence(noise, "model", "the model")
    assert sentence.startswith("These cases do not show at any threshold that acting on the model is better")
    good = decision_curve(outcomes, {"model": np.clip(outcomes + rng.normal(0, 0.2, 40), 0.01, 0.99)})
    assert range_sentence(good, "model", "the model").startswith("Acting on the model is better")


def printed_words(shown: StudyDocument) -> str:
    with page_style("x"):
        sheets, _ = pdf_sheets(shown, draw_figures(shown))
        return " ".join(text.get_text() for sheet in sheets for text in sheet.findobj(match=_is_text))


def _is_text(artist: object) -> bool:
    return hasattr(artist, "get_text")
