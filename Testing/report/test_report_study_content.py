"""What the report on a lymph node study says: its words, its numbers, and that nothing is missing in silence."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from matplotlib.image import AxesImage
from matplotlib.text import Text
from sklearn.metrics import roc_auc_score

from CervixRiskLib.bundle.study_examples import EXAMPLES_NAME, StudyExample, write_examples
from CervixRiskLib.bundle.study_record import (
    PAPER_TRAINING,
    TEST,
    TRAINING,
    CaseSet,
    JudgedModel,
    ModelTable,
    StudyRecord,
)
from CervixRiskLib.errors import BundleError
from CervixRiskLib.report.study.cells import Estimate, cell_text
from CervixRiskLib.report.study.document import (
    Absence,
    BulletList,
    KeyNumbers,
    NamedValues,
    Paragraph,
    StudyDocument,
    TableBlock,
    WarningBlock,
)
from CervixRiskLib.report.study.plnm_document import plnm_document
from CervixRiskLib.report.study.sections_reproducing import reproducing_sections
from CervixRiskLib.report.study.study_document import study_document

if TYPE_CHECKING:
    from pathlib import Path

    from CervixRiskLib.bundle.study_file import Study


@pytest.fixture(scope="module")
def full(study_full: Study) -> StudyDocument:
    return study_document(study_full)


@pytest.fixture(scope="module")
def noise(study_noise: Study) -> StudyDocument:
    return study_document(study_noise)


@pytest.fixture(scope="module")
def minimal(study_minimal: Study) -> StudyDocument:
    return study_document(study_minimal)


def words(document: StudyDocument) -> list[str]:
    """Everything that can be read, figures aside."""
    found = [document.title, document.subtitle, document.headline]
    for block in document.blocks():
        if isinstance(block, Paragraph | WarningBlock | Absence):
            found.append(block.text)
        elif isinstance(block, BulletList):
            found += block.items
        elif isinstance(block, TableBlock):
            found += [block.title, *block.head, *block.notes]
            found += [cell_text(cell) for row in block.rows for cell in row]
        elif isinstance(block, KeyNumbers):
            found += [f"{item.label} {cell_text(item.value)} {item.note}" for item in block.items]
    return found


def table(document: StudyDocument, name: str) -> TableBlock:
    return next(block for block in document.blocks() if isinstance(block, TableBlock) and block.name == name)


def changed(study: Study, **parts: object) -> Study:
    return replace(study, record=replace(study.record, **parts))


def only(y: list[int], scores: list[float], **parts: object) -> StudyRecord:
    cases = CaseSet(TRAINING, tuple(y), tuple(range(len(y))))
    model = JudgedModel("nomogram", "models", "honest", TRAINING, (tuple(scores),), probability=True)
    return StudyRecord("plnm", (cases,), (model,), **parts)


def test_the_headline_tells_the_mean_auc_of_the_repeats(study_full: Study, full: StudyDocument) -> None:
    cases = study_full.record.case_set(TRAINING)
    model = next(m for m in study_full.record.models if (m.name, m.cases, m.table) == ("nomogram", TRAINING, "models"))
    mean = np.mean([roc_auc_score(cases.outcomes, row) for row in model.scores])
    assert full.headline.startswith(f"Honest AUC {mean:.2f} (")
    assert full.headline.endswith("cross-validated on 120 patients.")


def test_noise_is_called_no_evidence_and_the_protocols_optimism_is_told(noise: StudyDocument) -> None:
    assert noise.headline.startswith("No evidence of discrimination: the 95 % interval of the honest AUC")
    optimism = [text for text in words(noise) if "of it is optimism" in text]
    assert any("selected on all cases" in text for text in optimism)
    for text in optimism:
        printed, share, honest = (float(number) for number in re.findall(r"\d\.\d\d", text))
        assert share == pytest.approx(printed - honest)
        assert share > 0.2


def test_the_optimism_has_its_monte_carlo_error(full: StudyDocument, study_full: Study) -> None:
    table = next(block for block in full.blocks() if isinstance(block, TableBlock) and block.name == "optimism")
    assert dict(zip(table.head, map(cell_text, table.rows[0]), strict=True))["its Monte-Carlo error"] == "0.009"
    assert any("standard deviation of 0.060" in note for note in table.notes)
    assert study_full.record.optimism is not None
    without = replace(study_full.record.optimism, spread=None, standard_error=None)
    old = study_document(changed(study_full, optimism=without))
    table = next(block for block in old.blocks() if isinstance(block, TableBlock) and block.name == "optimism")
    assert table.rows[0][2] is None
    assert not any("Monte-Carlo" in note for note in table.notes)


def test_a_difference_inside_its_interval_is_not_called_optimism(noise: StudyDocument) -> None:
    side = next(text for text in words(noise) if "on the test side of its split" in text)
    assert "holds the honest" in side
    assert "optimism" not in side


@pytest.mark.parametrize(
    ("scores", "start"),
    [
        ([0.1] * 10 + [0.9] * 10, "Honest AUC 1.00"),
        ([0.5] * 20, "No evidence of discrimination"),
        (list(np.linspace(0.9, 0.1, 20)), "Worse than chance"),
    ],
)
def test_perfect_constant_and_reversed_scores_have_words(study_minimal: Study, scores: list[float], start: str) -> None:
    record = only([0] * 10 + [1] * 10, scores)
    document = plnm_document(replace(study_minimal, record=record))
    assert document.headline.startswith(start)
    assert "nan" not in " ".join(words(document)).lower().split()


@pytest.mark.parametrize("positives", [0, 1])
def test_too_few_of_an_outcome_is_undefined(study_minimal: Study, positives: int) -> None:
    y = [1] * positives + [0] * (20 - positives)
    document = plnm_document(replace(study_minimal, record=only(y, list(np.linspace(0.1, 0.9, 20)))))
    assert "undefined" in document.headline
    assert "nan" not in " ".join(words(document)).lower().split()


def test_without_the_honest_protocol_nothing_honest_is_claimed(study_full: Study) -> None:
    models = tuple(model for model in study_full.record.models if model.protocol == "paper")
    document = study_document(changed(study_full, models=models, permutation=None))
    assert document.headline.startswith("There is no honest estimate")
    assert any("how much of it is optimism is not known" in text for text in words(document))
    assert not any("Honest AUC" in text for text in words(document))


def test_shuffled_outcomes_stand_first(study_full: Study) -> None:
    settings = {**study_full.manifest.details["settings"], "shuffle_outcome": True}
    manifest = replace(study_full.manifest, details={**study_full.manifest.details, "settings": settings})
    document = study_document(replace(study_full, manifest=manifest))
    assert document.headline.startswith("The outcomes were shuffled")


def test_simulated_cases_are_said_in_the_summary(full: StudyDocument, minimal: StudyDocument) -> None:
    assert full.simulated
    assert any(isinstance(block, WarningBlock) and "simulated" in block.text for block in full.summary)
    assert not minimal.simulated


def test_patients_with_several_cases_are_counted_as_patients(study_minimal: Study) -> None:
    record = only([0, 0, 1, 1] * 6, list(np.linspace(0.1, 0.9, 24)))
    cases = replace(record.case_sets[0], patients=tuple(np.repeat(range(12), 2).tolist()))
    document = plnm_document(replace(study_minimal, record=replace(record, case_sets=(cases,))))
    assert "24 cases of 12 patients" in document.headline


def test_every_absence_is_told(minimal: StudyDocument) -> None:
    told = " ".join(block.text for block in minimal.blocks() if isinstance(block, Absence))
    for what in (
        "flow of cases", "No Table 1", "No Table 2", "final features", "No held-out test", "paper protocol was not run",
        "No network", "no nomogram", "No cut-off", "No reclassification", "No permutation test",
        "No optimism bootstrap",
        "No subgroups", "Centres were not left out", "No example cases", "no deviation", "No seeds",
    ):  # fmt: skip
        assert what in told, what


def test_full_study_leaves_out_only_pictures(full: StudyDocument) -> None:
    absences = [block.text for block in full.blocks() if isinstance(block, Absence)]
    assert len(absences) == 1
    assert "patients' pictures are never part of a bundle" in absences[0]


def test_tables_hold_both_protocols_beside_the_published_column(study_full: Study, full: StudyDocument) -> None:
    shown = table(full, "models_auc")
    assert shown.groups == (("", 1), ("honest", 2), ("paper", 2), ("published, other data", 2))
    row = next(row for row in shown.rows if row[0] == "nomogram")
    assert [cell.value for cell in row[5:]] == [0.871, 0.764]
    for place, (protocol, cases) in enumerate([("honest", TRAINING), ("honest", TEST), ("paper", PAPER_TRAINING)], 1):
        models = study_full.record.models_of(ModelTable.MODELS, protocol, cases)
        model = next(model for model in models if model.name == "nomogram")
        y = study_full.record.case_set(cases).outcomes
        assert row[place].value == pytest.approx(np.mean([roc_auc_score(y, scores) for scores in model.scores]))


def test_a_cut_off_row_is_the_mean_over_the_repeats(study_full: Study, full: StudyDocument) -> None:
    row = next(row for row in table(full, "models_cut_off").rows if row[:2] == ("nomogram", "sensitivity"))
    model = next(m for m in study_full.record.models if (m.name, m.cases, m.table) == ("nomogram", TRAINING, "models"))
    y = np.array(study_full.record.case_set(TRAINING).outcomes) == 1
    shares = [np.array(answers)[y].mean() for answers in model.predicted]
    assert isinstance(row[2], Estimate)
    assert row[2].value == pytest.approx(np.mean(shares))


def test_a_note_names_its_models(full: StudyDocument) -> None:
    notes = table(full, "models_auc").notes
    assert any(note.startswith("paper, fusion, selected on all cases: The test cases took part") for note in notes)


def test_subgroups_add_up_to_all_cases(full: StudyDocument) -> None:
    rows = table(full, "subgroups_numbers").rows
    groups = {row[0]: row[1] for row in rows}
    assert groups["North"] + groups["South"] == groups["All cases"] == 120
    assert groups["up to 40 mm"] + groups["over 40 mm"] == 120
    names = list(groups)
    assert names.index("up to 40 mm") < names.index("over 40 mm")
    assert names.index("not known, or too few") > names.index("squamous")


def test_odds_ratios_name_their_unit_and_stand_per_range(study_full: Study) -> None:
    units = {"rbc_count": ("RBC count", "10^12/L"), "maximum_diameter": ("Maximum diameter", "mm")}
    columns = {name: {"label": label, "unit": unit} for name, (label, unit) in units.items()}
    details = {**study_full.manifest.details, "clinical_columns": {"columns": columns}}
    study = replace(study_full, manifest=replace(study_full.manifest, details=details))
    full = study_document(study)
    assert [row[0] for row in table(full, "odds_ratios").rows][:2] == ["Maximum diameter (mm)", "RBC count (10¹²/L)"]
    ranges = table(full, "odds_ratios_per_range")
    record = study_full.record.odds_ratios
    assert record is not None
    first = dict(zip(record.columns, record.rows[0], strict=True))
    spread, value = first["interquartile_range"], ranges.rows[0][2]
    assert ranges.rows[0][1] == f"{spread:.3g} mm"
    assert isinstance(value, Estimate)
    assert value.value == pytest.approx(float(str(first["univariate_odds_ratio"])) ** spread)  # type: ignore[operator]
    places = [place for place, name in enumerate(record.columns) if name != "interquartile_range"]
    old = replace(
        record,
        columns=tuple(record.columns[place] for place in places),
        rows=tuple(tuple(row[place] for place in places) for row in record.rows),
    )
    before = study_document(changed(study, odds_ratios=old))
    assert not any(isinstance(block, TableBlock) and block.name == "odds_ratios_per_range" for block in before.blocks())
    assert next(figure for figure in before.figures() if figure.name == "odds_ratio_forest").draw()


def test_no_subgroup_tells_of_one_or_two_cases(study_minimal: Study) -> None:
    """Two of eight have the outcome in C; with the sum and the others' numbers known, 2 would follow."""
    outcomes = [1] * 8 + [0] * 12 + [1] * 4 + [0] * 8 + [1] * 2 + [0] * 6
    groups = ("A",) * 20 + ("B",) * 12 + ("C",) * 8
    record = only(outcomes, list(np.random.default_rng(3).random(40)))
    cases = replace(record.case_sets[0], subgroups={"Centre": groups})
    document = study_document(replace(study_minimal, record=replace(record, case_sets=(cases,))))
    found = {row[0]: row for row in table(document, "subgroups_numbers").rows}
    assert found["C"][1:] == (8, "not shown", "too few", None, None)
    assert found["B"][2] == "not shown"
    assert isinstance(found["B"][3], Estimate)
    assert found["A"][2] == 8
    assert any("fewer than 3 cases" in note for note in table(document, "subgroups_numbers").notes)


