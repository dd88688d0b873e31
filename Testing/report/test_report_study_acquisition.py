"""The report on the images' recording: the warning where it belongs, and nowhere else."""

from __future__ import annotations

from dataclasses import replace

import pytest

from CervixRiskLib.bundle.acquisition_record import NOT_CHECKED, AcquisitionRecord, TraitRecord
from CervixRiskLib.bundle.study_file import Study
from CervixRiskLib.report.study.cells import cell_text
from CervixRiskLib.report.study.document import Absence, Block, TableBlock, WarningBlock
from CervixRiskLib.report.study.performance import main_model
from CervixRiskLib.report.study.plnm_document import plnm_document
from CervixRiskLib.report.study.sections_acquisition import acquisition_sections, acquisition_warning

TRAITS = (
    TraitRecord("contour's size, part of the slice's side", "contour", False, (0.143, 0.285), 0.838),
    TraitRecord("rows", "size", False, (225.0, 348.0), 0.841),
    TraitRecord("colour picture", "file format", True, (0.1, 0.325), 0.61),
    TraitRecord("pixel size (mm)", "pixel size", False, (None, 0.2), 0.62),
)
TELLS = AcquisitionRecord(120, 0.98, 0.95, 1.0, 5, 3, TRAITS, ("scanner",))


def with_recording(study: Study, found: AcquisitionRecord | None) -> Study:
    return replace(study, record=replace(study.record, acquisition=found))


def blocks_of(study: Study, found: AcquisitionRecord | None) -> tuple[Block, ...]:
    (section,) = acquisition_sections(with_recording(study, found))
    return section.blocks


def warnings(study: Study, found: AcquisitionRecord | None) -> list[str]:
    told = with_recording(study, found)
    return [
        block.text for block in acquisition_warning(told, main_model(told.record)) if isinstance(block, WarningBlock)
    ]


def test_a_recording_that_does_as_well_as_the_model_stands_in_the_first_lines(study_full: Study) -> None:
    told = plnm_document(with_recording(study_full, TELLS))
    own = main_model(study_full.record)
    assert own is not None
    warning = f"{TELLS.sentence()} The model's own AUC, {own.auc().value:.2f}, is not shown to be better."
    assert WarningBlock(warning) in told.summary
    assert told.sections[1].title == "Does the images' recording tell the outcome?"
    blocks = told.sections[1].blocks
    assert blocks[0] == WarningBlock(TELLS.sentence())
    table = next(block for block in blocks if isinstance(block, TableBlock))
    assert table.head == ("Trait", *study_full.manifest.class_names, "AUC alone")
    assert [[cell_text(cell) for cell in row] for row in table.rows] == [
        ["rows", "225", "348", "0.84"],
        ["colour picture", "10\u00a0%", "32\u00a0%", "0.61"],
        ["pixel size (mm)", "–", "0.2", "0.62"],
        ["contour's size, part of the slice's side", "0.143", "0.285", "0.84"],
    ]
    assert "The same in all cases: scanner." in table.notes


@pytest.mark.parametrize("upper", [0.62, 0.99])
def test_a_model_that_is_better_is_warned_of_in_the_section_alone(study_full: Study, upper: float) -> None:
    found = replace(TELLS, auc=0.61, lower=0.6, upper=upper)
    assert len(warnings(study_full, found)) == (upper == 0.99)
    assert blocks_of(study_full, found)[0] == WarningBlock(found.sentence())


def test_without_an_honest_model_the_recording_is_warned_of(study_full: Study) -> None:
    assert acquisition_warning(with_recording(study_full, TELLS), None) == (WarningBlock(TELLS.sentence()),)


@pytest.mark.parametrize("found", [replace(TELLS, auc=0.5, lower=0.4, upper=0.6), AcquisitionRecord(120)])
def test_a_recording_that_tells_nothing_is_no_warning(study_full: Study, found: AcquisitionRecord) -> None:
    assert warnings(study_full, found) == []
    blocks = blocks_of(study_full, found)
    assert found.sentence() in [getattr(block, "text", "") for block in blocks]
    assert not [block for block in blocks if isinstance(block, WarningBlock | Absence)]


def test_what_was_not_checked_says_why(study_full: Study) -> None:
    unseen = AcquisitionRecord(9, reason=NOT_CHECKED)
    assert blocks_of(study_full, unseen) == (Absence(unseen.sentence()),)
    assert warnings(study_full, unseen) == warnings(study_full, None) == []
    (block,) = blocks_of(study_full, None)
    assert isinstance(block, Absence)
    assert "trained before" in block.text
