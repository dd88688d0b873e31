"""The report of a staging study says what its cases can bear, and no more."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from CervixRiskLib.bundle import BundleManifest, Calibration, Metric, TrainingSummary
from CervixRiskLib.bundle.study_file import Study
from CervixRiskLib.bundle.study_record import TEST, CaseSet, JudgedModel, ModelTable, StudyRecord
from CervixRiskLib.report.study.document import Absence, BulletList, FigureBlock, KeyNumbers, Paragraph, TableBlock
from CervixRiskLib.report.study.published_staging import PUBLISHED
from CervixRiskLib.report.study.staging_document import staging_document
from CervixRiskLib.staging.evaluation import evaluate
from CervixRiskLib.staging.figo import GROUP_NAMES

NAMES = {"HRNet-W32": "hrnet_w32", "ShuffleNet": "shufflenet_v2_x1_0"}
EPOCH = {"number": 1, "training_loss": 0.7, "training_auc": None, "validation_loss": None, "validation_auc": None}


@pytest.fixture
def make_study() -> Callable[..., Study]:
    """``make_study(signal, cases, groups, networks)``: a study of networks with this much signal in their logits."""

    def make(
        signal: float = 2.0,
        cases: int = 60,
        groups: tuple[str, ...] = GROUP_NAMES,
        networks: tuple[str, ...] = tuple(NAMES),
        larger: float = 0.5,
    ) -> Study:
        rng = np.random.default_rng(3)
        truth = (np.arange(cases) < larger * cases).astype(int) if len(groups) == 2 else np.arange(cases) % len(groups)
        metrics: list[Metric] = []
        models, logits = [], {}
        for title in networks:
            answers = rng.normal(size=(cases, len(groups)))
            answers[np.arange(cases), truth] += signal
            found = evaluate(NAMES[title], truth, answers, np.arange(cases), seed=1)
            metrics += found.metrics
            scores = answers[:, 1] - answers[:, 0]
            models.append(
                JudgedModel(
                    title, ModelTable.NETWORKS.value, "honest", TEST, (tuple(scores.tolist()),),
                    (tuple(found.predicted.tolist()),),
                )
            )  # fmt: skip
            logits[title] = answers.tolist()
        record = StudyRecord(
            "staging",
            (CaseSet(TEST, tuple(truth.tolist()), tuple(range(cases))),),
            tuple(models),
            training_curves={title: [EPOCH] for title in networks},
            details={
                "networks": {title: NAMES[title] for title in networks},
                "logits": logits,
                "comparison": "hrnet and shufflenet do not differ." if len(networks) > 1 else None,
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


def _named(document, name):
    return next(block for block in document.blocks() if getattr(block, "name", None) == name)


def test_the_headline_gives_auc_and_accuracy_of_the_network_named_first(make_study):
    study = make_study()
    document = staging_document(study)
    auc = next(metric for metric in study.manifest.metrics if metric.name == "auc")
    assert f"HRNet-W32 tells the groups apart with an AUC of {auc.value:.2f} (" in document.headline
    assert "held out and opened once" in document.headline
    assert "30 surgery, 30 chemoradiotherapy" in document.subtitle
    numbers = next(block for block in document.summary if isinstance(block, KeyNumbers))
    assert numbers.items[0].value.value == pytest.approx(auc.value)


def test_noise_is_called_no_evidence(make_study):
    assert staging_document(make_study(signal=0.0)).headline.startswith("No evidence of discrimination")


def test_an_accuracy_that_naming_one_group_reaches_is_said_to_be_no_better(make_study):
    document = staging_document(make_study(signal=0.8, larger=0.8))
    sentences = next(block for block in document.summary if isinstance(block, BulletList)).items
    assert "0.80 of the cases: these cases do not show" in sentences[0]
    good = staging_document(make_study(signal=4.0))
    assert "the accuracy is above it" in next(b for b in good.summary if isinstance(b, BulletList)).items[0]


def test_published_values_stand_in_columns_of_their_own(make_study):
    table = _named(staging_document(make_study()), "networks")
    assert isinstance(table, TableBlock)
    assert table.groups == (("", 1), ("honest", 5), (PUBLISHED, 5))
    first = dict(zip(table.head[6:], table.rows[0][6:], strict=True))
    assert first == {"Accuracy": 0.6970, "Precision": 0.6962, "Recall": 0.6889, "F1": 0.6898, "AUC": 0.7778}
    assert any("15 and 18" in note for note in table.notes)


def test_other_groups_are_not_set_beside_the_paper(make_study):
    document = staging_document(make_study(groups=("early", "locally advanced", "metastatic")))
    table = _named(document, "networks")
    assert table.groups == ()
    assert len(table.head) == 6
    assert any("two groups" in block.text for block in document.blocks() if isinstance(block, Absence))


def test_one_network_is_compared_with_nothing(make_study):
    document = staging_document(make_study(networks=("HRNet-W32",)))
    assert any("One network alone" in block.text for block in document.blocks() if isinstance(block, Absence))
    both = staging_document(make_study())
    assert any("do not differ" in block.text for block in both.blocks() if isinstance(block, Paragraph))


def test_the_papers_contradictions_are_stated(make_study):
    words = " ".join(
        item
        for block in staging_document(make_study()).blocks()
        if isinstance(block, BulletList)
        for item in block.items
    )
    for fact in ("112", "110", "9 and 20", "0.51 to 0.84", "41.2 million"):
        assert fact in words


def test_shuffled_groups_head_the_page(make_study):
    study = make_study()
    manifest = replace(study.manifest, details={"settings": {"shuffle_outcome": True}})
    assert staging_document(replace(study, manifest=manifest)).headline.startswith("The groups were shuffled")


def test_every_figure_draws(make_study):
    drawn = [block for block in staging_document(make_study()).blocks() if isinstance(block, FigureBlock)]
    assert {block.name for block in drawn} >= {"confusion_matrices", "training_curves", "roc_networks_held_out"}
    for block in drawn:
        assert block.draw().axes