def test_the_size_of_a_group_of_one_does_not_follow_from_the_others(study_minimal: Study) -> None:
    groups = ("A",) * 12 + ("B",) * 7 + ("",)
    record = only([1, 0] * 10, list(np.random.default_rng(3).random(20)))
    cases = replace(record.case_sets[0], subgroups={"Histology": groups})
    document = study_document(replace(study_minimal, record=replace(record, case_sets=(cases,))))
    found = {row[0]: row for row in table(document, "subgroups_numbers").rows}
    assert found["not known, or too few"][1] == "< 3"
    assert found["B"][1:3] == ("not shown", "not shown")
    assert found["A"][1] == 12
    figure = next(block for block in document.figures() if block.name == "subgroups").draw()
    told = {label.get_text().strip(): label.get_fontweight() for label in figure.axes[0].get_yticklabels()}
    assert told["not known, or too few (n < 3)"] != "bold"
    assert "B (n not shown)" in told


def test_table_one_stands_beside_the_printed_values(full: StudyDocument) -> None:
    rows = {row[0]: row for row in table(full, "table_one_1").rows}
    assert [cell.replace("\u00a0", " ") for cell in rows["Maximum diameter (mm)"][-3:]] == [
        "30.25 ± 11.86",
        "41.29 ± 14.81",
        "< 0.001",
    ]
    assert [row[0] for row in table(full, "missing_values").rows] == ["RBC count (10¹²/L)"]


