"""A small cohort, a clock that can be moved, a study of it with its readers, and the stages of a secret one."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from secret_study.theatre import READERS, STAGES, Theatre

from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import Study, assign, create_study
from CervixRiskLib.reading.database_url import parse_database_url
from CervixRiskLib.reading.store import StudyStore

ROWS, COLUMNS, CASES = 40, 48, 8


class Clock:
    """A clock that stands still until somebody moves it: ``clock.now += timedelta(days=57)``."""

    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 8, 0, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now

    def pass_days(self, days: float) -> None:
        self.now += timedelta(days=days)


def _ellipse(seed: int, shift: int = 0) -> np.ndarray:
    """An ellipse in the middle of the slice whose size depends on ``seed``, ``shift`` pixels to the right."""
    random = np.random.default_rng(seed)
    radius = random.uniform(7, 11)
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    return ((rows - ROWS / 2) / radius) ** 2 + ((columns - COLUMNS / 2 - shift) / (1.2 * radius)) ** 2 < 1


def write_cohort(folder: Path, names: list[str]) -> Path:
    """Write one slice and mask per case, and ``cohort.csv``; outcomes alternate."""
    for place in ("images", "rois"):
        (folder / place).mkdir(parents=True)
    lines = ["case_id,image,roi,outcome,spacing_mm,age"]
    for index, name in enumerate(names):
        random, mask = np.random.default_rng(100 + index), _ellipse(index)
        pixels = random.rayleigh(40, mask.shape) * np.where(mask, 0.6, 1.0)
        Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(folder / "images" / f"{index}.png")
        Image.fromarray(mask.astype(np.uint8) * 255).save(folder / "rois" / f"{index}.png")
        quoted = '"' + name.replace('"', '""') + '"'
        lines.append(f"{quoted},images/{index}.png,rois/{index}.png,{index % 2},0.25,{40 + index % 40}")
    table = folder / "cohort.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


@pytest.fixture
def make_cohort_table(tmp_path: Path) -> Callable[[list[str]], Path]:
    """``make_cohort_table(names)`` writes a cohort whose cases have these names."""
    return lambda names: write_cohort(tmp_path / "cohort", names)


@pytest.fixture
def cohort_table(tmp_path: Path) -> Path:
    """A ``cohort.csv`` of eight PNG slices (40 × 48, 0.25 mm) with masks, an outcome and an age."""
    return write_cohort(tmp_path / "cohort", [f"Case {index}" for index in range(CASES)])


@pytest.fixture
def clock() -> Clock:
    """Callable; ``clock.now`` and ``clock.pass_days(57)`` move it."""
    return Clock()


@pytest.fixture
def study(tmp_path: Path, cohort_table: Path, clock: Clock) -> Study:
    """Eight cases for "Reader A", four of them for "Reader B" and the repeat; "Reviewer C" reviews."""
    study = create_study(tmp_path / "study", cohort_table, clock=clock)
    assign(study, primary="Reader A", seconds=["Reader B"], reviewer="Reviewer C", second_cases=4)
    return study


@pytest.fixture
def draw(study: Study) -> Callable[..., Roi]:
    """``draw(number, shift=0)``: an ellipse on that case's image; another ``shift``, another contour."""
    cases = {case.number: case for case in study.cases()}

    def make(number: int, shift: int = 0) -> Roi:
        return Roi.from_mask(_ellipse(number, shift), study.image(cases[number]))

    return make


@pytest.fixture
def draw_png(tmp_path: Path) -> Callable[..., Path]:
    """``draw_png(name, shift=0)`` writes a mask of the small cohort's size and returns its path."""

    def make(name: str, shift: int = 0, shape: tuple[int, int] = (ROWS, COLUMNS)) -> Path:
        mask = np.zeros(shape, np.uint8)
        mask[10:25, 12 + shift : 30 + shift] = 255
        path = tmp_path / f"{name}.png"
        Image.fromarray(mask).save(path)
        return path

    return make


