"""Blinding, tested as an attack: everything a reader's role can call, in every state of a study full of secrets."""

from __future__ import annotations

import dataclasses
import gzip
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sqlalchemy import event

from CervixRiskLib.errors import CervixRiskError, ReadingError
from CervixRiskLib.imaging import Roi, read_image
from CervixRiskLib.reading import (
    ReaderDesk,
    ReviewDesk,
    Round,
    Study,
    TaskState,
    all_contours,
    assign,
    create_study,
    open_study,
)

ROWS, COLUMNS = 36, 40
PRIMARY, SECOND, THIRD, REVIEWER = "Primara Geheim", "Secunda Verrat", "Tertia Spion", "Richter Weiss"
PEOPLE = (PRIMARY, SECOND, THIRD, REVIEWER)
READERS = PEOPLE[:3]
NUMBERS = (0, -1, 7, 10**6, 2**31 - 1, 2**31, 2**63, 10**30)
# Words of the cohort that must reach nobody: case names, outcome, prediction, a colleague's opinion, file names.
SECRET_WORDS = (
    "malignant",
    "Mueller",
    "metastatic",
    "harmless",
    "0.98765",
    "suspicious-opinion",
    "geheimakte",
    "cohort",
)


class Clock:
    def __init__(self) -> None:
        self.now = datetime(2026, 1, 5, 8, tzinfo=timezone.utc)

    def __call__(self) -> datetime:
        return self.now


def mask_of(case: int, hand: int) -> np.ndarray:
    """A contour that differs for every case and every drawing hand."""
    rows, columns = np.mgrid[:ROWS, :COLUMNS]
    mask = ((rows - 12 - case) / (5 + hand % 7)) ** 2 + ((columns - 10 - 2 * hand) / (6 + case)) ** 2 < 1
    mask[case, hand] = True
    return np.asarray(mask)


def write_secret_cohort(folder: Path) -> Path:
    folder.mkdir()
    lines = ["case_id,image,roi,outcome,prediction,patient_id,opinion,spacing_mm"]
    for case in range(6):
        outcome = "metastatic" if case % 2 else "harmless"
        name = f"{'malignant' if case % 2 else 'benign'}-{case:02d}-Mueller"
        pixels = np.random.default_rng(case).integers(1, 255, (ROWS, COLUMNS), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"geheimakte-{outcome}-{case}.png")
        Image.fromarray(mask_of(case, 19).astype(np.uint8) * 255).save(folder / f"roi-{case}.png")
        lines.append(
            f"{name},geheimakte-{outcome}-{case}.png,roi-{case}.png,{outcome},0.98765{case},Mueller-{case},"
            f"suspicious-opinion-{case},0.3"
        )
    table = folder / "cohort.csv"
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return table


class Theatre:
    """A study in which everybody works, and the register of who has drawn which mask."""

    def __init__(self, folder: Path) -> None:
        self.clock = Clock()
        self.study = create_study(folder / "st", write_secret_cohort(folder / "cohort"), clock=self.clock, seed=11)
        assign(self.study, primary=PRIMARY, seconds=[SECOND, THIRD], reviewer=REVIEWER, second_cases=4)
        self.numbers = [case.number for case in self.study.cases()]
        # Who, number, round, and the mask, in the order of drawing.
        self.drawn: list[tuple[str, int, Round, np.ndarray]] = []
        self.hands = iter(range(1000))

    def mask(self, number: int) -> np.ndarray:
        taken = {mask.tobytes() for _, _, _, mask in self.drawn}
        while (mask := mask_of(number % 6, next(self.hands) % COLUMNS)).tobytes() in taken:
            pass
        return mask

    def draw(self, name: str, number: int, round_: Round = Round.INITIAL) -> None:
        desk, mask = ReaderDesk(self.study, name), self.mask(number)
        self.clock.now += timedelta(minutes=1)
        desk.open_image(number, round_)
        self.clock.now += timedelta(minutes=2)
        desk.submit(number, Roi(mask), round_=round_)
        self.drawn.append((name, number, round_, mask))

    def draw_all(self, state: TaskState = TaskState.OPEN) -> None:
        for name in READERS:
            for task in ReaderDesk(self.study, name).tasks():
                if task.state is state:
                    self.draw(name, task.number, task.round)

    def shared(self) -> list[int]:
        return sorted(task.number for task in ReaderDesk(self.study, SECOND).tasks())

    def review(self) -> None:
        desk = ReviewDesk(self.study, REVIEWER)
        first, second, third, fourth = self.shared()
        desk.accept(first, PRIMARY)
        mask = self.mask(second)
        desk.adjust(second, Roi(mask), reason="remark-on-adjusting")
        self.drawn.append((REVIEWER, second, Round.REVIEW, mask))
        desk.return_to_reader(third, PRIMARY, reason=f"remark-for-{PRIMARY}")
        desk.return_to_reader(fourth, SECOND, reason=f"remark-for-{SECOND}")

    def may_see(self, name: str) -> set[bytes]:
        """Of all masks those that this reader may get back: the own ones that were returned and not yet corrected."""
        returned = {task.number for task in ReaderDesk(self.study, name).tasks() if task.state is TaskState.RETURNED}
        newest = {(who, number): mask for who, number, round_, mask in self.drawn if round_ is Round.INITIAL}
        return {newest[name, number].tobytes() for number in returned}


