"""A reader's desk: lists, versions, returned contours, the washout, and what an image file holds."""

from __future__ import annotations

import gzip
import json
import shutil
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.errors import ReadingError, RoiError
from CervixRiskLib.imaging import Roi, write_roi
from CervixRiskLib.reading import (
    ReaderDesk,
    ReviewDesk,
    Round,
    Study,
    TaskState,
    all_contours,
    assign,
    create_study,
    independent_contours,
)

Draw = Callable[..., Roi]


@pytest.fixture
def primary(study: Study) -> ReaderDesk:
    return ReaderDesk(study, "Reader A")


@pytest.fixture
def second(study: Study) -> ReaderDesk:
    return ReaderDesk(study, "Reader B")


@pytest.fixture
def reviewer(study: Study) -> ReviewDesk:
    return ReviewDesk(study, "Reviewer C")


@pytest.fixture
def shared(second: ReaderDesk) -> list[int]:
    """Numbers of the cases that the second reader and the repeat have."""
    return sorted(task.number for task in second.tasks())


def states(desk: ReaderDesk, number: int) -> dict[str, str]:
    return {task.round.value: task.state.value for task in desk.tasks() if task.number == number}


def repeats(desk: ReaderDesk) -> list[int]:
    return [task.number for task in desk.tasks() if task.round is Round.REPEAT]


# Lists and versions.


def test_a_list_is_worked_off_in_its_order(study: Study, primary: ReaderDesk, draw: Draw, clock: Any) -> None:
    order = [task.number for task in primary.tasks()]
    assert sorted(order) == list(range(1, 9))
    assert [task.position for task in primary.tasks()] == list(range(1, 9))
    for number in order:
        task = primary.next_task()
        assert task is not None
        assert (task.number, task.total, task.state) == (number, 8, TaskState.OPEN)
        assert primary.submit(number, draw(number)).version == 1
    assert primary.next_task() is None
    assert {task.state for task in primary.tasks()} == {TaskState.SUBMITTED}
    clock.pass_days(56)
    assert [task.round for task in primary.tasks()] == [Round.REPEAT] * 4 + [Round.INITIAL] * 8
    again = primary.next_task()
    assert again is not None
    assert (again.round, again.position, again.total) == (Round.REPEAT, 1, 4)


def test_a_changed_contour_is_a_new_version_and_the_same_one_is_not(
    study: Study, primary: ReaderDesk, draw: Draw
) -> None:
    first = primary.submit(3, draw(3))
    again = primary.submit(3, draw(3))
    assert (again.version, again.already_there, again.sha256) == (1, True, first.sha256)
    assert primary.submit(3, draw(3, 2)).version == 2
    # Back to the first one: that is a change too.
    assert primary.submit(3, draw(3)).version == 3
    stored = all_contours(study)
    assert [contour.version for contour in stored] == [1, 2, 3]
    assert [Path(contour.file).name for contour in stored] == [
        "initial.seg.nrrd",
        "initial.v2.seg.nrrd",
        "initial.v3.seg.nrrd",
    ]
    for contour, shift in zip(stored, (0, 2, 0), strict=True):
        image = study.image(study.cases()[2])
        assert np.array_equal(study.roi(contour, image).mask, draw(3, shift).mask)


def test_the_time_of_drawing_is_what_was_given_or_since_the_image_was_opened(
    study: Study, primary: ReaderDesk, draw: Draw, clock: Any
) -> None:
    primary.open_image(1)
    clock.now += timedelta(seconds=95)
    primary.submit(1, draw(1), software="ITK-SNAP 4")
    primary.submit(2, draw(2), duration_s=12.5)
    primary.submit(4, draw(4))
    rows = {row.number: row for row in all_contours(study)}
    assert (rows[1].duration_s, rows[1].duration_source) == (95.0, "since the image was opened")
    assert (rows[2].duration_s, rows[2].duration_source) == (12.5, "given")
    assert (rows[4].duration_s, rows[4].duration_source) == (None, None)
    assert rows[1].software == "ITK-SNAP 4"
    assert rows[1].drawn_at == clock.now


