"""One command answers for every study; a stand-in study says what it was given."""

from __future__ import annotations

import csv
import sys
import types
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from CervixRiskLib.bundle import (
    BundleManifest,
    Calibration,
    CaseInput,
    ClassProbability,
    Prediction,
    TrainingSummary,
    write_bundle,
)
from CervixRiskLib.cohort import ColumnDictionary
from CervixRiskLib.worker import predictors

GROUPS = {2: ("surgery", "chemoradiotherapy"), 3: ("surgery", "systemic therapy", "no therapy")}


class StandIn:
    """Answers with the mean grey of each channel; the bundle's details say what it asks for."""

    def __init__(self, bundle: Any, asked: dict[str, str]) -> None:
        self.manifest = bundle.manifest
        self.bundle_hash = bundle.hash
        self.asked = asked
        self.needs_roi = bool(self.manifest.details["needs_roi"])
        self.channels = tuple(self.manifest.details["channels"])
        self.columns = ColumnDictionary()
        self.clinical_predictors: tuple[str, ...] = ()

    def predict(
        self, case: CaseInput, *, heatmap: bool = True, heat_map_method: str = "", progress: Any = None
    ) -> Prediction:
        names = self.manifest.class_names
        images = (case.image, *case.further_images)
        assert len(images) == len(self.channels)
        shares = np.array([float(image.pixels.mean()) for image in images] + [40.0] * 9)[: len(names)]
        shares = shares / shares.sum()
        label = self.manifest.class_of(shares)
        shown = self.manifest.positive_class if len(names) == 2 else label
        return Prediction(
            case_id=case.case_id,
            task="staging",
            probability=float(shares[names.index(shown)]),
            interval=(0.1, 0.9),
            threshold=self.manifest.threshold,
            label=label,
            positive_class=shown,
            score=0.5,
            heatmap=np.ones(case.image.shape, np.float32) if heatmap else None,
            heatmap_target=f"the mean by {heat_map_method}" if heat_map_method else "the mean",
            bundle_hash=self.bundle_hash,
            mask_hash="" if case.roi is None else case.roi.mask_hash,
            class_probabilities=tuple(map(ClassProbability, names, map(float, shares))),
            basis=f"runtime {self.asked.get('runtime', 'auto')}",
        )


@pytest.fixture
def staging(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, in_this_process: None) -> Any:
    """``staging(groups, needs_roi, channels)`` writes a bundle of the stand-in and returns its path."""
    room = types.ModuleType("stand_in_study")
    room.load_predictor = lambda bundle, **asked: StandIn(bundle, asked)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "stand_in_study", room)
    study = replace(predictors.STUDIES["staging"], module="stand_in_study")
    monkeypatch.setitem(predictors.STUDIES, "staging", study)

    def write(groups: int = 2, needs_roi: bool = False, channels: tuple[str, ...] = ("image",), **more: Any) -> Path:
        manifest = BundleManifest(
            task="staging",
            created="2025-03-01T12:00:00+00:00",
            library_versions={},
            simulated=False,
            positive_class=GROUPS[groups][-1],
            class_names=GROUPS[groups],
            threshold=0.5 if groups == 2 else None,
            calibration=Calibration("none"),
            training=TrainingSummary(6, 3, "ab" * 32, 1.0),
            details={"needs_roi": needs_roi, "channels": list(channels)},
        )
        return write_bundle(tmp_path / "staging.zip", replace(manifest, **more))

    return write


@pytest.fixture
def slices(tmp_path: Path) -> dict[str, Path]:
    """Images of 20 x 30 pixels: mean grey 30 and 90, one of another size, and a mask."""
    made = {}
    for name, grey, size in (("t2", 30, (20, 30)), ("t1", 90, (20, 30)), ("small", 90, (10, 30))):
        made[name] = tmp_path / f"{name}.png"
        Image.fromarray(np.full(size, grey, np.uint8)).save(made[name])
    mask = np.zeros((20, 30), np.uint8)
    mask[5:15, 5:15] = 255
    made["mask"] = tmp_path / "mask.png"
    Image.fromarray(mask).save(made["mask"])
    return made


