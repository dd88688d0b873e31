"""``cervixrisk reading next|submit|review``: a whole way, and a sentence for every mistake."""

from __future__ import annotations

import shlex
import shutil
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.imaging import Roi, read_image, read_roi, write_roi
from CervixRiskLib.reading import ReaderDesk, Study, all_contours, assign, create_study, open_study

Call = Callable[..., Any]


def mask(shift: int = 0) -> np.ndarray:
    rows, columns = np.mgrid[:40, :48]
    return np.asarray((rows - 20) ** 2 + (columns - 24 - shift) ** 2 < 121)


def write_study(folder: Path, washout_days: float = 56) -> Study:
    """Three cases, two of them for "Dr. B" and the repeat of "Dr. A"; and masks ``m0.png`` to ``m7.png`` beside it."""
    lines = ["case_id,image,spacing_mm,outcome"]
    for index in range(3):
        pixels = np.random.default_rng(index).integers(0, 255, (40, 48), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"{index}.png")
        lines.append(f"secret-{index},{index}.png,0.5,{index % 2}")
    (folder / "cohort.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    for shift in range(8):
        Image.fromarray(mask(shift).astype(np.uint8) * 255).save(folder / f"m{shift}.png")
    study = create_study(folder / "study", folder / "cohort.csv", washout_days=washout_days)
    assign(study, primary="Dr. A", seconds=["Dr. B"], reviewer="Dr. C", second_cases=2)
    return study


@pytest.fixture(scope="module")
def blank(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("blank")
    write_study(folder)
    return folder


@pytest.fixture(scope="module")
def half_drawn(tmp_path_factory: pytest.TempPathFactory, blank: Path) -> tuple[Path, int]:
    """The folder of a study and the number of the case that both readers have drawn."""
    folder = Path(shutil.copytree(blank, tmp_path_factory.mktemp("half") / "drawn"))
    study = open_study(folder / "study")
    task = ReaderDesk(study, "Dr. B").next_task()
    assert task is not None
    for reader, shift in (("Dr. A", 0), ("Dr. B", 2)):
        ReaderDesk(study, reader).submit(task.number, Roi(mask(shift), (0.5, 0.5)))
    return folder, task.number


@pytest.fixture
def study(blank: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copytree(blank, tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return tmp_path / "study"


@pytest.fixture
def read(call: Call, tmp_path: Path) -> Call:
    """``read("next", "--reader", name, …)`` on the study."""
    return lambda command, *arguments: call("reading", command, tmp_path / "study", *arguments)


@pytest.fixture
def drawn(half_drawn: tuple[Path, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> int:
    """The number of a case that both readers have drawn, in a copy of that study."""
    shutil.copytree(half_drawn[0], tmp_path, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    return half_drawn[1]


def test_next_shows_the_case_copies_it_and_names_the_command_that_follows(
    call: Call, read: Call, study: Path, tmp_path: Path
) -> None:
    shown = read("next", "--reader", "Dr. A", "--copy-to", "my work")
    assert shown.code == 0
    number = int(shown.out.split()[1].rstrip(":"))
    image = tmp_path / "my work" / f"case-{number:04d}.nrrd"
    assert f"Image: my work/{image.name}" in shown.out
    assert "Left today: 3 to draw, 0 to correct." in shown.out
    assert "Later 2 cases come a second time." in shown.out
    assert image.read_bytes() == (study / "images" / f"{number:04d}.nrrd").read_bytes()
    assert [path.name for path in (tmp_path / "my work").iterdir()] == [image.name]

    # The command that is printed works as it stands once the contour is where it says.
    command = shlex.split(shown.out.splitlines()[-1].removeprefix("Next: "))
    contour = Path(command[command.index("--contour") + 1])
    Image.fromarray(mask().astype(np.uint8) * 255).save(tmp_path / "mine.png")
    write_roi(contour, read_roi(tmp_path / "mine.png", read_image(image)), read_image(image))
    stored = call(*command[1:])
    assert stored.code == 0, stored.err
    assert f"Case {number}, initial round: stored as version 1." in stored.out
    assert "not before" in call("reading", "next", study, "--reader", "Dr. A").out
    first = call("reading", "status", study, "--json").json["lists"][1]
    assert (first["round"], first["waiting"]) == ("repeat", 2)
    assert date.fromisoformat(first["next_opens_on"]) - date.today() in (timedelta(55), timedelta(56), timedelta(57))


def test_next_says_when_nothing_is_left(read: Call, study: Path) -> None:
    while (task := read("next", "--reader", "Dr. B", "--json").json)["case"] is not None:
        assert read("submit", "--reader", "Dr. B", "--case", task["case"], "--contour", "m1.png").code == 0
    assert read("next", "--reader", "Dr. B").out.splitlines() == ["Nothing to draw today."]
    assert task == {
        "reader": "Dr. B",
        "left": {"returned": 0, "open": 0},
        "later": {"count": 0, "not_before": None},
        "simulated": False,
        "case": None,
    }


def test_next_records_that_the_image_was_opened(read: Call, study: Path) -> None:
    number = read("next", "--reader", "Dr. A", "--json").json["case"]
    assert read("submit", "--reader", "Dr. A", "--case", number, "--contour", "m0.png").code == 0
    with open_study(study).store.reading() as connection:
        rows = list(connection.exec_driver_sql("select actor, action, round from events where actor = 'Dr. A'"))
        duration = connection.exec_driver_sql("select duration_s, duration_source from contours").one()
    assert [tuple(row) for row in rows] == [("Dr. A", "opened", "initial"), ("Dr. A", "submitted", "initial")]
    assert 0 <= duration[0] < 60
    assert duration[1] == "since the image was opened"


def test_submit_keeps_what_is_told_and_says_when_nothing_changed(read: Call, study: Path) -> None:
    first = read(
        "submit", "--reader", "Dr. A", "--case", 2, "--contour", "m0.png", "--minutes", 2.5, "--software", "ITK-SNAP",
        "--json",
    )  # fmt: skip
    assert first.code == 0
    assert first.json["already_there"] is False
    assert {name: first.json[name] for name in ("case", "round", "version", "left")} == {
        "case": 2, "round": "initial", "version": 1, "left": 2,
    }  # fmt: skip
    again = read("submit", "--reader", "Dr. A", "--case", 2, "--contour", "m0.png")
    assert again.code == 0
    assert again.err == "This is the contour that you had submitted before: nothing was added.\n"
    (row,) = all_contours(open_study(study))
    assert (row.duration_s, row.duration_source, row.software) == (150.0, "given", "ITK-SNAP")


def test_the_round_is_the_one_that_is_open(call: Call, tmp_path: Path) -> None:
    study = write_study(tmp_path, washout_days=0).folder
    number = call("reading", "next", study, "--reader", "Dr. B", "--json").json["case"]
    submit = ("reading", "submit", study, "--reader", "Dr. A", "--case", number, "--json", "--contour")
    assert [call(*submit, tmp_path / f"m{shift}.png").json["round"] for shift in (0, 1, 2)] == [
        "initial", "repeat", "repeat",
    ]  # fmt: skip
    refused = call("reading", "submit", study, "--reader", "Dr. A", "--case", number, "--contour", tmp_path / "m3.png",
                   "--round", "initial")  # fmt: skip
    assert "its first contour stays as it is" in refused.sentence()


def test_a_repeat_is_not_begun_beside_its_first_contour(call: Call, tmp_path: Path) -> None:
    study = write_study(tmp_path, washout_days=0).folder
    number = call("reading", "next", study, "--reader", "Dr. B", "--json").json["case"]
    work, other = tmp_path / "work", tmp_path / "other"
    work.mkdir()
    (work / f"case-{number:04d}-initial.seg.nrrd").write_bytes(b"my own first contour")
    submitted = call(
        "reading", "submit", study, "--reader", "Dr. A", "--case", number, "--contour", tmp_path / "m0.png"
    )
    assert submitted.code == 0
    refused = call("reading", "next", study, "--reader", "Dr. A", "--copy-to", work)
    assert "give a new folder" in refused.sentence()
    task = call("reading", "next", study, "--reader", "Dr. A", "--copy-to", other, "--json").json
    assert (task["case"], task["round"], task["contour"]) == (number, "repeat", None)
    assert [path.name for path in other.iterdir()] == [f"case-{number:04d}.nrrd"]


def test_a_returned_case_brings_the_own_contour_back_and_never_overwrites_work(
    read: Call, drawn: int, tmp_path: Path
) -> None:
    sent = read("review", "--reviewer", "Dr. C", "--case", drawn, "--return", "Too far right.", "--of", "Dr. B")
    assert sent.out.splitlines()[0] == f"Case {drawn}: returned."
    shown = read("next", "--reader", "Dr. B", "--copy-to", "w")
    assert f"Case {drawn}: returned to you for correction" in shown.out
    assert "The reviewer writes: Too far right." in shown.out
    copy = tmp_path / "w" / f"case-{drawn:04d}-initial-returned.seg.nrrd"
    image = read_image(tmp_path / "w" / f"case-{drawn:04d}.nrrd")
    assert np.array_equal(read_roi(copy, image).mask, mask(2))

    # The same copy is not made twice; one that was worked on is left alone.
    assert read("next", "--reader", "Dr. B", "--copy-to", "w").code == 0
    assert len(list((tmp_path / "w").iterdir())) == 2
    copy.write_bytes(b"half-finished work")
    task = read("next", "--reader", "Dr. B", "--copy-to", "w", "--json").json
    assert copy.read_bytes() == b"half-finished work"
    second = Path(task["contour"])
    assert second.name == f"case-{drawn:04d}-initial-returned-2.seg.nrrd"
    assert (task["state"], task["remark"]) == ("returned", "Too far right.")

    unchanged = read("submit", "--reader", "Dr. B", "--case", drawn, "--contour", second)
    assert unchanged.code == 0
    assert "change it, for it is still returned to you" in unchanged.err
    assert read("submit", "--reader", "Dr. B", "--case", drawn, "--contour", "m3.png").code == 0
    waiting = read("review", "--reviewer", "Dr. C", "--json").json["waiting"]
    assert waiting == [{"case": drawn, "readers": ["Dr. A", "Dr. B"], "versions": [1, 2]}]


def test_the_reviewer_looks_measures_copies_and_draws(read: Call, drawn: int, tmp_path: Path) -> None:
    listed = read("review", "--reviewer", "Dr. C")
    assert "1 case awaits a decision" in listed.out
    assert "Dr. A (v1), Dr. B (v1)" in listed.out
    look = ("review", "--reviewer", "Dr. C", "--case", drawn, "--copy-to", "look", "--picture", "case.png")
    shown = read(*look, "--json").json
    overlap = 2 * np.count_nonzero(mask(0) & mask(2)) / (np.count_nonzero(mask(0)) + np.count_nonzero(mask(2)))
    (pair,) = shown["pairs"]
    assert (pair["first"], pair["second"]) == ("Dr. A", "Dr. B")
    assert pair["agreement"]["dice"] == pytest.approx(overlap)
    image = read_image(shown["image"])
    rows, columns = np.nonzero(mask())
    corners = np.concatenate([np.stack([rows + up, columns + left], 1) for up in (0, 1) for left in (0, 1)])
    widest = max(float(np.hypot(*(corners - corner).T).max()) for corner in corners)
    for contour, shift in zip(shown["contours"], (0, 2), strict=True):
        assert (contour["version"], contour["unit"]) == (1, "mm")
        assert contour["area"] == pytest.approx(np.count_nonzero(mask()) * 0.25)
        assert contour["diameter"] == pytest.approx(0.5 * widest)
        assert np.array_equal(read_roi(contour["file"], image).mask, mask(shift))
    with Image.open(tmp_path / "case.png") as picture:
        assert min(picture.size) > 300
    printed = read(*look).out
    assert f"Dr. A and Dr. B: Dice {overlap:.3f}" in printed
    assert printed.splitlines()[-1].endswith(f"--case {drawn} --accept --of 'Dr. A' --version 1")


@pytest.mark.parametrize(
    ("decision", "answer"),
    [
        (("--accept", "--of", "Dr. B", "--version", "1"), {"decision": "accepted", "of": "Dr. B"}),
        (("--return", "No.", "--of", "Dr. A"), {"decision": "returned", "of": "Dr. A"}),
        (("--adjust", "m5.png", "--software", "Slicer"), {"decision": "adjusted", "version": 1}),
    ],
)
def test_the_reviewer_decides(read: Call, drawn: int, decision: tuple[str, ...], answer: dict[str, Any]) -> None:
    decided = read("review", "--reviewer", "Dr. C", "--case", drawn, *decision, "--json")
    assert decided.code == 0
    assert decided.json == {"reviewer": "Dr. C", "case": drawn, "left": 0, **answer}
    assert read("review", "--reviewer", "Dr. C").out == "No case awaits a decision.\n"
    looked = read("review", "--reviewer", "Dr. C", "--case", drawn)
    assert "does not await a decision" in looked.out
    if "--return" not in decision:
        locked = read("submit", "--reader", "Dr. A", "--case", drawn, "--contour", "m7.png")
        assert "only the reviewer can return it to you" in locked.sentence()


READER, REVIEWER = ("--reader", "Dr. A"), ("--reviewer", "Dr. C")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("next", "--reader", "Dr. X"), "Nobody of this name is a reader"),
        (("next", "--reader", "dr. a"), "Nobody of this name is a reader"),
        (("next", "--reader", "Dr. C"), "Nobody of this name is a reader"),
        (("next", "--reader", ""), "has no name"),
        (("next",), "--reader"),
        (("next", *READER, "--copy-to", "m0.png"), "this is a file"),
        (("next", *READER, "--copy-to", "study/contours/x"), "belongs to the study"),
        (("next", *READER, "--copy-to", "full"), "Another file is called"),
        (("submit", *READER, "--case", "77", "--contour", "m0.png"), "not on your list of today"),
        (("submit", *READER, "--case", "-1", "--contour", "m0.png"), "not on your list of today"),
        (("submit", *READER, "--case", str(10**30), "--contour", "m0.png"), "not on your list of today"),
        (("submit", *READER, "--case", "seven", "--contour", "m0.png"), "--case"),
        (("submit", *READER, "--case", "1", "--contour", "none.png"), "none.png"),
        (("submit", *READER, "--case", "1", "--contour", "wrong.png"), "10 × 48 pixels"),
        (("submit", *READER, "--case", "1", "--contour", "empty.png"), "is empty"),
        (("submit", *READER, "--case", "1", "--contour", "cohort.csv"), "cohort.csv"),
        (("submit", *READER, "--case", "1", "--contour", "study/images/0001.nrrd"), "a folder of your own"),
        (("submit", *READER, "--case", "1", "--contour", "m0.png", "--round", "repeat"), "not on your list of today"),
        (("submit", *READER, "--case", "1", "--contour", "m0.png", "--round", "review"), "--round"),
        (("submit", *READER, "--case", "1", "--contour", "m0.png", "--minutes", "-3"), "--minutes"),
        (("submit", *READER, "--case", "1", "--contour", "m0.png", "--minutes", "nan"), "--minutes"),
        (
            ("submit", *READER, "--case", "1", "--contour", "m0.png", "--minutes", "99999"),
            "between 0 seconds and a week",
        ),
        (("submit", *READER, "--case", "1", "--contour", "m0.png", "--software", "x" * 201), "at most 200"),
        (("submit", *READER, "--case", "1", "--contour", "m0.png", "--segment", "tumour"), "no named segments"),
        (("submit", *READER, "--case", "1"), "--contour"),
        (("review", "--reviewer", "Dr. A"), "Nobody of this name is a reviewer"),
        (("review", *REVIEWER, "--case", "9"), "no case 9"),
        (("review", *REVIEWER, "--case", "{alone}"), "Nobody has drawn case"),
        (("review", *REVIEWER, "--case", "{alone}", "--accept"), "not been drawn by all its readers"),
        (("review", *REVIEWER, "--accept"), "--case N"),
        (("review", *REVIEWER, "--picture", "x.png"), "--case N"),
        (("review", *REVIEWER, "--case", "{drawn}", "--accept"), "say whose contour is meant"),
        (("review", *REVIEWER, "--case", "{drawn}", "--accept", "--return", "x"), "contradict each other"),
        (("review", *REVIEWER, "--case", "{drawn}", "--accept", "--copy-to", "x"), "are for looking"),
        (("review", *REVIEWER, "--case", "{drawn}", "--accept", "--of", "Dr. B", "--version", "2"), "has changed"),
        (("review", *REVIEWER, "--case", "{drawn}", "--return", " ", "--of", "Dr. B"), "Say why"),
        (("review", *REVIEWER, "--case", "{drawn}", "--return", "", "--of", "Dr. B"), "Say why"),
        (("review", *REVIEWER, "--case", "{drawn}", "--of", "Dr. B"), "go with --accept or --return"),
        (("review", *REVIEWER, "--case", "{drawn}", "--adjust", "m1.png", "--version", "1"), "go with --accept"),
        (("review", *REVIEWER, "--case", "{drawn}", "--accept", "--of", "Dr. B", "--label", "1"), "go with --adjust"),
        (("review", *REVIEWER, "--case", "{drawn}", "--adjust", "wrong.png"), "10 × 48 pixels"),
        (("review", *REVIEWER, "--case", "{drawn}", "--picture", "x.bmp"), ".png"),
    ],
)
def test_every_mistake_gets_one_sentence(
    read: Call, drawn: int, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    Image.fromarray(np.full((10, 48), 255, np.uint8)).save(tmp_path / "wrong.png")
    Image.fromarray(np.zeros((40, 48), np.uint8)).save(tmp_path / "empty.png")
    (tmp_path / "full").mkdir()
    for number in (1, 2, 3):
        (tmp_path / "full" / f"case-{number:04d}.nrrd").write_bytes(b"another image")
    alone = next(number for number in (1, 2, 3) if number != drawn)
    given = [argument.format(drawn=drawn, alone=alone) for argument in arguments]
    if words.startswith(("not on", "a folder", "10 ×", "is empty")) and "1" in given and drawn == 1:
        given = [str(alone) if argument == "1" else argument for argument in given]
    said = read(*given)
    assert words in said.sentence()
    assert "secret-" not in said.err
    as_json = read(*given, "--json")
    assert as_json.code == 2
    assert words in as_json.json["error"]["message"]


def test_the_help_teaches(call: Call) -> None:
    for command in ("next", "submit", "review"):
        shown = call("reading", command, "--help")
        assert shown.code == 0
        assert f"cervixrisk reading {command} study" in shown.out
