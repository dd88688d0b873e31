"""Repeats from elsewhere need their washout, and times mean what they say."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from study_tables import listed, write_table

from CervixRiskLib.errors import ReadingError
from CervixRiskLib.reading import Round, all_contours, import_contour, import_contours, read_audit_trail
from CervixRiskLib.reading.contour_table import parse_moment, utc_moment

UTC = timezone.utc


# --- the washout -----------------------------------------------------------------------------------------------------


def repeat_rows(case: str, first: str, again: str, draw_png) -> list[dict[str, object]]:
    """The repeat stands first: the order of the rows must not matter."""
    return [
        {"case_id": case, "roi": draw_png("again", 1).name, "round": "repeat", "drawn_at": again},
        {"case_id": case, "roi": draw_png("first").name, "round": "initial", "drawn_at": first},
    ]


@pytest.mark.parametrize("again", ["2025-10-27T12:00Z", "2025-10-27T13:00:00+01:00", "2025-12-24"])
def test_a_repeat_after_the_washout(tmp_path, study, draw_png, again):
    case = listed(study, "Reader A", Round.REPEAT)[0]
    rows = repeat_rows(case, "2025-09-01T12:00+00:00", again, draw_png)
    assert len(import_contours(study, write_table(tmp_path / "t.csv", rows)).added) == 2


def test_an_early_repeat(tmp_path, study, draw_png):
    cases = listed(study, "Reader A", Round.REPEAT)
    rows = repeat_rows(cases[0], "2025-09-01T12:00Z", "2025-10-27T11:59Z", draw_png)
    rows += repeat_rows(cases[1], "2025-09-01", "2025-12-01", draw_png)
    table = write_table(tmp_path / "t.csv", rows)
    with pytest.raises(ReadingError) as refused:
        import_contours(study, table)
    assert cases[0] in str(refused.value)
    assert cases[1] not in str(refused.value)
    assert "the washout is 56 days" in str(refused.value)
    assert "--allow-early" in str(refused.value)
    assert all_contours(study) == ()
    assert len(import_contours(study, table, allow_early=True).added) == 4
    trail = read_audit_trail(study)
    early = trail[trail["action"] == "allowed early repeat"]
    assert early["case_id"].tolist() == [cases[0]]
    assert "55.9 days after" in early["detail"].item()
    assert early["round"].tolist() == ["repeat"]
    assert import_contours(study, table).already_there == 4


def test_a_repeat_before_its_first_contour_is_never_taken(tmp_path, study, draw_png):
    case = listed(study, "Reader A", Round.REPEAT)[0]
    table = write_table(tmp_path / "t.csv", repeat_rows(case, "2025-09-02", "2025-09-01", draw_png))
    with pytest.raises(ReadingError, match="before the first contour"):
        import_contours(study, table, allow_early=True)
    table = write_table(tmp_path / "t.csv", repeat_rows(case, "", "2025-09-01", draw_png)[:1])
    with pytest.raises(ReadingError, match="no first contour"):
        import_contours(study, table, allow_early=True)


def test_a_first_contour_of_unknown_date_counts_from_now(tmp_path, study, clock, draw_png):
    case = listed(study, "Reader A", Round.REPEAT)[0]
    table = write_table(tmp_path / "t.csv", repeat_rows(case, "", "", draw_png))
    with pytest.raises(ReadingError, match="is not known"):
        import_contours(study, table)
    import_contours(study, write_table(table, repeat_rows(case, "", "", draw_png)[1:]))
    assert all_contours(study)[0].drawn_at is None
    assert all_contours(study)[0].software == "not known (imported)"  # and not this program
    write_table(table, repeat_rows(case, "", "", draw_png)[:1])
    clock.now += timedelta(days=56) - timedelta(seconds=1)
    with pytest.raises(ReadingError, match="washout"):
        import_contours(study, table)
    clock.now += timedelta(seconds=1)
    assert len(import_contours(study, table).added) == 1


def test_a_second_reader_has_no_repeat(tmp_path, study, draw_png):
    case = listed(study, "Reader B", Round.INITIAL)[0]
    with pytest.raises(ReadingError, match="not on the list of Reader B"):
        import_contour(study, case, draw_png("one"), "Reader B", Round.REPEAT)


# --- times -----------------------------------------------------------------------------------------------------------

NOW = datetime(2026, 1, 5, 8, 0, tzinfo=UTC)


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC)),
    st.integers(-14 * 60, 14 * 60),
    st.sampled_from(["T", " "]),
)
@settings(deadline=None, max_examples=60)
def test_a_written_time_is_the_same_moment(moment, offset_minutes, letter):
    moment = moment.replace(microsecond=0)
    written = moment.astimezone(timezone(timedelta(minutes=offset_minutes))).isoformat().replace("T", letter)
    if moment > NOW:
        with pytest.raises(ValueError, match="future"):
            utc_moment(parse_moment(written), NOW)
    else:
        assert utc_moment(parse_moment(written), NOW) == (moment, False)


def test_days_and_times_without_a_zone():
    assert utc_moment(parse_moment("2026-01-05"), NOW) == (datetime(2026, 1, 5, tzinfo=UTC), True)
    assert utc_moment(parse_moment("2026-01-05T07:59:59"), NOW) == (NOW - timedelta(seconds=1), True)
    assert utc_moment(parse_moment("2026-01-05T08:00Z"), NOW) == (NOW, False)
    with pytest.raises(ValueError, match=r"write the time zone"):
        utc_moment(parse_moment("2026-01-05T15:00"), NOW)
    # At 20:00 UTC it is tomorrow in Beijing: a date of tomorrow is drawn now at the latest.
    evening = NOW.replace(hour=20)
    assert utc_moment(date(2026, 1, 6), evening) == (evening, True)
    with pytest.raises(ValueError, match="future"):
        utc_moment(date(2026, 1, 7), evening)


@pytest.mark.parametrize(
    "text", ["", "05.01.2026", "2026-13-01", "yesterday", "2026-02-30", "1e400", "2026-01-05T25:00"]
)
def test_what_is_no_date(text):
    with pytest.raises(ValueError, match="is no date"):
        parse_moment(text)
