"""``validate``: a fixed model on further patients, whoever could not be answered among them."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest

from CervixRiskLib import SIMULATED_MARK
from CervixRiskLib.bundle import load_bundle
from CervixRiskLib.cli.validation_answers import labelled_cohort
from CervixRiskLib.cohort import ColumnDictionary, load_cohort
from CervixRiskLib.cohort.seen_before import known_of_overlap
from CervixRiskLib.errors import Cancelled, CohortError
from CervixRiskLib.progress import Task
from CervixRiskLib.statistics import auc

pytestmark = pytest.mark.usefixtures("in_this_process")
CASES = 16


@pytest.fixture(scope="module")
def hospital(tmp_path_factory):
    """Sixteen further patients; two rows have no outcome, and one image is of another size than its contour."""
    from CervixRiskLib.cohort.simulation import simulate_ultrasound

    table = simulate_ultrasound(
        tmp_path_factory.mktemp("hospital") / "cohort", CASES, 77, prevalence=0.5, effect=2.0, jobs=1
    )
    rows = pd.read_csv(table, dtype=str)
    rows.loc[[3, 5], "outcome"] = ""
    shutil.copy(table.parent / rows.loc[8, "image"], table.parent / "odd.png")
    rows.loc[8, "roi"] = "odd.png"
    rows.to_csv(table, index=False)
    return table


def run(call, *arguments):
    outcome = call(*arguments, "--no-pdf", "--no-figures")
    assert outcome.code == 0, outcome.err
    return outcome


def test_every_case_is_answered_by_the_model_as_it_is_or_told_why_not(call, hospital, bundle, tmp_path) -> None:
    before = load_bundle(bundle).hash
    predictions = tmp_path / "predictions.csv"
    assert call("predict", "--bundle", bundle, "--cohort", hospital, "-o", predictions, "--skip-invalid").code == 0
    folder = tmp_path / "validation"
    outcome = run(call, "validate", bundle, hospital, "--output", folder, "--json")
    assert load_bundle(bundle).hash == before
    answers = pd.read_csv(folder / "answers.csv").set_index("case_id")
    alone = pd.read_csv(predictions).set_index("case_id")
    answered = answers[answers["probability"].notna()]
    assert len(answered) == CASES - 3
    # The very numbers that the model gives without outcomes.
    assert (answered["probability"] == alone.loc[answered.index, "probability"]).all()
    assert answers["problem"].notna().sum() == 3
    assert set(answers["simulated"]) == {True}
    found = outcome.json
    assert (found["answered"], len(found["left_out"]), len(found["not_answered"])) == (CASES - 3, 2, 1)
    report = json.loads((folder / "report.json").read_text(encoding="utf-8"))
    flow = {row[0]["value"]: row[1]["value"] for row in report["tables"]["case_flow"]["rows"]}
    assert flow["Rows of the table"] == CASES
    assert flow["left out: outcome missing or not usable"] == 2
    assert flow["Cases that the model answered"] == CASES - 3
    expected = auc(answered["outcome"].to_numpy(int), answered["probability"].to_numpy())
    assert report["key_numbers"]["auc"]["value"] == pytest.approx(expected)
    assert report["simulated"] is True
    assert "1 case was not answered by the model" in json.dumps(report["summary"])
    assert SIMULATED_MARK.lower() in (folder / "index.html").read_text(encoding="utf-8").lower()
    assert "sim-" not in (folder / "index.html").read_text(encoding="utf-8"), "the page names a case"


def test_the_training_table_is_refused_and_so_is_one_of_its_images(call, hospital, bundle, cohort, tmp_path) -> None:
    # Under another name, with other line ends: still the same patients.
    copy = cohort.with_name("renamed.csv")
    copy.write_bytes(cohort.read_bytes().replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"))
    sentence = call("validate", bundle, copy, "-o", tmp_path / "out").sentence()
    copy.unlink()
    assert "the one that the model was trained on" in sentence
    mixed = pd.read_csv(hospital, dtype=str)
    shutil.copy(cohort.parent / pd.read_csv(cohort, dtype=str).loc[2, "image"], hospital.parent / "known.png")
    mixed.loc[0, "image"] = "known.png"
    mixed.to_csv(hospital.with_name("mixed.csv"), index=False)
    arguments = ("validate", bundle, hospital.with_name("mixed.csv"), "-o", tmp_path / "out", "--training-cohort")
    sentence = call(*arguments, cohort).sentence()
    hospital.with_name("mixed.csv").unlink()
    assert "1 image is also in the training cohort" in sentence
    assert not (tmp_path / "out").exists()


def test_identifiers_of_the_training_cohort_are_an_alarm(hospital, cohort) -> None:
    told, alarms = known_of_overlap(load_cohort(hospital, skip_invalid=True), load_cohort(cohort))
    assert len(alarms) == 1
    assert "14 patients have an identifier that a patient of the training cohort has too" in alarms[0]
    assert "None of the 14 images is among the 24" in told[0]


def test_one_image_under_two_patients_is_an_alarm(hospital) -> None:
    rows = pd.read_csv(hospital, dtype=str).iloc[:3]
    rows = rows.assign(
        outcome=["0", "1", "0"], image=[rows.loc[0, "image"], rows.loc[0, "image"], rows.loc[2, "image"]]
    )
    twice = hospital.with_name("twice.csv")
    rows.to_csv(twice, index=False)
    told, alarms = known_of_overlap(load_cohort(twice), None)
    rows.assign(patient_id=["a", "a", "b"], slice=["", "", ""]).to_csv(twice, index=False)
    once = known_of_overlap(load_cohort(twice), None)[1]
    twice.unlink()
    assert alarms[0].startswith("One image stands in the table for more than one patient")
    assert "cannot be seen" in told[1]
    assert once == ()


def test_a_cancelled_validation_leaves_nothing(call, hospital, bundle, tmp_path, monkeypatch) -> None:
    steps = Task.advance

    def stop(self: Task, *arguments: object, **named: object) -> None:
        steps(self, *arguments, **named)
        if self.description == "Answering" and self.done == 3:
            raise Cancelled("Stopped on request.")

    monkeypatch.setattr(Task, "advance", stop)
    assert call("validate", bundle, hospital, "-o", tmp_path / "out").code == 130
    assert not (tmp_path / "out").exists()


def test_what_cannot_be_validated_is_said_in_a_sentence(call, hospital, bundle, tmp_path) -> None:
    rows = pd.read_csv(hospital, dtype=str)
    one = hospital.with_name("one.csv")
    rows[rows["outcome"] == "1"].to_csv(one, index=False)
    assert "All " in call("validate", bundle, one, "-o", tmp_path / "out").sentence()
    other = call("validate", bundle, hospital, "-o", tmp_path / "out", "--outcome", "pN").sentence()
    assert "no column pN" in other
    blank = hospital.with_name("blank.csv")
    rows.assign(outcome=[0, 1] * (CASES // 2), roi="odd.png").to_csv(blank, index=False)
    assert "none of the cases. The first: " in call("validate", bundle, blank, "-o", tmp_path / "out").sentence()
    assert not (tmp_path / "out").exists()


# -- named groups -----------------------------------------------------------------------------------------------------

PROGRAM = SimpleNamespace(columns=ColumnDictionary(), needs_roi=False, channels=("image",))


def staging_table(folder: Path, outcomes: list[str]) -> Path:
    (folder / "slice.png").write_bytes(b"")
    lines = [f"c{place},slice.png,{outcome}" for place, outcome in enumerate(outcomes)]
    path = folder / "cohort.csv"
    path.write_text("\n".join(["case_id,image,outcome", *lines]) + "\n", encoding="utf-8")
    return path


def manifest(*names: str) -> SimpleNamespace:
    return SimpleNamespace(task="staging", class_names=names)


def test_groups_get_the_places_that_the_model_has_for_them(tmp_path) -> None:
    path = staging_table(tmp_path, ["Late", "early", "late", "EARLY", ""])
    cohort = labelled_cohort(path, "outcome", manifest("early", "middle", "late"), PROGRAM)
    assert cohort.outcomes.tolist() == [2, 0, 2, 0]
    assert cohort.class_names == ("early", "middle", "late")
    assert len(cohort.excluded) == 1


def test_a_group_that_the_model_does_not_know_is_refused(tmp_path) -> None:
    path = staging_table(tmp_path, ["early", "late", "early", "late", "unsure", "unsure"])
    with pytest.raises(CohortError, match="a group that the model does not know \\('unsure'\\)"):
        labelled_cohort(path, "outcome", manifest("early", "late"), PROGRAM)
