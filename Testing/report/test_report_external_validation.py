"""The report on further patients: its numbers are R's, its words are true of them, and what is missing says so."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from scipy.special import expit, logit

from CervixRiskLib.bundle import Calibration
from CervixRiskLib.bundle.study_file import Study
from CervixRiskLib.bundle.study_record import TEST, CaseSet, JudgedModel, StudyRecord
from CervixRiskLib.errors import StorageError
from CervixRiskLib.report.study.cells import Estimate
from CervixRiskLib.report.study.document import (
    FigureBlock,
    Paragraph,
    StudyDocument,
    TableBlock,
    WarningBlock,
    words_of,
)
from CervixRiskLib.report.study.writer import check_study_folder, write_document
from CervixRiskLib.report.validation import internal_estimate
from CervixRiskLib.report.validation.external_validation import CaseFlow, ExternalValidation, FurtherCases
from CervixRiskLib.report.validation.internal_estimate import internal_estimates
from CervixRiskLib.report.validation.validation_document import validation_document
from CervixRiskLib.report.validation.writer import check_validation_folder

REFERENCE = Path(__file__).resolve().parents[1] / "reference" / "statistics" / "validation.json"
THRESHOLD = 0.4
Make = Callable[..., ExternalValidation]


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    found: dict[str, Any] = json.loads(REFERENCE.read_text(encoding="utf-8"))["further"]
    return found


@pytest.fixture(scope="module")
def make(study_full: Study) -> Make:
    """``make(y, p)``: a validation of the drawn study's model whose answers are ``p``."""

    def build(
        y: np.ndarray, p: np.ndarray, study: Study = study_full, record: bool = True, **changed: Any
    ) -> ExternalValidation:
        manifest = replace(study.manifest, threshold=THRESHOLD, simulated=False)
        cases = FurtherCases(
            np.asarray(y), (np.asarray(p) >= THRESHOLD).astype(int), np.arange(len(y)), np.column_stack([1 - p, p])
        )
        cases = replace(cases, **{name: changed.pop(name) for name in ("patients", "subgroups") if name in changed})
        return ExternalValidation(
            manifest, study.record if record else None, "ab" * 32, cases, CaseFlow(len(y)), **changed
        )

    return build


def table(document: StudyDocument, name: str) -> dict[Any, tuple[Any, ...]]:
    """The rows of a table by their first cell."""
    for block in document.blocks():
        if isinstance(block, TableBlock) and block.name == name:
            return {row[0]: row[1:] for row in block.rows}
    raise AssertionError(f"no table {name}")


def same(cell: Estimate, expected: list[float]) -> None:
    assert (cell.value, cell.lower, cell.upper) == pytest.approx(expected, abs=2e-6)


def drawn(rng: np.random.Generator, cases: int, shift: float = 0.0, slope: float = 1.0, spread: float = 1.4) -> Any:
    """Outcomes, and risks that are wrong by ``shift`` and ``slope`` on the log-odds."""
    true = rng.normal(-0.5, spread, cases)
    return (rng.random(cases) < expit(true)).astype(int), expit((true - shift) / slope)


def test_every_number_is_rs(make: Make, values: dict[str, Any]) -> None:
    document = validation_document(make(np.array(values["outcome"]), np.array(values["risk"])))
    at = table(document, "at_threshold")
    same(at["AUC"][0], values["auc"])
    same(at["Sensitivity"][0], values["sensitivity"])
    same(at["Specificity"][0], values["specificity"])
    numbers = table(document, "calibration_numbers")
    same(numbers["Calibration slope"][0], values["slope"])
    same(numbers["Calibration intercept"][0], values["intercept"])
    same(numbers["Calibration in the large"][0], values["in_the_large"])
    assert numbers["Expected : observed"][0].value == pytest.approx(values["expected_observed"])
    assert numbers["Brier score"][0].value == pytest.approx(values["brier"])
    assert numbers["Scaled Brier score"][0].value == pytest.approx(values["scaled_brier"])
    risks = table(document, "recalibrated_risks")
    for place, risk in enumerate(("20 %", "40 %")):
        parts = ("recalibrated", "recalibrated_lower", "recalibrated_upper")
        same(risks[risk][0], [100 * values[part][place] for part in parts])
    words = " ".join(words_of(document))
    advantage = values["net_benefit"] - max(0.0, values["treat_all"])
    assert f"net benefit beyond the better of the two {advantage:.3f} (" in words