def test_a_contour_of_another_size_is_refused(primary: ReaderDesk, study: Study) -> None:
    with pytest.raises(ReadingError, match="10 × 48 pixels but the image of case 1 has 40 × 48"):
        primary.submit(1, Roi(np.ones((10, 48), bool)))
    assert all_contours(study) == ()


@pytest.mark.parametrize("name", ["mask.png", "mask.nrrd", "mask.seg.nrrd"])
def test_a_contour_is_taken_from_a_file(
    study: Study, primary: ReaderDesk, draw: Draw, tmp_path: Path, name: str
) -> None:
    write_roi(tmp_path / name, draw(5), study.image(study.cases()[4]))
    receipt = primary.submit_file(5, tmp_path / name)
    assert (receipt.number, receipt.version) == (5, 1)
    assert all_contours(study)[0].mask_sha256 == draw(5).mask_hash


def test_one_of_several_labels_is_named(study: Study, primary: ReaderDesk, draw: Draw, tmp_path: Path) -> None:
    labels = np.where(draw(5).mask, 2, 0).astype(np.uint8)
    labels[0, :] = 1
    Image.fromarray(labels).save(tmp_path / "labels.png")
    with pytest.raises(RoiError, match="2 labels"):
        primary.submit_file(5, tmp_path / "labels.png")
    primary.submit_file(5, tmp_path / "labels.png", label=2)
    assert all_contours(study)[0].mask_sha256 == draw(5).mask_hash


def test_a_case_cut_from_a_volume_takes_contours_on_its_one_slice(tmp_path: Path) -> None:
    import SimpleITK

    volume = np.random.default_rng(0).integers(0, 255, (5, 20, 24)).astype(np.uint8)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(volume), str(tmp_path / "volume.nrrd"))
    (tmp_path / "cohort.csv").write_text("case_id,image,slice\nV,volume.nrrd,3\n", encoding="utf-8")
    study = create_study(tmp_path / "made", tmp_path / "cohort.csv")
    assign(study, primary="A", reviewer="R")
    desk, mask = ReaderDesk(study, "A"), np.zeros((20, 24), bool)
    mask[4:9, 5:12] = True
    opened = desk.open_image(1)
    assert np.array_equal(opened.image.pixels, volume[3].astype(np.float32))
    drawn = SimpleITK.GetImageFromArray(mask[None].astype(np.uint8))
    drawn.CopyInformation(SimpleITK.ReadImage(str(opened.path)))
    SimpleITK.WriteImage(drawn, str(tmp_path / "drawn.nrrd"))
    assert desk.submit_file(1, tmp_path / "drawn.nrrd").version == 1
    ReviewDesk(study, "R").return_to_reader(1, reason="Again.")
    assert np.array_equal(desk.returned_contour(1).mask, mask)


@pytest.mark.parametrize("where", ["contours", "incoming", "images"])
def test_no_file_of_the_study_itself_is_handed_in(
    study: Study, primary: ReaderDesk, second: ReaderDesk, shared: list[int], draw: Draw, tmp_path: Path, where: str
) -> None:
    primary.submit(shared[0], draw(shared[0]))
    stored = study.folder / all_contours(study)[0].file
    target = stored if where == "contours" else study.folder / where / "x.seg.nrrd"
    if where != "contours":
        shutil.copy(stored, target)
    (tmp_path / "link.seg.nrrd").symlink_to(target)
    for path in (target, target.parent / ".." / target.parent.name / target.name, tmp_path / "link.seg.nrrd"):
        with pytest.raises(ReadingError, match="a folder of your own"):
            second.submit_file(shared[0], path)
    assert len(all_contours(study)) == 1


# Returned, corrected, accepted.


