"""Contours from elsewhere: every row is checked before the first is stored, and running again adds nothing."""

from __future__ import annotations

from datetime import date, datetime, timezone

import numpy as np
import pytest
from PIL import Image
from study_tables import listed, write_table

from CervixRiskLib.errors import ReadingError
from CervixRiskLib.imaging import read_image
from CervixRiskLib.reading import (
    Decision,
    Origin,
    ReaderDesk,
    ReviewDesk,
    Round,
    all_contours,
    assign,
    check_integrity,
    create_study,
    import_contour,
    import_contours,
    read_audit_trail,
)

UTC = timezone.utc


def case_numbers(study) -> dict[str, int]:
    return {case.case_id: case.number for case in study.cases()}


# --- the table -------------------------------------------------------------------------------------------------------


def test_all_problems_come_together_and_nothing_is_stored(tmp_path, study, draw_png):
    good, wide = draw_png("good"), draw_png("wide", shape=(40, 50))
    Image.fromarray(np.zeros((40, 48), np.uint8)).save(tmp_path / "empty.png")
    foreign = next(
        case for case in (f"Case {n}" for n in range(8)) if case not in listed(study, "Reader B", Round.INITIAL)
    )
    rows: list[dict[str, object]] = [
        {"case_id": "Case 0", "roi": good.name},
        {"case_id": "Case 9", "roi": good.name},
        {"case_id": "Case 1", "roi": "absent.png"},
        {"case_id": "Case 1", "roi": good.name, "drawn_at": "05.01.2026"},
        {"case_id": "Case 2", "roi": good.name, "drawn_at": "2026-01-05T09:00+00:00"},
        {"case_id": "Case 3", "roi": good.name, "reader": "Nobody"},
        {"case_id": "Case 3", "roi": good.name, "reader": "Reviewer C"},
        {"case_id": foreign, "roi": good.name, "reader": "Reader B"},
        {"case_id": "Case 4", "roi": "empty.png"},
        {"case_id": "Case 5", "roi": wide.name},
        {"case_id": "Case 0", "roi": good.name},
        {"case_id": "Case 6", "roi": good.name, "round": "review"},
        {"case_id": "Case 6", "roi": good.name, "duration_s": "-1"},
        {"case_id": "", "roi": good.name},
    ]
    table = write_table(tmp_path / "t.csv", rows)
    expected = {
        3: "no such case", 4: "does not exist", 5: "is no date", 6: "in the future", 7: "Nobody of this name",
        8: "Nobody of this name", 9: "not on the list", 10: "empty", 11: "40 × 50", 12: "stands in row 2 already",
        13: "must be initial or repeat", 14: "duration_s", 15: "case_id is empty",
    }  # fmt: skip
    with pytest.raises(ReadingError) as refused:
        import_contours(study, table)
    text = str(refused.value)
    assert f"{len(expected)} of {len(rows)} rows" in text
    assert "and 3 more" in text
    assert [line for line in text.splitlines() if "row 12 " in line and "row 2 already" in line]
    assert all_contours(study) == ()
    assert check_integrity(study).sound
    summary = import_contours(study, table, skip_invalid=True)
    assert {problem.row: problem.reason for problem in summary.left_out}.keys() == expected.keys()
    for problem in summary.left_out:
        assert expected[problem.row] in problem.reason, problem
    assert [contour.case_id for contour in all_contours(study)] == ["Case 0"]


def test_what_a_row_does_not_say_comes_from_the_options(tmp_path, study, draw_png):
    case = listed(study, "Reader B", Round.INITIAL)[0]
    rows = [
        {"case_id": case, "roi": draw_png("b").name, "reader": "", "software": "", "drawn_at": ""},
        {"case_id": "Case 7", "roi": draw_png("a").name, "reader": "Reader A", "software": "Tool 2", "drawn_at": ""},
    ]
    table = write_table(tmp_path / "t.csv", rows)
    with pytest.raises(ReadingError, match=r"row 3 \(Case 7\): reader is 'Reader A', not the one"):
        import_contours(study, table, reader="Reader B")
    write_table(table, rows[:1])
    import_contours(study, table, reader="Reader B", software="Tool 1", drawn_on=date(2025, 11, 3))
    (contour,) = all_contours(study)
    assert (contour.reader, contour.software, contour.drawn_at) == (
        "Reader B", "Tool 1", datetime(2025, 11, 3, tzinfo=UTC),
    )  # fmt: skip
    with pytest.raises(ReadingError, match="reviewer draws is no reading"):
        import_contours(study, table, round_=Round.REVIEW)


def test_a_spreadsheets_table(tmp_path, study, draw_png):
    """Semicolons, a decimal comma, a byte-order mark, backslashes, capital column names, further columns."""
    (tmp_path / "masks").mkdir()
    draw_png("m").rename(tmp_path / "masks" / "m.png")
    table = tmp_path / "t.csv"
    table.write_bytes(
        b"\xef\xbb\xbf"
        + "Case_ID;ROI;Duration_s;Bemerkung;Drawn_At\nCase 2;masks\\m.png;12,5;größer;2026-01-02\n".encode()
    )
    summary = import_contours(study, table)
    assert len(summary.added) == 1
    assert any("UTC" in note for note in summary.notes)
    assert all_contours(study)[0].duration_s == 12.5