def test_the_same_numbers_as_scikit_learn(make: Make) -> None:
    from sklearn.metrics import brier_score_loss, precision_score, recall_score, roc_auc_score

    y, p = drawn(np.random.default_rng(8), 150, shift=0.4)
    document = validation_document(make(y, p))
    at = table(document, "at_threshold")
    called = p >= THRESHOLD
    assert at["AUC"][0].value == pytest.approx(roc_auc_score(y, p))
    assert at["Sensitivity"][0].value == pytest.approx(recall_score(y, called))
    assert at["Positive predictive value"][0].value == pytest.approx(precision_score(y, called))
    assert table(document, "calibration_numbers")["Brier score"][0].value == pytest.approx(brier_score_loss(y, p))


def test_probabilities_that_are_too_high_are_said_to_be(make: Make) -> None:
    y, p = drawn(np.random.default_rng(1), 400, shift=-1.2)
    headline = validation_document(make(y, p)).headline
    points = 100 * (p.mean() - y.mean())
    assert f"too high by {points:.0f} percentage points on average" in headline
    assert "Do not use them before recalibration" in headline


@pytest.mark.parametrize(("slope", "words"), [(0.45, "too extreme"), (2.2, "too close to each other")])
def test_wrong_spread_of_the_probabilities_is_said(make: Make, slope: float, words: str) -> None:
    y, p = drawn(np.random.default_rng(2), 500, slope=slope)
    headline = validation_document(make(y, p)).headline
    assert words in headline


def test_calibrated_probabilities_of_few_patients_prove_nothing(make: Make) -> None:
    headline = validation_document(make(*drawn(np.random.default_rng(3), 120))).headline
    assert "No miscalibration is shown" in headline
    assert "so few patients cannot rule out" in headline
    assert "Do not" not in headline


def test_a_model_that_tells_nothing_apart_is_not_recommended_for_recalibration(make: Make) -> None:
    rng = np.random.default_rng(4)
    y = (rng.random(150) < 0.4).astype(int)
    headline = validation_document(make(y, expit(rng.normal(1.2, 1.0, 150)))).headline
    assert "nothing shows that the model tells the outcomes apart" in headline
    assert "Do not use it for patients like these" in headline
    assert "recalibration" not in headline
    turned = validation_document(make(y, np.clip(0.7 - 0.5 * y + rng.normal(0, 0.1, 150), 0.01, 0.99))).headline
    assert "worse than chance" in turned


def test_a_fall_below_the_models_own_validation_is_told_with_its_interval(make: Make, study_full: Study) -> None:
    rng = np.random.default_rng(5)
    y = (rng.random(600) < 0.4).astype(int)
    validation = make(y, expit(0.35 * y + rng.normal(0, 1, 600)))
    own = internal_estimates(validation)
    assert [one.title for one in own] == ["cross-validated, 120 patients", "held out and opened once, 52 patients"]
    document = validation_document(validation)
    row = table(document, "beside_internal")["AUC"]
    here, there, gap = row[0], row[1], row[2]
    assert gap.value == pytest.approx(here.value - there.value)
    width = np.hypot(here.value - here.lower, there.upper - there.value)
    assert gap.lower == pytest.approx(gap.value - width)
    assert gap.upper < 0
    assert f"lower than the {there.value:.2f} of its own validation" in document.headline


def test_an_old_bundle_without_a_record_has_nothing_to_be_compared_with(make: Make) -> None:
    document = validation_document(make(*drawn(np.random.default_rng(6), 80), record=False))
    words = " ".join(words_of(document))
    assert "no internal estimate to compare with" in words
    assert "no scores of its own validation" in words
    assert "its own validation (" not in document.headline


def test_a_model_that_was_never_judged_honestly_is_not_called_old(make: Make, study_full: Study) -> None:
    validation = make(*drawn(np.random.default_rng(6), 80))
    paper = tuple(model for model in study_full.record.models if model.protocol == "paper")
    document = validation_document(replace(validation, record=replace(study_full.record, models=paper)))
    assert "never validated by the honest protocol: there is no internal" in " ".join(words_of(document))


@pytest.mark.parametrize(("y", "p"), [([0] * 20, 0.5), ([1], 0.5), ([0, 1], 0.5), ([0] * 29 + [1], 0.9)])
def test_too_few_patients_of_an_outcome_are_told_and_nothing_breaks(make: Make, y: list[int], p: float) -> None:
    document = validation_document(make(np.array(y), np.linspace(0.1, p, len(y))))
    assert "is undefined: a class has fewer than two of them" in document.headline
    assert "nan" not in " ".join(words_of(document)).split()


@pytest.mark.parametrize("p", [np.full(60, 0.3), np.where(np.arange(60) % 2 == 1, 0.9, 0.1)])
def test_answers_that_hardly_vary_or_part_the_outcomes_are_told(make: Make, p: np.ndarray) -> None:
    document = validation_document(make(np.arange(60) % 2, p))
    assert "No recalibration can be suggested" in " ".join(words_of(document))
    for block in document.figures():
        if block.name in ("calibration", "roc_further_patients"):
            assert block.draw() is not None


