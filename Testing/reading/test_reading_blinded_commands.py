"""Blinding at the command line: every command with --reader, as a curious reader would type it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from secret_study.attack import check, everything
from secret_study.desk_calls import NUMBERS
from secret_study.theatre import PRIMARY, REVIEWER, SECOND, Theatre, mask_of

from CervixRiskLib.reading import open_study

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
