"""What the study report must not claim: comparisons of like with like, chances that were not tested, tiny groups."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from matplotlib.text import Text

from CervixRiskLib.bundle.study_record import (
    PAPER_TEST,
    TEST,
    TRAINING,
    CaseSet,
    JudgedModel,
    ModelTable,
    PermutationRecord,
    RecordTable,
    StudyRecord,
)
from CervixRiskLib.report.study.checklist_answers import answer
from CervixRiskLib.report.study.document import Absence, Block, BulletList, FigureBlock, TableBlock
from CervixRiskLib.report.study.headline import difference_words, paper_optimism, summary
from CervixRiskLib.report.study.performance import Judged
from CervixRiskLib.report.study.roc_figures import roc_figures
from CervixRiskLib.report.study.sections_cohort import cohort_sections
from CervixRiskLib.report.study.sections_nomogram import nomogram_sections
from CervixRiskLib.report.study.subgroup_blocks import subgroup_blocks

if TYPE_CHECKING:
    from CervixRiskLib.bundle.study_file import Study

Y = (0,) * 40 + (1,) * 20


def scores_with(auc: float) -> tuple[float, ...]:
    """Untied scores of the cases of ``Y`` with (nearly) that AUC, all positive cases alike."""
    below = round(40 * auc)
    return tuple(float(place) for place in range(40)) + tuple(below - 0.5 + place * 1e-3 for place in range(20))


def model(name: str, protocol: str, cases: str, auc: float) -> JudgedModel:
    return JudgedModel(name, ModelTable.MODELS.value, protocol, cases, (scores_with(auc),))


def record(*models: JudgedModel, **parts: object) -> StudyRecord:
    names = dict.fromkeys(one.cases for one in models)
    return StudyRecord("plnm", tuple(CaseSet(name, Y, tuple(range(60))) for name in names), models, **parts)


def sentences(blocks: tuple[Block, ...]) -> list[str]:
    return [text for block in blocks if isinstance(block, BulletList) for text in block.items]


LEAKED = "fusion, selected on all cases"


def test_a_leaked_fusion_is_held_against_the_honest_fusion_not_the_nomogram() -> None:
    found = paper_optimism(
        record(
            model("fusion", "honest", TRAINING, 0.6),
            model("nomogram", "honest", TRAINING, 0.8),
            model(LEAKED, "paper", PAPER_TEST, 0.9),
        )
    )
    (leaked,) = [text for text in found if "selected on all cases" in text]
    assert "0.30 of it is optimism" in leaked
    assert "honest fusion 0.60" in leaked


def test_the_printed_test_side_is_held_against_the_honest_answers_for_the_same_cases() -> None:
    found = paper_optimism(
        record(
            model("nomogram", "honest", TRAINING, 0.55),
            model("nomogram", "honest", TEST, 0.8),
            model("nomogram", "paper", PAPER_TEST, 0.9),
        )
    )
    (side,) = [text for text in found if "test side" in text]
    assert "0.10 of it is optimism" in side
    assert "honest 0.80 on the same cases" in side


def test_an_honest_number_below_chance_makes_no_optimism_of_noise() -> None:
    few = (0,) * 12 + (1,) * 6
    printed = (*map(float, range(12)), 1.5, 3.5, 7.5, 9.5, 12.0, 13.0)
    honest = (*map(float, range(12)), 0.5, 1.5, 2.5, 3.5, 4.5, 5.5)
    cases = tuple(CaseSet(name, few, tuple(range(18))) for name in (TEST, PAPER_TEST))
    models = (
        JudgedModel("nomogram", "models", "honest", TEST, (honest,)),
        JudgedModel("nomogram", "models", "paper", PAPER_TEST, (printed,)),
    )
    (side,) = paper_optimism(StudyRecord("plnm", cases, models))
    assert "includes 0.5" in side
    assert "optimism" not in side


def test_too_few_permutations_prove_nothing_either_way(study_full: Study) -> None:
    permutation = PermutationRecord("nomogram with logistic regression", 0.71, (0.5,) * 10, 1 / 11)
    study = replace(study_full, record=replace(study_full.record, permutation=permutation))
    (text,) = [text for text in sentences(summary(study)) if "permutation" in text]
    assert "too few" in text
    assert "could" not in text


def test_the_permutation_test_is_about_the_model_that_was_permuted(study_full: Study) -> None:
    permutation = PermutationRecord("nomogram with logistic regression", 0.71, (0.5,) * 99, 0.01)
    study = replace(study_full, record=replace(study_full.record, permutation=permutation))
    (text,) = [text for text in sentences(summary(study)) if "permutations" in text]
    assert "could hardly have given the AUC of 0.71 of the nomogram with logistic regression" in text


def test_a_comparison_names_the_test_that_was_made() -> None:
    rng = np.random.default_rng(3)
    better = tuple((np.array(Y) + rng.normal(0, 0.4, 60)).tolist())
    worse = tuple(rng.normal(0, 1, 60).tolist())
    for patients, method in ((tuple(range(60)), "DeLong"), (tuple(place // 2 for place in range(60)), "bootstrap")):
        cases = CaseSet(TRAINING, Y, patients)
        pair = [
            Judged(JudgedModel(name, "models", "honest", TRAINING, (scores,)), cases)
            for name, scores in (("nomogram", better), ("clinical predictors alone", worse))
        ]
        text = difference_words(*pair)
        assert method in text
        assert "lies above it" in text


def test_the_checklists_claim_no_resampling_where_there_was_none(study_full: Study) -> None:
    models = tuple(one for one in study_full.record.models if one.protocol == "paper")
    alone = replace(study_full, record=replace(study_full.record, models=models))
    keys = ("objectives", "calculation", "comparison", "predictor_handling", "reduction", "data_use")
    for key in keys:
        assert answer(key, study_full)
        told = answer(key, alone)
        assert "resample" not in told
        assert "had not seen" not in told
        assert "internal validation" not in told
    assert answer("comparison", alone) == ""


def test_a_level_of_another_category_has_no_published_count(study_full: Study) -> None:
    columns = ("Characteristic", "all patients (N = 60)", "all patients missing")
    labels = ("Cytology", "    Adenocarcinoma", "Histology", "    Adenocarcinoma")
    table = RecordTable(columns, tuple((label, "5 (8.33 %)", "0") for label in labels))
    study = replace(study_full, record=replace(study_full.record, table_one=table))
    (section,) = cohort_sections(study)
    rows = next(block for block in section.blocks if isinstance(block, TableBlock)).rows
    assert [row[-3:] for row in rows if "Adeno" in str(row[0])] == [
        (None, None, None),
        ("36\xa0(16.51)", "12\xa0(15.79)", None),
    ]


def test_a_subgroup_of_two_tells_neither_its_size_nor_its_outcomes() -> None:
    groups = ("rare",) * 2 + ("common",) * 58
    cases = CaseSet(TRAINING, Y, tuple(range(60)), {"Histology": groups})
    judged = Judged(model("nomogram", "honest", TRAINING, 0.8), cases)
    blocks = subgroup_blocks(judged, simulated=False)
    table = next(block for block in blocks if isinstance(block, TableBlock))
    (rare,) = [row for row in table.rows if row[0] == "rare"]
    assert rare[1:] == ("< 3", None, None, None, None)
    figure = next(block for block in blocks if isinstance(block, FigureBlock)).draw()
    written = " ".join(text.get_text() for text in figure.findobj(Text))
    assert "n < 3" in written
    assert "n = 2)" not in written


def test_reclassification_takes_no_cut_off_that_these_outcomes_chose(study_full: Study) -> None:
    def told(threshold: float) -> tuple[tuple[object, ...], ...]:
        study = replace(study_full, manifest=replace(study_full.manifest, threshold=threshold))
        blocks = [block for section in nomogram_sections(study) for block in section.blocks]
        return next(
            block.rows for block in blocks if isinstance(block, TableBlock) and block.name == "reclassification"
        )

    assert told(0.2) == told(0.6)
    assert "event rate" in str(told(0.2)[0][0])


def test_a_held_out_side_of_one_outcome_has_a_sentence_for_a_curve(study_full: Study) -> None:
    cases = tuple(
        replace(one, outcomes=(0,) * len(one.outcomes)) if one.name == TEST else one
        for one in study_full.record.case_sets
    )
    study = replace(study_full, record=replace(study_full.record, case_sets=cases))
    blocks = roc_figures(study, ModelTable.MODELS, "models")
    (absent,) = [block for block in blocks if isinstance(block, Absence)]
    assert "held-out" in absent.text
    assert "same outcome" in absent.text
    assert len(blocks) == 4
