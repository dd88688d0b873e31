"""A whole reader study, played through the command line: every step timed, every answer checked.

The cohort's own contours are those of the primary reader. The program plays the second reader, the primary reader's
repeat and the reviewer: what they draw is the primary's contour perturbed, so the agreement it reports says nothing
about people.

    python Testing/benchmarks/reader_study.py                                60 simulated cases
    python Testing/benchmarks/reader_study.py --cohort cohort.csv            a cohort of yours, with contours
    python Testing/benchmarks/reader_study.py --database postgresql://…      the same on a server
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from CervixRiskLib.cli import main
from CervixRiskLib.cohort import load_case, load_cohort
from CervixRiskLib.imaging import Roi, SliceImage, perturb_roi, write_roi
from CervixRiskLib.reading import open_study

PRIMARY, SECOND, REVIEWER = "Dr. Ängström / A", "Reader B", "Reviewer C"
_DRAWN_DAYS_AGO = 70


class ReaderStudy:
    """One study from its creation to a model trained on it.

    Parameters
    ----------
    cohort
        The table, with contours and outcomes.
    folder
        Where study, drawings, export and bundle go.
    second_cases
        How many cases the second reader draws and the primary reader repeats.
    """

    def __init__(self, cohort: Path, folder: Path, *, second_cases: int = 50, database: str | None = None) -> None:
        self.cohort, self.folder, self.second_cases = cohort, folder, second_cases
        self.study = folder / "study"
        self.database = [] if database is None else ["--database", database]
        self.seconds: dict[str, float] = {}
        loaded = load_cohort(cohort, outcome="(none)", require_outcome=False)
        self._drawn: dict[str, tuple[SliceImage, Roi]] = {name: load_case(loaded, name) for name in loaded.case_ids}
        self._names: dict[int, str] = {}
        self._random = np.random.default_rng(42)

    def play(self, train_options: tuple[str, ...] = ()) -> dict[str, Any]:
        """All steps in order; the answers of status, agreement and training."""
        with self._timed("create, assign"):
            self.ask("create", "--cohort", str(self.cohort))
            people = ("--primary", PRIMARY, "--second", SECOND, "--reviewer", REVIEWER)
            self.ask("assign", *people, "--cases", str(self.second_cases))
            cases = open_study(self.study, database=self.database[1] if self.database else None).cases()
            self._names = {case.number: case.case_id for case in cases}
        with self._timed("import the primary reader's contours"):
            drawn_on = (datetime.now(timezone.utc) - timedelta(days=_DRAWN_DAYS_AGO)).date().isoformat()
            self.ask("import", str(self.cohort), "--reader", PRIMARY, "--drawn-on", drawn_on)
        with self._timed("draw the second reader's part"):
            self._draw_all(SECOND)
        with self._timed("repeat after the washout"):
            self._draw_all(PRIMARY)
        with self._timed("review"):
            self._review_all()
        with self._timed("status"):
            status = self.ask("status")
        with self._timed("agreement"):
            agreement = self.ask("agreement", "--output", str(self.folder / "agreement"))
        with self._timed("export"):
            self.ask("export", "--cohort", str(self.cohort), "--output", str(self.folder / "reviewed"))
        with self._timed("train"):
            table, bundle = self.folder / "reviewed" / "cohort.csv", self.folder / "model.zip"
            reading = ("--reading", str(self.study), *self.database)
            trained = run("train", "plnm", str(table), "--output", str(bundle), *reading, *train_options)
        return {"status": status, "agreement": agreement, "trained": trained}

    def ask(self, command: str, *arguments: str) -> Any:
        """The answer of one command of ``cervixrisk reading``."""
        return run("reading", command, str(self.study), *arguments, *self.database)

    def _draw_all(self, reader: str) -> None:
        drawing = self.folder / "drawing"
        while (task := self.ask("next", "--reader", reader))["case"] is not None:
            image, roi = self._drawn[self._names[task["case"]]]
            mask = perturb_roi(roi, self._random).mask
            contour = drawing / f"{task['case']}-{task['round']}.seg.nrrd"
            write_roi(contour, Roi(mask, image.spacing_mm), image)
            words = ("--case", str(task["case"]), "--round", task["round"], "--contour", str(contour))
            self.ask("submit", "--reader", reader, *words, "--minutes", "2.5", "--software", "perturbation")

    def _review_all(self) -> None:
        """Accept most, draw every seventh anew, return every ninth once."""
        me = ("--reviewer", REVIEWER)
        waiting = self.ask("review", *me)["waiting"]
        for place, task in enumerate(waiting):
            case = ("--case", str(task["case"]))
            whose = task["readers"][place % len(task["readers"])]
            if place % 9 == 8:
                self.ask("review", *me, *case, "--return", "Please look at the lower margin again.", "--of", whose)
                self._draw_all(whose)
            if place % 7 == 6:
                image, roi = self._drawn[self._names[task["case"]]]
                contour = self.folder / "drawing" / f"{task['case']}-review.seg.nrrd"
                write_roi(contour, Roi(perturb_roi(roi, self._random).mask, image.spacing_mm), image)
                self.ask("review", *me, *case, "--adjust", str(contour))
            else:
                self.ask("review", *me, *case, "--accept", "--of", whose)

    @contextlib.contextmanager
    def _timed(self, step: str) -> Iterator[None]:
        start = time.perf_counter()
        yield
        self.seconds[step] = time.perf_counter() - start


def run(*arguments: str) -> Any:
    """What a command of ``cervixrisk`` answers; the program ends where it does not."""
    answer = io.StringIO()
    with contextlib.redirect_stdout(answer):
        code = main([*arguments, "--json"])
    if code != 0:
        raise SystemExit(f"cervixrisk {' '.join(arguments)} ended with {code}: {answer.getvalue()}")
    return json.loads(answer.getvalue())


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cohort", type=Path, help="a cohort table with contours; else 60 cases are simulated")
    parser.add_argument("--cases", type=int, default=50, help="cases of the second reader and the repeat")
    parser.add_argument("--database", help="a PostgreSQL address")
    parser.add_argument("--keep", type=Path, help="folder to keep everything in")
    parser.add_argument("train_options", nargs="*", help="options of 'train plnm', after --")
    given = parser.parse_args()
    with contextlib.ExitStack() as stack:
        folder = given.keep or Path(stack.enter_context(tempfile.TemporaryDirectory()))
        cohort = given.cohort
        if cohort is None:
            run("simulate", "ultrasound", str(folder / "cohort"), "--cases", "60")
            cohort = folder / "cohort" / "cohort.csv"
        study = ReaderStudy(cohort.resolve(), folder, second_cases=given.cases, database=given.database)
        answers = study.play(tuple(given.train_options))
        for step, seconds in study.seconds.items():
            print(f"{step:40s} {seconds:8.1f} s")
        print(json.dumps(answers, indent=1, ensure_ascii=False)[:6000])


if __name__ == "__main__":
    sys.exit(_main())
