"""The reporting checklists and the transcribed tables."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from CervixRiskLib.bundle.study_record import ModelTable
from CervixRiskLib.cohort.columns import builtin_columns
from CervixRiskLib.report.study.checklist import CHECKLISTS, load_checklist
from CervixRiskLib.report.study.checklist_answers import answer_keys
from CervixRiskLib.report.study.checklist_sections import FOR_THE_AUTHORS, checklist_sections
from CervixRiskLib.report.study.document import TableBlock
from CervixRiskLib.report.study.published_names import (
    published_characteristic,
    published_odds_ratio,
    published_rows,
)
from CervixRiskLib.report.study.published_plnm import (
    TABLE_1,
    TABLE_2,
    TABLES,
    TEST_CASES,
    TEST_POSITIVES,
    TRAINING_CASES,
    TRAINING_POSITIVES,
)
from CervixRiskLib.report.study.sections_clinical import clinical_sections

if TYPE_CHECKING:
    from CervixRiskLib.bundle.study_file import Study


@pytest.mark.parametrize(("name", "whole", "parts"), [("tripod_ai", 27, 52), ("clear", 58, 58), ("metrics", 30, 30)])
def test_items_are_complete_and_in_order(name: str, whole: int, parts: int) -> None:
    numbers = [item.number for item in load_checklist(name).items]
    assert len(numbers) == len(set(numbers)) == parts
    plain = [int(number.rstrip("abcdefg")) for number in numbers]
    assert plain == sorted(plain)
    assert set(plain) == set(range(1, whole + 1))


def test_the_weights_of_metrics_are_a_whole_score() -> None:
    """Sums by category, as the tool's authors publish them."""
    weights: dict[str, float] = {}
    for item in load_checklist("metrics").items:
        assert item.weight is not None
        weights[item.section] = weights.get(item.section, 0.0) + item.weight
    assert sum(weights.values()) == pytest.approx(1.0, abs=1e-9)
    assert weights["Study design"] == pytest.approx(0.2022)
    assert weights["Testing"] == pytest.approx(0.1124)
    assert weights["Open science"] == pytest.approx(0.0225)


def test_items_of_another_kind_of_study_do_not_apply(study_full: Study) -> None:
    table = tables(study_full)["METRICS"]
    assert table.head == ("Item", "Part", "What is asked", "Weight", "Answer")
    answers = {row[0]: row[4] for row in table.rows}
    assert str(answers["17"]).startswith("Does not apply")
    assert not str(answers["14"]).startswith("Does not apply")
    assert "1 that does not apply" in table.title


def test_no_flow_chart_of_the_pipeline_is_claimed(study_full: Study) -> None:
    """The report draws the flow of cases; item 12 of CLEAR asks for a chart of the technical steps."""
    assert {row[0]: row[3] for row in tables(study_full)["CLEAR"].rows}["12"] == FOR_THE_AUTHORS


def test_only_what_was_done_about_centres_is_said(study_full: Study) -> None:
    kept = tuple(model for model in study_full.record.models if model.table != ModelTable.HARMONISED.value)
    study = replace(study_full, record=replace(study_full.record, models=kept))
    answers = {row[0]: str(row[3]) for row in tables(study)["CLEAR"].rows}
    assert answers["36"] == '"Centres": each centre left out. Other confounders are for the authors.'


def test_every_answer_is_used_and_known() -> None:
    used = {item.filled_by for name in CHECKLISTS for item in load_checklist(name).items if item.filled_by}
    assert used == answer_keys()


def test_sources_have_a_doi() -> None:
    assert all("doi 10." in load_checklist(name).source for name in CHECKLISTS)


def tables(study: Study) -> dict[str, TableBlock]:
    return {section.title: section.blocks[0] for section in checklist_sections(study)[1:]}  # type: ignore[misc]


def test_what_only_authors_know_is_left_to_them(study_full: Study, study_minimal: Study) -> None:
    full, minimal = (tables(study)["TRIPOD+AI"] for study in (study_full, study_minimal))
    answers = {row[0]: row[3] for row in full.rows}
    for number in ("1", "6b", "8a", "17", "18a", "26"):
        assert answers[number] == FOR_THE_AUTHORS
    assert "120 cases cross-validated by patient, 2 repeats; 52 held out" in str(answers["12a"])
    empty = [sum(row[3] == FOR_THE_AUTHORS for row in table.rows) for table in (full, minimal)]
    assert empty[0] < empty[1]


