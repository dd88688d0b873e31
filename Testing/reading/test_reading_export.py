"""A study's final contours as a cohort: complete or refused, with everything that a training needs."""

from __future__ import annotations

import csv
import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.cohort import load_case, load_cohort, load_slices
from CervixRiskLib.errors import ImageError, ReadingError, StorageError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.reading import (
    Consensus,
    ReaderDesk,
    ReviewDesk,
    all_contours,
    assign,
    create_study,
    export_cohort,
    import_contours,
    open_study,
    read_audit_trail,
)


@pytest.fixture
def reviewed(study, draw):
    """Everything is drawn; every case but the first two is decided."""
    for name in ("Reader A", "Reader B"):
        desk = ReaderDesk(study, name)
        for task in desk.tasks():
            desk.submit(task.number, draw(task.number))
    review = ReviewDesk(study, "Reviewer C")
    names = {case.number: case.case_id for case in study.cases()}
    for task in review.tasks():
        if names[task.number] == "Case 7":
            review.adjust(task.number, draw(task.number, 4))
        elif names[task.number] not in ("Case 0", "Case 1"):
            review.accept(task.number, "Reader A")
    return study


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def test_the_folder(reviewed, cohort_table, tmp_path, draw):
    before = load_cohort(cohort_table)
    made = export_cohort(reviewed, cohort_table, tmp_path / "out", skip_unreviewed=True)
    out = tmp_path / "out"
    assert made.folder == out
    assert made.left_out == ("Case 0: not decided by the reviewer", "Case 1: not decided by the reviewer")
    assert {path.name for path in out.iterdir()} == {
        "cohort.csv", "rois", "consensus.csv", "audit_trail.csv", "study.json",
    }  # fmt: skip
    after = load_cohort(out / "cohort.csv")
    assert after.case_ids == tuple(f"Case {index}" for index in range(2, 8))
    assert after.clinical_names == before.clinical_names == ("age",)
    assert after.table["age"].tolist() == [42, 43, 44, 45, 46, 47]
    assert after.outcomes.tolist() == [0, 1, 0, 1, 0, 1]
    numbers = {case.case_id: case.number for case in reviewed.cases()}
    for case_id in after.case_ids:
        image, roi = load_case(after, case_id)
        np.testing.assert_array_equal(image.pixels, load_case(before, case_id)[0].pixels)
        assert image.spacing_mm == (0.25, 0.25)
        shift = 4 if case_id == "Case 7" else 0
        np.testing.assert_array_equal(roi.mask, draw(numbers[case_id], shift).mask)

    consensus = rows_of(out / "consensus.csv")
    assert [row["case_id"] for row in consensus] == list(after.case_ids)
    last = consensus[-1]
    assert (last["source"], last["readers"], last["versions"]) == ("adjusted by the reviewer", "Reviewer C", "1")
    (adjusted,) = [contour for contour in all_contours(reviewed) if contour.reader == "Reviewer C"]
    assert last["contour_sha256"] == adjusted.file_sha256
    for row in consensus:
        assert row["roi_sha256"] == hashlib.sha256((out / row["roi"]).read_bytes()).hexdigest()
        mask = load_case(after, row["case_id"])[1].mask
        assert int(row["pixel_count"]) == mask.sum()
        assert float(row["area_mm2"]) == pytest.approx(mask.sum() * 0.0625, rel=1e-5)
        assert float(row["max_diameter_mm"]) == pytest.approx(0.25 * float(row["max_diameter_px"]), rel=1e-4)

    summary = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert (summary["consensus"], summary["cases"], summary["simulated"]) == ("review", 6, False)
    assert summary["study_id"] == reviewed.settings.study_id
    assert {person["name"] for person in summary["people"]} == {"Reader A", "Reader B", "Reviewer C"}
    trail = rows_of(out / "audit_trail.csv")
    assert [row["action"] for row in trail][:2] == ["created", "assigned"]
    assert trail[-1]["action"] == read_audit_trail(reviewed)["action"].tolist()[-1] == "exported"
    assert len(trail) == len(read_audit_trail(reviewed))
    with pytest.raises(ReadingError):
        open_study(out)  # a summary is no study


def test_undecided_cases_are_named(reviewed, cohort_table, tmp_path):
    with pytest.raises(ReadingError, match=r"2 of 8 cases have no decision .*\(Case 0, Case 1\)"):
        export_cohort(reviewed, cohort_table, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    assert export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY).cases == 8
    staple = export_cohort(reviewed, cohort_table, tmp_path / "staple", Consensus.STAPLE)
    assert staple.cases == 8
    assert "three readers" in staple.notes[0]


def test_a_changed_image_is_refused(reviewed, cohort_table, tmp_path):
    image = cohort_table.parent / "images" / "3.png"
    pixels = np.array(Image.open(image))
    pixels[0, 0] ^= 1
    Image.fromarray(pixels).save(image)
    with pytest.raises(ReadingError, match=r"1 of 8 cases(.|\n)*Case 3") as refused:
        export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    assert "Case 2" not in str(refused.value)
    image.unlink()
    with pytest.raises(ReadingError, match="Case 3"):
        export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    assert not (tmp_path / "out").exists()


