"""Names of readers and cases, whatever they are: stored inside the folder, told apart, and given back as they were."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from CervixRiskLib.cohort import load_cohort
from CervixRiskLib.errors import ReadingError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk,
    all_contours,
    assign,
    check_integrity,
    create_study,
    open_study,
    people,
)
from CervixRiskLib.reading.folder_names import LONGEST_NAME, clean_name, folder_name

HOSTILE = [
    "..",
    ".",
    "../../etc/passwd",
    "/absolute",
    "C:\\Windows\\x",
    "a/b",
    "a\\b",
    "CON",
    "con.txt",
    "nul",
    "NUL.tar.gz",
    "COM1",
    "COM¹",
    "lpt9.x",
    "AUX.",
    "trailing.",
    "trailing. .",
    "-rf",
    "~",
    "~root",
    "$HOME",
    "*?<>|:\"'",
    "'; DROP TABLE readers; --",
    "%2e%2e%2f",
    "Müller",
    "MÜLLER",
    "Dr. Ä/..",
    "王伟",
    "Ольга",
    "علی\u200cرضا",
    "👩\u200d⚕️ Dr. 🦠",
    "a",
    "A",
    "Å",
    "ﬁ",
    "fi",
    "x" * LONGEST_NAME,
    "é" * LONGEST_NAME,
    ".hidden",
    "a..b",
    "initial.v2.seg.nrrd",
    "a,b;c",
    "100 %",
    "1e5",
    "007",
    "nan",
    "NULL",
    "=1+1",
]
# What every file system takes as it is, and keeps apart from every other.
PORTABLE = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]*(~[0-9a-f]{8,64})?")
DEVICES = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?")
NAMES = st.one_of(st.text(max_size=220), st.sampled_from(HOSTILE), st.text("aA.~-_ \u0308", max_size=12))


def _check_portable(folder: str) -> None:
    assert PORTABLE.fullmatch(folder)
    assert not DEVICES.fullmatch(folder)
    assert ".." not in folder
    assert not folder.endswith((".", " "))
    assert len(folder) <= 48 + 1 + 64


@given(NAMES)
@settings(max_examples=300, deadline=None)
@example("e\u0301")
@example("\u200d")
@example("\ud800")
@example("a\u2028b")
def test_a_name_is_refused_or_kept(text: str) -> None:
    try:
        name = clean_name(text, "reader")
    except ReadingError as error:
        assert text.strip() == "" or text.strip() not in str(error)  # noqa: PT017
        return
    assert name == unicodedata.normalize("NFC", text).strip()
    assert 0 < len(name) <= LONGEST_NAME
    assert clean_name(name, "reader") == name
    name.encode("utf-8")
    _check_portable(folder_name(name))


@given(st.lists(NAMES, min_size=2, max_size=12, unique=True))
@settings(max_examples=150, deadline=None)
@example(["a", "A"])
@example(["Å", "A"])
@example(["x" * 60, "x" * 61])
@example(HOSTILE)
def test_different_names_have_different_folders(names: list[str]) -> None:
    taken: list[str] = []
    for name in names:
        folder = folder_name(name, taken)
        _check_portable(folder)
        taken.append(folder)
    assert len({folder.casefold() for folder in taken}) == len(names)


def test_plain_names_stay_as_they_are() -> None:
    for name in ("Case-001", "reader_A", "P12.3"):
        assert folder_name(name) == name
    assert folder_name("reader_A", ["READER_a"]) != "reader_A"
    assert folder_name("Reader A").startswith("Reader-A~")


@pytest.mark.parametrize("text", ["", "   ", "a\x00b", "a\nb", "a\tb", "\u202eabc", "\ufeffa", "a\ud800", "x" * 201])
def test_names_that_nobody_can_read_are_refused(text: str) -> None:
    with pytest.raises(ReadingError, match="name"):
        clean_name(text, "case")


@pytest.mark.parametrize("name", [name for name in HOSTILE if name.strip() == name])
def test_hostile_readers(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path], name: str) -> None:
    study = create_study(tmp_path / "deep" / "study", make_cohort_table(["one", "two"]))
    assign(study, primary=name, second_cases=2)
    roi = Roi(np.ones((40, 48), bool), (0.25, 0.25))
    ReaderDesk(study, name).submit(1, roi)
    again = open_study(study.folder)
    assert [person.name for person in people(again)] == [clean_name(name, "reader")]
    # Typed in the other way of storing letters it is the same person.
    assert ReaderDesk(again, unicodedata.normalize("NFD", name)).tasks()[0].total == 2
    assert check_integrity(again).sound
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["study"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "deep"]


def test_hostile_cases(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path], database: str | None) -> None:
    # A cohort table refuses names that differ in upper and lower case alone, and has its own limits.
    table = make_cohort_table(list({name.casefold(): name for name in HOSTILE}.values()))
    names = [clean_name(name, "case") for name in load_cohort(table).case_ids]
    assert len(names) > 40
    study = create_study(tmp_path / "deep" / "study", table, database=database)
    assign(study, primary="Reader A", second_cases=2)
    desk, roi = ReaderDesk(study, "Reader A"), Roi(np.ones((40, 48), bool), (0.25, 0.25))
    for case in study.cases():
        _check_portable(case.folder)
        desk.submit(case.number, roi)
    again = open_study(study.folder, database=database)
    assert sorted(case.case_id for case in again.cases()) == sorted(names)
    assert len({case.folder.casefold() for case in again.cases()}) == len(names)
    for contour in all_contours(again):
        assert (again.folder / contour.file).resolve().is_relative_to((again.folder / "contours").resolve())
        assert again.roi(contour, again.image(again.cases()[contour.number - 1])).n_pixels == roi.n_pixels
    assert check_integrity(again).sound
    assert sorted(path.name for path in (tmp_path / "deep").iterdir()) == ["study"]


def test_cases_that_differ_in_how_a_letter_is_stored(
    tmp_path: Path, make_cohort_table: Callable[[list[str]], Path]
) -> None:
    with pytest.raises(ReadingError, match="same name"):
        create_study(tmp_path / "study", make_cohort_table(["\u00e9", "e\u0301"]))
    assert not (tmp_path / "study").exists()


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(name=NAMES.filter(lambda name: name.strip() != ""))
def test_any_reader_in_a_study(name: str, tmp_path_factory: pytest.TempPathFactory, cohort_table: Path) -> None:
    study = create_study(tmp_path_factory.mktemp("studies") / "study", cohort_table)
    try:
        assign(study, primary=name, second_cases=2)
    except ReadingError:
        assert people(study) == ()
        return
    ReaderDesk(study, name).submit(1, Roi(np.ones((40, 48), bool), (0.25, 0.25)))
    (contour,) = all_contours(study)
    assert contour.reader == clean_name(name, "reader")
    assert check_integrity(study).sound