@pytest.fixture(scope="session")
def stages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """After each stage: a copy of the study, when that was, what was drawn, and which masks each reader may see."""
    folder = tmp_path_factory.mktemp("blinding")
    theatre = Theatre(folder)
    kept = {}
    for name, act in STAGES.items():
        act(theatre)
        copy = Path(shutil.copytree(theatre.study.folder, folder / name))
        may_see = {who: theatre.may_see(who) for who in READERS}
        kept[name] = (theatre, copy, theatre.clock.now, list(theatre.drawn), may_see)
    return kept


def _postgresql_programs() -> Path | None:
    """The folder of ``initdb`` and ``postgres``: on the PATH, or where Debian puts them."""
    found = shutil.which("initdb")
    folders = [Path(found).resolve().parent] if found else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((folder for folder in folders if (folder / "initdb").exists() and (folder / "postgres").exists()), None)


def _server_account() -> dict[str, Any]:
    """As whom the server runs: it refuses to be root."""
    if os.name != "posix" or os.geteuid() != 0:
        return {}
    import pwd

    for name in ("postgres", "nobody"):
        try:
            account = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}
    pytest.skip("PostgreSQL refuses to run as root, and there is no other account")


@pytest.fixture(scope="session")
def postgresql() -> Iterator[str]:
    """The address of a PostgreSQL server that lives as long as the tests; skipped where there is none."""
    programs = _postgresql_programs()
    if programs is None:
        pytest.skip("PostgreSQL's server is not installed (Debian: apt install postgresql)")
    pytest.importorskip("pg8000", reason="the driver pg8000 is not installed")
    account = _server_account()
    # Not below pytest's folder: another account may not go there.
    home = Path(tempfile.mkdtemp(prefix="cervixrisk-postgresql-"))
    try:
        if account:
            os.chown(home, account["user"], account["group"])
        options = {"cwd": home, "stdout": subprocess.DEVNULL, **account}
        subprocess.run(
            [programs / "initdb", "-D", home / "data", "-U", "cervixrisk", "-A", "trust", "-E", "UTF8", "--locale=C",
             "--no-sync"],
            check=True, stderr=subprocess.STDOUT, timeout=120, **options,
        )  # fmt: skip
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        server = subprocess.Popen(
            [programs / "postgres", "-D", home / "data", "-k", home, "-h", "127.0.0.1", "-p", str(port), "-F"],
            stderr=subprocess.DEVNULL, **options,
        )  # fmt: skip
        try:
            address = f"postgresql://cervixrisk@127.0.0.1:{port}/postgres"
            _wait_for(address, server)
            yield address
        finally:
            server.send_signal(signal.SIGINT)
            server.wait(60)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _wait_for(address: str, server: subprocess.Popen[bytes]) -> None:
    from CervixRiskLib.errors import StorageError

    store = StudyStore.postgresql(parse_database_url(address), "nothing")
    deadline = time.monotonic() + 60
    while True:
        try:
            store.has_tables()
            return
        except StorageError:
            assert server.poll() is None, "the server has ended"
            assert time.monotonic() < deadline, "the server does not answer"
            time.sleep(0.05)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> str | None:
    """What ``create_study`` takes: ``None`` for SQLite, then the address of a PostgreSQL server."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgresql")


@pytest.fixture
def any_study(tmp_path: Path, cohort_table: Path, clock: Clock, database: str | None) -> Study:
    """As ``study``, on each kind of database."""
    study = create_study(tmp_path / "any study", cohort_table, clock=clock, database=database)
    assign(study, primary="Reader A", seconds=["Reader B"], reviewer="Reviewer C", second_cases=4)
    return study


@pytest.fixture
def make_roi() -> Callable[..., Roi]:
    """``make_roi(study, number, shift=0)``: as ``draw``, on any study."""

    def make(study: Study, number: int, shift: int = 0) -> Roi:
        case = next(case for case in study.cases() if case.number == number)
        return Roi.from_mask(_ellipse(number, shift), study.image(case))

    return make
