"""The report of a staging study says what its cases can bear, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from scipy.special import logit, softmax
from scipy.stats import binomtest
from sklearn.linear_model import LogisticRegression

from CervixRiskLib.bundle import BundleManifest, Calibration, Metric, TrainingSummary
from CervixRiskLib.bundle.study_file import Study
from CervixRiskLib.bundle.study_record import TEST, TRAINING, CaseSet, JudgedModel, ModelTable, StudyRecord
from CervixRiskLib.errors import BundleError
from CervixRiskLib.report.study.cells import Estimate
from CervixRiskLib.report.study.document import Absence, BulletList, FigureBlock, KeyNumbers, Paragraph, TableBlock
from CervixRiskLib.report.study.published_staging import PUBLISHED
from CervixRiskLib.report.study.staging_document import staging_document
from CervixRiskLib.report.study.staging_probabilities import shares
from CervixRiskLib.staging.figo import GROUP_NAMES
from CervixRiskLib.statistics import delong_interval

NAMES = {"HRNet-W32": "hrnet_w32", "ShuffleNet": "shufflenet_v2_x1_0"}
EPOCH = {"number": 1, "training_loss": 0.7, "training_auc": None, "validation_loss": None, "validation_auc": None}


@pytest.fixture(scope="module")
def make_study() -> Callable[..., Study]:
    """``make_study(signal, cases, groups, networks)``: a study of networks with this much signal in their logits."""

    @cache
    def make(
        signal: float = 2.0,
        cases: int = 60,
        groups: tuple[str, ...] = GROUP_NAMES,
        networks: tuple[str, ...] = tuple(NAMES),
        larger: float = 0.5,
        judged: str = TEST,
    ) -> Study:
        rng = np.random.default_rng(3)
        truth = (np.arange(cases) < larger * cases).astype(int) if len(groups) == 2 else np.arange(cases) % len(groups)
        metrics: list[Metric] = []
        models, logits = [], {}
        for title in networks:
            answers = rng.normal(size=(cases, len(groups)))
            answers[np.arange(cases), truth] += signal
            predicted = answers.argmax(axis=1)
            metrics += _metrics(NAMES[title], truth, predicted, answers)
            scores = answers[:, 1] - answers[:, 0]
            models.append(
                JudgedModel(
                    title, ModelTable.NETWORKS.value, "honest", judged, (tuple(scores.tolist()),),
                    (tuple(predicted.tolist()),),
                )
            )  # fmt: skip
            logits[title] = answers.tolist()
        record = StudyRecord(
            "staging",
            (
                CaseSet(
                    judged,
                    tuple(truth.tolist()),
                    tuple(range(cases)),
                    {"Centre": ("centre 1", "centre 2") * (cases // 2)},
                ),
            ),
            tuple(models),
            training_curves={title: [EPOCH] for title in networks},
            details={
                "networks": {title: NAMES[title] for title in networks},
                "logits": logits,
                "comparison": "hrnet_w32 and shufflenet_v2_x1_0 do not differ." if len(networks) > 1 else None,
            },
        )
        manifest = BundleManifest(
            task="staging",
            created="2025-03-01T12:00:00+00:00",
            library_versions={"numpy": "2.0.0"},
            simulated=False,
            positive_class=groups[-1],
            class_names=groups,
            threshold=0.5 if len(groups) == 2 else None,
            calibration=Calibration("temperature", temperature=1.0),
            training=TrainingSummary(100, 50, "ab" * 32, 1.0),
            metrics=tuple(metrics),
        )
        return Study(manifest, record, "cd" * 32)

    return make


@pytest.fixture(scope="module")
def document(make_study):
    return staging_document(make_study())


def _metrics(network, truth, predicted, answers):
    """Accuracy and AUC as a training finds them; the measures that take a bootstrap are left out."""
    right = int(np.sum(predicted == truth))
    exact = binomtest(right, len(truth)).proportion_ci(method="exact")
    found = [("accuracy", right / len(truth), exact.low, exact.high)]
    if answers.shape[1] == 2:
        area = delong_interval(truth, answers[:, 1] - answers[:, 0])
        found.append(("auc", area.auc, area.lower, area.upper))
    return [Metric(name, *map(float, values), "honest", len(truth), network) for name, *values in found]


def _named(document, name):
    return next(block for block in document.blocks() if getattr(block, "name", None) == name)


def test_the_headline_gives_auc_and_accuracy_of_the_network_named_first(make_study, document):
    study = make_study()
    auc = next(metric for metric in study.manifest.metrics if metric.name == "auc")
    assert f"HRNet-W32 tells the groups apart with an AUC of {auc.value:.2f} (" in document.headline
    assert "held out and opened once" in document.headline
    assert "30 surgery, 30 chemoradiotherapy" in document.subtitle
    numbers = next(block for block in document.summary if isinstance(block, KeyNumbers))
    assert numbers.items[0].value.value == pytest.approx(auc.value)


def test_noise_is_called_no_evidence(make_study):
    assert staging_document(make_study(signal=0.0)).headline.startswith("No evidence of discrimination")


def test_an_auc_below_chance_is_not_said_to_include_it(make_study):
    headline = staging_document(make_study(signal=-2.0)).headline
    assert headline.startswith("Worse than chance")
    assert "includes 0.5" not in headline


def test_a_network_that_calls_every_case_alike_is_told_of(make_study, document):
    study = make_study(groups=("early", "locally advanced", "metastatic"))
    alike = replace(study.record.models[0], predicted=((1,) * 60,))
    found = staging_document(replace(study, record=replace(study.record, models=(alike, *study.record.models[1:]))))
    sentences = next(block for block in found.summary if isinstance(block, BulletList)).items
    assert "Always naming the largest group, early, is right in 0.33" in sentences[0]
    assert sentences[1].startswith("HRNet-W32 called every one of these cases locally advanced")
    assert "(20 early, 20 locally advanced and 20 metastatic)" in _named(found, "networks").notes[0]
    plain = next(block for block in document.summary if isinstance(block, BulletList)).items
    assert not any("called every one" in sentence for sentence in plain)


def test_a_measure_without_an_interval_is_explained(make_study, document):
    study = make_study()
    bare = replace(study.manifest.metrics[0], lower=None, upper=None)
    manifest = replace(study.manifest, metrics=(bare, *study.manifest.metrics[1:]))
    notes = _named(staging_document(replace(study, manifest=manifest)), "networks").notes
    assert any("which is no certainty" in note for note in notes)
    assert not any("which is no certainty" in note for note in _named(document, "networks").notes)


def test_an_accuracy_that_naming_one_group_reaches_is_said_to_be_no_better(make_study):
    document = staging_document(make_study(signal=1.5, larger=0.8))
    sentences = next(block for block in document.summary if isinstance(block, BulletList)).items
    assert "0.80 of the cases: these cases do not show" in sentences[0]
    worse = staging_document(make_study(signal=0.8, larger=0.8))
    assert "right less often than that" in next(b for b in worse.summary if isinstance(b, BulletList)).items[0]
    good = staging_document(make_study(signal=4.0))
    assert "the accuracy is above it" in next(b for b in good.summary if isinstance(b, BulletList)).items[0]


def test_published_values_stand_in_columns_of_their_own(document):
    table = _named(document, "networks")
    assert isinstance(table, TableBlock)
    assert table.groups == (("", 1), ("honest", 5), (PUBLISHED, 5))
    first = {name: cell.value for name, cell in zip(table.head[6:], table.rows[0][6:], strict=True)}
    assert first == {"Accuracy": 0.6970, "Precision": 0.6962, "Recall": 0.6889, "F1": 0.6898, "AUC": 0.7778}
    assert any("15 and 18" in note for note in table.notes)
    assert any("DeLong for the AUC" in note for note in table.notes)


def test_other_groups_are_not_set_beside_the_paper(make_study):
    document = staging_document(make_study(groups=("early", "locally advanced", "metastatic")))
    table = _named(document, "networks")
    assert table.groups == ()
    assert len(table.head) == 6
    assert any("so is the AUC, each group against the rest" in note for note in table.notes)
    assert not any("DeLong" in note for note in table.notes)
    absences = [block.text for block in document.blocks() if isinstance(block, Absence)]
    assert any("has 3 groups, so they are left out" in text for text in absences)
    names = {block.name for block in document.blocks() if isinstance(block, FigureBlock | TableBlock)}
    assert not names & {"calibration", "decision_curve", "conformal", "subgroups", "published_characteristics"}


def test_one_network_is_compared_with_nothing(make_study, document):
    alone = staging_document(make_study(networks=("HRNet-W32",)))
    assert any("One network alone" in block.text for block in alone.blocks() if isinstance(block, Absence))
    said = [block.text for block in document.blocks() if isinstance(block, Paragraph)]
    assert "HRNet-W32 and ShuffleNet do not differ." in said


def test_the_papers_contradictions_are_stated(document):
    words = " ".join(item for block in document.blocks() if isinstance(block, BulletList) for item in block.items)
    for fact in ("112", "110", "21 and 47", "32 and 45", "9 and 20", "0.51 to 0.84", "41.2 million"):
        assert fact in words


def test_shuffled_groups_head_the_page(make_study):
    study = make_study()
    manifest = replace(study.manifest, details={"settings": {"shuffle_outcome": True}})
    assert staging_document(replace(study, manifest=manifest)).headline.startswith("The groups were shuffled")


def test_an_auc_without_an_error_has_no_interval(make_study):
    headline = staging_document(make_study(signal=30.0, cases=8)).headline
    assert "whose interval cannot be told from them" in headline
    assert "(1.00–1.00) on" not in headline


def test_the_shares_are_those_of_the_softmax(make_study):
    study = make_study()
    for title, network in shares(study).items():
        expected = softmax(np.array(study.record.details["logits"][title]), axis=1)[:, 1]
        assert np.allclose(network.scores, expected[None])
        assert network.model.probability


def test_calibration_and_net_benefit_are_of_the_uncalibrated_shares(make_study, document):
    study = make_study()
    logits = np.array(study.record.details["logits"]["HRNet-W32"])
    truth, share = np.array(study.record.case_sets[0].outcomes), softmax(logits, axis=1)[:, 1]
    fitted = LogisticRegression(C=np.inf, tol=1e-8).fit(logit(share)[:, None], truth)
    slope = _named(document, "calibration_numbers").rows[0][1]
    assert slope.value == pytest.approx(fitted.coef_[0, 0], rel=1e-3)
    row = next(row for row in _named(document, "decision_curve_numbers").rows if row[0] == "30 %")
    treated = share >= 0.3
    benefit = (np.sum(treated & (truth == 1)) - np.sum(treated & (truth == 0)) * 0.3 / 0.7) / len(truth)
    assert row[1].value == pytest.approx(benefit)
    words = " ".join(block.text for block in document.blocks() if isinstance(block, Paragraph))
    assert "before the bundle's calibration" in words
    assert "Platt scaling fitted to these same cases" in words
    blind = replace(study.manifest, details={"calibration": {"no_discrimination": True}})
    words = " ".join(
        block.text
        for block in staging_document(replace(study, manifest=blind)).blocks()
        if isinstance(block, Paragraph)
    )
    assert "answers every case with the shares of the groups" in words


def test_subgroups_are_counted_and_judged_by_themselves(make_study, document):
    study = make_study()
    table = _named(document, "subgroups_numbers")
    assert table.head[2] == "chemoradiotherapy"
    first = next(row for row in table.rows if row[0] == "centre 1")
    own, truth = study.record.models[0], np.array(study.record.case_sets[0].outcomes)[::2]
    assert first[1:3] == (30, truth.sum())
    scores = np.array(own.scores[0])[::2]
    pairs = scores[truth == 1][:, None] - scores[truth == 0][None]
    assert first[3].value == pytest.approx(np.mean(pairs > 0))


def test_what_was_not_done_is_said(document):
    said = " ".join(b.text for b in document.blocks() if isinstance(b, Absence))
    for missing in ("clinical model", "permutation test", "sample size", "centre was left out", "Table 1"):
        assert f"No {missing}" in said
    assert "flow of cases is not in the record" in said
    assert "never part of a bundle" in said


@pytest.mark.parametrize(
    ("judged", "said"),
    [(TEST, "100 cases trained on, 60 patients held out by patient"), (TRAINING, "60 patients cross-validated")],
)
def test_checklists_tell_of_this_study(make_study, judged, said):
    study = make_study(judged=judged)
    study = replace(
        study,
        manifest=replace(
            study.manifest,
            details={"plan": {"oversample": True}},
            training=replace(study.manifest.training, class_counts=(55, 45)),
        ),
    )
    answers = {row[0]: row[3] for row in _named(staging_document(study), "checklist_tripod_ai").rows}
    assert said in answers["12a"]
    assert "no clinical values" in answers["11"]
    assert answers["13"].startswith(
        "Training cases: 55 surgery, 45 chemoradiotherapy; rarer groups were drawn more often"
    )
    assert "judged on 60 (30 surgery, 30 chemoradiotherapy)" in answers["21"]
    assert "Subgroups" in answers["14"]
    assert "HRNet-W32, AUC" in answers["23a"]
    assert answers["10"].startswith("NOT PROVIDED")


def test_the_published_characteristics_stand_by_themselves(document):
    table = _named(document, "published_characteristics")
    rows = {row[0]: row[1:] for row in table.rows}
    assert rows["Nerve invasion"] == (17, Estimate(22.1, digits=1), 9, Estimate(27.3, digits=1))
    assert rows["FIGO III"] == (18, None, 7, None)
    for sides in (rows["Nerve invasion"], rows["No nerve invasion"]):
        assert [round(100 * sides[i] / n, 1) for i, n in ((0, 77), (2, 33))] == [sides[1].value, sides[3].value]


def test_a_record_without_networks_is_refused(make_study):
    study = make_study(networks=("HRNet-W32",))
    with pytest.raises(BundleError, match="no network's answers"):
        staging_document(replace(study, record=replace(study.record, models=())))


def test_every_figure_draws(document):
    pytest.importorskip("mapie")
    drawn = [block for block in document.blocks() if isinstance(block, FigureBlock)]
    assert {block.name for block in drawn} == {
        "confusion_matrices", "training_curves", "roc_networks_held_out", "calibration", "decision_curve", "conformal",
        "subgroups",
    }  # fmt: skip
    for block in drawn:
        assert block.draw().axes