def test_a_slice_without_a_contour(call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path) -> None:
    outcome = call("predict", "--bundle", staging(), "--image", slices["t2"], "--heatmap", tmp_path / "h.nrrd")
    assert outcome.code == 0, outcome.err
    text = " ".join(outcome.out.replace("│", " ").split())
    for words in (
        "Treatment group",
        "Chemoradiotherapy 57 %",
        "95 % interval 10 to 90 %",
        "Group: chemoradiotherapy (chemoradiotherapy from 50 % on)",
        "Heat map: the mean",
        "runtime auto",
    ):
        assert words in text, words
    assert (tmp_path / "h.nrrd").is_file()


def test_a_way_of_drawing_that_the_study_lacks_is_refused(
    call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path
) -> None:
    base = ("predict", "--bundle", staging(), "--image", slices["t2"], "--heatmap", tmp_path / "h.nrrd")
    outcome = call(*base, "--heatmap-method", "hirescam")
    assert outcome.code == 2
    assert "always made with Grad-CAM" in " ".join(outcome.err.split())
    assert not (tmp_path / "h.nrrd").exists()


def test_a_way_of_drawing_reaches_the_study(
    call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = predictors.STUDIES["staging"]
    monkeypatch.setitem(predictors.STUDIES, "staging", replace(known, heat_map_methods=("hirescam", "gradcam")))
    base = ("predict", "--bundle", staging(), "--image", slices["t2"], "--picture", tmp_path / "p.png")
    drawn: dict[str, Any] = {}
    monkeypatch.setattr("CervixRiskLib.cli.predict.write_extras", lambda *_, **more: drawn.update(more) or {})
    assert call(*base, "--heatmap-method", "gradcam", "--json").json["heatmap_target"] == "the mean by gradcam"
    assert call(*base, "--json").json["heatmap_target"] == "the mean"
    assert drawn["picture"] == tmp_path / "p.png"


def test_json_names_all_groups(call: Any, staging: Any, slices: dict[str, Path]) -> None:
    answer = call("predict", "--bundle", staging(3), "--image", slices["t2"], "--json").json
    assert answer["threshold"] is None
    assert [item["name"] for item in answer["class_probabilities"]] == list(GROUPS[3])
    assert sum(item["probability"] for item in answer["class_probabilities"]) == pytest.approx(1)
    assert answer["positive_class"] == answer["label"] == "systemic therapy"


def test_a_contour_where_the_model_needs_one(call: Any, staging: Any, slices: dict[str, Path]) -> None:
    base = ("predict", "--bundle", staging(needs_roi=True), "--image", slices["t2"])
    assert "--roi" in call(*base).sentence()
    answer = call(*base, "--roi", slices["mask"], "--json")
    assert answer.json["mask_hash"]


@pytest.mark.parametrize("order", [("image_t1", "image_dwi"), ("image_dwi", "image_t1")])
def test_channels_come_in_the_order_of_the_model(
    call: Any, staging: Any, slices: dict[str, Path], order: tuple[str, ...]
) -> None:
    """Three groups read three channels: 30, then 90 and 30 in the model's order, whatever the order of the options."""
    bundle = staging(3, channels=("image", *order))
    given = ("--channel", f"IMAGE_T1={slices['t1']}", "--channel", f"image_dwi={slices['t2']}")
    answer = call("predict", "--bundle", bundle, "--image", slices["t2"], *given, "--json").json
    shares = [item["probability"] for item in answer["class_probabilities"]]
    assert shares == pytest.approx([0.2, 0.6, 0.2] if order[0] == "image_t1" else [0.2, 0.2, 0.6])


@pytest.mark.parametrize(
    ("channels", "given", "word"),
    [
        (("image", "image_t1"), (), "--channel image_t1"),
        (("image", "image_t1"), ("image_t9={t1}",), "image_t9"),
        (("image",), ("image_t1={t1}",), "--image alone"),
        (("image", "image_t1"), ("image_t1",), "NAME=FILE"),
        (("image", "image_t1"), ("image_t1={t1}", "image_t1={t1}"), "twice"),
        (("image", "image_t1"), ("image_t1={small}",), "10 × 30"),
        (("image", "image_t1"), ("image={t1}", "image_t1={t1}"), "no channel"),
        (("image", "image_t1"), ("image_t1=gone.png",), "check its path"),
    ],
)
def test_channels_that_do_not_fit(
    call: Any, staging: Any, slices: dict[str, Path], channels: tuple[str, ...], given: tuple[str, ...], word: str
) -> None:
    options = [item for text in given for item in ("--channel", text.format(**slices))]
    sentence = call("predict", "--bundle", staging(channels=channels), "--image", slices["t2"], *options).sentence()
    assert word in sentence


@pytest.mark.parametrize(
    ("more", "word"),
    [
        (("--nomogram", "n.png"), "no nomogram"),
        (("--clinical", "rbc_count=4"), "no clinical values"),
        (("--label", "1"), "--roi"),
        (("--runtime", "abacus"), "runtime"),
    ],
)
def test_what_the_model_has_not(call: Any, staging: Any, slices: dict[str, Path], more: Any, word: str) -> None:
    assert word in call("predict", "--bundle", staging(), "--image", slices["t2"], *more).sentence()


def test_the_runtime_reaches_the_study(call: Any, staging: Any, slices: dict[str, Path]) -> None:
    base = ("predict", "--bundle", staging(), "--image", slices["t2"], "--json")
    assert call(*base, "--runtime", "torch").json["basis"] == "runtime torch"


def test_a_table_of_slices(call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path) -> None:
    table, output = tmp_path / "c.csv", tmp_path / "p.csv"
    table.write_text(f"case_id,image,image_t1\nA,{slices['t2'].name},{slices['t1'].name}\n"
                     f"B,{slices['t1'].name},{slices['t2'].name}\n")  # fmt: skip
    bundle = staging(channels=("image", "image_t1"))
    outcome = call("predict", "--bundle", bundle, "--cohort", table, "--output", output, "--json")
    assert outcome.code == 0, outcome.out
    with output.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    assert [row["class"] for row in rows] == ["chemoradiotherapy", "surgery"]
    assert [float(row["probability_surgery"]) for row in rows] == pytest.approx([0.25, 0.75])
    assert [float(row["probability_chemoradiotherapy"]) for row in rows] == pytest.approx([0.75, 0.25])
    assert [float(row["probability"]) for row in rows] == pytest.approx([0.75, 0.25])


def test_groups_with_spaces_and_no_threshold_in_a_table(
    call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text(f"case_id,image\nA,{slices['t2'].name}\n")
    call("predict", "--bundle", staging(3), "--cohort", tmp_path / "c.csv", "--output", tmp_path / "p.csv")
    with (tmp_path / "p.csv").open(encoding="utf-8") as handle:
        row = next(csv.DictReader(handle))
    assert row["threshold"] == ""
    assert sum(float(value) for name, value in row.items() if name.startswith("probability_")) == pytest.approx(1)
    assert "probability_systemic_therapy" in row


def test_a_table_without_the_channel(call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path) -> None:
    (tmp_path / "c.csv").write_text(f"case_id,image\nA,{slices['t2'].name}\n")
    bundle = staging(channels=("image", "image_t1"))
    outcome = call("predict", "--bundle", bundle, "--cohort", tmp_path / "c.csv", "--output", tmp_path / "p.csv")
    assert "image_t1" in outcome.sentence()


def test_a_table_without_contours_where_they_are_needed(
    call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path
) -> None:
    (tmp_path / "c.csv").write_text(f"case_id,image\nA,{slices['t2'].name}\n")
    base = ("--cohort", tmp_path / "c.csv", "--output", tmp_path / "p.csv")
    assert "roi" in call("predict", "--bundle", staging(needs_roi=True), *base).sentence()


def test_a_task_that_nobody_knows(call: Any, staging: Any, slices: dict[str, Path]) -> None:
    bundle = staging(task="palm\x1breading")
    sentence = call("predict", "--bundle", bundle, "--image", slices["t2"]).sentence()
    assert "does not know" in sentence
    assert "\x1b" not in sentence


def test_every_study_of_the_registry_has_its_loader() -> None:
    for study in predictors.STUDIES.values():
        assert callable(study.loader())
        assert study.title


@pytest.mark.slicer
def test_a_picture_without_a_contour(call: Any, staging: Any, slices: dict[str, Path], tmp_path: Path) -> None:
    pytest.importorskip("slicer")
    picture = tmp_path / "p.png"
    outcome = call("predict", "--bundle", staging(), "--image", slices["t2"], "--picture", picture, "--json")
    assert outcome.code == 0, outcome.out
    with Image.open(picture) as drawn:
        assert np.asarray(drawn.convert("L")).std() > 10
