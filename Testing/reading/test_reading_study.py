"""Making a study, opening it, and what is said when something is wrong with it."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.errors import CervixRiskError, ImageError, ReadingError, SettingsError, StorageError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk,
    Round,
    Study,
    all_contours,
    assign,
    check_integrity,
    create_study,
    open_study,
)
from CervixRiskLib.reading import study as study_module


def test_a_contour_comes_back_as_it_was_drawn(study: Study, draw: Callable[..., Roi]) -> None:
    desk = ReaderDesk(study, "Reader A")
    task = desk.next_task()
    assert task is not None
    assert (task.round, task.position, task.total) == (Round.INITIAL, 1, 8)
    drawn = draw(task.number, 2)
    receipt = desk.submit(task.number, drawn)
    again = open_study(study.folder)
    (contour,) = all_contours(again)
    assert contour.file_sha256 == receipt.sha256
    case = next(case for case in again.cases() if case.number == task.number)
    assert (again.roi(contour, again.image(case)).mask == drawn.mask).all()
    assert check_integrity(again).sound


def test_the_images_are_the_cohorts(study: Study, cohort_table: Path) -> None:
    cohort = load_cohort(cohort_table)
    for case in study.cases():
        image, (original, _) = study.image(case), load_case(cohort, case.case_id)
        assert (image.pixels == original.pixels).all()
        assert image.spacing_mm == original.spacing_mm == (0.25, 0.25)
        assert case.image_file == f"images/{case.number:04d}.nrrd"


def test_the_folder_tells_nothing_of_the_cohort(study: Study, cohort_table: Path) -> None:
    names = [case.case_id for case in study.cases()]
    numbers = [case.number for case in study.cases()]
    assert numbers == sorted(numbers) == list(range(1, 9))
    assert names != sorted(names)
    for path in (study.folder / "images").iterdir():
        header = path.read_bytes().split(b"\n\n", 1)[0]
        assert b"Case" not in header
        assert b"age" not in header.lower().replace(b"image", b"")
    database = (study.folder / "study.db").read_bytes()
    for word in (b"outcome", b"prediction", str(cohort_table.parent).encode()):
        assert word not in database
    assert b"Case" not in (study.folder / "study.json").read_bytes()


def test_the_same_seed_gives_the_same_study(tmp_path: Path, cohort_table: Path) -> None:
    def shape(name: str, seed: int) -> object:
        study = create_study(tmp_path / name, cohort_table, seed=seed)
        assign(study, primary="A", seconds=["B"], second_cases=4)
        return (
            [case.case_id for case in study.cases()],
            [task.number for task in ReaderDesk(study, "A").tasks()],
            [task.number for task in ReaderDesk(study, "B").tasks()],
        )

    assert shape("one", 1) == shape("same", 1) != shape("other", 2)


def test_outcomes_and_contours_need_not_be_there(tmp_path: Path, cohort_table: Path) -> None:
    lines = [line.split(",")[:2] for line in cohort_table.read_text().splitlines()]
    table = cohort_table.with_name("images.csv")
    table.write_text("\n".join(",".join(cells) for cells in lines) + "\n")
    assert len(create_study(tmp_path / "study", table).cases()) == 8
    # Nor need they be sound.
    for path in (cohort_table.parent / "rois").iterdir():
        path.write_bytes(b"not a picture")
    assert len(create_study(tmp_path / "other", cohort_table).cases()) == 8


def test_settings_are_kept(tmp_path: Path, cohort_table: Path, clock: Any) -> None:
    study = create_study(tmp_path / "study", cohort_table, seed=7, washout_days=30, clock=clock)
    settings = open_study(study.folder).settings
    assert settings == study.settings
    assert (settings.seed, settings.washout, settings.simulated) == (7, timedelta(days=30), False)
    assert settings.created_at == clock.now


@pytest.mark.parametrize(
    "options",
    [{"seed": -1}, {"seed": 2**31}, {"washout_days": -1}, {"washout_days": float("nan")}, {"washout_days": 1e9}],
)
def test_settings_that_make_no_sense(tmp_path: Path, cohort_table: Path, options: dict[str, Any]) -> None:
    with pytest.raises(SettingsError):
        create_study(tmp_path / "study", cohort_table, **options)
    assert not (tmp_path / "study").exists()


def test_a_folder_that_holds_something(tmp_path: Path, cohort_table: Path, study: Study) -> None:
    for folder in (study.folder, cohort_table.parent, cohort_table):
        before = sorted(os.listdir(folder)) if folder.is_dir() else folder.read_bytes()
        with pytest.raises(StorageError, match="already holds"):
            create_study(folder, cohort_table)
        assert (sorted(os.listdir(folder)) if folder.is_dir() else folder.read_bytes()) == before
    (tmp_path / "empty").mkdir()
    assert len(create_study(tmp_path / "empty", cohort_table).cases()) == 8


def test_two_make_their_study_in_one_folder(
    tmp_path: Path, cohort_table: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower one finds the quicker one's study and leaves it alone."""
    write = study_module.write_study_images

    def slowly(*arguments: Any) -> Any:
        monkeypatch.undo()
        create_study(tmp_path / "study", cohort_table, seed=1)
        return write(*arguments)

    monkeypatch.setattr(study_module, "write_study_images", slowly)
    with pytest.raises(StorageError, match="already holds"):
        create_study(tmp_path / "study", cohort_table, seed=2)
    assert open_study(tmp_path / "study").settings.seed == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort", "study"]