STAGES: dict[str, Callable[[Theatre], None]] = {
    "nothing drawn": lambda theatre: None,
    "all drawn": lambda theatre: theatre.draw_all(),
    "reviewed": lambda theatre: theatre.review(),
    "half corrected": lambda theatre: theatre.draw(SECOND, theatre.shared()[3]),
    "corrected": lambda theatre: theatre.draw_all(TaskState.RETURNED),
    "repeats open": lambda theatre: setattr(theatre.clock, "now", theatre.clock.now + timedelta(days=57)),
    "all repeated": lambda theatre: theatre.draw_all(),
}


@pytest.fixture(scope="module")
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


# What a call gives, taken apart.


def everything(value: Any, seen: set[int] | None = None) -> Iterator[str | bytes | np.ndarray]:
    """Every text, file content and array that can be reached from a value."""
    seen = set() if seen is None else seen
    if id(value) in seen:
        return
    seen.add(id(value))
    if isinstance(value, Enum):
        yield str(value.value)
    elif isinstance(value, str | bytes | np.ndarray):
        yield value
    elif isinstance(value, Path):
        yield value.name
        yield from _file(value)
    elif isinstance(value, BaseException):
        yield str(value)
        yield repr(value.args)
        for linked in (value.__cause__, value.__context__):
            yield from everything(linked, seen)
    elif isinstance(value, dict):
        for item in value.items():
            yield from everything(item, seen)
    elif isinstance(value, list | tuple | set | frozenset):
        for item in value:
            yield from everything(item, seen)
    elif value is None or isinstance(value, bool | int | float | np.generic | date):
        yield str(value)
    else:
        # Any object: all that is public, fields and computed properties alike.
        assert dataclasses.is_dataclass(value), f"{type(value)} is not understood: teach the attack to look into it"
        for name in dir(value):
            if not name.startswith("_"):
                found = getattr(value, name)
                if not callable(found):
                    yield from everything(found, seen)


def _file(path: Path) -> Iterator[str | bytes | np.ndarray]:
    content = path.read_bytes()
    yield content
    if path.suffix == ".nrrd":
        yield gzip.decompress(content[content.index(b"\n\n") + 2 :])
        yield read_image(path).pixels


def check(found: Iterator[str | bytes | np.ndarray], name: str, drawn: list[Any], allowed: set[bytes]) -> int:
    """Assert that nothing found is a secret to ``name``; returns how much was looked at."""
    others = [other for other in PEOPLE if other != name]
    words = [word.lower() for word in (*SECRET_WORDS, *others, *(part for other in others for part in other.split()))]
    words += [f"remark-for-{other}".lower() for other in others] + ["remark-on-adjusting"]
    masks = {mask.tobytes(): (who, number, round_.value) for who, number, round_, mask in drawn}
    secret = {mask: whose for mask, whose in masks.items() if mask not in allowed}
    count = 0
    for item in found:
        count += 1
        if isinstance(item, np.ndarray):
            if item.shape == (ROWS, COLUMNS):
                for mask in (item != 0, item > 0.5 * item.max()):
                    assert mask.tobytes() not in secret, f"{name} was given {secret[mask.tobytes()]}"
            continue
        text = item.lower() if isinstance(item, str) else item.decode("latin-1").lower()
        for word in words:
            assert word not in text, f"{name} was told “{word}”: {text[:200]}"
        if isinstance(item, bytes):
            for mask, whose in secret.items():
                assert mask not in item, f"{name} was given {whose}"
    return count