def test_table_one_names_its_tests_by_letters(full: StudyDocument, study_full: Study) -> None:
    record = study_full.record.table_one
    assert record is not None
    block = table(full, "table_one_1")
    letters = dict(
        part.split(" ", 1)[::-1] for note in block.notes if note.startswith("Tests of p:")
        for part in note.removeprefix("Tests of p: ").rstrip(".").split("; ")
    )  # fmt: skip
    place, test = record.columns.index("training p"), record.columns.index("training test")
    own = block.head.index("p")
    for row, shown in zip(record.rows, block.rows, strict=True):
        if row[test]:
            assert str(shown[own]).split("\u00a0")[-1] == letters[row[test]]
            assert str(row[place]).lstrip("< ") in str(shown[own])
    assert not {"test", "missing"} & set(block.head)
    assert any("(10¹²/L)" in str(row[0]) for row in block.rows)
    assert all("-" not in str(cell) for row in block.rows for cell in row[1:])


def test_every_contradiction_of_the_paper_is_stated(full: StudyDocument) -> None:
    text = " ".join(words(full))
    for what in ("16,383", "16,384", "1,625", "0.9 in Methods", "744", '"in both"', "without an intercept"):
        assert what in text, what


def test_figures_have_words_for_who_cannot_see_them(full: StudyDocument) -> None:
    assert len(full.figures()) > 30
    assert all(len(figure.alternative_text) > 20 for figure in full.figures())


