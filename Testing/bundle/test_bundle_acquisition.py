"""What the recording tells: in words, kept in the record, and refused where it is impossible."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from CervixRiskLib.bundle import BundleManifest, load_bundle, model_card, write_bundle
from CervixRiskLib.bundle.acquisition_record import NOT_CHECKED, AcquisitionRecord, TraitRecord, recording_words
from CervixRiskLib.bundle.study_file import load_study, study_bytes
from CervixRiskLib.bundle.study_record import STUDY_NAME, TRAINING, CaseSet, JudgedModel, StudyRecord
from CervixRiskLib.errors import BundleError

SIZE = TraitRecord("rows", "size", False, (471.0, 562.0), 0.97)
BRIGHT = TraitRecord("brightness of the frame", "brightness", False, (40.0, None), 0.71)
CONTOUR = TraitRecord("contour's size", "contour", False, (0.1, 0.2), 0.99)
CLEAR = AcquisitionRecord(58, 0.98, 0.95, 1.0, 5, 3, (SIZE, BRIGHT, CONTOUR), ("pixel size (mm)",))


@pytest.fixture
def record() -> StudyRecord:
    cases = CaseSet(TRAINING, (0, 1), (0, 1))
    return StudyRecord("plnm", (cases,), (JudgedModel("nomogram", "models", "honest", TRAINING, ((0.1, 0.9),)),))


@pytest.mark.parametrize(
    ("found", "sentence"),
    [
        (
            CLEAR,
            "The images' size and brightness alone tell the outcome (AUC 0.98, 0.95–1.00): the model may have learnt "
            "the scanner.",
        ),
        (
            replace(CLEAR, traits=(BRIGHT, CONTOUR)),
            "The images' brightness alone tells the outcome (AUC 0.98, 0.95–1.00): the model may have learnt the "
            "scanner.",
        ),
        (
            replace(CLEAR, auc=0.65, lower=0.55, upper=0.75, traits=()),
            "The way the images were recorded alone tells a little of the outcome (AUC 0.65, 0.55–0.75): part of what "
            "the model found may be the scanner.",
        ),
        (
            replace(CLEAR, auc=0.52, lower=0.41, upper=0.63),
            "The images' size, brightness, format and scanner were not found to tell the outcome (AUC 0.52, "
            "0.41–0.63, includes 0.5).",
        ),
        (
            replace(CLEAR, auc=0.35, lower=0.25, upper=0.45),
            "The images' size, brightness, format and scanner do not tell the outcome (AUC 0.35, 0.25–0.45).",
        ),
        (
            AcquisitionRecord(58),
            "The images are alike in size, pixel size, brightness, format and scanner: there is nothing in their "
            "recording to tell the outcome by.",
        ),
        (
            AcquisitionRecord(58, reason=NOT_CHECKED),
            "Whether the images' recording tells the outcome could not be checked: the features were measured "
            "elsewhere and no image was seen.",
        ),
    ],
)
def test_the_verdict_in_words(found: AcquisitionRecord, sentence: str) -> None:
    assert found.sentence() == sentence


def test_only_a_model_that_is_not_better_has_a_rival() -> None:
    middling = replace(CLEAR, auc=0.75, lower=0.62, upper=0.87)
    assert [middling.rivals(auc) for auc in (0.6, 0.87, 0.88, None)] == [True, True, False, False]
    assert not replace(middling, lower=0.59).rivals(0.6)


def test_a_bundle_keeps_it_and_says_so(tmp_path: Path, manifest: BundleManifest, record: StudyRecord) -> None:
    told = replace(manifest, details={**manifest.details, **CLEAR.details()})
    path = write_bundle(tmp_path / "a.zip", told, files={STUDY_NAME: study_bytes(replace(record, acquisition=CLEAR))})
    assert load_study(path).record.acquisition == CLEAR
    words = recording_words(load_bundle(path).manifest)
    assert words == (f"Warning: {CLEAR.sentence()}",)
    assert f"- {words[0]}\n" in model_card(told)
    harmless = replace(CLEAR, auc=0.52, lower=0.41, upper=0.63)
    assert recording_words(replace(manifest, details=harmless.details())) == (harmless.sentence(),)
    assert recording_words(manifest) == ()
    assert "recording" not in model_card(manifest)


@pytest.mark.parametrize("version", [1, 2])
def test_records_of_earlier_versions_are_read(
    tmp_path: Path, manifest: BundleManifest, record: StudyRecord, version: int
) -> None:
    kept = json.loads(study_bytes(record))
    del kept["acquisition"]
    kept["version"] = version
    path = write_bundle(tmp_path / "old.zip", manifest, files={STUDY_NAME: json.dumps(kept).encode()})
    assert load_study(path).record.acquisition is None


@pytest.mark.parametrize(
    "wrong",
    [
        replace(CLEAR, auc=0.9),
        replace(CLEAR, lower=None),
        replace(CLEAR, upper=1.2),
        replace(CLEAR, traits=(replace(SIZE, auc=-0.1),)),
        replace(CLEAR, traits=(replace(SIZE, share=True),)),
        replace(CLEAR, traits=(replace(SIZE, groups=(1.0, 2.0, 3.0)),)),
    ],
)
def test_an_impossible_verdict_is_refused(
    tmp_path: Path, manifest: BundleManifest, record: StudyRecord, wrong: AcquisitionRecord
) -> None:
    kept = json.loads(study_bytes(replace(record, acquisition=CLEAR)))
    kept["acquisition"] = json.loads(json.dumps(wrong, default=lambda value: vars(value)))
    path = write_bundle(tmp_path / "bad.zip", manifest, files={STUDY_NAME: json.dumps(kept).encode()})
    with pytest.raises(BundleError, match="study record is damaged"):
        load_study(path)


def test_a_check_of_the_same_fields_becomes_a_record() -> None:
    from CervixRiskLib.cohort.acquisition_check import AcquisitionCheck, TraitDifference

    check = AcquisitionCheck(
        58, 0.98, 0.95, 1.0, 5, 3, (TraitDifference("rows", "size", False, (471.0, 562.0), 0.97),), ("columns",)
    )
    assert AcquisitionRecord.of(check) == replace(CLEAR, traits=(SIZE,), alike=("columns",))

    @dataclass(frozen=True)
    class Other:
        area: float = 0.5

    with pytest.raises(BundleError):
        AcquisitionRecord.of(Other())