# All that a reader's desk can be asked.


def _numbers(theatre: Theatre) -> tuple[int, ...]:
    return (*theatre.numbers, *NUMBERS)


def _submissions(theatre: Theatre, desk: ReaderDesk, drawn: list[Any]) -> Iterator[Callable[[], Any]]:
    """Everybody's contours handed in as the own ones: the answer must not tell that somebody has drawn the same."""
    for number in _numbers(theatre):
        for round_ in Round:
            guesses = [mask for _, case, _, mask in drawn if case == number] or [mask_of(0, 0)]
            for mask in guesses:
                yield lambda number=number, mask=mask, round_=round_: desk.submit(number, Roi(mask), round_=round_)


def _files(theatre: Theatre, desk: ReaderDesk, folder: Path) -> Iterator[Callable[[], Any]]:
    """The study's own files handed in, those of others above all."""
    paths = [*sorted((folder / "contours").rglob("*.nrrd"))[:6], folder / "study.db", folder / "images", folder / "no"]
    for number in (theatre.numbers[0], theatre.shared()[0], -1):
        for round_ in Round:
            for path in paths:
                yield lambda number=number, path=path, round_=round_: desk.submit_file(number, path, round_=round_)


ATTACKS: dict[str, Callable[[Theatre, ReaderDesk, list[Any], Path], Iterator[Callable[[], Any]]]] = {
    "name": lambda theatre, desk, drawn, folder: iter([lambda: desk.name]),
    "tasks": lambda theatre, desk, drawn, folder: iter([desk.tasks]),
    "next_task": lambda theatre, desk, drawn, folder: iter([desk.next_task]),
    "waiting": lambda theatre, desk, drawn, folder: iter([desk.waiting]),
    "open_image": lambda theatre, desk, drawn, folder: (
        lambda number=number, round_=round_: desk.open_image(number, round_)
        for number in _numbers(theatre)
        for round_ in Round
    ),
    "returned_contour": lambda theatre, desk, drawn, folder: (
        lambda number=number, round_=round_: desk.returned_contour(number, round_)
        for number in _numbers(theatre)
        for round_ in Round
    ),
    "submit": lambda theatre, desk, drawn, folder: _submissions(theatre, desk, drawn),
    "submit_file": lambda theatre, desk, drawn, folder: _files(theatre, desk, folder),
}


def asked(call: Callable[[], Any]) -> Any:
    try:
        return call()
    except CervixRiskError as error:
        return error


def test_every_public_part_of_a_desk_is_attacked() -> None:
    assert {name for name in dir(ReaderDesk) if not name.startswith("_")} == set(ATTACKS)


@pytest.mark.parametrize(
    ("name", "stage"), [*((name, stage) for name in (PRIMARY, SECOND) for stage in STAGES), (THIRD, "reviewed")]
)
def test_no_call_at_a_readers_desk_gives_a_secret(
    stages: dict[str, Any], tmp_path: Path, stage: str, name: str
) -> None:
    theatre, kept, now, drawn, may_see = stages[stage]
    for attack, calls in ATTACKS.items():
        folder = Path(shutil.copytree(kept, tmp_path / attack))
        desk = ReaderDesk(open_study(folder, clock=lambda: now), name)
        found = [asked(call) for call in calls(theatre, desk, drawn, folder)]
        looked_at = check(everything(found), name, drawn, may_see[name])
        assert looked_at >= len(found) > 0
        if attack == "returned_contour":
            given = {answer.mask.tobytes() for answer in found if isinstance(answer, Roi)}
            assert given == may_see[name], "the own returned contours, and no others"


