"""Programs at work in one study at once lose nothing and break nothing, on SQLite and on PostgreSQL.

Two readers submit, the reviewer decides, and a coordinator looks, each in a program of its own, for eight seconds or
as long as ``CERVIXRISK_STRESS_SECONDS`` says (continuous integration asks for a minute). What each was promised is
written down and compared with the study.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from CervixRiskLib.reading import (
    Study,
    all_contours,
    assign,
    check_integrity,
    create_study,
    open_study,
    schema,
)

SECONDS = float(os.environ.get("CERVIXRISK_STRESS_SECONDS", "8"))
CASES = 12

PROGRAM = """
import json, sys, time, traceback
import numpy as np
from CervixRiskLib.errors import ReadingError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    ReaderDesk, ReviewDesk, all_contours, check_integrity, open_study, reviewed_contours, study_status
)

who, folder, database, seconds, seed, out = sys.argv[1:]
random = np.random.default_rng(int(seed))
study = open_study(folder, database=database or None)
promised = {"receipts": [], "reviews": [], "refused": [], "rounds": 0, "looked": 0}


def contour():
    mask = np.zeros((40, 48), bool)
    row, column = random.integers(2, 20, 2)
    mask[row : row + random.integers(4, 18), column : column + random.integers(4, 22)] = True
    return Roi(mask, (0.25, 0.25))


def read():
    desk = ReaderDesk(open_study(folder, database=database or None) if random.random() < 0.1 else study, who)
    tasks = desk.tasks()
    task = desk.next_task() or tasks[random.integers(len(tasks))]
    if task.state.value == "returned":
        desk.returned_contour(task.number)
    desk.open_image(task.number)
    receipt = desk.submit(task.number, contour())
    promised["receipts"].append([receipt.number, who, receipt.round.value, receipt.version, receipt.sha256])
    desk.waiting()


def review():
    desk = ReviewDesk(study, who)
    tasks = desk.tasks()
    if not tasks:
        # All is decided: take a decision again, so that the readers have work.
        number = int(random.integers(1, 13))
        found = desk.contours(number)
        if found:
            desk.return_to_reader(number, found[random.integers(len(found))].reader, reason="again")
            promised["reviews"].append([number, "returned"])
        return
    task = tasks[random.integers(len(tasks))]
    found = desk.contours(task.number)
    kind = random.integers(3)
    if kind == 0:
        desk.accept(task.number, found[0].reader, version=found[0].version)
        promised["reviews"].append([task.number, "accepted"])
    elif kind == 1:
        receipt = desk.adjust(task.number, contour())
        promised["receipts"].append([receipt.number, who, receipt.round.value, receipt.version, receipt.sha256])
        promised["reviews"].append([task.number, "adjusted"])
    else:
        desk.return_to_reader(task.number, found[-1].reader, reason="again", version=found[-1].version)
        promised["reviews"].append([task.number, "returned"])


def look():
    fresh = open_study(folder, database=database or None)
    status = study_status(fresh)
    assert status.integrity.sound, status.integrity
    contours = all_contours(fresh)
    reviewed_contours(fresh)
    if contours:
        one = contours[random.integers(len(contours))]
        fresh.roi(one, fresh.image(next(case for case in fresh.cases() if case.number == one.number)))
    promised["looked"] += 1
    time.sleep(0.05)


work = {"Reader": read, "Reviewer": review}.get(who.split()[0], look)
end = time.monotonic() + float(seconds)
try:
    while time.monotonic() < end:
        promised["rounds"] += 1
        try:
            work()
        except ReadingError as error:
            promised["refused"].append(str(error))
except BaseException:
    promised["broken"] = traceback.format_exc()
with open(out, "w", encoding="utf-8") as handle:
    json.dump(promised, handle)
"""

# What one person's work may rightly forbid another's.
EXPECTED = ("has been reviewed", "has changed since you looked", "has not been drawn", "has not drawn")


@pytest.fixture
def busy_study(tmp_path: Path, make_cohort_table: Callable[[list[str]], Path], database: str | None) -> Study:
    table = make_cohort_table([f"Case {index}" for index in range(CASES)])
    study = create_study(tmp_path / "study", table, database=database)
    assign(study, primary="Reader A", seconds=["Reader B"], reviewer="Reviewer C", second_cases=CASES)
    return study


@pytest.mark.timeout(300 + 3 * SECONDS)
def test_four_programs_at_once(busy_study: Study, database: str | None, tmp_path: Path) -> None:
    people = ("Reader A", "Reader B", "Reviewer C", "Coordinator")
    started = time.monotonic()
    programs = [
        subprocess.Popen(
            [
                sys.executable, "-c", PROGRAM, who, str(busy_study.folder), database or "", str(SECONDS), str(seed),
                str(tmp_path / f"{who}.json"),
            ],
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )
        for seed, who in enumerate(people)
    ]  # fmt: skip
    for program in programs:
        assert program.wait(240 + 2 * SECONDS) == 0
    assert time.monotonic() - started >= SECONDS
    promised: dict[str, Any] = {who: json.loads((tmp_path / f"{who}.json").read_text()) for who in people}
    for who, kept in promised.items():
        assert "broken" not in kept, f"{who}: {kept['broken']}"
        strange = [words for words in kept["refused"] if not any(part in words for part in EXPECTED)]
        assert strange == []
        assert kept["rounds"] > len(kept["refused"])

    study = open_study(busy_study.folder, database=database)
    assert check_integrity(study).sound
    assert os.listdir(study.folder / "incoming") == []
    contours = all_contours(study)
    rows = {(c.number, c.reader, c.round.value, c.version): c for c in contours}
    assert len(rows) == len(contours)
    receipts = [tuple(receipt) for kept in promised.values() for receipt in kept["receipts"]]
    for *reading, sha256 in receipts:
        row = rows[tuple(reading)]
        assert row.file_sha256 == sha256
        assert hashlib.sha256((study.folder / row.file).read_bytes()).hexdigest() == sha256
    # Every row was promised to somebody; a contour drawn twice alike has one row and two receipts.
    assert {tuple(reading) for *reading, _ in receipts} == set(rows)
    for case, reader, round_ in {(number, reader, round_) for number, reader, round_, _ in rows}:
        versions = sorted(version for *reading, version in rows if reading == [case, reader, round_])
        assert versions == list(range(1, len(versions) + 1))
    with study.store.reading() as connection:
        query = schema.reviews.join(schema.cases, schema.reviews.c.case == schema.cases.c.id)
        stored = connection.execute(
            schema.reviews.select()
            .with_only_columns(schema.cases.c.number, schema.reviews.c.decision)
            .select_from(query)
        ).all()
        events = Counter(connection.execute(schema.events.select().with_only_columns(schema.events.c.action)).scalars())
    assert Counter(map(tuple, stored)) == Counter(tuple(one) for one in promised["Reviewer C"]["reviews"])
    assert events["submitted"] == sum(contour.round.value == "initial" for contour in contours)
    for decision in ("accepted", "returned"):
        assert events[decision] == sum(found == decision for _, found in stored)
    # All were at work: nobody waited for the others the whole time.
    assert min(len(promised[who]["receipts"]) for who in people[:3]) >= SECONDS / 10
    assert promised["Coordinator"]["looked"] >= SECONDS / 10
