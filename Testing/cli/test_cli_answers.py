"""What the commands answer when all is well."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from CervixRiskLib import RESEARCH_USE_NOTICE


def test_simulate(call: Any, tmp_path: Path) -> None:
    outcome = call("simulate", "ultrasound", tmp_path / "c", "--cases", 3, "--seed", 5, "--jobs", 1, "--json")
    assert outcome.code == 0
    assert outcome.json["simulated"] is True
    with Path(outcome.json["cohort"]).open(encoding="utf-8") as handle:
        assert len(list(csv.DictReader(handle))) == 3
    assert (tmp_path / "c" / "simulation.json").is_file()
    text = call("simulate", "ultrasound", tmp_path / "c", "--cases", 3, "--seed", 5, "--jobs", 1).out
    assert "3 simulated cases" in text
    assert "train plnm" in text


def test_extract_goes_on_where_it_stopped(call: Any, tmp_path: Path) -> None:
    call("simulate", "ultrasound", tmp_path / "c", "--cases", 3, "--jobs", 1)
    base = ("extract", tmp_path / "c" / "cohort.csv", "--output", tmp_path / "f.csv", "--jobs", 1, "--json")
    first, second = call(*base), call(*base)
    assert (first.json["cases"], first.json["features"], first.json["reused"]) == (3, 1561, 0)
    assert second.json["reused"] == 3
    with (tmp_path / "f.csv").open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["case_id"] for row in rows] == ["sim-00001", "sim-00002", "sim-00003"]
    assert "3 cases, 1561 features" in call(*base[:-1]).out


class TestPredict:
    def test_json(self, predict: Any) -> None:
        outcome = predict("--json")
        assert outcome.code == 0, outcome.err
        answer = outcome.json
        low, high = answer["interval"]
        assert 0 <= low <= answer["probability"] <= high <= 1
        assert answer["simulated"] is True
        assert "demo_bundle" in [warning["code"] for warning in answer["warnings"]]
        assert {point["name"] for point in answer["points"]} == {"fusion_score", "rbc_count", "maximum_diameter"}
        assert sum(point["points"] for point in answer["points"]) == pytest.approx(answer["total_points"])

    def test_words(self, predict: Any) -> None:
        text = " ".join(predict().out.replace("│", " ").split())
        assert "SIMULATED" in text
        assert "95 % interval" in text
        assert "RBC count: 4.1 10^12/L" in text
        assert RESEARCH_USE_NOTICE in text

    def test_long_sentences_are_whole(self, predict: Any) -> None:
        """Warnings wrap; nothing is cut off at the edge of the frame."""
        answer = predict("--json").json
        text = " ".join(predict().out.replace("│", " ").split())
        for warning in answer["warnings"]:
            if warning["code"] != "demo_bundle":
                assert warning["text"] in text

    def test_a_clinical_value_counts(self, predict: Any) -> None:
        def probability(diameter: int) -> float:
            given = ("--clinical", "rbc_count=4.1", "--clinical", f"maximum_diameter={diameter}")
            return float(predict("--json", clinical=given).json["probability"])

        assert len({round(probability(diameter), 6) for diameter in (15, 30, 60)}) == 3

    def test_the_same_case_alone_and_in_a_table(
        self, call: Any, predict: Any, cohort: Path, bundle: Path, tmp_path: Path
    ) -> None:
        output = tmp_path / "p.csv"
        answer = call("predict", "--bundle", bundle, "--cohort", cohort, "--output", output, "--json")
        assert answer.json["cases"] == 24
        with output.open(encoding="utf-8") as handle:
            rows = {row["case_id"]: row for row in csv.DictReader(handle)}
        with cohort.open(encoding="utf-8") as handle:
            case = next(row for row in csv.DictReader(handle) if row["case_id"] == "sim-00001")
        alone = predict(
            "--json",
            clinical=tuple(f"--clinical={name}={case[name]}" for name in ("rbc_count", "maximum_diameter")),
            spacing_mm=case["spacing_mm"],
        ).json
        row = rows["sim-00001"]
        assert float(row["probability"]) == pytest.approx(alone["probability"], rel=1e-9)
        assert float(row["lower"]) == pytest.approx(alone["interval"][0], rel=1e-9)
        assert float(row["points"]) == pytest.approx(alone["total_points"], rel=1e-9)
        assert row["class"] == alone["label"]
        assert row["simulated"] == "True"
        assert "demo_bundle" in row["warnings"]
        assert row["bundle"] == alone["bundle_hash"]

    def test_a_table_without_outcomes(self, call: Any, cohort: Path, bundle: Path, tmp_path: Path) -> None:
        table = tmp_path / "new.csv"
        folder = cohort.parent
        table.write_text(
            "case_id,image,roi,spacing_mm,rbc_count,maximum_diameter\n"
            f"A,{folder}/images/sim-00002.png,{folder}/rois/sim-00002.png,0.2,4.0,30\n"
        )
        outcome = call("predict", "--bundle", bundle, "--cohort", table, "--output", tmp_path / "p.csv")
        assert outcome.code == 0, outcome.err
        assert "1 case answered" in outcome.out
        assert "SIMULATED" in outcome.err

    def test_the_nomogram_is_drawn(self, predict: Any, tmp_path: Path) -> None:
        from PIL import Image

        outcome = predict("--nomogram", tmp_path / "n.png", "--json")
        assert outcome.json["files"] == {"Nomogram": str(tmp_path / "n.png")}
        with Image.open(tmp_path / "n.png") as picture:
            assert picture.width > 600

    @pytest.mark.slicer
    def test_the_slice_is_drawn(self, predict: Any, tmp_path: Path) -> None:
        pytest.importorskip("slicer")
        from PIL import Image

        outcome = predict("--picture", tmp_path / "s.png", "--json")
        assert outcome.code == 0, outcome.out
        with Image.open(tmp_path / "s.png") as picture:
            assert np.asarray(picture.convert("L")).std() > 10

    def test_a_heat_map_that_cannot_be_is_told(self, predict: Any, tmp_path: Path) -> None:
        """This bundle has no network: the answer says so, and no file pretends otherwise."""
        outcome = predict("--heatmap", tmp_path / "h.nrrd", "--json")
        assert outcome.code == 0
        assert "heatmap_unavailable" in [warning["code"] for warning in outcome.json["warnings"]]
        assert outcome.json["files"] == {}
        assert not (tmp_path / "h.nrrd").exists()


class TestBundleCommands:
    def test_inspect(self, call: Any, bundle: Path) -> None:
        text = call("bundle", "inspect", bundle).out
        for expected in ("SIMULATED", "Trained on 24 cases", "wang2025", "rbc_count", "auc", RESEARCH_USE_NOTICE):
            assert expected in text
        content = call("bundle", "inspect", bundle, "--json").json
        assert content["training"]["cases"] == 24
        assert len(content["hash"]) == 64

    def test_verify(self, call: Any, bundle: Path) -> None:
        assert "Unchanged" in call("bundle", "verify", bundle).out
        report = call("bundle", "verify", bundle, "--json").json
        assert report["ok"] is True
        assert all(file["intact"] for file in report["files"])

    def test_verify_tells_all_that_is_wrong(self, call: Any, spoiled: Path) -> None:
        (spoiled / "extra.txt").touch()
        (spoiled / "MODEL_CARD.md").write_text("perfect")
        outcome = call("bundle", "verify", spoiled, "--json")
        assert outcome.code == 2
        assert outcome.json["ok"] is False
        assert len(outcome.json["problems"]) == 2

    def test_the_model_card_is_that_of_the_manifest(self, bundle: Path) -> None:
        from CervixRiskLib.bundle import load_bundle, model_card

        loaded = load_bundle(bundle)
        assert loaded.read_bytes("MODEL_CARD.md").decode() == model_card(loaded.manifest)
        assert json.loads((bundle / "bundle.json").read_text())["simulated"] is True
