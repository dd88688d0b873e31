"""A study in which everybody works, and the register of who has drawn which mask."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy as np
from PIL import Image

from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import ReaderDesk, ReviewDesk, Round, TaskState, assign, create_study

ROWS, COLUMNS = 36, 40
PRIMARY, SECOND, THIRD, REVIEWER = "Primara Geheim", "Secunda Verrat", "Tertia Spion", "Richter Weiss"
PEOPLE = (PRIMARY, SECOND, THIRD, REVIEWER)
READERS = PEOPLE[:3]


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