def test_published_shares_are_shares_of_the_published_cases() -> None:
    """Accuracy, sensitivity and specificity must come from whole numbers of the published cases, as printed."""
    sides = (
        (TRAINING_CASES, TRAINING_POSITIVES),
        (TEST_CASES, TEST_POSITIVES),
    )
    for models in TABLES.values():
        for rows in models.values():
            for row, (cases, positives) in zip(rows, sides, strict=True):
                found = round(row.sensitivity * positives)
                spared = round(row.specificity * (cases - positives))
                assert found / positives == pytest.approx(row.sensitivity, abs=6e-4)
                assert spared / (cases - positives) == pytest.approx(row.specificity, abs=6e-4)
                assert (found + spared) / cases == pytest.approx(row.accuracy, abs=6e-4)
                assert row.lower <= row.auc <= row.upper


def test_published_tables_have_their_size() -> None:
    assert [len(TABLES[table]) for table in TABLES] == [8, 3, 8, 4]
    assert len(TABLE_1) == 18
    assert len(TABLE_2) == 15
    for row in TABLE_2:
        for ratio in (row.univariate, row.multivariate):
            assert ratio is None or ratio[1] <= ratio[0] <= ratio[2]


def test_table_6_repeats_the_best_rows_of_the_others() -> None:
    best = TABLES[ModelTable.MODELS]
    assert best["Radiomics"] == TABLES[ModelTable.RADIOMICS_CLASSIFIERS]["MLP"]
    assert best["DTL"] == TABLES[ModelTable.NETWORKS]["DenseNet121"]
    assert best["Fusion"] == TABLES[ModelTable.FUSION_CLASSIFIERS]["MLP"]


@pytest.mark.parametrize(
    ("table", "name", "auc"),
    [
        (ModelTable.RADIOMICS_CLASSIFIERS, "Multilayer perceptron", 0.729),
        (ModelTable.RADIOMICS_CLASSIFIERS, "K nearest neighbours (k = 5)", 0.677),
        (ModelTable.FUSION_CLASSIFIERS, "Extra trees (50 trees)", 0.710),
        (ModelTable.NETWORKS, "resnet50", 0.668),
        (ModelTable.MODELS, "nomogram", 0.764),
    ],
)
def test_our_names_find_the_printed_row(table: ModelTable, name: str, auc: float) -> None:
    rows = published_rows(table, name)
    assert rows is not None
    assert rows[1].auc == auc


def test_what_was_not_printed_has_no_row() -> None:
    assert published_rows(ModelTable.MODELS, "fusion, selected on all cases") is None
    assert published_rows(ModelTable.BASELINES, "clinical predictors alone") is None
    assert published_characteristic("Percentage of stroma", 0) is None
    assert published_odds_ratio("FIGO stage") is None
    assert published_odds_ratio("Histology: adenocarcinoma") is None


def test_predictors_find_their_row_by_label() -> None:
    found = published_odds_ratio("Maximum diameter")
    assert found is not None
    assert found.multivariate == (1.055, 1.036, 1.075, 0.0)
    assert published_characteristic("    Adenocarcinoma", 0) == ("36 (16.51)", "12 (15.79)", "")
    assert published_characteristic("Age (years)", 1) == ("51.15 ± 10.22", "54.55 ± 9.72", "0.091")


@pytest.mark.parametrize(
    "label",
    [
        "Maximum diameter (cm)", "Minimum diameter (mm)", "Lymph node diameter (mm)", "Age at menarche (years)",
        "Gestational age (weeks)", "Urine RBC count (/µL)", "Histology: adenocarcinoma",
    ],
)  # fmt: skip
def test_another_characteristic_or_unit_has_no_published_value(label: str) -> None:
    assert published_characteristic(label, 0) is None
    assert published_odds_ratio(label) is None


def test_every_characteristic_of_the_papers_dictionary_has_its_published_value() -> None:
    for column in builtin_columns():
        heading = f"{column.label} ({column.unit})" if column.unit else column.label
        assert published_characteristic(heading, 0) is not None, heading
        assert published_odds_ratio(column.label) is not None, heading


def test_odds_ratios_per_another_unit_stand_alone(study_full: Study) -> None:
    def printed(unit: str) -> list[object]:
        columns = {"columns": {"maximum_diameter": {"label": "Maximum diameter", "unit": unit}}}
        details = {**study_full.manifest.details, "clinical_columns": columns}
        study = replace(study_full, manifest=replace(study_full.manifest, details=details))
        (section,) = clinical_sections(study)
        table = next(block for block in section.blocks if isinstance(block, TableBlock))
        row = next(row for row in table.rows if str(row[0]).startswith("Maximum diameter"))
        return [cell for name, cell in zip(table.head, row, strict=True) if name == "multivariate" and cell]

    assert len(printed("mm")) == 1
    assert printed("cm") == []