def test_failed_cases_and_alarms_stand_above_everything(make: Make) -> None:
    validation = make(
        *drawn(np.random.default_rng(7), 60),
        alarms=("3 patients have an identifier.",),
        cohort_simulated=True,
        warnings={"far from training": 21},
    )
    flow = CaseFlow(66, {"outcome missing or not usable": 2}, {"The contour is empty.": 4})
    document = validation_document(replace(validation, flow=flow))
    shown = [block.text for block in document.summary if isinstance(block, WarningBlock)]
    assert shown[0].startswith("These cases are simulated")
    assert "3 patients have an identifier." in shown
    assert shown[-1].startswith("4 cases were not answered")
    assert document.simulated
    rows = table(document, "case_flow")
    assert rows["left out: The contour is empty."] == (4,)
    assert rows["Usable rows"] == (64,)
    assert rows["Cases that the model answered"] == (60,)


def test_patients_with_several_slices_are_counted_once(make: Make) -> None:
    y, p = drawn(np.random.default_rng(9), 70)
    alone = table(validation_document(make(y, p)), "at_threshold")
    three = {"y": np.repeat(y, 3), "p": np.repeat(p, 3), "patients": np.repeat(np.arange(70), 3)}
    document = validation_document(make(**three))
    copied = table(document, "at_threshold")
    assert copied["AUC"][0].value == pytest.approx(alone["AUC"][0].value)
    widths = [rows["AUC"][0].upper - rows["AUC"][0].lower for rows in (alone, copied)]
    assert widths[1] == pytest.approx(widths[0], rel=0.2)
    assert document.headline.startswith("On these 210 cases of 70 patients")
    assert "these are 70 with" in " ".join(words_of(document))


def test_each_centre_is_judged_by_itself(make: Make) -> None:
    y, p = drawn(np.random.default_rng(10), 120)
    labels = np.where(np.arange(120) < 70, "centre 1", "centre 2")
    document = validation_document(make(y, p, subgroups={"Centre": tuple(labels.tolist())}))
    rows = table(document, "centres_calibration")
    assert rows["centre 1"][2].value == pytest.approx(100 * y[:70].mean())
    assert rows["centre 2"][1].value == pytest.approx(100 * p[70:].mean())
    assert "centre 2" in table(document, "subgroups_numbers")


# -- staging ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def few_resamples(monkeypatch: pytest.MonkeyPatch) -> None:
    """Intervals of several groups are not looked at here, and their bootstrap takes seconds."""
    for name in ("classification_intervals", "macro_auc_interval"):
        quick = partial(getattr(internal_estimate, name), resamples=50)
        monkeypatch.setattr(internal_estimate, name, quick)


def staging(study: Study, classes: tuple[str, ...], rng: np.random.Generator) -> ExternalValidation:
    """A network that was judged on 40 cases, and answers 90 further ones."""
    count = len(classes)
    own_y, y = np.arange(40) % count, np.arange(90) % count
    logits = rng.normal(0, 1, (40, count)) + 1.5 * np.eye(count)[own_y]
    scores = logits[:, 1] - logits[:, 0]
    judged = JudgedModel(
        "ShuffleNet V2", "networks", "honest", TEST, (tuple(scores.tolist()),),
        (tuple(np.argmax(logits, axis=1).tolist()),),
    )  # fmt: skip
    cases = CaseSet(TEST, tuple(own_y.tolist()), tuple(range(40)))
    record = StudyRecord(
        "staging", (cases,), (judged,),
        details={"networks": {"ShuffleNet V2": "shufflenet"}, "logits": {"ShuffleNet V2": logits.tolist()}},
    )  # fmt: skip
    two = count == 2
    manifest = replace(
        study.manifest,
        task="staging",
        class_names=classes,
        positive_class=classes[-1],
        threshold=0.5 if two else None,
        calibration=Calibration("platt", 0.8, 0.1) if two else Calibration("temperature", temperature=1.5),
        training=replace(study.manifest.training, class_counts=()),
    )
    found = rng.normal(0, 1, (90, count)) + 1.2 * np.eye(count)[y]
    shares = np.exp(found) / np.exp(found).sum(axis=1, keepdims=True)
    further = FurtherCases(
        y, np.argmax(shares, axis=1), np.arange(90), shares, {"Centre": ("centre 1", "centre 2", "centre 3") * 30}
    )
    return ExternalValidation(manifest, record, "cd" * 32, further, CaseFlow(90))


