"""Groups in which a model is judged by itself, and why rows were left out."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.cohort import ColumnDictionary, exclusion_reasons, load_cohort, subgroups
from CervixRiskLib.cohort.case_groups import FEWEST_CASES, MOST_GROUPS, OTHER, _add

COLUMNS = {
    "maximum_diameter": {"label": "Maximum diameter", "unit": "mm"},
    "histology": {"label": "Histology", "kind": "category", "levels": ["squamous", "adeno", "rare"]},
    "menopause": {"label": "Menopause", "kind": "binary"},
    "sort": {"label": "Sort", "kind": "category", "levels": [f"s{number}" for number in range(9)]},
}


@pytest.fixture
def cohort(tmp_path: Path):
    rng = np.random.default_rng(7)
    (tmp_path / "image.png").write_bytes(b"")
    lines = ["case_id,image,outcome,center,maximum_diameter,histology,menopause,sort"]
    for number in range(90):
        centre = ("Nord", "Süd", "")[0 if number < 50 else 1 if number < 88 else 2]
        histology = "squamous" if number < 60 else "adeno" if number < 86 else "rare"
        diameter = "" if number == 3 else f"{rng.uniform(10, 60):.1f}"
        lines.append(f"C{number},image.png,{number % 2},{centre},{diameter},{histology},yes,s{number % 9}")
    (tmp_path / "cohort.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return load_cohort(
        tmp_path / "cohort.csv",
        columns=ColumnDictionary.from_mapping({"columns": COLUMNS}),
        require_roi=False,
        skip_invalid=True,
    )


def test_groups_are_named_and_small_ones_are_put_together(cohort):
    found = subgroups(cohort)
    assert set(found) == {"Centre", "Maximum diameter (mm)", "Histology"}
    centre = found["Centre"]
    assert (centre.count("centre 1"), centre.count("centre 2"), centre.count("")) == (50, 38, 2)
    histology = found["Histology"]
    assert (histology.count("squamous"), histology.count("adeno"), histology.count("")) == (60, 26, 4)


def test_no_group_is_smaller_than_a_handful(cohort):
    for labels in subgroups(cohort).values():
        assert all(labels.count(label) >= FEWEST_CASES for label in set(labels) - {""})


def test_small_groups_that_are_enough_together_are_one():
    found: dict[str, tuple[str, ...]] = {}
    _add(found, "Type", ["a"] * 20 + ["b"] * 3 + ["c"] * 2)
    assert found == {"Type": ("a",) * 20 + (OTHER,) * 5}


def test_what_has_one_group_or_too_many_is_left_out(cohort):
    found = subgroups(cohort)
    assert "Menopause" not in found
    assert len(cohort.columns["sort"].levels) > MOST_GROUPS
    assert "Sort" not in found


def test_thirds_of_the_diameter_hold_a_third_each_and_say_their_limits(cohort):
    labels = subgroups(cohort)["Maximum diameter (mm)"]
    diameters = cohort.table["maximum_diameter"].to_numpy()
    assert labels[3] == ""
    groups = {label: diameters[np.array(labels) == label] for label in set(labels) - {""}}
    assert sorted(len(values) for values in groups.values()) in ([29, 30, 30], [29, 29, 31])
    below = next(label for label in groups if label.startswith("up to "))
    assert groups[below].max() <= float(below.removeprefix("up to "))
    assert max(values.max() for values in groups.values()) == np.nanmax(diameters)


def test_reasons_are_counted_without_anything_of_the_rows(tmp_path):
    (tmp_path / "a.png").write_bytes(b"")
    (tmp_path / "cohort.csv").write_text(
        "case_id,image,roi,outcome,patient_id,slice\n"
        "good,a.png,,1,p1,\n"
        "good2,a.png,,0,p2,\n"
        ",a.png,,1,p3,\n"
        "twice,a.png,,1,p3,\n"
        "TWICE,a.png,,1,p3,\n"
        "gone,Mueller_1950.png,,1,p4,\n"
        "empty,,,1,p5,\n"
        "what,a.png,,perhaps,p6,\n"
        "none,a.png,,,p7,\n"
        "same,a.png,a.png,1,p8,\n"
        "nobody,a.png,,1,,\n"
        "odd,a.png,,1,p9,first\n",
        encoding="utf-8",
    )
    cohort = load_cohort(tmp_path / "cohort.csv", require_roi=False, skip_invalid=True)
    counts = exclusion_reasons(cohort.excluded)
    assert counts == {
        "row damaged, or case_id missing or used twice": 3,
        "image or contour missing": 3,
        "outcome missing or not usable": 2,
        "patient_id missing": 1,
        "a value that cannot be used": 1,
    }
    assert "Mueller" not in str(counts)
