"""``reading agreement`` and ``train plnm --reading`` on a study with a known truth."""

from __future__ import annotations

import json
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from PIL import Image

PRESET = """
setting: {force2D: true, binWidth: 25}
imageType: {Original: {}}
featureClass:
  shape2D: [PixelSurface, MaximumDiameter, MinorAxisLength]
  firstorder: [Mean, Maximum, Minimum, Median, Energy, Skewness]
"""
CASES, REPEATED = 24, 12
FILES = {
    "summary.json", "summary.md", "icc.csv", "reproducible_features.csv", "icc_histogram.png", "overlap.csv",
    "overlap.png", "bland_altman.csv", "bland_altman.png", "worst_inter.png", "worst_intra.png",
}  # fmt: skip


def circle(radius):
    rows, columns = np.mgrid[:40, :48]
    return (rows - 20) ** 2 + (columns - 24) ** 2 < radius**2


def write_cohort(folder):
    """Every contour holds the brightest pixel, whose value is the case's; outcome, value and area go together."""
    for place in ("images", "rois"):
        (folder / place).mkdir(parents=True)
    lines = ["case_id,image,roi,outcome,spacing_mm"]
    for index in range(CASES):
        random = np.random.default_rng(index)
        pixels = random.integers(0, 100, (40, 48)).astype(np.uint8)
        pixels[20, 24] = 130 + 40 * (index % 2) + 2 * index
        Image.fromarray(pixels).save(folder / "images" / f"{index}.png")
        Image.fromarray(circle(8 + 5 * (index % 2) + random.uniform()).astype(np.uint8) * 255).save(
            folder / "rois" / f"{index}.png"
        )
        lines.append(f"case {index},images/{index}.png,rois/{index}.png,{index % 2},0.25")
    (folder / "cohort.csv").write_text("\n".join(lines) + "\n")
    return folder / "cohort.csv"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A cohort, a preset, a study of three readings whose sizes are random, and one that only one reader has drawn."""
    from CervixRiskLib.imaging import Roi
    from CervixRiskLib.reading import ReaderDesk, assign, create_study

    folder = tmp_path_factory.mktemp("agreement")
    cohort = write_cohort(folder / "cohort")
    (folder / "few.yaml").write_text(PRESET)
    now = [datetime(2026, 1, 1, tzinfo=timezone.utc)]
    random = np.random.default_rng(7)
    for name, seconds in (("study", ["Reader B"]), ("alone", [])):
        study = create_study(folder / name, cohort, clock=lambda: now[0])
        assign(study, primary="Reader A", seconds=seconds, second_cases=REPEATED, repeat=bool(seconds))
        numbers = {case.number: case for case in study.cases()}

        def work(reader, study=study, numbers=numbers):
            desk = ReaderDesk(study, reader)
            while (task := desk.next_task()) is not None:
                mask = circle(random.uniform(6, 15))
                roi = Roi.from_mask(mask, study.image(numbers[task.number]))
                desk.submit(task.number, roi, round_=task.round)

        for reader in ("Reader A", *seconds):
            work(reader)
        if seconds:
            now[0] += timedelta(days=60)
            work("Reader A")
    return folder


@pytest.fixture(scope="module")
def report(place):
    """The folder that one call of the command has written."""
    from CervixRiskLib.cli import main

    arguments = ("reading", "agreement", place / "study", "-o", place / "report", "--preset", place / "few.yaml")
    assert main([str(word) for word in (*arguments, "--perturb", "2", "--jobs", "1")]) == 0
    return place / "report"


def test_the_folder_is_complete_and_says_what_it_is(report):
    assert {path.name for path in report.iterdir()} == FILES
    summary = json.loads((report / "summary.json").read_text())
    assert [one["analysis"] for one in summary["features"]["analyses"]] == ["inter", "intra", "perturbation"]
    assert [one["between_people"] for one in summary["features"]["analyses"]] == [True, True, False]
    assert [one["cases"] for one in summary["features"]["analyses"]] == [REPEATED, REPEATED, CASES]
    assert summary["features"]["decided_by"] == ["inter", "intra"]
    assert not summary["simulated"]
    words = (report / "summary.md").read_text()
    assert "not agreement between people" in words
    assert "For research use" in words
    for path in report.glob("*.png"):
        with Image.open(path) as picture:
            assert min(picture.size) > 500


def test_the_tables_agree_with_each_other(report):
    icc = pd.read_csv(report / "icc.csv").set_index("feature")
    assert len(icc) == 9
    assert icc.loc["original_firstorder_Maximum", "inter_icc"] == pytest.approx(1)
    assert not icc.loc["original_shape2D_PixelSurface", "reproducible"]
    joined = (icc["inter_icc"] >= 0.75) & (icc["intra_icc"] >= 0.75)
    assert icc["reproducible"].tolist() == joined.tolist()
    kept = pd.read_csv(report / "reproducible_features.csv")
    assert kept["feature"].tolist() == icc.index[joined].tolist()
    overlap = pd.read_csv(report / "overlap.csv")
    assert len(overlap) == 2 * REPEATED
    assert overlap.loc[overlap["analysis"] == "intra", "days_between"].min() == pytest.approx(60)
    limits = pd.read_csv(report / "bland_altman.csv").set_index(["analysis", "size"])
    differences = overlap[overlap["analysis"] == "inter"].eval("first_diameter - second_diameter")
    assert limits.loc[("inter", "diameter"), "bias"] == pytest.approx(differences.mean())
    assert limits.loc[("inter", "diameter"), "upper_limit"] == pytest.approx(
        differences.mean() + 1.96 * differences.std(ddof=1)
    )
    assert not any(table["simulated"].any() for table in (icc, kept, overlap, limits))


def test_training_takes_the_table_as_it_is(report):
    from CervixRiskLib.plnm.reproducibility import read_icc_table, reproducible_names

    table = read_icc_table(report / "icc.csv")
    assert list(reproducible_names(table)) == pd.read_csv(report / "reproducible_features.csv")["feature"].tolist()


def test_an_earlier_report_is_replaced_and_nothing_else(call, place, report, tmp_path):
    again = ("reading", "agreement", place / "study", "--no-features", "--json", "--output")
    target = tmp_path / "again"
    assert call(*again, target).code == 0
    answer = call(*again, target)
    assert answer.code == 0
    assert set(answer.json["files"]) == {path.name for path in target.iterdir()}
    assert "icc.csv" not in answer.json["files"]
    (target / "mine.txt").write_text("keep me")
    assert "something else" in call(*again[:-2], "-o", target).sentence()
    assert (target / "mine.txt").is_file()
    file = tmp_path / "file"
    file.write_text("")
    assert "A file stands" in call(*again[:-2], "-o", file).sentence()


def test_mistakes(call, place, tmp_path):
    start = ("reading", "agreement", place / "alone", "-o", tmp_path / "out", "--preset", place / "few.yaml")
    assert "there are none" in call(*start).sentence()
    assert "--no-features does not" in call(*start, "--perturb", 2, "--no-features").sentence()
    assert "was not made" in call(*start, "--perturb", 2, "--analysis", "inter").sentence()
    assert not (tmp_path / "out").exists()


def test_one_reader_and_perturbed_contours(call, place, tmp_path):
    found = call("reading", "agreement", place / "alone", "-o", tmp_path / "out", "--preset", place / "few.yaml",
                 "--perturb", 2, "--jobs", 1)  # fmt: skip
    assert found.code == 0
    assert "Perturbed contours" in found.out
    assert "Inter-observer" not in found.out
    assert "not agreement between people" in found.err
    names = {path.name for path in (tmp_path / "out").iterdir()}
    assert names == {"summary.json", "summary.md", "icc.csv", "reproducible_features.csv", "icc_histogram.png"}


def test_a_simulated_study_says_so_everywhere(call, place, tmp_path):
    cohort = write_cohort(tmp_path / "cohort")
    (cohort.parent / "simulation.json").write_text("{}")
    from CervixRiskLib.cohort import load_case, load_cohort
    from CervixRiskLib.reading import ReaderDesk, assign, create_study

    study = create_study(tmp_path / "study", cohort)
    assign(study, primary="A", seconds=["B"], second_cases=3)
    table, names = load_cohort(cohort), {case.number: case.case_id for case in study.cases()}
    for reader in "AB":
        desk = ReaderDesk(study, reader)
        while (task := desk.next_task()) is not None:
            desk.submit(task.number, load_case(table, names[task.number])[1])
    out = tmp_path / "report"
    found = call("reading", "agreement", study.folder, "-o", out, "--preset", place / "few.yaml", "--jobs", 1)
    assert found.code == 0
    assert "SIMULATED" in found.out
    assert "SIMULATED" in (out / "summary.md").read_text()
    assert all(pd.read_csv(path)["simulated"].all() for path in out.glob("*.csv"))
    # Features for patients are not chosen by simulated readers.
    training = ("train", "plnm", place / "cohort" / "cohort.csv", "-o", tmp_path / "model", "--no-deep", "--preset",
                place / "few.yaml", "--jobs", 1, "--classifier", "logistic_regression")  # fmt: skip
    assert "simulated" in call(*training, "--reading", study.folder).err
    assert "simulated" in call(*training, "--icc", out / "icc.csv").err
    assert not (tmp_path / "model").exists()


@pytest.fixture(scope="module")
def start(place):
    return (
        "train", "plnm", place / "cohort" / "cohort.csv", "--no-deep", "--no-clinical", "--effort", "quick",
        "--classifier", "logistic_regression", "--preset", place / "few.yaml", "--jobs", 1,
        "--no-report", "-o",
    )  # fmt: skip


def test_the_model_is_built_on_what_the_readers_reproduce(call, place, start, report, tmp_path):
    found = call(*start, tmp_path / "model", "--reading", place / "study", "--icc-threshold", 0.8)
    assert found.code == 0, found.err
    manifest = json.loads((tmp_path / "model" / "bundle.json").read_text())
    icc = pd.read_csv(report / "icc.csv").set_index("feature")
    kept = set(icc.index[(icc[["inter_icc", "intra_icc"]] >= 0.8).all(axis=1)])
    assert set(manifest["selected_features"]) <= kept
    assert set(manifest["details"]["feature_frequency"]) <= kept
    about = manifest["details"]["reproducibility"]
    assert about["origin"] == f"reader study {json.loads((report / 'summary.json').read_text())['study_id']}"
    assert (about["analyses"], about["cases"]) == (["inter", "intra"], {"inter": REPEATED, "intra": REPEATED})
    assert (about["kept"], about["of"], about["threshold"]) == (len(kept), 9, 0.8)
    assert about["between_people"]
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text()
    assert f"{len(kept)} of 9 radiomic features are reproducible" in card
    assert "fewer cases than the paper's 50" in card
    assert "not filtered" not in card
    # The area goes with the outcome, but no two readers agree on it.
    plain = call(*start, tmp_path / "plain")
    assert plain.code == 0, plain.err
    chosen = json.loads((tmp_path / "plain" / "bundle.json").read_text())
    assert "original_shape2D_PixelSurface" not in kept
    assert set(chosen["details"]["feature_frequency"]) - kept
    assert any("not filtered" in sentence for sentence in chosen["deviations"])


def test_perturbed_contours_are_not_called_readers(call, place, start, tmp_path):
    found = call(*start, tmp_path / "model", "--reading", place / "alone", "--icc-perturb", 2)
    assert found.code == 0, found.err
    card = (tmp_path / "model" / "MODEL_CARD.md").read_text()
    assert "perturbed contours, not readers" in card
    assert "Reproducible features come from perturbed contours, not from readers" in card


def test_contradictions_of_training(call, place, start, report, tmp_path):
    out = tmp_path / "model"
    both = call(*start, out, "--reading", place / "study", "--icc", report / "icc.csv")
    assert "--icc and --reading contradict" in both.sentence()
    assert "--icc-perturb needs" in call(*start, out, "--icc-perturb", 3).sentence()
    assert "there are none" in call(*start, out, "--reading", place / "alone").sentence()
    assert "no reader study" in call(*start, out, "--reading", place).sentence()
