"""The readings of a simulated cohort: who contoured what, when, how long it took; masks on disk and ``readings.csv``.

Readings are an addition to a cohort, never another cohort: each is drawn from a random stream of its own, given by the
cohort's seed, the case, the reader and the round, and needs only the case's plan and the first reader's mask.
"""

from __future__ import annotations

import string
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np

from ... import __version__
from ...errors import SettingsError
from . import reader_contours as model
from .cohort_folder import READINGS_FOLDER, READINGS_NAME, mask_bytes, read_mask, write_bytes
from .reader_contours import FIRST_READER, LesionOnGrid, ReaderHabit, draw_habit, draw_stray, redrawn

READINGS_VERSION = 1
"""Counts up whenever the same seed and variability give other readings."""

READING_COLUMNS = ("case_id", "reader", "round", "roi", "drawn_at", "duration_s", "software")
INITIAL, REPEAT = "initial", "repeat"
WASHOUT_DAYS = 56
"""A repeat is drawn at least so long after the same case's initial contour: the eight weeks of Wang et al. 2025."""

USUAL_VARIABILITY = 1.0
MAXIMUM_READERS = 26

_SOFTWARE = f"CervixRisk simulation {__version__}"
_FIRST_MORNING = datetime(2026, 1, 5, 8, tzinfo=timezone.utc)  # a Monday
_CASES_A_MORNING = 30
_MINUTES_A_CASE = 8
_LONGEST_S = 360.0
_ROUND_STREAM = {INITIAL: 1, REPEAT: 2}


@dataclass(frozen=True)
class ReadingPlan:
    """Which readings a simulated cohort holds.

    Parameters
    ----------
    readers
        How many contour every case once, 1-26; the first one's contours are the cohort's own.
    repeat
        Whether the first reader contours every case once more, weeks later.
    variability
        How far the readings lie apart, 0-3; see :mod:`.reader_contours`.
    """

    readers: int = 1
    repeat: bool = False
    variability: float = USUAL_VARIABILITY

    def __post_init__(self) -> None:
        if not 1 <= self.readers <= MAXIMUM_READERS:
            raise SettingsError(f"The number of simulated readers must be from 1 to {MAXIMUM_READERS}.")
        if not 0 <= self.variability <= model.MAXIMUM_VARIABILITY:
            raise SettingsError(
                f"The variability must be a number from 0 to {model.MAXIMUM_VARIABILITY:g}: 1 is the usual one, "
                "at 0 all readers draw the same."
            )
        if self.variability != USUAL_VARIABILITY and not self.any:
            raise SettingsError("The variability needs contours that can differ: ask for two readers or for a repeat.")

    @property
    def any(self) -> bool:
        """Whether there is any reading beyond the cohort's own contours."""
        return self.readers > 1 or self.repeat

    def names(self) -> tuple[str, ...]:
        """``Reader A``, ``Reader B`` …"""
        return tuple(reader_name(reader) for reader in range(1, self.readers + 1))

    def rounds(self) -> tuple[tuple[int, str], ...]:
        """Reader (from 1) and round of each reading of a case."""
        repeats = ((1, REPEAT),) if self.repeat else ()
        return ((1, INITIAL), *repeats, *((reader, INITIAL) for reader in range(2, self.readers + 1)))

    def with_known(self, folder: Path, known: dict[str, Any] | None) -> ReadingPlan:
        """This plan and what the folder holds already, so that readings are only ever added.

        Parameters
        ----------
        known
            The folder's mark. A folder whose readings have been removed holds none, whatever its mark says.

        Raises
        ------
        SettingsError
            The folder's readings are of another variability, or of another version of this program.
        """
        there = (known or {}).get("readings")
        if there is None or not ((folder / READINGS_FOLDER).exists() or (folder / READINGS_NAME).exists()):
            return self
        if not isinstance(there, dict) or there.get("readings_version") != READINGS_VERSION:
            raise SettingsError(
                f"The readings in the folder {folder.name} were simulated by another version of this program. "
                f"Remove its {READINGS_NAME} and {READINGS_FOLDER}, or choose another folder."
            )
        names, repeat, variability = there.get("readers"), there.get("repeat"), there.get("variability")
        if not isinstance(names, list) or not isinstance(repeat, bool) or not isinstance(variability, int | float):
            raise SettingsError(f"The simulation.json in the folder {folder.name} is damaged. Choose another folder.")
        if self.any and self.variability != variability:
            raise SettingsError(
                f"The folder {folder.name} holds readings of the variability {variability:g}. Ask for the same, choose "
                f"another folder, or remove its {READINGS_NAME} and {READINGS_FOLDER}."
            )
        return ReadingPlan(max(self.readers, len(names)), self.repeat or repeat, float(variability))

    def document(self) -> dict[str, Any]:
        """What ``simulation.json`` says about the readings; nothing when there are none."""
        if not self.any:
            return {}
        content = {
            "readings_version": READINGS_VERSION,
            "readers": list(self.names()),
            "repeat": self.repeat,
            "variability": self.variability,
            "washout_days": WASHOUT_DAYS,
            "model": {
                "reader_tendency_share_of_radius": list(model.TENDENCY),
                "reader_detail_log_sd": model.DETAIL_SD,
                "size_sd_share_of_radius": model.SIZE_SD,
                "stray_sd_share_of_radius": model.STRAY_SD,
                "shift_sd_share_of_radius": model.SHIFT_SD,
                "repeat_share_of_spread": model.REPEAT_SHARE,
                "hand_radius_mm": model.HAND_RADIUS_MM,
                "largest_log_ratio": model.LARGEST_LOG_RATIO,
            },
        }
        return {"readings": content}

    def readme(self) -> str:
        """A paragraph for ``README.txt``; empty when there are no readings."""
        if not self.any:
            return ""
        others = f"{', '.join(self.names()[1:])}: every case once.\n" if self.readers > 1 else ""
        repeats = f"Reader A again: every case, at least {WASHOUT_DAYS} days later.\n" if self.repeat else ""
        low, high = (100 * share for share in model.TENDENCY)
        return f"""
READINGS

{READINGS_NAME} lists who contoured what, when, and how long it took; the masks are in {READINGS_FOLDER}/.
Reader A: every case once; these contours are the cohort's own, in rois/.
{others}{repeats}Names, dates and durations are made up.

All contours scatter around Reader A's first ones with the variability {self.variability:g} (0: all the same).
At 1, the mean Dice of Reader A and another reader is about {model.EXPECTED_INTER_DICE:g}, of Reader A and her repeat \
{model.EXPECTED_INTRA_DICE:g}.
A further reader draws {low:g}-{high:g} % larger or smaller throughout, and follows the margin more or less finely.
Every contour errs in size (SD {100 * model.SIZE_SD:g} % of the radius), place (SD {100 * model.SHIFT_SD:g} %) and \
course (SD {100 * model.STRAY_SD:g} %), a repeat {model.REPEAT_SHARE:g} times as much.
"""


