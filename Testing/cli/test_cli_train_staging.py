"""``train staging`` and what ``predict`` makes of its bundle, as a person types them."""

from __future__ import annotations

import csv
import json
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

pytest.importorskip("torch")

from CervixRiskLib.cli.train_staging import network_names

pytestmark = pytest.mark.torch

QUICK = ("--weights", "none", "--size", "32", "--epochs", "1", "--learning-rate", "0.001", "--device", "cpu")


@pytest.fixture(scope="module")
def mri(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from CervixRiskLib.cohort.simulation import simulate_mri

    return simulate_mri(tmp_path_factory.mktemp("mri") / "cohort", 24, 3, jobs=1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory, mri: Path) -> tuple[Path, Path, Any]:
    """Two networks trained once through the command line: the bundle, the report, what was printed as JSON."""
    from CervixRiskLib.cli import main

    folder = tmp_path_factory.mktemp("trained")
    capture = folder / "out.json"
    import contextlib
    import io

    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        code = main(
            ["train", "staging", str(mri), "-o", str(folder / "staging.zip"), "--network",
             "shufflenet_v2_x1_0,resnet50", "--report", str(folder / "report"), "--json", *QUICK]
        )  # fmt: skip
    assert code == 0
    capture.write_text(printed.getvalue())
    return folder / "staging.zip", folder / "report", json.loads(printed.getvalue())


def test_all_means_all_seven_with_the_published_choice_first() -> None:
    names = network_names("all")
    assert names[0] == "hrnet_w32"
    assert len(set(names)) == 7
    assert network_names(" resnet50 , hrnet_w32") == ("resnet50", "hrnet_w32")
    assert network_names("shufflenet,VIT") == ("shufflenet_v2_x1_0", "vit_base_patch16_224")
    assert network_names("re,unet") == ("re", "unet")  # resnet50 or regnety_016; and none: refused by the settings


def test_json_says_how_good_and_that_it_is_simulated(trained: tuple[Path, Path, Any]) -> None:
    _, _, printed = trained
    assert printed["simulated"] is True
    assert printed["groups"] == ["surgery", "chemoradiotherapy"]
    assert {metric["model"] for metric in printed["metrics"]} == {"shufflenet_v2_x1_0", "resnet50"}
    assert 0 <= printed["comparison"]["accuracy_p"] <= 1


def test_the_run_leaves_its_report_with_pictures_and_the_answers(trained: tuple[Path, Path, Any]) -> None:
    bundle, report, printed = trained
    assert printed["files"]["Report"] == str(report / "index.html")
    content = json.loads((report / "report.json").read_text(encoding="utf-8"))
    assert content["simulated"] is True
    groups = {column["group"] for table in content["tables"].values() for column in table["columns"]}
    assert "published, other data" in " ".join(groups | {str(table["title"]) for table in content["tables"].values()})
    assert "heat_maps" in content["figures"]
    assert content["figures"]["heat_maps"]["not_drawn"] is None
    page = (report / "index.html").read_text(encoding="utf-8")
    assert "Not a medical device" in page
    assert "ShuffleNet V2" in page
    assert "calibration, which its probabilities went through, was fitted to these cases" in page
    with (report / "held_out.csv").open(newline="", encoding="utf-8") as handle:
        answers = list(csv.DictReader(handle))
    assert len(answers) % 2 == 0
    # Neither names nor pictures of patients leave with the bundle.
    with zipfile.ZipFile(bundle) as archive:
        assert not {"examples.npz", "held_out.csv"} & {Path(name).name for name in archive.namelist()}
    assert not any(row["case_id"] in (report / name).read_text("utf-8") for row in answers for name in ("study.json",))


def test_the_screen_shows_the_reports_table(
    trained: tuple[Path, Path, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    from CervixRiskLib.bundle.study_file import load_study
    from CervixRiskLib.cli.staging_table import print_comparison

    study = load_study(trained[0])
    print_comparison(SimpleNamespace(manifest=study.manifest, record=study.record))  # type: ignore[arg-type]
    printed = capsys.readouterr()
    own, published = printed.out.split("published, other data")
    accuracy = next(metric.value for metric in study.manifest.metrics if metric.name == "accuracy")
    assert f"{accuracy:.2f} (" in next(line for line in own.splitlines() if "ShuffleNet V2" in line)
    assert "0.6667" in next(line for line in published.splitlines() if "ShuffleNet V2" in line)
    assert "never a target" in printed.err


def test_predict_answers_with_the_bundle(trained: tuple[Path, Path, Any], mri: Path, call: Any, tmp_path: Path) -> None:
    bundle, _, _ = trained
    with mri.open(newline="", encoding="utf-8") as handle:
        row = next(csv.DictReader(handle))
    case = ("--image", mri.parent / row["image"], "--roi", mri.parent / row["roi"], "--spacing-mm", row["spacing_mm"])
    outcome = call("predict", "--bundle", bundle, *case, "--json")
    assert outcome.code == 0, outcome.err
    answer = outcome.json
    assert answer["task"] == "staging"
    assert [item["name"] for item in answer["class_probabilities"]] == ["surgery", "chemoradiotherapy"]
    assert "demo_bundle" in [warning["code"] for warning in answer["warnings"]]
    torch_answer = call("predict", "--bundle", bundle, *case, "--json", "--runtime", "torch").json
    assert torch_answer["probability"] == pytest.approx(answer["probability"], abs=1e-4)
    without = call("predict", "--bundle", bundle, *case[:2])
    assert "contour" in without.sentence() or "delineate" in without.sentence() or "--roi" in without.sentence()


def test_predict_answers_for_a_table(trained: tuple[Path, Path, Any], mri: Path, call: Any, tmp_path: Path) -> None:
    bundle, _, _ = trained
    outcome = call("predict", "--bundle", bundle, "--cohort", mri, "--output", tmp_path / "answers.csv")
    assert outcome.code == 0, outcome.err
    with (tmp_path / "answers.csv").open(newline="", encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == 24
    shares = [float(rows[0][f"probability_{name}"]) for name in ("surgery", "chemoradiotherapy")]
    assert sum(shares) == pytest.approx(1.0)


def test_the_bundle_can_be_inspected_and_verified(trained: tuple[Path, Path, Any], call: Any) -> None:
    bundle, _, _ = trained
    assert call("bundle", "verify", bundle).code == 0
    text = call("bundle", "inspect", bundle).out
    assert "chemoradiotherapy" in text


@pytest.mark.parametrize(
    ("wrong", "word"),
    [
        (("--network", "alexnet"), "alexnet"),
        (("--network", "resnet50,hrnet_w32", "--weights", "x.safetensors"), "one network"),
        (("--weights", "there/is/none.safetensors"), "weights file"),
        (("--test-fraction", "0.9"), "fraction"),
        (("--learning-rate", "0"), "learning rate"),
        (("--preprocessing", "there-is-none.json"), "preprocessing"),
        (("--report", "folder", "--no-report"), "contradict"),
        (("--size", "50", "--network", "vit_base_patch16_224"), "16"),
    ],
)
def test_a_mistake_is_told_in_one_sentence(mri: Path, call: Any, tmp_path: Path, wrong: tuple[str, ...], word: str):
    outcome = call("train", "staging", mri, "-o", tmp_path / "b.zip", *QUICK, *wrong)
    assert word in outcome.sentence()
    assert not (tmp_path / "b.zip").exists()