@pytest.mark.parametrize("name", READERS)
def test_the_attack_finds_what_is_leaked(stages: dict[str, Any], name: str) -> None:
    """The attack itself must be able to fail: each kind of secret, in each disguise, is noticed."""
    _, folder, _, drawn, may_see = stages["all repeated"]
    other = next(mask for who, _, _, mask in drawn if who != name)
    earlier = next((mask for who, _, round_, mask in drawn if who == name and round_ is Round.INITIAL))
    stored = next(path for path in (folder / "contours").rglob("*.nrrd"))
    leaks: list[Any] = [
        Roi(other), other.astype(np.uint8) * 255, other.astype(np.float32), {"x": [other.tobytes()]}, Roi(earlier),
        stored, "Malignant-03", ValueError(THIRD if name != THIRD else PRIMARY), [("outcome", "harmless")],
    ]  # fmt: skip
    for leak in leaks:
        with pytest.raises(AssertionError, match=r"was told|was given"):
            check(everything(leak), name, drawn, may_see[name])


def test_a_guess_of_anothers_contour_is_not_confirmed(stages: dict[str, Any], tmp_path: Path) -> None:
    """Handing in what a colleague, or the reader's own first round, holds is answered as any new contour is."""
    _, kept, now, drawn, _ = stages["repeats open"]
    desk = ReaderDesk(open_study(shutil.copytree(kept, tmp_path / "copy"), clock=lambda: now), PRIMARY)
    repeats = [task.number for task in desk.tasks() if task.round is Round.REPEAT]
    assert len(repeats) == 4
    for number in repeats:
        guesses = [mask for _, case, _, mask in drawn if case == number]
        assert len(guesses) >= 3
        for version, mask in enumerate(guesses, start=1):
            receipt = desk.submit(number, Roi(mask), round_=Round.REPEAT)
            assert (receipt.version, receipt.already_there) == (version, False)


# The statements themselves.


