"""All that a reader's desk can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import ReaderDesk, Round

from .theatre import Theatre, mask_of

NUMBERS = (0, -1, 7, 10**6, 2**31 - 1, 2**31, 2**63, 10**30)


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
