"""Which contour stands for a case, and the audit trail."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.errors import ReadingError
from CervixRiskLib.imaging import Roi, staple_consensus
from CervixRiskLib.reading import (
    Consensus,
    ReaderDesk,
    ReviewDesk,
    Role,
    Round,
    all_contours,
    consensus_contours,
    read_audit_trail,
)


@pytest.fixture
def drawn(study, draw):
    """Both readers have drawn all their cases, the second one three pixels further right."""
    for name, shift in (("Reader A", 0), ("Reader B", 3)):
        desk = ReaderDesk(study, name)
        for task in desk.tasks():
            desk.submit(task.number, draw(task.number, shift))
    return study


@pytest.fixture
def shared(drawn) -> list[int]:
    """Numbers of the cases that both have drawn."""
    return sorted(contour.number for contour in all_contours(drawn) if contour.role is Role.SECOND)


@pytest.fixture
def alone(drawn, shared) -> list[int]:
    """Numbers of the primary reader's own cases."""
    return sorted({contour.number for contour in all_contours(drawn)} - set(shared))


def by_number(contours) -> dict:
    return {contour.case.number: contour for contour in contours}


def test_the_review_decides(drawn, shared, alone, draw):
    review = ReviewDesk(drawn, "Reviewer C")
    review.accept(shared[0], "Reader A")
    review.accept(shared[1], "Reader B")
    review.adjust(shared[2], draw(shared[2], 7))
    review.return_to_reader(alone[0], reason="too large")
    for number in (shared[3], *alone[1:]):
        review.accept(number, "Reader A")
    with pytest.raises(ReadingError, match="1 of 8 cases have no decision") as refused:
        consensus_contours(drawn)
    returned = next(case.case_id for case in drawn.cases() if case.number == alone[0])
    assert f"({returned})" in str(refused.value)

    found = by_number(consensus_contours(drawn, skip_unreviewed=True))
    assert sorted(found) == sorted({*shared, *alone} - {alone[0]})
    expected = {
        shared[0]: ("accepted: primary reader", "Reader A", 0),
        shared[1]: ("accepted: second reader", "Reader B", 3),
        shared[2]: ("adjusted by the reviewer", "Reviewer C", 7),
        alone[1]: ("accepted: primary reader", "Reader A", 0),
    }
    for number, (source, reader, shift) in expected.items():
        assert (found[number].source, found[number].readers) == (source, (reader,))
        np.testing.assert_array_equal(found[number].roi.mask, draw(number, shift).mask)

    # A later decision replaces the earlier one.
    review.adjust(shared[0], draw(shared[0], 5))
    assert by_number(consensus_contours(drawn, skip_unreviewed=True))[shared[0]].readers == ("Reviewer C",)


def test_staple_takes_independent_first_contours(drawn, shared, alone, draw, clock):
    ReviewDesk(drawn, "Reviewer C").return_to_reader(shared[0], "Reader B", reason="not the tumour")
    ReaderDesk(drawn, "Reader B").submit(shared[0], draw(shared[0], -6))  # corrected, no longer independent
    clock.pass_days(57)
    ReaderDesk(drawn, "Reader A").submit(shared[1], draw(shared[1], 9), round_=Round.REPEAT)  # nor is a repeat a reader
    found = by_number(consensus_contours(drawn, Consensus.STAPLE))
    assert len(found) == 8
    for number in shared:
        oracle = staple_consensus([draw(number), draw(number, 3)])
        np.testing.assert_array_equal(found[number].roi.mask, oracle.roi.mask)
        assert found[number].readers == ("Reader A", "Reader B")
        assert found[number].source.startswith("STAPLE of 2 contours: primary reader sensitivity ")
        assert f"{oracle.sensitivity[0]:.3f}" in found[number].source
        assert f"{oracle.specificity[1]:.3f}" in found[number].source
    for number in alone:
        assert (found[number].source, found[number].readers) == ("primary reader alone", ("Reader A",))
        np.testing.assert_array_equal(found[number].roi.mask, draw(number).mask)