def test_an_image_that_cannot_be_read_makes_no_study(tmp_path: Path, cohort_table: Path) -> None:
    image = cohort_table.parent / "images" / "3.png"
    content = image.read_bytes()
    image.write_bytes(content[: len(content) // 2])
    with pytest.raises(CervixRiskError):
        create_study(tmp_path / "study", cohort_table)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cohort"]


def test_the_cohort_may_change_afterwards(study: Study, cohort_table: Path) -> None:
    for path in (cohort_table.parent / "images").iterdir():
        Image.new("L", (5, 5)).save(path)
    assert check_integrity(study).sound


# --- opening ---


def test_no_study(tmp_path: Path, cohort_table: Path) -> None:
    for folder in (tmp_path / "nowhere", cohort_table.parent, cohort_table):
        with pytest.raises(ReadingError, match="no reader study"):
            open_study(folder)


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b"null", b"7", b"{}", b"\xff", b"[" * 60000, b'{"format": "cervixrisk-', b" " * 10**6],
)
def test_a_damaged_study_file(study: Study, content: bytes) -> None:
    (study.folder / "study.json").write_bytes(content)
    with pytest.raises(ReadingError, match=r"study\.json is damaged"):
        open_study(study.folder)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"schema_version": 2}, "another version"),
        ({"schema_version": "1"}, "another version"),
        ({"schema_version": None}, "another version"),
        ({"format": "something else"}, "damaged"),
        ({"study_id": 7}, "damaged"),
        ({"study_id": "00000000-0000-4000-8000-000000000000"}, "do not belong together"),
        ({"database": 7}, "damaged"),
        ({"database": "../study.db"}, "damaged|address"),
        ({"database": "sqlite:////etc/passwd", "namespace": "study_1"}, "PostgreSQL"),
        ({"database": "postgresql://user@host/name"}, "damaged"),
        ({"database": "postgresql://user@host/name", "namespace": ["study_1"]}, "damaged"),
        ({"database": "postgresql://user@host/name", "namespace": 'x"; DROP SCHEMA public; --'}, "wrongly"),
    ],
)
def test_a_study_file_that_says_something_else(study: Study, change: dict[str, Any], words: str) -> None:
    path = study.folder / "study.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), **change}))
    with pytest.raises(ReadingError, match=words):
        open_study(study.folder)


def test_the_database_of_another_study(study: Study, tmp_path: Path, cohort_table: Path) -> None:
    other = create_study(tmp_path / "other", cohort_table)
    (study.folder / "study.db").write_bytes((other.folder / "study.db").read_bytes())
    with pytest.raises(ReadingError, match="do not belong together"):
        open_study(study.folder)
    (study.folder / "study.db").unlink()
    with pytest.raises(ReadingError, match="missing"):
        open_study(study.folder)
    assert not (study.folder / "study.db").exists()  # not made anew, empty


def test_a_study_may_move(study: Study, draw: Callable[..., Roi], tmp_path: Path) -> None:
    roi = draw(1)
    ReaderDesk(study, "Reader A").submit(1, roi)
    old = ReaderDesk(study, "Reader A")
    os.rename(study.folder, tmp_path / "mövéd # 100%?")
    moved = open_study(tmp_path / "mövéd # 100%?")
    assert check_integrity(moved).sound
    assert ReaderDesk(moved, "Reader A").submit(2, roi).version == 1
    # Who still holds it at its old place makes no new folder there.
    with pytest.raises(CervixRiskError):
        old.submit(3, roi)
    assert not study.folder.exists()


def test_a_contour_of_another_size(study: Study) -> None:
    import numpy as np

    with pytest.raises(ReadingError, match="40 × 48"):
        ReaderDesk(study, "Reader A").submit(1, Roi(np.ones((48, 40), bool)))
    with pytest.raises((ReadingError, ImageError)):
        ReaderDesk(study, "Reader A").submit(9, Roi(np.ones((40, 48), bool)))


def test_clinical_values_are_not_even_checked(tmp_path, cohort_table):
    table = cohort_table.read_text(encoding="utf-8").splitlines()
    table[1] = table[1].rsplit(",", 1)[0] + ",1111"
    cohort_table.write_text("\n".join(table) + "\n", encoding="utf-8")
    assert len(create_study(tmp_path / "study", cohort_table).cases()) == len(table) - 1


def test_long_names_of_cases_come_back_whole(tmp_path, make_cohort_table):
    names = [f"{'a very long name of a case, ' * 4}{index}" for index in range(3)]
    study = create_study(tmp_path / "study", make_cohort_table(names))
    assert sorted(case.case_id for case in study.cases()) == names