def test_another_pixel_size_is_refused(reviewed, cohort_table, tmp_path):
    cohort_table.write_text(cohort_table.read_text().replace("1,0.25,43", "1,0.26,43"))
    with pytest.raises(ReadingError, match="another slice or pixel size of case 'Case 3'"):
        export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    assert not (tmp_path / "out").exists()


def test_another_slice_of_the_same_file_is_refused(tmp_path):
    import SimpleITK as sitk  # noqa: N813

    folder = tmp_path / "cohort"
    folder.mkdir()
    values = np.random.default_rng(1).normal(10, 2, (4, 20, 21)).astype(np.float32)
    for name in "ab":
        sitk.WriteImage(sitk.GetImageFromArray(values), str(folder / f"{name}.nrrd"))
    mask = np.zeros((20, 21), np.uint8)
    mask[5:12, 5:15] = 255
    Image.fromarray(mask).save(folder / "roi.png")
    table = folder / "cohort.csv"
    table.write_text("case_id,image,roi,slice,outcome\nA,a.nrrd,roi.png,1,0\nB,b.nrrd,roi.png,1,1\n")
    study = create_study(tmp_path / "study", table)
    assign(study, primary="P", second_cases=2)
    import_contours(study, table)
    table.write_text(table.read_text().replace("B,b.nrrd,roi.png,1,1", "B,b.nrrd,roi.png,2,1"))
    with pytest.raises(ReadingError, match="case 'B'"):
        export_cohort(study, table, tmp_path / "out", Consensus.PRIMARY)


def test_cases_that_are_not_in_both(reviewed, cohort_table, tmp_path):
    lines = cohort_table.read_text().splitlines()
    lines = [line for line in lines if not line.startswith('"Case 5"')]
    lines += [lines[1].replace("Case 0", "Newcomer"), ",images/0.png,rois/0.png,1,0.25,40"]
    cohort_table.write_text("\n".join(lines) + "\n")
    made = export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    assert made.cases == 7
    assert made.left_out == ("Case 5: not in this cohort table", "Newcomer: not in the study")


def test_another_cohort_is_refused(reviewed, make_cohort_table, tmp_path):
    (tmp_path / "cohort").rename(tmp_path / "first")
    with pytest.raises(ReadingError, match="None of the study's cases"):
        export_cohort(reviewed, make_cohort_table(["X", "Y"]), tmp_path / "out", Consensus.PRIMARY)


def test_places_that_hold_something(reviewed, cohort_table, tmp_path):
    for place in (cohort_table.parent, reviewed.folder, reviewed.folder / "contours" / "new", cohort_table):
        before = sorted(tmp_path.rglob("*"))
        with pytest.raises(StorageError):
            export_cohort(reviewed, cohort_table, place, Consensus.PRIMARY)
        assert sorted(tmp_path.rglob("*")) == before


def test_whole_or_not_at_all(reviewed, cohort_table, tmp_path, monkeypatch):
    from CervixRiskLib.reading import cohort_export

    write, calls = cohort_export._write_contour, []

    def interrupted(*arguments):
        calls.append(1)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return write(*arguments)

    monkeypatch.setattr(cohort_export, "_write_contour", interrupted)
    before = sorted(path.name for path in tmp_path.iterdir())
    with pytest.raises(KeyboardInterrupt):
        export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    assert sorted(path.name for path in tmp_path.iterdir()) == before
    assert "exported" not in read_audit_trail(reviewed)["action"].tolist()
    assert export_cohort(reviewed, cohort_table, tmp_path / "out", Consensus.PRIMARY).cases == 8