def test_staple_names_the_cases_that_disagree(study, draw):
    first, second = ReaderDesk(study, "Reader A"), ReaderDesk(study, "Reader B")
    for task in first.tasks():
        first.submit(task.number, draw(task.number))
    elsewhere = np.zeros((40, 48), bool)
    elsewhere[:3, :3] = True
    numbers = sorted(task.number for task in second.tasks())
    for number in numbers:
        spacing = draw(number).spacing_mm
        second.submit(number, Roi(elsewhere, spacing) if number == numbers[2] else draw(number, 1))
    name = next(case.case_id for case in study.cases() if case.number == numbers[2])
    with pytest.raises(ReadingError, match=rf"In 1 case .* \({name}\)"):
        consensus_contours(study, Consensus.STAPLE)


def test_the_primary_readers_newest_contour(drawn, shared, alone, draw):
    ReviewDesk(drawn, "Reviewer C").return_to_reader(alone[0], reason="too large")
    ReaderDesk(drawn, "Reader A").submit(alone[0], draw(alone[0], 2))
    found = by_number(consensus_contours(drawn, Consensus.PRIMARY))
    assert {contour.readers for contour in found.values()} == {("Reader A",)}
    assert found[alone[0]].source == "primary reader, corrected after a return"
    assert found[alone[1]].source == "primary reader"
    np.testing.assert_array_equal(found[alone[0]].roi.mask, draw(alone[0], 2).mask)


@pytest.mark.parametrize("rule", [Consensus.STAPLE, Consensus.PRIMARY])
def test_cases_that_the_primary_reader_has_not_drawn(study, draw, rule):
    desk = ReaderDesk(study, "Reader B")
    for task in desk.tasks():
        desk.submit(task.number, draw(task.number))
    with pytest.raises(ReadingError, match=r"8 of 8 cases have no contour of the primary reader \(Case 0, Case 1"):
        consensus_contours(study, rule)
    assert consensus_contours(study, rule, skip_unreviewed=True) == ()


def test_a_contour_changed_outside_the_study_is_found(drawn):
    contour = all_contours(drawn)[0]
    path = drawn.folder / contour.file
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(ReadingError, match="changed outside the study"):
        consensus_contours(drawn, Consensus.PRIMARY)


def test_the_audit_trail_only_grows(study, draw, clock):
    trails = [read_audit_trail(study)]

    def look(step):
        step()
        trail = read_audit_trail(study)
        before = trails[-1]
        assert len(trail) > len(before)
        assert trail.iloc[: len(before)].reset_index(drop=True).equals(before)
        trails.append(trail)
        clock.pass_days(1)

    desk, review = ReaderDesk(study, "Reader A"), ReviewDesk(study, "Reviewer C")
    second = {task.number for task in ReaderDesk(study, "Reader B").tasks()}
    number = next(task.number for task in desk.tasks() if task.number not in second)
    look(lambda: desk.open_image(number))
    look(lambda: desk.submit(number, draw(number)))
    look(lambda: review.return_to_reader(number, reason="=1+1; too large"))
    look(lambda: desk.submit(number, draw(number, 1)))
    look(lambda: review.accept(number))

    trail = trails[-1]
    case_id = next(case.case_id for case in study.cases() if case.number == number)
    mine = trail[trail["case_id"] == case_id]
    assert mine["action"].tolist() == ["opened", "submitted", "returned", "submitted", "accepted"]
    assert mine["actor"].tolist() == ["Reader A", "Reader A", "Reviewer C", "Reader A", "Reviewer C"]
    assert mine["version"].tolist()[1:] == [1, 1, 2, 2]
    assert mine["round"].tolist() == ["initial"] * 5
    hashes = [contour.file_sha256 for contour in all_contours(study)]
    assert mine["file_sha256"].tolist()[1:] == [hashes[0], hashes[0], hashes[1], hashes[1]]
    assert mine["detail"].tolist()[2] == "=1+1; too large"
    assert all(moment.endswith("+00:00") for moment in trail["at_utc"])
    assert trail["event"].is_monotonic_increasing
    assert trail["at_utc"].tolist() == sorted(trail["at_utc"])
    assert trail["account"].notna().all()
    assert (trail["library_version"] != "").all()


@pytest.mark.parametrize("desk", [ReaderDesk, ReviewDesk])
def test_no_desk_gives_the_audit_trail(desk):
    assert not [name for name in dir(desk) if "audit" in name.lower() or "event" in name.lower()]