def reader_name(reader: int) -> str:
    """``Reader A`` for 1, ``Reader Z`` for 26."""
    return f"Reader {string.ascii_uppercase[reader - 1]}"


def write_readings(
    folder: Path, seed: int, index: int, case: dict[str, Any], lesion: LesionOnGrid, plan: ReadingPlan
) -> list[dict[str, Any]]:
    """Write the masks of a case's readings that are not there, and return the case's rows of ``readings.csv``.

    Parameters
    ----------
    case
        The case's row of the cohort table: ``case_id`` and ``roi``, the first reader's mask, which must exist.
    """
    if not plan.any:
        return []
    return [_reading(folder, seed, index, case, lesion, plan, reader, turn) for reader, turn in plan.rounds()]


def _reading(
    folder: Path,
    seed: int,
    index: int,
    case: dict[str, Any],
    lesion: LesionOnGrid,
    plan: ReadingPlan,
    reader: int,
    turn: str,
) -> dict[str, Any]:
    # Trailing zeros would not make another stream, so readers and rounds count from 1.
    rng = np.random.default_rng((seed, index, reader, _ROUND_STREAM[turn]))
    habit = _habit(seed, reader)
    minute, duration_s = rng.uniform(0, 1), _duration_s(rng, lesion.diameter_mm, habit)
    case_id, name = case["case_id"], reader_name(reader)
    roi = case["roi"]
    if (reader, turn) != (1, INITIAL):
        roi = f"{READINGS_FOLDER}/{name}/{turn}/{case_id}.png"
        # Written whole or not at all, so what exists is finished.
        if not (folder / roi).exists():
            mask = redrawn(
                read_mask(folder / case["roi"]),
                lesion,
                habit,
                draw_stray(rng),
                repeat=turn == REPEAT,
                variability=plan.variability,
            )
            write_bytes(folder / roi, mask_bytes(mask))
    return {
        "case_id": case_id,
        "reader": name,
        "round": turn,
        "roi": roi,
        "drawn_at": _drawn_at(index, turn, timedelta(minutes=minute, seconds=duration_s)),
        "duration_s": duration_s,
        "software": _SOFTWARE,
    }


def _habit(seed: int, reader: int) -> ReaderHabit:
    # The fourth word is 0, so this is no reading's stream.
    return FIRST_READER if reader == 1 else draw_habit(np.random.default_rng((seed, reader, 1)))


def _duration_s(rng: np.random.Generator, diameter_mm: float, habit: ReaderHabit) -> int:
    """Whole seconds: finding the lesion, then following its margin at some 1.3 mm a second."""
    usual = 20.0 + np.pi * diameter_mm / 1.3
    return round(min(usual * habit.pace * float(rng.lognormal(0, 0.25)), _LONGEST_S))


def _drawn_at(index: int, turn: str, into_the_slot: timedelta) -> str:
    """When a contour was finished, ISO 8601 in UTC.

    First contours are drawn in the mornings from Monday to Friday; a repeat in the afternoon eight weeks after that
    case's morning, so nobody draws two at a time.
    """
    morning, slot = divmod(index, _CASES_A_MORNING)
    week, weekday = divmod(morning, 5)
    start = _FIRST_MORNING + timedelta(weeks=week, days=weekday, minutes=_MINUTES_A_CASE * slot)
    if turn == REPEAT:
        start += timedelta(days=WASHOUT_DAYS, hours=5)
    return (start + into_the_slot).isoformat(timespec="seconds").replace("+00:00", "Z")