@pytest.mark.usefixtures("few_resamples")
def test_two_treatment_groups_have_table_2_and_the_bundles_own_calibration(study_full: Study) -> None:
    validation = staging(study_full, ("surgery", "chemoradiotherapy"), np.random.default_rng(11))
    (own,) = internal_estimates(validation)
    assert own.judged is not None
    # The bundle's probability of a case that it was judged on is Platt's of the network's log-odds.
    raw = np.array(validation.record.models[0].scores[0])  # type: ignore[union-attr]
    np.testing.assert_allclose(logit(own.judged.scores[0]), 0.1 + 0.8 * raw)
    rows = table(validation_document(validation), "beside_internal")
    assert list(rows) == ["AUC", "Accuracy", "Sensitivity", "Specificity", "Precision", "Recall", "F1"]


@pytest.mark.usefixtures("few_resamples")
def test_a_network_that_answers_all_alike_has_no_certain_numbers(study_full: Study) -> None:
    validation = staging(study_full, ("early", "middle", "late"), np.random.default_rng(14))
    cases = validation.cases
    alike = replace(cases, called=np.zeros(90, dtype=int), probabilities=np.tile([0.5, 0.3, 0.2], (90, 1)))
    document = validation_document(replace(validation, cases=alike))
    rows = table(document, "class_measures")
    assert rows["AUC"][0] == Estimate(0.5)
    assert rows["Recall"][0].lower is None
    assert "nothing shows that the model tells the outcomes apart: AUC 0.50. " in document.headline
    assert "called every one of these cases early" in " ".join(words_of(document))
    perfect = replace(cases, called=cases.outcomes, probabilities=np.eye(3)[cases.outcomes])
    headline = validation_document(replace(validation, cases=perfect)).headline
    assert headline == "On these 90 patients the model's AUC is 1.00, with an interval that they cannot tell."


@pytest.mark.usefixtures("few_resamples")
def test_three_groups_of_a_record_without_logits_stand_alone(study_full: Study) -> None:
    validation = staging(study_full, ("early", "middle", "late"), np.random.default_rng(12))
    assert validation.record is not None
    assert len(internal_estimates(validation)) == 1
    assert internal_estimates(replace(validation, record=replace(validation.record, details={}))) == ()


@pytest.mark.usefixtures("few_resamples")
def test_three_groups_are_judged_without_a_threshold(study_full: Study) -> None:
    from sklearn.metrics import f1_score, roc_auc_score

    validation = staging(study_full, ("early", "middle", "late"), np.random.default_rng(12))
    document = validation_document(validation)
    cases = validation.cases
    rows = table(document, "class_measures")
    assert rows["AUC"][0].value == pytest.approx(roc_auc_score(cases.outcomes, cases.probabilities, multi_class="ovr"))
    assert rows["F1"][0].value == pytest.approx(f1_score(cases.outcomes, cases.called, average="macro"))
    assert "AUC" in table(document, "beside_internal")
    assert set(table(document, "subgroups_numbers")) == {f"Centre: centre {number}" for number in (1, 2, 3)}
    assert "early against the rest" in " ".join(words_of(document))
    assert {block.name for block in document.figures()} == {"confusion_further_patients", "calibration"}


# -- on disk ----------------------------------------------------------------------------------------------------------


def plain(name: str) -> StudyDocument:
    return StudyDocument("Title", "Subtitle", name, (Paragraph("Words."),), (), True)


def test_a_validation_and_a_study_take_no_place_of_each_other(tmp_path: Path) -> None:
    written = write_document(plain("first"), tmp_path / "v", "card", formats=("html",), answers=b"case_id\n17\n")
    assert [path.name for path in written] == ["index.html", "MODEL_CARD.md", "answers.csv", "report.json"]
    assert (tmp_path / "v" / "answers.csv").read_bytes() == b"case_id\n17\n"
    check_validation_folder(tmp_path / "v")
    with pytest.raises(StorageError, match="validation of a model"):
        write_document(plain("second"), tmp_path / "v", "card", formats=("html",))
    assert (tmp_path / "v" / "answers.csv").is_file()
    write_document(plain("second"), tmp_path / "s", "card", formats=("html",))
    check_study_folder(tmp_path / "s")
    with pytest.raises(StorageError, match="a study's report"):
        check_validation_folder(tmp_path / "s")


def test_every_figure_of_the_report_is_drawn(make: Make) -> None:
    document = validation_document(make(*drawn(np.random.default_rng(13), 90)))
    blocks = [block for block in document.blocks() if isinstance(block, FigureBlock)]
    names = {block.name for block in blocks}
    assert {"roc_further_patients", "confusion_further_patients", "calibration", "decision_curve"} <= names
    assert all(block.draw() is not None for block in blocks)