def test_names_as_people_have_them(tmp_path, make_cohort_table, draw_png):
    names = ["NA", "Müller/../x", "con", "a:b?", "a b"]
    study = create_study(tmp_path / "study", make_cohort_table(names))
    assign(study, primary="Dr. Ä/..", seconds=["NUL"], second_cases=2)
    rows = [{"case_id": name, "roi": draw_png("one").name, "reader": "Dr. Ä/.."} for name in names]
    assert len(import_contours(study, write_table(tmp_path / "t.csv", rows)).added) == len(names)
    assert {contour.case_id for contour in all_contours(study)} == set(names)
    assert check_integrity(study).sound


@pytest.mark.parametrize("content", ["", "case_id\nx\n", "roi\nx\n", "PK\x03\x04"])
def test_a_table_that_is_none(tmp_path, study, content):
    table = tmp_path / "t.csv"
    table.write_text(content)
    with pytest.raises(ReadingError) as refused:
        import_contours(study, table)
    assert "cohort" not in str(refused.value).split("It starts")[0]


def test_the_studys_own_files_are_not_handed_in(study, draw, draw_png):
    import_contour(study, "Case 1", draw_png("one"))
    (contour,) = all_contours(study)
    with pytest.raises(ReadingError, match="study's own"):
        import_contour(study, "Case 2", study.folder / contour.file)
    with pytest.raises(ReadingError, match="no such case"):
        import_contour(study, "Case 99", draw_png("one"))


# --- running again ---------------------------------------------------------------------------------------------------


def test_an_interrupted_import_is_finished(tmp_path, study, draw_png, monkeypatch):
    from CervixRiskLib.reading import contour_import

    rows = [{"case_id": f"Case {index}", "roi": draw_png(f"m{index}", index).name} for index in range(8)]
    table = write_table(tmp_path / "t.csv", rows)
    store, calls = contour_import.store_contour, []

    def interrupted(*arguments, **values):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return store(*arguments, **values)

    monkeypatch.setattr(contour_import, "store_contour", interrupted)
    with pytest.raises(KeyboardInterrupt):
        import_contours(study, table)
    assert len(all_contours(study)) == 3
    summary = import_contours(study, table)
    assert (len(summary.added), summary.already_there) == (5, 3)
    again = import_contours(study, table)
    assert (len(again.added), again.already_there) == (0, 8)
    assert [contour.version for contour in all_contours(study)] == [1] * 8
    assert check_integrity(study).sound


def test_running_again_does_not_bring_a_corrected_contour_back(tmp_path, study, clock, draw, draw_png):
    table = write_table(
        tmp_path / "t.csv", [{"case_id": f"Case {index}", "roi": draw_png("m").name} for index in range(8)]
    )
    import_contours(study, table)
    alone = next(case for case in case_numbers(study) if case not in listed(study, "Reader B", Round.INITIAL))
    number = case_numbers(study)[alone]
    review = ReviewDesk(study, "Reviewer C")
    review.return_to_reader(number, reason="too large")
    ReaderDesk(study, "Reader A").submit(number, draw(number))
    before = all_contours(study)
    assert import_contours(study, table).already_there == 8
    assert all_contours(study) == before
    review.accept(number)
    # What is decided stays; the same contours are no reason to complain.
    assert import_contours(study, table).already_there == 8
    with pytest.raises(ReadingError, match="only the reviewer can return"):
        import_contour(study, alone, draw_png("other", 5))


def test_a_corrected_contour_from_elsewhere_is_no_independent_reading(study, draw_png):
    alone = next(case for case in case_numbers(study) if case not in listed(study, "Reader B", Round.INITIAL))
    import_contour(study, alone, draw_png("one"))
    ReviewDesk(study, "Reviewer C").return_to_reader(case_numbers(study)[alone], reason="too small")
    import_contour(study, alone, draw_png("two", 3))
    assert [(contour.version, contour.after_return) for contour in all_contours(study)] == [(1, False), (2, True)]


def test_decided_between_check_and_storing(study, draw_png, monkeypatch):
    """The rules are asked again inside the transaction."""
    from CervixRiskLib.reading import contour_import

    alone = next(case for case in case_numbers(study) if case not in listed(study, "Reader B", Round.INITIAL))
    import_contour(study, alone, draw_png("one"))
    check = contour_import.check_contours

    def slow(*arguments):
        checked = check(*arguments)
        ReviewDesk(study, "Reviewer C").accept(case_numbers(study)[alone])
        return checked

    monkeypatch.setattr(contour_import, "check_contours", slow)
    with pytest.raises(ReadingError, match="Meanwhile"):
        import_contour(study, alone, draw_png("two", 4))
    assert len(all_contours(study)) == 1
    assert check_integrity(study).sound


def test_decisions_are_untouched(study, draw_png):
    """An import writes contours and events only."""
    import_contour(study, "Case 1", draw_png("one"))
    trail = read_audit_trail(study)
    assert trail["action"].tolist()[-1] == Origin.IMPORTED.value
    assert not set(trail["action"]) & {decision.value for decision in Decision}
    assert trail["actor"].tolist()[-1] == "coordinator"
    assert read_image(study.folder / study.cases()[0].image_file).shape == (40, 48)