def test_returned_corrected_and_accepted(
    study: Study, primary: ReaderDesk, second: ReaderDesk, reviewer: ReviewDesk, shared: list[int], draw: Draw
) -> None:
    number = shared[0]
    primary.submit(number, draw(number))
    with pytest.raises(ReadingError, match="was not returned"):
        primary.returned_contour(number)
    second.submit(number, draw(number, 1))
    reviewer.return_to_reader(number, "Reader A", reason="Leaves out the left rim.")

    task = primary.next_task()
    assert task is not None
    assert (task.number, task.state, task.remark) == (number, TaskState.RETURNED, "Leaves out the left rim.")
    assert states(second, number) == {"initial": "submitted"}
    with pytest.raises(ReadingError, match="was not returned"):
        second.returned_contour(number)
    assert np.array_equal(primary.returned_contour(number).mask, draw(number).mask)

    # The same contour again corrects nothing.
    assert primary.submit(number, draw(number)).already_there
    assert states(primary, number) == {"initial": "returned"}
    assert primary.submit(number, draw(number, 3)).version == 2
    assert states(primary, number) == {"initial": "submitted"}
    with pytest.raises(ReadingError, match="was not returned"):
        primary.returned_contour(number)
    assert [task.number for task in reviewer.tasks()] == [number]

    reviewer.accept(number, "Reader B")
    for desk in (primary, second):
        assert states(desk, number) == {"initial": "reviewed"}
        with pytest.raises(ReadingError, match="only the reviewer can return it"):
            desk.submit(number, draw(number, 4))
    reviewer.return_to_reader(number, "Reader B", reason="After all.")
    assert (states(primary, number), states(second, number)) == ({"initial": "submitted"}, {"initial": "returned"})
    assert second.submit(number, draw(number, 4)).version == 2


def test_agreement_uses_the_newest_version_before_any_return(
    study: Study,
    primary: ReaderDesk,
    second: ReaderDesk,
    reviewer: ReviewDesk,
    shared: list[int],
    draw: Draw,
    clock: Any,
) -> None:
    number = shared[0]
    for shift in (0, 1):
        primary.submit(number, draw(number, shift))
    second.submit(number, draw(number, 2))
    reviewer.return_to_reader(number, "Reader A", reason="Too small.")
    primary.submit(number, draw(number, 3))
    # Whose contour did not come back reads on independently.
    second.submit(number, draw(number, 4))
    clock.pass_days(57)
    primary.submit(number, draw(number, 5), round_=Round.REPEAT)
    marked = {(row.reader, row.round.value, row.version): row.after_return for row in all_contours(study)}
    assert marked == {
        ("Reader A", "initial", 1): False,
        ("Reader A", "initial", 2): False,
        ("Reader A", "initial", 3): True,
        ("Reader A", "repeat", 1): True,
        ("Reader B", "initial", 1): False,
        ("Reader B", "initial", 2): False,
    }
    used = {(row.reader, row.round.value, row.version) for row in independent_contours(study)}
    assert used == {("Reader A", "initial", 2), ("Reader B", "initial", 2)}


def test_who_joins_late_draws_what_is_reviewed_already(
    study: Study, primary: ReaderDesk, second: ReaderDesk, reviewer: ReviewDesk, shared: list[int], draw: Draw
) -> None:
    number = shared[0]
    primary.submit(number, draw(number))
    second.submit(number, draw(number, 1))
    reviewer.accept(number, "Reader A")
    assign(study, primary="Reader A", seconds=["Reader B", "Reader D"], reviewer="Reviewer C", second_cases=4)
    late = ReaderDesk(study, "Reader D")
    assert sorted(task.number for task in late.tasks()) == shared
    assert states(late, number) == {"initial": "open"}
    assert late.submit(number, draw(number, 2)).version == 1
    assert states(late, number) == {"initial": "reviewed"}
    assert number not in {task.number for task in reviewer.tasks()}


# The washout.


def test_a_repeat_exists_from_the_very_moment_on_at_which_its_washout_ends(
    primary: ReaderDesk, shared: list[int], draw: Draw, clock: Any
) -> None:
    number = shared[1]
    primary.submit(number, draw(number))
    opens = clock.now + timedelta(days=56)
    for early in (timedelta(days=56), timedelta(seconds=1), timedelta(microseconds=1)):
        clock.now = opens - early
        assert repeats(primary) == []
        assert primary.waiting().count == 4
        with pytest.raises(ReadingError, match="not on your list"):
            primary.open_image(number, Round.REPEAT)
        with pytest.raises(ReadingError, match="not on your list"):
            primary.submit(number, draw(number), round_=Round.REPEAT)
    for late in (timedelta(0), timedelta(seconds=1)):
        clock.now = opens + late
        assert repeats(primary) == [number]
        assert primary.next_task() == primary.tasks()[0]
        assert primary.waiting().count == 3
        primary.open_image(number, Round.REPEAT)