@contextmanager
def recorded(study: Study) -> Iterator[list[tuple[str, dict[str, Any]]]]:
    """Every statement that the study's database is asked, and its parameters by name."""
    log: list[tuple[str, dict[str, Any]]] = []

    def keep(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        if not statement.startswith("BEGIN"):
            for compiled in getattr(context, "compiled_parameters", None) or [{}]:
                log.append((" ".join(statement.split()).replace("main.", ""), dict(compiled)))

    event.listen(study.store._engine, "before_cursor_execute", keep)
    try:
        yield log
    finally:
        event.remove(study.store._engine, "before_cursor_execute", keep)


@pytest.mark.parametrize(
    ("name", "stage"), [(PRIMARY, "all drawn"), (PRIMARY, "reviewed"), (PRIMARY, "repeats open"), (SECOND, "reviewed")]
)
def test_every_statement_is_bound_to_the_reader(stages: dict[str, Any], tmp_path: Path, name: str, stage: str) -> None:
    theatre, kept, now, drawn, _ = stages[stage]
    folder = Path(shutil.copytree(kept, tmp_path / "copy"))
    study = open_study(folder, clock=lambda: now)
    with recorded(study) as log:
        desk = ReaderDesk(study, name)
        for calls in ATTACKS.values():
            for call in calls(theatre, desk, drawn, folder):
                asked(call)
    key = desk._reader["id"]
    touched = set()
    for statement, parameters in log:
        assert "case_id" not in statement, statement
        assert "source_sha256" not in statement, statement
        named = [value for what, value in parameters.items() if what.startswith("reader")]
        assert set(named) <= {key}, statement
        assert {value for what, value in parameters.items() if what.startswith("actor")} <= {name}, statement
        for table in ("contours", "reviews", "assignments", "events"):
            if f" {table}" not in statement:
                continue
            touched.add(table)
            if statement.startswith(f"INSERT INTO {table}"):
                assert parameters.get("reader") == key or parameters.get("actor") == name, statement
            elif " contours.staged = " in statement:
                # After a refusal: is the file that this very call has staged in the study?
                assert statement.startswith("SELECT contours.id FROM contours WHERE contours.staged = "), statement
            elif table == "events":
                assert " events.actor = " in statement, statement
            elif table == "reviews":
                tied = 'reviews."case" IN (SELECT assignments."case" FROM assignments WHERE assignments.reader = '
                own = "JOIN contours ON reviews.contour = contours.id"
                alike = "JOIN contours ON contours.id = reviews.contour"
                assert tied in statement or ((own in statement or alike in statement) and named), statement
                # Of decisions on others' contours not even the remark or the contour's key is fetched.
                if tied in statement:
                    assert statement.startswith('SELECT reviews."case", reviews.decision FROM'), statement
            else:
                assert f"{table}.reader = " in statement, statement
                assert named, statement
        if " readers" in statement:
            assert "readers.name = " in statement, statement
            assert {value for what, value in parameters.items() if what.startswith("name")} == {name}
        assert " OR " not in statement
        assert " UNION " not in statement
    assert touched == {"contours", "reviews", "assignments", "events"}


def test_the_number_of_statements_does_not_grow_with_the_work(stages: dict[str, Any], tmp_path: Path) -> None:
    counts = set()
    for stage in ("nothing drawn", "all repeated"):
        _, kept, now, _, _ = stages[stage]
        study = open_study(shutil.copytree(kept, tmp_path / stage), clock=lambda now=now: now)
        desk, reviewer = ReaderDesk(study, PRIMARY), ReviewDesk(study, REVIEWER)
        with recorded(study) as log:
            desk.tasks()
            mine = len(log)
            reviewer.tasks()
        counts.add((mine, len(log) - mine))
    assert counts == {(4, 4)}


# Names.


@pytest.mark.parametrize(
    "guess",
    [
        PRIMARY.lower(), PRIMARY.upper(), "Primara  Geheim", "Primara\tGeheim", "Primara", "PrimaraGeheim", "%", "_",
        "Primara%", "Primara Geheim'--", "' OR '1'='1", "x' UNION SELECT name FROM readers --", "Primara Geheim\x00",
        "1", "coordinator", "Coordinator", REVIEWER, "", "   ", "x" * 201, "Primara Gеheim",
        "None", "Primara Geheim; DROP TABLE readers",
    ],
)  # fmt: skip
def test_a_guessed_name_opens_no_readers_desk(stages: dict[str, Any], guess: str) -> None:
    _, folder, now, drawn, _ = stages["all drawn"]
    study = open_study(folder, clock=lambda: now)
    with pytest.raises(ReadingError) as refusal:
        ReaderDesk(study, guess)
    check(everything(refusal.value), "nobody", drawn, set())
    with study.store.reading() as connection:
        assert connection.exec_driver_sql("select count(*) from readers").scalar() == 4


@pytest.mark.parametrize("guess", [*READERS, REVIEWER.lower(), "Richter  Weiss", "' OR role='reviewer", "coordinator"])
def test_no_reader_sits_at_the_reviewers_desk(stages: dict[str, Any], guess: str) -> None:
    _, folder, now, drawn, _ = stages["all drawn"]
    with pytest.raises(ReadingError) as refusal:
        ReviewDesk(open_study(folder, clock=lambda: now), guess)
    check(everything(refusal.value), guess if guess in PEOPLE else "nobody", drawn, set())


def test_blanks_around_a_name_are_not_part_of_it(stages: dict[str, Any]) -> None:
    _, folder, now, _, _ = stages["all drawn"]
    assert ReaderDesk(open_study(folder, clock=lambda: now), f"  {PRIMARY} ").name == PRIMARY


def test_refusals_do_not_tell_why(stages: dict[str, Any]) -> None:
    """The same sentence whether a case is somebody else's, does not exist, or opens later."""
    theatre, folder, now, _, _ = stages["all drawn"]
    study = open_study(folder, clock=lambda: now)
    mine = theatre.shared()
    foreign = next(number for number in theatre.numbers if number not in mine)
    said = set()
    for desk, number, round_ in (
        (ReaderDesk(study, SECOND), foreign, Round.INITIAL),
        (ReaderDesk(study, SECOND), 77, Round.INITIAL),
        (ReaderDesk(study, SECOND), mine[0], Round.REPEAT),
        (ReaderDesk(study, SECOND), mine[0], Round.REVIEW),
        (ReaderDesk(study, PRIMARY), mine[0], Round.REPEAT),
        (ReaderDesk(study, PRIMARY), foreign, Round.REPEAT),
    ):
        for call in (desk.open_image, desk.returned_contour):
            with pytest.raises(ReadingError) as refusal:
                call(number, round_)
            said.add(str(refusal.value).replace(str(number), "N"))
        with pytest.raises(ReadingError) as refusal:
            desk.submit(number, Roi(mask_of(0, 0)), round_=round_)
        said.add(str(refusal.value).replace(str(number), "N"))
    assert said == {"Case N is not on your list of today: 'reading next' shows what is."}
    assert len(all_contours(study)) == 6 + 4 + 4, "nothing was stored"


def test_outcomes_and_predictions_are_nowhere_in_a_study(stages: dict[str, Any]) -> None:
    _, folder, _, _, _ = stages["all repeated"]
    for path in folder.rglob("*"):
        assert not any(word in path.name for word in ("metastatic", "harmless", "geheimakte")), path
        if path.is_file():
            blob = path.read_bytes()
            for word in (b"metastatic", b"harmless", b"0.98765", b"suspicious-opinion", b"geheimakte"):
                assert word not in blob, path


# The command line.


COORDINATORS = {"reading import"}
"""Commands that take --reader but are the coordinator's: they name whose contours a table holds."""


def _commands() -> dict[str, Any]:
    import typer

    from CervixRiskLib.cli.app import app

    found: dict[str, Any] = {}
    waiting = [("", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        if children := getattr(command, "commands", None):
            waiting += [(f"{name} {child}".strip(), inner) for child, inner in children.items()]
        elif any("--reader" in parameter.opts for parameter in command.params):
            found[name] = command
    return found


def _lines(theatre: Theatre, folder: Path, work: Path, name: str) -> Iterator[tuple[str, list[Any]]]:
    """Every command with --reader, as a curious reader would type it."""
    who: list[Any] = [folder, "--reader", name]
    for more in ([], ["--json"], ["--copy-to", work / "a"], ["--copy-to", folder / "contours"], ["--copy-to", "\0"]):
        yield "reading next", [*who, *more]
    paths = cycle([*sorted((folder / "contours").rglob("*.nrrd"))[:3], work / "mine.png", work / "none.png"])
    for number in (*theatre.numbers, *NUMBERS[::2]):
        for round_ in ("initial", "repeat", "review"):
            more = ["--case", number, "--round", round_, "--contour", next(paths)]
            yield "reading submit", [*who, *more, *(["--json"] if number % 2 else [])]
    yield "reading submit", [*who, "--case", theatre.numbers[0], "--contour", work / "mine.png"]


def test_every_command_of_a_reader_is_attacked() -> None:
    assert set(_commands()) - COORDINATORS == {"reading next", "reading submit"}


@pytest.mark.parametrize(
    ("name", "stage"),
    [
        (PRIMARY, "nothing drawn"), (PRIMARY, "all drawn"), (PRIMARY, "reviewed"), (PRIMARY, "repeats open"),
        (SECOND, "all drawn"), (SECOND, "reviewed"), (REVIEWER, "reviewed"),
    ],
)  # fmt: skip
def test_no_command_gives_a_secret(
    stages: dict[str, Any],
    tmp_path: Path,
    capfd: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    stage: str,
) -> None:
    from CervixRiskLib.cli import main

    theatre, kept, now, drawn, may_see = stages[stage]
    monkeypatch.setitem(open_study.__kwdefaults__, "clock", lambda: now)
    folder, work = Path(shutil.copytree(kept, tmp_path / "s")), tmp_path / "w"
    work.mkdir()
    Image.fromarray(mask_of(3, 30).astype(np.uint8) * 255).save(work / "mine.png")
    monkeypatch.chdir(tmp_path)
    capfd.readouterr()
    used, codes = set(), set()
    for command, arguments in _lines(theatre, folder, work, name):
        used.add(command)
        codes.add(main([*command.split(), *(str(argument) for argument in arguments)]))
        out, err = capfd.readouterr()
        # What the reader typed may come back; it is not news.
        for typed in map(str, arguments):
            out, err = out.replace(typed, "…"), err.replace(typed, "…")
        check(everything([out, err]), name, drawn, may_see.get(name, set()))
    assert used == set(_commands()) - COORDINATORS
    assert codes <= ({2} if name == REVIEWER else {0, 2})
    for path in work.rglob("*"):
        if path.is_file() and path.name != "mine.png":
            check(everything(path), name, drawn, may_see.get(name, set()))
