"""Who reads which case, in which order."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.errors import CervixRiskError, ReadingError, SettingsError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk,
    ReviewDesk,
    Role,
    Round,
    Study,
    assign,
    create_study,
    people,
)

Make = Callable[[list[str]], Path]


def order(study: Study, name: str) -> list[int]:
    return [task.number for task in ReaderDesk(study, name).tasks() if task.round is Round.INITIAL]


def repeat_order(study: Study) -> list[int]:
    """The repeats' own order, which nobody is told before their date."""
    with study.store.reading() as connection:
        query = (
            'select cases.number from assignments join cases on cases.id = assignments."case" '
            "where round = 'repeat' order by position"
        )
        return [number for (number,) in connection.exec_driver_sql(query)]


def test_second_readers_and_the_repeat_share_the_same_random_cases(cohort_table: Path, tmp_path: Path) -> None:
    study = create_study(tmp_path / "s", cohort_table)
    summary = assign(study, primary="A", seconds=["B", "C"], reviewer="R", second_cases=5)
    assert (summary.primary_cases, summary.second_cases, summary.repeat_cases) == (8, 5, 5)
    lists = [order(study, name) for name in "ABC"] + [repeat_order(study)]
    assert sorted(lists[0]) == list(range(1, 9))
    assert sorted(lists[1]) == sorted(lists[2]) == sorted(lists[3])
    # Each in an order of its own.
    assert len({tuple(one) for one in lists[1:]}) == 3
    assert [person.role for person in people(study)] == [Role.PRIMARY, Role.SECOND, Role.SECOND, Role.REVIEWER]


def test_the_same_seed_gives_the_same_lists_and_another_one_others(cohort_table: Path, tmp_path: Path) -> None:
    found = []
    for index, seed in enumerate((5, 5, 6)):
        study = create_study(tmp_path / str(index), cohort_table, seed=seed)
        assign(study, primary="A", seconds=["B"], second_cases=4)
        cases = {case.number: case.case_id for case in study.cases()}
        found.append(
            [[cases[number] for number in one] for one in (order(study, "A"), order(study, "B"), repeat_order(study))]
        )
    assert found[0] == found[1]
    assert all(one != other for one, other in zip(found[0], found[2], strict=True))


def test_the_part_is_random() -> None:
    """Over many seeds every case is drawn about equally often: 3 of 6, so each in half of 60 studies."""
    from CervixRiskLib.reading.assignment import _random_part

    keys = list(range(6))
    counts = [0] * 6
    for seed in range(600):
        part = _random_part(seed, keys, 3)
        assert len(set(part)) == 3
        for key in part:
            counts[key] += 1
    # 600 draws at p = 1/2: four standard deviations are 49.
    assert all(abs(count - 300) < 49 for count in counts)


@pytest.mark.parametrize(("cases", "asked", "part"), [(1, 50, 1), (2, 50, 2), (3, 2, 2), (8, 50, 8), (8, 8, 8)])
def test_lists_of_few_cases(make_cohort_table: Make, tmp_path: Path, cases: int, asked: int, part: int) -> None:
    study = create_study(tmp_path / "s", make_cohort_table([f"K{index}" for index in range(cases)]))
    summary = assign(study, primary="A", seconds=["B"], reviewer="R", second_cases=asked)
    assert (summary.primary_cases, summary.second_cases, summary.repeat_cases) == (cases, part, part)
    assert (len(order(study, "A")), len(order(study, "B"))) == (cases, part)


def test_a_study_without_second_reader_and_without_repeat(cohort_table: Path, tmp_path: Path) -> None:
    alone = create_study(tmp_path / "alone", cohort_table)
    summary = assign(alone, primary="A", reviewer="R", repeat=False)
    assert (summary.primary_cases, summary.second_cases, summary.repeat_cases) == (8, 0, 0)
    desk = ReaderDesk(alone, "A")
    assert desk.waiting().count == 0
    mask = np.zeros((40, 48), bool)
    mask[5:20, 7:30] = True
    desk.submit(order(alone, "A")[0], Roi(mask))
    assert [task.readers for task in ReviewDesk(alone, "R").tasks()] == [("A",)]


def test_called_again_it_adds_what_is_missing_and_changes_nothing_else(cohort_table: Path, tmp_path: Path) -> None:
    study = create_study(tmp_path / "s", cohort_table)
    assert assign(study, primary="A", second_cases=4, repeat=False).repeat_cases == 0
    first = order(study, "A")
    summary = assign(study, primary="A", seconds=["B"], second_cases=4)
    assert (summary.second_cases, summary.repeat_cases) == (4, 4)
    lists = (order(study, "B"), repeat_order(study))
    summary = assign(study, primary=" A ", seconds=["C"], reviewer="R", second_cases=4, repeat=False)
    # What stands is told, also what was not asked for again.
    assert (summary.second_cases, summary.repeat_cases) == (4, 4)
    assert order(study, "A") == first
    assert (order(study, "B"), repeat_order(study)) == lists
    assert sorted(order(study, "C")) == sorted(lists[0])
    before = [person.name for person in people(study)]
    assign(study, primary="A", seconds=["B", "C"], reviewer="R", second_cases=4)
    assert [person.name for person in people(study)] == before == ["A", "B", "C", "R"]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"primary": "A", "seconds": ["a"]}, "cannot have two roles"),
        ({"primary": "Ä", "seconds": ["A\u0308 "]}, "cannot have two roles"),
        ({"primary": "A", "seconds": ["B", "b"]}, "cannot have two roles"),
        ({"primary": "A", "reviewer": "A"}, "cannot have two roles"),
        ({"primary": "A", "second_cases": 1}, "at least two cases"),
        ({"primary": ""}, "has no name"),
        ({"primary": "A\x00B"}, "cannot be seen"),
        ({"primary": "A" * 201}, "longer than 200"),
        ({"primary": "Coordinator", "second_cases": 4}, "audit trail"),
        ({"primary": "Someone else", "second_cases": 4}, "its primary reader already"),
        ({"primary": "Reader A", "reviewer": "Someone else", "second_cases": 4}, "its reviewer already"),
        ({"primary": "Reader B", "second_cases": 4}, "another role"),
        ({"primary": "reader a", "seconds": ["Reviewer C"], "second_cases": 4}, "another role"),
        ({"primary": "Reader A", "seconds": ["Reader B"], "second_cases": 5}, "have 4 cases already"),
    ],
)
def test_what_cannot_be_assigned_changes_nothing(study: Study, arguments: dict[str, object], sentence: str) -> None:
    def all_rows() -> list[object]:
        with study.store.reading() as connection:
            return [
                tuple(row)
                for table in ("readers", "assignments", "events", "study")
                for row in connection.exec_driver_sql(f"select * from {table} order by id")
            ]

    before = all_rows()
    with pytest.raises(CervixRiskError, match=sentence) as refusal:
        assign(study, **arguments)  # type: ignore[arg-type]
    assert isinstance(refusal.value, ReadingError | SettingsError)
    assert all_rows() == before


def test_a_name_in_another_spelling_is_the_same_person(study: Study) -> None:
    assign(study, primary="READER A", seconds=["reader b"], reviewer="reviewer c", second_cases=4)
    assert [person.name for person in people(study)] == ["Reader A", "Reader B", "Reviewer C"]
