"""The cohort table: what is read, what is refused, and with which words."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.cohort import ClinicalColumn, ColumnDictionary, clinical_frame, load_case, load_cohort
from CervixRiskLib.errors import CohortError, RoiError

Write = Callable[..., Path]
HEADER = "case_id,image,roi,outcome"
TWO = "A,a.png,a-roi.png,0\nB,b.png,b-roi.png,1\n"


def test_the_smallest_table(write_table: Write, tmp_path: Path) -> None:
    cohort = load_cohort(write_table(f"{HEADER}\n{TWO}"))
    assert cohort.case_ids == ("A", "B")
    assert cohort.outcomes.tolist() == [0, 1]
    assert cohort.outcomes.dtype == np.int64
    assert cohort.patients.tolist() == ["A", "B"]
    assert cohort.clinical_names == ()
    assert not cohort.has_split
    assert not cohort.simulated
    assert cohort.excluded == ()
    assert cohort.image_path("A") == tmp_path.resolve() / "a.png"
    assert cohort.roi_path("B") == tmp_path.resolve() / "b-roi.png"
    assert cohort.table.loc["A", "spacing_mm"] is None
    assert len(cohort) == 2


def test_every_optional_column(write_table: Write) -> None:
    cohort = load_cohort(
        write_table(
            f"{HEADER},patient_id,slice,label,center,spacing_mm,split,figo_stage,age,menopause,type\n"
            "A,a.png,a-roi.png,no,P1,3,2,Here,0.1,train,IB3,50,yes,x\n"
            "B,b.png,b-roi.png,yes,P1,4.0,,There,0.1 x 0.2,training,,51,no,y\n"
            "C,c.png,c-roi.png,0.0,P2,,,,[0.1; 0.3],TEST,,,,Y\n"
            "D,d.png,d-roi.png,True,P3,,,,,test,IIA1,60.5,no,x\n"
        )
    )
    assert cohort.outcomes.tolist() == [0, 1, 0, 1]
    assert cohort.table["slice"].tolist() == [3, 4, None, None]
    assert cohort.table["label"].tolist() == [2, None, None, None]
    assert cohort.table["spacing_mm"].tolist() == [(0.1, 0.1), (0.1, 0.2), (0.1, 0.3), None]
    assert cohort.table["split"].tolist() == ["train", "train", "test", "test"]
    assert cohort.has_split
    assert cohort.clinical_names == ("age", "menopause", "type")
    assert cohort.columns["age"].label == "Age"
    assert cohort.columns["age"].high == 110
    assert cohort.columns["menopause"].kind == "binary"
    assert cohort.columns["type"].levels == ("x", "y")
    frame = clinical_frame(cohort)
    np.testing.assert_array_equal(frame["age"], [50, 51, math.nan, 60.5])
    np.testing.assert_array_equal(frame["type"], [0, 1, 1, 0])
    frame.loc["A", "age"] = 0
    assert cohort.table.loc["A", "age"] == 50


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize(("delimiter", "comma"), [(",", "."), (";", ","), ("\t", ","), ("|", ".")])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_files_as_spreadsheets_write_them(
    write_table: Write, encoding: str, delimiter: str, comma: str, newline: str
) -> None:
    rows = [
        ["case_id", "image", "roi", "outcome", "Größe", "rbc_count"],
        ["Ä1", "a.png", "a-roi.png", "0", f"1{comma}5", f"4{comma}25"],
        ["", "", "", "", "", ""],
        ["B", "b.png", "b-roi.png", "1", f"2{comma}5", "5"],
    ]
    text = newline.join(delimiter.join(row) for row in rows) + newline
    cohort = load_cohort(write_table(text.encode(encoding)))
    assert cohort.case_ids == ("Ä1", "B")
    assert clinical_frame(cohort)["Größe"].tolist() == [1.5, 2.5]
    assert clinical_frame(cohort)["rbc_count"].tolist() == [4.25, 5.0]
    assert bool(cohort.notes) == (encoding == "cp1252")


def test_the_hash_is_of_the_content_not_of_the_bytes(write_table: Write) -> None:
    one = load_cohort(write_table(f"{HEADER},age\nA,a.png,a-roi.png,0,50.5\nB,b.png,b-roi.png,1,51\n"))
    two = load_cohort(
        write_table(
            "sep=;\r\n"
            + f"{HEADER},age\nA,a.png,a-roi.png,no,50.5\nB,b.png,b-roi.png,1,51\n".replace(",", ";").replace(".5", ",5")
        )
    )
    other = load_cohort(write_table(f"{HEADER},age\nA,a.png,a-roi.png,0,50.5\nB,b.png,b-roi.png,1,52\n"))
    assert one.content_hash == two.content_hash
    assert other.content_hash != one.content_hash


def test_header_case_and_backslashes(write_table: Write, tmp_path: Path) -> None:
    (tmp_path / "images").mkdir()
    (tmp_path / "images" / "x.png").touch()
    cohort = load_cohort(
        write_table("Case_ID, Image ,ROI,Outcome,AGE\nA,images\\x.png,a-roi.png,0,50\n" + "B,b.png,b-roi.png,1,51\n")
    )
    assert cohort.image_path("A").is_file()
    assert cohort.clinical_names == ("age",)


def test_absolute_paths_and_paths_above_are_the_persons_own_choice(write_table: Write, tmp_path: Path) -> None:
    absolute = tmp_path / "b.png"
    cohort = load_cohort(write_table(f"{HEADER}\nA,../{tmp_path.name}/a.png,a-roi.png,0\nB,{absolute},b-roi.png,1\n"))
    assert cohort.image_path("B") == absolute


def test_all_bad_rows_are_reported_together(write_table: Write) -> None:
    path = write_table(
        f"{HEADER},patient_id,slice,spacing_mm,split,rbc_count\n"
        "A,a.png,a-roi.png,0,P1,,,train,4.1\n"
        "B,none.png,b-roi.png,1,P2,,,train,4.1\n"
        "C,c.png,none.png,1,P3,,,train,4.1\n"
        "D,d.png,d-roi.png,2,P4,,,train,4.1\n"
        "E,e.png,e-roi.png,,P5,,,train,4.1\n"
        "F,f.png,f-roi.png,1,P6,-1,,train,4.1\n"
        "G,f.png,f-roi.png,1,P7,,0,train,4.1\n"
        "H,f.png,f-roi.png,1,P8,,,half,4.1\n"
        "I,f.png,f-roi.png,1,P9,,,test,41\n"
        "J,f.png,f-roi.png,1,P9,,,test,high\n"
        "K,f.png,f-roi.png,1,,,,test,4\n"
        "k,f.png,f.png,1,P9,,,,4\n"
        ",f.png,f-roi.png,1,P9,,,test,4\n"
        "L,f.png,f-roi.png,1,P9\n"
    )
    with pytest.raises(CohortError) as caught:
        load_cohort(path)
    text = str(caught.value)
    assert text.startswith("13 of 14 rows of the cohort table cannot be used:\n")
    assert text.endswith("Mend them, or go on without them (--skip-invalid).")
    assert "row 3 (B): image file 'none.png' does not exist" in text
    assert "row 4 (C): ROI file 'none.png' does not exist" in text
    assert "row 5 (D): outcome is '2'; it must be 0 or 1" in text
    assert "row 6 (E): outcome is missing" in text
    assert "row 7 (F): slice is '-1'" in text
    assert "row 8 (G): spacing_mm is '0'" in text
    assert "row 9 (H): split is 'half'" in text
    assert "row 10 (I): RBC count is 41, outside its plausible range 0.5-10 10^12/L: check the unit" in text
    assert "row 11 (J): RBC count is high, which is not a number" in text
    assert "row 12 (K): case_id is used again in row 13" in text
    assert "patient_id is missing" in text
    assert text.count("\n  row") == 10
    assert "and 3 more" in text

    with pytest.raises(CohortError, match="All 1 cases have outcome 0"):
        load_cohort(path, skip_invalid=True)


def test_skipping_goes_on_and_keeps_the_reasons(write_table: Write) -> None:
    cohort = load_cohort(write_table(f"{HEADER}\n{TWO}C,none.png,c-roi.png,1\n\nD,d.png,d.png,x\n"), skip_invalid=True)
    assert cohort.case_ids == ("A", "B")
    assert [(problem.case_id, problem.row) for problem in cohort.excluded] == [("C", 4), ("D", 6)]
    assert "image and roi are the same file" in cohort.excluded[1].reason
    assert "outcome is 'x'" in cohort.excluded[1].reason


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("\n \n,,\n", "empty"),
        (f"{HEADER}\n", "holds no case"),
        ("case_id,image,outcome\nA,a.png,0\n", "no column roi. It has: case_id, image, outcome"),
        ("a,b\n1,2\n", "no columns case_id, image, roi, outcome"),
        (f"{HEADER},age,Age\n{TWO}", "two columns named 'Age'"),
        (f",{HEADER}\n0,{TWO}", "Column 1 of the cohort table has no name"),
        (f"{HEADER}\n{TWO.replace(',0', ',1')}", "All 2 cases have outcome 1"),
        (
            f"{HEADER},patient_id,split\nA,a.png,a-roi.png,0,P,train\nB,b.png,b-roi.png,1,P,test\n",
            "1 patients are in both",
        ),
        (f"{HEADER},split\nA,a.png,a-roi.png,0,test\nB,b.png,b-roi.png,1,test\n", "no case into train"),
        (b"PK\x03\x04rest", "Excel workbook"),
        (b"case_id\x00,image", "not a text file"),
        (b"\xff\xfe\x00\xd8\x00", "not a text file"),
        (f"{HEADER}\n" + '"' + "x" * 200_000, "check its quotation marks"),
    ],
)
def test_tables_that_cannot_be_used(write_table: Write, text: str | bytes, sentence: str) -> None:
    with pytest.raises(CohortError, match=None) as caught:
        load_cohort(write_table(text))
    assert sentence in str(caught.value)


def test_missing_file_and_folder(tmp_path: Path) -> None:
    with pytest.raises(CohortError, match="does not exist"):
        load_cohort(tmp_path / "none.csv")
    with pytest.raises(CohortError, match="not a folder"):
        load_cohort(tmp_path)


def test_prediction_needs_neither_outcome_nor_roi(write_table: Write) -> None:
    cohort = load_cohort(write_table("case_id,image\nA,a.png\n"), require_roi=False, require_outcome=False)
    assert np.isnan(cohort.outcomes).all()
    assert cohort.roi_path("A") is None
    with pytest.raises(CohortError, match="no region of interest"):
        load_case(cohort, "A")


def test_another_outcome_does_not_leak_the_first(write_table: Write) -> None:
    cohort = load_cohort(
        write_table(f"{HEADER},relapse\nA,a.png,a-roi.png,0,1\nB,b.png,b-roi.png,1,0\n"), outcome="relapse"
    )
    assert cohort.outcomes.tolist() == [1, 0]
    assert cohort.clinical_names == ()


def test_the_dictionary_beside_the_table_comes_first(write_table: Write, tmp_path: Path) -> None:
    text = f"{HEADER},rbc_count,grip\nA,a.png,a-roi.png,0,41,5\nB,b.png,b-roi.png,1,45,6\n"
    (tmp_path / "cohort.columns.yaml").write_text(
        "columns:\n  rbc_count: {label: Red cells, unit: 10^11/L, low: 5, high: 100}\n", encoding="utf-8"
    )
    cohort = load_cohort(write_table(text))
    assert cohort.columns["rbc_count"].label == "Red cells"
    assert cohort.columns["grip"] == ClinicalColumn("grip", "grip")
    given = ColumnDictionary((ClinicalColumn("rbc_count", "R", high=42.0),))
    with pytest.raises(CohortError, match=r"row 3 \(B\): R is 45, outside its plausible range up to 42"):
        load_cohort(write_table(text), columns=given)
    (tmp_path / "cohort.columns.yaml").write_text("columns: [", encoding="utf-8")
    with pytest.raises(CohortError, match="data dictionary"):
        load_cohort(write_table(text))


def test_free_text_and_empty_columns_are_left_out_aloud(write_table: Write) -> None:
    cohort = load_cohort(
        write_table(
            f"{HEADER},remark,later,scan_date\n"
            "A,a.png,a-roi.png,0,seen twice,,2024-01-02\n"
            "B,b.png,b-roi.png,1,ok,,2024-01-03\n"
        )
    )
    assert cohort.clinical_names == ()
    assert any("'remark' is free text" in note for note in cohort.notes)
    assert any("'later' is empty" in note for note in cohort.notes)
    assert any("'scan_date'" in note for note in cohort.notes)


def test_a_simulated_cohort_says_so(write_table: Write, tmp_path: Path) -> None:
    (tmp_path / "simulation.json").write_text(json.dumps({}), encoding="utf-8")
    assert load_cohort(write_table(f"{HEADER}\n{TWO}")).simulated


def test_select_keeps_the_order_asked_for(write_table: Write) -> None:
    cohort = load_cohort(write_table(f"{HEADER}\n{TWO}"))
    assert cohort.select(["B", "A"]).case_ids == ("B", "A")
    with pytest.raises(CohortError, match="no case 'Z'"):
        cohort.select(["Z"])


def test_load_case_reads_slice_and_region(make_cohort: Callable[..., Path]) -> None:
    cohort = load_cohort(make_cohort(2, side=40))
    image, roi = load_case(cohort, "C001")
    assert image.shape == roi.shape == (40, 40)
    assert image.spacing_mm is None
    assert 0 < roi.n_pixels < 1600


def test_load_case_passes_the_tables_spacing_on(make_cohort: Callable[..., Path]) -> None:
    path = make_cohort(2)
    lines = path.read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join([lines[0] + ",spacing_mm", lines[1] + ",0.2 x 0.1", lines[2] + ","]), encoding="utf-8")
    image, roi = load_case(load_cohort(path), "C000")
    assert image.spacing_mm == (0.2, 0.1)
    assert roi.spacing_mm == (0.2, 0.1)


def test_load_case_refuses_an_empty_mask(make_cohort: Callable[..., Path]) -> None:
    from PIL import Image

    path = make_cohort(2)
    Image.new("L", (48, 48)).save(path.parent / "rois" / "C000.png")
    with pytest.raises(RoiError):
        load_case(load_cohort(path), "C000")


CELL = st.text(st.characters(codec="utf-8", exclude_categories=["Cs"]), max_size=12) | st.sampled_from(
    ["A", "a", "0", "1", "a.png", "a-roi.png", "nan", "1e999", "0,1", "\x00", '"', "train", "x" * 5000]
)


@settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.one_of(
        st.binary(max_size=200),
        st.text(max_size=100).map(lambda text: text.encode("utf-8", "surrogatepass")),
        st.tuples(
            st.sampled_from([HEADER, f"{HEADER},age,slice,spacing_mm,split,label,patient_id", f"{HEADER},x,y"]),
            st.sampled_from(",;\t"),
            st.lists(st.lists(CELL, max_size=10), max_size=5),
            st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
        ).map(
            lambda parts: "\n".join(
                [parts[0].replace(",", parts[1])] + [parts[1].join(cells) for cells in parts[2]]
            ).encode(parts[3])
        ),
    ),
    st.booleans(),
)
def test_any_bytes_give_a_cohort_or_a_sentence(write_table: Write, raw: bytes, skip_invalid: bool) -> None:
    path = write_table(raw)
    try:
        cohort = load_cohort(path, skip_invalid=skip_invalid)
    except CohortError:
        return
    assert set(cohort.outcomes) == {0, 1}


def test_long_case_names_stay_apart(tmp_path):
    names = [f"{'x' * 80}{index}" for index in range(2)]
    for name in ("a.png", "b.png"):
        (tmp_path / name).write_bytes(b"")
    rows = "".join(
        f"{name},{image},{index}\n" for index, (name, image) in enumerate(zip(names, ("a.png", "b.png"), strict=True))
    )
    (tmp_path / "cohort.csv").write_text("case_id,image,outcome\n" + rows)
    cohort = load_cohort(tmp_path / "cohort.csv", require_roi=False)
    assert cohort.case_ids == tuple(names)
    assert cohort.image_path(names[1]).name == "b.png"


def test_decimal_commas_in_every_column_of_numbers(write_table: Write) -> None:
    """A spreadsheet writes outcomes as 1,0 too, and groups thousands with points."""
    table = "A;a.png;a-roi.png;0,0;1.234,5;1,0\nB;b.png;b-roi.png;1,0;9,5;0,0\n"
    cohort = load_cohort(write_table(f"{HEADER},platelets,smoker\n".replace(",", ";") + table))
    assert cohort.outcomes.tolist() == [0, 1]
    assert cohort.table["platelets"].tolist() == [1234.5, 9.5]
    assert cohort.columns["smoker"].kind == "binary"


def test_decimal_commas_between_commas_are_no_category(write_table: Write) -> None:
    rows = [f'{name},a.png,a-roi.png,{place % 2},"{place % 3},5"\n' for place, name in enumerate("ABCDEFGH")]
    cohort = load_cohort(write_table(f"{HEADER},marker\n" + "".join(rows)))
    assert cohort.clinical_names == ()
    assert "decimal comma" in cohort.notes[0]
    assert "semicolons" in cohort.notes[0]
