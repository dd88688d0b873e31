"""The data dictionary: the paper's fifteen columns, plausibility, hostile files."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.cohort import ClinicalColumn, ColumnDictionary, builtin_columns
from CervixRiskLib.errors import ClinicalValueError, CohortError

TABLE_1 = [
    "age",
    "parturition",
    "abortion",
    "bmi",
    "rbc_count",
    "wbc_count",
    "alp",
    "eosinophil_count",
    "ca125",
    "ca153",
    "ca199",
    "cea",
    "scc_antigen",
    "maximum_diameter",
    "histology",
]
# Table 1 of Wang et al. 2025, whole training column: mean.
MEANS = (52.93, 2.46, 1.41, 23.35, 4.09, 11.14, 63.08, 0.16, 37.53, 14.31, 46.76, 6.04, 6.17, 33.10)


def test_the_papers_dictionary_has_its_fifteen_columns_in_order() -> None:
    columns = builtin_columns()
    assert list(columns.names) == TABLE_1
    for name, mean in zip(TABLE_1[:-1], MEANS, strict=True):
        column = columns[name]
        assert column.low is not None
        assert column.high is not None
        assert column.low < mean < column.high
        assert column.label
        assert column.description
    assert columns["histology"].levels == ("Squamous cell carcinoma", "Adenocarcinoma", "Others")
    assert {columns[name].kind for name in ("parturition", "abortion")} == {"count"}
    assert columns["rbc_count"].unit == "10^12/L"
    assert columns["maximum_diameter"].unit == "mm"


def test_a_value_out_of_range_gets_one_sentence_with_range_and_unit() -> None:
    with pytest.raises(ClinicalValueError) as caught:
        builtin_columns().check("rbc_count", 41)
    assert str(caught.value) == "RBC count is 41, outside its plausible range 0.5-10 10^12/L: check the unit."


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("rbc_count", "4.1", 4.1),
        ("rbc_count", " 4.1 ", 4.1),
        ("rbc_count", 0.5, 0.5),
        ("rbc_count", 10, 10.0),
        ("abortion", "2.0", 2.0),
        ("histology", "adenocarcinoma", 1.0),
        ("histology", "2", 2.0),
        ("histology", 0, 0.0),
    ],
)
def test_values_that_are_taken(name: str, value: object, expected: float) -> None:
    assert builtin_columns().check(name, value) == expected


@pytest.mark.parametrize("value", ["", "abc", "4,1", "1_0", None, math.nan, math.inf, "1e999", [4], "4 1", 10**400])
def test_values_that_are_no_number(value: object) -> None:
    with pytest.raises(ClinicalValueError, match="not a number"):
        builtin_columns().check("rbc_count", value)


@pytest.mark.parametrize(("name", "value"), [("abortion", 1.5), ("abortion", -1), ("histology", 3), ("histology", 0.5)])
def test_counts_and_levels_are_kept(name: str, value: object) -> None:
    with pytest.raises(ClinicalValueError):
        builtin_columns().check(name, value)


def test_binary_reads_yes_and_no() -> None:
    columns = ColumnDictionary((ClinicalColumn("menopause", "Menopause", kind="binary"),))
    assert [columns.check("menopause", value) for value in ("yes", "No", 1, "0", "TRUE")] == [1, 0, 1, 0, 1]
    with pytest.raises(ClinicalValueError, match=r"0 \(no\) or 1 \(yes\)"):
        columns.check("menopause", "2")


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(ClinicalValueError, match="Did you mean 'rbc_count'"):
        builtin_columns().check("rbc_cuont", 4)


def test_a_count_without_bounds_is_not_negative() -> None:
    with pytest.raises(ClinicalValueError, match="from 0"):
        ClinicalColumn("n", "N", kind="count").parse(-2)


def test_to_mapping_and_back() -> None:
    assert ColumnDictionary.from_mapping(builtin_columns().to_mapping()) == builtin_columns()


def test_subset_keeps_the_order_asked_for() -> None:
    assert builtin_columns().subset(["cea", "age"]).names == ("cea", "age")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "- a",
        "columns: 3",
        "columns: {a: 3}",
        "columns: {a: {low: 2, high: 1}}",
        "columns: {a: {low: two}}",
        "columns: {a: {low: true}}",
        "columns: {a: {low: .inf}}",
        "columns: {a: {kind: nominal}}",
        "columns: {a: {kind: [x]}}",
        "columns: {a: {kind: category}}",
        "columns: {a: {kind: continuous, levels: [x, y]}}",
        "columns: {a: {kind: category, levels: [x, X]}}",
        "columns: {a: {kind: category, levels: [1, 2]}}",
        "columns: {a: {levels: 5}}",
        "columns: {a: {label: 5}}",
        "columns: {a: {range: 5}}",
        "columns: {1: {label: b}}",
        "columns:\n  a: {low: 1}\n  a: {low: 2}",
        "columns: {a: {label: x",
        "columns: {? [a] : b}",
        "columns: {a: {description: 2001-99-99}}",
        "columns: !!python/object/apply:os.system ['true']",
        "columns: &x {a: *x}",
        "x: &a [1]\ny: &b [*a, *a]\ncolumns: {}",
        "columns: " + "[" * 20000,
        "columns: " + "{a: " * 5000,
        "a: " + "9" * 6000,
        "\x00",
    ],
)
def test_hostile_dictionaries_are_refused_with_a_sentence(tmp_path: Path, text: str) -> None:
    path = tmp_path / "c.columns.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CohortError) as caught:
        ColumnDictionary.load(path)
    assert str(caught.value).endswith(".")


def test_files_that_are_no_dictionary(tmp_path: Path) -> None:
    (tmp_path / "large.yaml").write_bytes(b"#" * 300_000)
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\x00\xfe")
    for name in ("large.yaml", "bytes.yaml", "absent.yaml", "."):
        with pytest.raises(CohortError):
            ColumnDictionary.load(tmp_path / name)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.one_of(st.binary(max_size=80), st.text("columns: {}[]&*<!?-\n'\"ab1", max_size=60).map(str.encode)))
def test_any_bytes_give_a_dictionary_or_a_sentence(tmp_path: Path, raw: bytes) -> None:
    path = tmp_path / "c.yaml"
    path.write_bytes(raw)
    try:
        loaded = ColumnDictionary.load(path)
    except CohortError:
        return
    assert isinstance(loaded, ColumnDictionary)


@pytest.mark.parametrize("text", ["45 y", "4,1", "4,1 x10^12", "+7J"])
def test_a_number_with_something_more_tells_how_to_write_it(text: str) -> None:
    column = ClinicalColumn("age", "Age", unit="years")
    with pytest.raises(ClinicalValueError, match="write the number alone, with a decimal point, in years"):
        column.parse(text)
    with pytest.raises(ClinicalValueError, match=r"not a number\."):
        column.parse("old")


def test_what_a_strangers_dictionary_holds_moves_no_cursor(tmp_path: Path) -> None:
    path = tmp_path / "x.columns.yaml"
    path.write_text('columns: {age: {label: "Age\\e[2J", unit: "y\\nears", high: 110}}', encoding="utf-8")
    age = ColumnDictionary.load(path)["age"]
    assert (age.label, age.unit) == ("Age [2J", "y ears")
    with pytest.raises(ClinicalValueError) as refused:
        age.parse("old\x1b[31m")
    assert str(refused.value).isprintable()
    path.write_text('columns: {"age\\e[2J": {kind: no}}', encoding="utf-8")
    with pytest.raises(CohortError) as refused_file:
        ColumnDictionary.load(path)
    assert str(refused_file.value).isprintable()