@pytest.mark.parametrize(
    "name",
    [
        "flow_chart",
        "odds_ratio_forest",
        "roc_models_held_out",
        "calibration",
        "decision_curve",
        "subgroups",
        "confusion",
    ],
)
def test_figures_are_drawn_from_the_record(full: StudyDocument, name: str) -> None:
    figure = next(figure for figure in full.figures() if figure.name == name).draw()
    texts = [text.get_text() for text in figure.findobj(Text)]
    assert any("simulated data. For research use. Not a medical device." in text for text in texts)


def test_figures_of_the_least_study_are_drawn(minimal: StudyDocument) -> None:
    assert minimal.figures()
    assert all(figure.draw().axes for figure in minimal.figures())


def test_example_cases_are_shown_from_the_run(study_full: Study, tmp_path: Path) -> None:
    image = np.zeros((40, 40), dtype=np.float32)
    image[10:30, 10:30] = 1.0
    examples = [
        StudyExample(
            image, image > 0, image * 0.5, outcome, 0.4, "metastasis", "50th percentile of its outcome", held_out
        )
        for outcome, held_out in (("metastasis", True), ("no metastasis", False))
    ]
    write_examples(tmp_path / EXAMPLES_NAME, examples)
    document = study_document(replace(study_full, run=tmp_path))
    block = next(figure for figure in document.figures() if figure.name == "heat_maps")
    assert block.title == "Where the model looked"
    figure = block.draw()
    assert len(figure.findobj(AxesImage)) >= 4
    # The figure says it; below it, it would be read twice.
    assert any("chosen by rule" in " ".join(text.get_text().split()) for text in figure.findobj(Text))
    assert not any("chosen by rule" in note for note in block.notes)