def test_what_a_reader_hears_does_not_tell_which_cases_are_repeated(
    study: Study, primary: ReaderDesk, shared: list[int], draw: Draw, clock: Any, tmp_path: Path
) -> None:
    """Whichever case is drawn, the answers are the same: a twin study with other repeats tells nothing else."""
    twin = create_study(tmp_path / "twin", tmp_path / "cohort" / "cohort.csv", clock=clock)
    assign(twin, primary="Reader A", second_cases=4)
    with twin.store.writing() as connection:
        # Repeat exactly the other half of the cases.
        keys = list(connection.exec_driver_sql("select id, number from cases"))
        others = [key for key, number in keys if number not in shared]
        connection.exec_driver_sql("delete from assignments where round = 'repeat'")
        for position, key in enumerate(others, start=1):
            connection.exec_driver_sql(
                'insert into assignments ("case", reader, round, position) values (?, 1, ?, ?)',
                (key, "repeat", position),
            )
        assert len(others) == 4
    desks = (primary, ReaderDesk(twin, "Reader A"))
    for task in primary.tasks():
        clock.pass_days(1)
        told = []
        for desk in desks:
            desk.submit(task.number, draw(task.number))
            told.append((desk.tasks(), desk.next_task(), desk.waiting()))
        assert told[0] == told[1]
        # The date follows the first case that was drawn, to be repeated or not.
        assert told[0][2].first_opens_on == (datetime(2026, 1, 6) + timedelta(days=56)).date()
        assert told[0][2].count == 4
    assert sorted(repeats(primary)) != shared
    clock.pass_days(60)
    assert sorted(repeats(primary)) == shared
    assert set(repeats(desks[1])).isdisjoint(shared)
    assert primary.waiting().first_opens_on is None


def test_the_washout_begins_anew_after_a_return(
    primary: ReaderDesk, second: ReaderDesk, reviewer: ReviewDesk, shared: list[int], draw: Draw, clock: Any
) -> None:
    number = shared[0]
    primary.submit(number, draw(number))
    second.submit(number, draw(number, 1))
    clock.pass_days(60)
    assert repeats(primary) == [number]
    reviewer.return_to_reader(number, "Reader A", reason="Too large.")
    assert repeats(primary) == []
    clock.pass_days(100)
    assert repeats(primary) == []
    primary.submit(number, draw(number, 2))
    clock.now += timedelta(days=56, seconds=-1)
    assert repeats(primary) == []
    clock.now += timedelta(seconds=1)
    assert repeats(primary) == [number]


def test_a_contour_drawn_again_of_ones_own_accord_is_seen_again_too(
    primary: ReaderDesk, shared: list[int], draw: Draw, clock: Any
) -> None:
    number = shared[0]
    primary.submit(number, draw(number))
    clock.pass_days(50)
    primary.submit(number, draw(number, 1))
    clock.pass_days(10)
    assert repeats(primary) == []
    clock.pass_days(46)
    assert repeats(primary) == [number]