def test_a_spreadsheets_table_keeps_its_numbers(tmp_path, cohort_table, clock):
    """Decimal commas, a code page of Windows, a column whose name holds separators, a data dictionary."""
    lines = ['case_id;image;roi;outcome;spacing_mm;label;center;"age, years; or so"']
    lines += [f"Case {i};images\\{i}.png;rois\\{i}.png;{i % 2};0,25;255;Zürich;{40 + i},5" for i in range(8)]
    cohort_table.write_bytes(("\n".join(lines) + "\n").encode("cp1252"))
    cohort_table.with_name("cohort.columns.yaml").write_text(
        "columns:\n  age, years; or so:\n    label: Age\n    low: 18\n    high: 99\n"
    )
    cohort_table.with_name("simulation.json").write_text('{"seed": 7}')
    study = create_study(tmp_path / "study", cohort_table, clock=clock)
    assign(study, primary="P", second_cases=2)
    import_contours(study, cohort_table)
    export_cohort(study, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    before, after = load_cohort(cohort_table), load_cohort(tmp_path / "out" / "cohort.csv")
    assert after.simulated
    assert json.loads((tmp_path / "out" / "simulation.json").read_text()) == {"seed": 7}
    assert after.columns == before.columns
    assert after.table["center"].tolist() == ["Zürich"] * 8
    assert after.table[list(after.clinical_names)].equals(before.table[list(before.clinical_names)])
    assert set(after.table["spacing_mm"]) == {(0.25, 0.25)}
    assert set(after.table["label"]) == {None}


def test_the_mark_of_simulation_survives_without_its_file(tmp_path, cohort_table, clock):
    mark = cohort_table.with_name("simulation.json")
    mark.write_text("{}")
    study = create_study(tmp_path / "study", cohort_table, clock=clock)
    assign(study, primary="P", second_cases=2)
    import_contours(study, cohort_table)
    mark.unlink()
    export_cohort(study, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    assert load_cohort(tmp_path / "out" / "cohort.csv").simulated


def test_further_images_of_a_case(tmp_path, cohort_table, clock):
    folder = cohort_table.parent
    lines = cohort_table.read_text().splitlines()
    table = [f"{lines[0]},Image_T1"]
    for index, line in enumerate(lines[1:]):
        pixels = np.random.default_rng(900 + index).integers(0, 255, (40, 48), dtype=np.uint8)
        Image.fromarray(pixels).save(folder / f"t1-{index}.png")
        table.append(f"{line},t1-{index}.png")
    cohort_table.write_text("\n".join(table) + "\n")
    study = create_study(tmp_path / "study", cohort_table, clock=clock)
    assign(study, primary="P", second_cases=2)
    import_contours(study, cohort_table)
    export_cohort(study, cohort_table, tmp_path / "a" / "b" / "out", Consensus.PRIMARY)
    before, after = load_cohort(cohort_table), load_cohort(tmp_path / "a" / "b" / "out" / "cohort.csv")
    assert after.channels == ("image", "image_t1")
    for case_id in before.case_ids:
        old, new = load_slices(before, case_id), load_slices(after, case_id)
        for one, other in zip(old.images, new.images, strict=True):
            np.testing.assert_array_equal(one.pixels, other.pixels)
        np.testing.assert_array_equal(old.roi.mask, new.roi.mask)
    (folder / "t1-3.png").write_bytes(b"broken")
    with pytest.raises(ImageError):
        export_cohort(study, cohort_table, tmp_path / "again", Consensus.PRIMARY)
    assert not (tmp_path / "again").exists()


def test_a_table_without_contours(tmp_path, cohort_table, clock):
    """The study's contours are the first that this cohort has."""
    lines = [line.split(",") for line in cohort_table.read_text().splitlines()]
    cohort_table.write_text("\n".join(",".join(cells[:2] + cells[3:]) for cells in lines) + "\n")
    study = create_study(tmp_path / "study", cohort_table, clock=clock)
    assign(study, primary="P", second_cases=2)
    desk = ReaderDesk(study, "P")
    for task in desk.tasks():
        mask = np.zeros((40, 48), bool)
        mask[task.number : task.number + 9, 5:30] = True
        desk.submit(task.number, Roi(mask, (0.25, 0.25)))
    export_cohort(study, cohort_table, tmp_path / "out", Consensus.PRIMARY)
    cohort = load_cohort(tmp_path / "out" / "cohort.csv")
    assert len(cohort) == 8
    for case in study.cases():
        assert load_case(cohort, case.case_id)[1].mask[case.number, 5]


def test_names_become_safe_files(tmp_path, make_cohort_table, clock):
    names = ["../../x", "con", "a/b", "ÄÖ ü", "A", "a;b,c"]
    table = make_cohort_table(names)
    study = create_study(tmp_path / "study", table, clock=clock)
    assign(study, primary="P", second_cases=2)
    import_contours(study, table)
    export_cohort(study, table, tmp_path / "out", Consensus.PRIMARY)
    cohort = load_cohort(tmp_path / "out" / "cohort.csv")
    assert cohort.case_ids == tuple(names)
    files = {path.resolve() for path in (tmp_path / "out").rglob("*.seg.nrrd")}
    assert files == {cohort.roi_path(name).resolve() for name in names}
    assert {path.parent for path in files} == {(tmp_path / "out" / "rois").resolve()}
    assert all(path.name.isascii() for path in files)


def test_on_postgresql(tmp_path, cohort_table, clock, postgresql):
    study = create_study(tmp_path / "study", cohort_table, database=postgresql, clock=clock)
    assign(study, primary="P", seconds=["S"], second_cases=3)
    assert len(import_contours(study, cohort_table).added) == 8
    assert len(import_contours(study, cohort_table, reader="S", skip_invalid=True).added) == 3
    assert import_contours(study, cohort_table).already_there == 8
    assert export_cohort(study, cohort_table, tmp_path / "out", Consensus.STAPLE).cases == 8
    before, after = load_cohort(cohort_table), load_cohort(tmp_path / "out" / "cohort.csv")
    for case_id in before.case_ids:
        np.testing.assert_array_equal(load_case(after, case_id)[1].mask, load_case(before, case_id)[1].mask)
    trail = read_audit_trail(study)
    assert trail["action"].value_counts().to_dict() == {"imported": 11, "created": 1, "assigned": 1, "exported": 1}
    assert all(moment.endswith("+00:00") for moment in trail["at_utc"])