def test_example_cases_of_a_model_without_network_promise_no_heat_map(study_full: Study, tmp_path: Path) -> None:
    image = np.eye(8, dtype=np.float32)
    write_examples(
        tmp_path / EXAMPLES_NAME, [StudyExample(image, image > 0, None, "metastasis", 0.4, "metastasis", "", True)]
    )
    document = study_document(replace(study_full, run=tmp_path))
    block = next(figure for figure in document.figures() if figure.name == "heat_maps")
    assert block.title == "Example cases"
    assert block.notes == ("There is no heat map of these cases.",)
    assert "heat map" not in block.alternative_text


def test_damaged_example_cases_are_a_sentence(study_full: Study, tmp_path: Path) -> None:
    (tmp_path / EXAMPLES_NAME).write_bytes(b"no pictures")
    document = study_document(replace(study_full, run=tmp_path))
    assert any(isinstance(block, Absence) and "cannot be shown" in block.text for block in document.blocks())


def test_one_outcome_in_the_held_out_cases_leaves_the_rest_standing(study_full: Study) -> None:
    sets = tuple(
        replace(cases, outcomes=(0,) * len(cases.outcomes)) if cases.name == TEST else cases
        for cases in study_full.record.case_sets
    )
    document = study_document(changed(study_full, case_sets=sets))
    assert any("AUC on the held-out cases is undefined" in text for text in words(document))
    assert "nan" not in " ".join(words(document)).lower().split()


def test_provenance_goes_with_the_document(study_full: Study, full: StudyDocument) -> None:
    assert full.provenance["seeds"] == {"numpy": 42, "torch": 3407}
    assert full.provenance["cohort_hash"] == study_full.manifest.training.cohort_hash
    assert full.provenance["radiomics"]["content_hash"] == "ef" * 32


def test_given_features_are_said_with_their_hash(study_minimal: Study) -> None:
    given = {"content_hash": "0f" * 32, "features": 264}
    manifest = replace(study_minimal.manifest, details={"given_features": given})
    document = study_document(replace(study_minimal, manifest=manifest))
    assert document.subtitle.endswith("features measured elsewhere")
    identity = next(block for block in document.blocks() if isinstance(block, NamedValues) and block.name == "identity")
    assert ("Features' content (SHA-256)", "0f" * 32) in identity.rows
    assert not any("pixel size" in text.lower() for text in words(document))


def test_a_task_without_a_report_is_refused(study_full: Study) -> None:
    with pytest.raises(BundleError, match="no report"):
        study_document(changed(study_full, task="survival"))


def test_settings_within_settings_are_told_in_words(study_full: Study) -> None:
    plan = {"plan": {"patience": None, "oversample": True, "augmentation": {"flip": 0.5}}}
    manifest = replace(study_full.manifest, details={**study_full.manifest.details, "settings": plan})
    sections = reproducing_sections(replace(study_full, manifest=manifest))
    blocks = [block for section in sections for block in section.blocks if isinstance(block, NamedValues)]
    items = dict(next(block.rows for block in blocks if block.name == "settings"))
    assert items["plan"] == "patience: not set; oversample: yes; augmentation: flip: 0.5"


def test_an_elimination_curve_that_ends_before_the_model_says_why(study_full: Study, full: StudyDocument) -> None:
    record = study_full.record
    assert record.selection is not None
    short = replace(
        record.selection, elimination_features=(1, 2), elimination_auc=(0.6, 0.7), elimination_spread=(0.1, 0.1)
    )
    told = {
        name: next(figure for figure in document.figures() if figure.name == "elimination_curve").notes
        for name, document in (("whole", full), ("short", study_document(changed(study_full, selection=short))))
    }
    assert not any("ends at" in note for note in told["whole"])
    assert any("ends at 2 features" in note for note in told["short"])
    assert "logistic regression 3" in " ".join(words(full))