def test_a_repeat_is_final_once_its_first_contour_was_seen_again(
    primary: ReaderDesk, second: ReaderDesk, reviewer: ReviewDesk, shared: list[int], draw: Draw, clock: Any
) -> None:
    number = shared[0]
    primary.submit(number, draw(number))
    second.submit(number, draw(number, 1))
    clock.pass_days(60)
    primary.submit(number, draw(number, 2), round_=Round.REPEAT)
    assert primary.submit(number, draw(number, 3), round_=Round.REPEAT).version == 2
    with pytest.raises(ReadingError, match="repeated case"):
        primary.submit(number, draw(number, 4))
    reviewer.return_to_reader(number, "Reader A", reason="Too large.")
    assert states(primary, number) == {"initial": "returned", "repeat": "reviewed"}
    assert primary.returned_contour(number).n_pixels > 0
    primary.open_image(number, Round.REPEAT)
    for days in (0, 60):
        clock.pass_days(days)
        with pytest.raises(ReadingError, match="the repeat stays"):
            primary.submit(number, draw(number, 5), round_=Round.REPEAT)
        with pytest.raises(ReadingError, match="was not returned"):
            primary.returned_contour(number, Round.REPEAT)
        if days == 0:
            assert primary.submit(number, draw(number, 6)).version == 2
    assert primary.waiting().count == 3


# Files.


def test_an_image_file_holds_pixels_spacing_and_geometry_alone(tmp_path: Path) -> None:
    import pydicom
    from pydicom.dataset import FileDataset, FileMetaDataset
    from pydicom.uid import ExplicitVRLittleEndian, MRImageStorage, generate_uid

    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID, meta.MediaStorageSOPInstanceUID = MRImageStorage, generate_uid()
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset = FileDataset(None, {}, file_meta=meta, preamble=b"\0" * 128)
    dataset.SOPClassUID, dataset.SOPInstanceUID = MRImageStorage, meta.MediaStorageSOPInstanceUID
    secrets = {
        "PatientName": "GEHEIMRAT^ERNA", "PatientID": "PID4711X", "PatientBirthDate": "19610203",
        "StudyDescription": "VERDACHT", "InstitutionName": "FRAUENKLINIK", "AccessionNumber": "ACC998877",
        "StudyDate": "20250506", "OperatorsName": "SCHALL^KLARA",
    }  # fmt: skip
    for keyword, value in secrets.items():
        setattr(dataset, keyword, value)
    pixels = np.random.default_rng(0).integers(0, 900, (36, 40), dtype=np.uint16)
    dataset.Modality, dataset.Rows, dataset.Columns = "MR", 36, 40
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 16, 15, 0
    dataset.PixelSpacing, dataset.ImageOrientationPatient = [0.5, 0.25], [1, 0, 0, 0, 1, 0]
    dataset.ImagePositionPatient = [-10.5, 20.25, 30]
    dataset.PixelData = pixels.tobytes()
    pydicom.dcmwrite(tmp_path / "GEHEIMRAT.dcm", dataset, enforce_file_format=True)
    (tmp_path / "table.csv").write_text("case_id,image,outcome\nK1,GEHEIMRAT.dcm,1\n", encoding="utf-8")

    study = create_study(tmp_path / "made", tmp_path / "table.csv")
    assign(study, primary="A")
    opened = ReaderDesk(study, "A").open_image(1)
    content = opened.path.read_bytes()
    header, _, data = content.partition(b"\n\n")
    assert gzip.decompress(data) == pixels.astype("<f4").tobytes()
    assert {line.split(b":")[0].decode() for line in header.splitlines()} == {
        "NRRD0004", "type", "dimension", "sizes", "encoding", "endian", "space", "space directions", "space origin",
        "kinds", "CervixRisk_SliceGrid",
    }  # fmt: skip
    (grid,) = [line for line in header.splitlines() if line.startswith(b"CervixRisk_SliceGrid")]
    values = json.loads(grid.partition(b":=")[2]).values()
    assert all(
        isinstance(number, float | bool)
        for value in values
        for number in (value if isinstance(value, list) else [value])
    )
    assert opened.image.spacing_mm == (0.5, 0.25)
    assert opened.image.geometry is not None
    assert opened.path.name == "0001.nrrd"
    written = [path for path in study.folder.rglob("*") if path.is_file()]
    assert {path.name for path in written} >= {"study.db", "study.json", "0001.nrrd"}
    for path in written:
        blob = path.read_bytes()
        for value in (*secrets.values(), "GEHEIMRAT", "ERNA", "KLARA", str(dataset.SOPInstanceUID)):
            assert value.lower().encode() not in blob.lower(), f"{path.name} holds {value}"
