"""Blinding, tested as an attack: everything a reader's role can call, in every state of a study full of secrets."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from secret_study.attack import check, everything
from secret_study.desk_calls import ATTACKS, asked
from secret_study.theatre import PEOPLE, PRIMARY, READERS, REVIEWER, SECOND, STAGES, THIRD, mask_of

from CervixRiskLib.errors import ReadingError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import ReaderDesk, ReviewDesk, Round, all_contours, open_study


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
