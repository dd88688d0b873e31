"""Everything a person can do wrong gets one sentence and exit code 2, never a traceback."""

from __future__ import annotations

import csv
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]


def _mask(case: dict[str, str]) -> np.ndarray:
    from PIL import Image

    return np.asarray(Image.open(case["--roi"])) > 127


class TestImage:
    def test_missing(self, predict: Any, tmp_path: Path) -> None:
        assert "check its path" in predict(image=tmp_path / "nothing.png").sentence()

    @pytest.mark.parametrize("name", ["note.png", "note.dcm", "note.nrrd", "note.nii.gz", "note.tif", "note"])
    def test_not_an_image(self, predict: Any, tmp_path: Path, name: str) -> None:
        (tmp_path / name).write_text("Dear colleague, please find attached")
        predict(image=tmp_path / name).sentence()

    def test_empty_file_and_folder(self, predict: Any, tmp_path: Path) -> None:
        (tmp_path / "empty.png").touch()
        predict(image=tmp_path / "empty.png").sentence()
        predict(image=tmp_path).sentence()

    def test_cut_off(self, predict: Any, case: dict[str, str], tmp_path: Path) -> None:
        whole = Path(case["--image"]).read_bytes()
        (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 3])
        predict(image=tmp_path / "cut.png").sentence()

    def test_nan_pixels(self, predict: Any, case: dict[str, str], write_volume: Callable[..., Path]) -> None:
        pixels = np.ones(_mask(case).shape, np.float32)
        pixels[3, 4] = np.nan
        assert "NaN" in predict(image=write_volume("nan.nrrd", pixels)).sentence()

    def test_a_volume_without_a_slice(self, predict: Any, write_volume: Callable[..., Path]) -> None:
        predict(image=write_volume("volume.nrrd", np.zeros((5, 40, 40), np.int16))).sentence()
        predict("--slice", 5, image=write_volume("volume.nrrd", np.zeros((5, 40, 40), np.int16))).sentence()

    @pytest.mark.parametrize("spacing", ["0", "-1", "wide", "0.1x", "1e9", "nan", "0,1"])
    def test_pixel_size_that_is_none(self, predict: Any, spacing: str) -> None:
        sentence = predict(spacing_mm=spacing).sentence()
        assert sentence.startswith(f"--spacing-mm is '{spacing}'; it must be the pixel size in mm")
        assert "decimal point" in sentence


class TestRoi:
    def test_missing(self, predict: Any, tmp_path: Path) -> None:
        predict(roi=tmp_path / "nothing.png").sentence()

    def test_another_size(self, predict: Any, write_volume: Callable[..., Path]) -> None:
        mask = np.zeros((30, 40), np.uint8)
        mask[5:20, 5:20] = 1
        predict(roi=write_volume("small.nrrd", mask)).sentence()

    def test_empty(self, predict: Any, case: dict[str, str], write_volume: Callable[..., Path]) -> None:
        assert "empty" in predict(roi=write_volume("empty.nrrd", np.zeros(_mask(case).shape, np.uint8))).sentence()

    def test_two_labels(self, predict: Any, case: dict[str, str], write_volume: Callable[..., Path]) -> None:
        labels = _mask(case).astype(np.uint8)
        labels[:10, :10] = 2
        path = write_volume("two.nrrd", labels)
        sentence = predict(roi=path).sentence()
        assert "1" in sentence
        assert "2" in sentence
        predict("--label", 7, roi=path).sentence()

    def test_one_pixel(self, predict: Any, case: dict[str, str], write_volume: Callable[..., Path]) -> None:
        mask = np.zeros(_mask(case).shape, np.uint8)
        mask[50, 50] = 1
        outcome = predict("--json", roi=write_volume("dot.nrrd", mask))
        if outcome.code == 0:
            assert "small_roi" in [warning["code"] for warning in outcome.json["warnings"]]
        else:
            assert outcome.code == 2

    def test_not_a_mask(self, predict: Any, tmp_path: Path) -> None:
        (tmp_path / "roi.json").write_text('{"points": "none"}')
        predict(roi=tmp_path / "roi.json").sentence()


class TestClinical:
    @pytest.mark.parametrize(
        ("pair", "word"),
        [
            ("rbc_count=41", "plausible range"),
            ("rbc_count=-1", "plausible range"),
            ("rbc_count=many", "not a number"),
            ("rbc_count=nan", ""),
            ("rbc_count=inf", ""),
            ("rbc_count=1e999", ""),
            ("rbc_count", "NAME=VALUE"),
            ("rbc_count=", "NAME=VALUE"),
            ("=4", "NAME=VALUE"),
            ("shoe_size=42", "shoe_size"),
            ("maximum_diameter=30", "twice"),
        ],
    )
    def test_values(self, predict: Any, pair: str, word: str) -> None:
        first = () if pair.startswith("rbc_count") else ("--clinical", "rbc_count=4.1")
        outcome = predict(clinical=(*first, "--clinical", "maximum_diameter=31", "--clinical", pair))
        assert word in outcome.sentence()

    def test_missing_value(self, predict: Any) -> None:
        assert "rbc_count" in predict(clinical=()).sentence()


class TestBundle:
    def test_missing(self, predict: Any, call: Any, tmp_path: Path) -> None:
        predict(bundle=tmp_path / "nothing").sentence()
        for command in ("inspect", "verify"):
            call("bundle", command, tmp_path / "nothing").sentence()

    def test_one_byte_changed(self, predict: Any, call: Any, spoiled: Path) -> None:
        path = spoiled / "estimators" / "fusion.skops"
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(bytes(content))
        assert "changed" in predict(bundle=spoiled).sentence()
        assert "changed" in call("bundle", "verify", spoiled).sentence()
        assert "changed" in call("bundle", "inspect", spoiled).sentence()

    def test_an_extra_file(self, predict: Any, call: Any, spoiled: Path) -> None:
        (spoiled / "extra.txt").write_text("x")
        assert "does not list" in predict(bundle=spoiled).sentence()
        assert "does not list" in call("bundle", "verify", spoiled).sentence()

    def test_a_newer_schema(self, predict: Any, call: Any, spoiled: Path) -> None:
        path = spoiled / "bundle.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "schema_version": 99}))
        assert "newer" in predict(bundle=spoiled).sentence()
        assert "newer" in call("bundle", "verify", spoiled).sentence()

    def test_a_bundle_of_another_task(self, predict: Any, spoiled: Path) -> None:
        path = spoiled / "bundle.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "task": "staging"}))
        predict(bundle=spoiled).sentence()

    def test_details_of_another_form(self, predict: Any, spoiled: Path) -> None:
        path = spoiled / "bundle.json"
        path.write_text(json.dumps({**json.loads(path.read_text()), "details": {}}))
        predict(bundle=spoiled).sentence()


class TestCohort:
    def _table(self, cohort: Path, tmp_path: Path, edit: Callable[[list[dict[str, str]]], object]) -> Path:
        """The cohort's table, edited, with paths that still lead to the images."""
        with cohort.open(encoding="utf-8") as handle:
            rows = list(csv.DictReader(handle))
        for row in rows:
            row["image"], row["roi"] = str(cohort.parent / row["image"]), str(cohort.parent / row["roi"])
        edit(rows)
        path = tmp_path / "edited.csv"
        with path.open("w", newline="", encoding="utf-8") as handle:
            writer = csv.DictWriter(handle, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        return path

    def test_missing_or_no_table(self, call: Any, tmp_path: Path) -> None:
        out = tmp_path / "out"
        for name, content in (("nothing.csv", None), ("empty.csv", b""), ("noise.csv", bytes(range(256)))):
            if content is not None:
                (tmp_path / name).write_bytes(content)
            call("train", "plnm", tmp_path / name, "--output", out).sentence()
            call("extract", tmp_path / name, "--output", tmp_path / "f.parquet").sentence()

    def test_one_class(self, call: Any, cohort: Path, tmp_path: Path) -> None:
        table = self._table(cohort, tmp_path, lambda rows: [row.update(outcome="1") for row in rows])
        assert "outcome" in call("train", "plnm", table, "-o", tmp_path / "m", "--no-deep").sentence()

    def test_no_such_outcome_or_clinical_column(self, call: Any, cohort: Path, tmp_path: Path) -> None:
        base = ("train", "plnm", cohort, "-o", tmp_path / "m", "--no-deep")
        assert "relapse" in call(*base, "--outcome", "relapse").sentence()
        assert "shoe_size" in call(*base, "--clinical", "shoe_size").sentence()

    def test_too_few_cases(self, call: Any, cohort: Path, tmp_path: Path) -> None:
        table = self._table(cohort, tmp_path, lambda rows: rows.__delitem__(slice(4, None)))
        call("train", "plnm", table, "-o", tmp_path / "m", "--no-deep").sentence()

    def test_an_image_that_is_not_there_is_told_by_row(self, call: Any, cohort: Path, tmp_path: Path) -> None:
        table = self._table(cohort, tmp_path, lambda rows: rows[2].update(image="gone.png"))
        outcome = call("train", "plnm", table, "-o", tmp_path / "m", "--no-deep")
        assert outcome.code == 2
        assert "sim-00003" in outcome.err
        assert "Traceback" not in outcome.err

    def test_a_value_out_of_range_is_told_by_row(self, call: Any, cohort: Path, bundle: Path, tmp_path: Path) -> None:
        table = self._table(cohort, tmp_path, lambda rows: rows[4].update(rbc_count="410"))
        outcome = call("predict", "--bundle", bundle, "--cohort", table, "--output", tmp_path / "p.csv")
        assert outcome.code == 2
        assert "sim-00005" in outcome.err
        assert not (tmp_path / "p.csv").exists()

    @pytest.mark.usefixtures("in_this_process")
    def test_an_unreadable_image_among_good_ones(self, call: Any, cohort: Path, bundle: Path, tmp_path: Path) -> None:
        (tmp_path / "bad.png").write_text("no")

        def edit(rows: list[dict[str, str]]) -> None:
            rows[1].update(image=str(tmp_path / "bad.png"))
            del rows[3:]

        table, out = self._table(cohort, tmp_path, edit), tmp_path / "p.csv"
        base = ("predict", "--bundle", bundle, "--cohort", table, "--output", out)
        assert "sim-00002" in call(*base).sentence()
        assert not out.exists()
        kept = call(*base, "--skip-invalid", "--json")
        assert kept.code == 0
        assert kept.json["cases"] == 2
        assert "sim-00002" in kept.json["left_out"][0]


class TestOptions:
    @pytest.mark.parametrize(
        "arguments",
        [
            ("frobnicate",),
            ("predict",),
            ("predict", "--bundle", "x", "--image", "y"),
            ("predict", "--bundle", "x", "--cohort", "y"),
            ("predict", "--bundle", "x", "--cohort", "y", "--image", "z", "--output", "o"),
            ("predict", "--bundle", "x", "--image", "y", "--roi", "z", "--output", "o"),
            ("predict", "--bundle", "x", "--nonsense"),
            ("simulate", "ultrasound", "x", "--cases", "many"),
            ("simulate", "ultrasound", "x", "--cases", "0"),
            ("simulate", "ultrasound", "x", "--seed", "-1"),
            ("simulate", "ultrasound", "x", "--effect", "99"),
            ("simulate", "pet", "x"),
            ("simulate", "mri", "x", "--cases", "0"),
            ("train", "plnm"),
            ("train", "plnm", "x", "-o", "y", "--effort", "heroic"),
            ("train", "plnm", "x", "-o", "y", "--network", "vgg"),
            ("train", "plnm", "x", "-o", "y", "--clinical", "a", "--no-clinical"),
            ("train", "plnm", "x", "-o", "y", "--jobs", "0"),
            ("bundle", "inspect"),
            ("bundle", "open", "x"),
        ],
    )
    def test_usage(self, call: Any, arguments: tuple[str, ...]) -> None:
        call(*arguments).sentence()

    @pytest.mark.parametrize(
        "more",
        [
            ("--preset", "nothing"),
            ("--engine", "nothing"),
            ("--icc", "nothing.csv"),
            ("--classifier", "oracle"),
            ("--weights", "nothing.safetensors", "--network", "densenet121"),
            ("--device", "abacus"),
        ],
    )
    def test_settings_that_do_not_exist(self, call: Any, cohort: Path, tmp_path: Path, more: tuple[str, ...]) -> None:
        deep = "--weights" in more or "--device" in more
        if deep:
            pytest.importorskip("torch")
        arguments = (
            "train",
            "plnm",
            cohort,
            "-o",
            tmp_path / "m",
            "--jobs",
            1,
            *([] if deep else ["--no-deep"]),
            *more,
        )
        call(*arguments).sentence()
        assert not (tmp_path / "m").exists()

    @pytest.mark.parametrize(("classifier", "package"), [("mlp", "skorch"), ("xgboost", "xgboost")])
    def test_a_missing_package_is_told_before_the_measuring(
        self, call: Any, cohort: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, classifier: str, package: str
    ) -> None:
        import importlib.util

        real = importlib.util.find_spec
        monkeypatch.setattr(
            importlib.util, "find_spec", lambda name, *rest: None if name == package else real(name, *rest)
        )
        outcome = call("train", "plnm", cohort, "-o", tmp_path / "m", "--no-deep", "--classifier", classifier)
        assert 'pip install "cervixrisk[train]"' in outcome.sentence()
        assert "Extracting" not in outcome.err

    def test_features_to_an_unknown_format(self, call: Any, cohort: Path, tmp_path: Path) -> None:
        call("extract", cohort, "--output", tmp_path / "features.xlsx").sentence()


class TestStorage:
    def test_a_destination_that_is_something_else(self, call: Any, cohort: Path, tmp_path: Path) -> None:
        """Told before the training, not after it."""
        (tmp_path / "thesis").mkdir()
        (tmp_path / "thesis" / "chapter.txt").write_text("x")
        call("train", "plnm", cohort, "--output", tmp_path / "thesis").sentence()
        assert (tmp_path / "thesis" / "chapter.txt").read_text() == "x"

    def test_a_destination_below_a_file(self, predict: Any, call: Any, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        call("simulate", "ultrasound", tmp_path / "file" / "x", "--cases", 2).sentence()

    def test_a_heat_map_with_another_ending(self, call: Any, predict: Any, tmp_path: Path) -> None:
        outcome = predict("--nomogram", tmp_path / "nomogram.docx")
        outcome.sentence()

    @pytest.mark.skipif(sys.platform == "win32", reason="POSIX limits")
    @pytest.mark.parametrize("command", ["simulate", "predict", "train"])
    def test_a_full_disk(self, command: str, bundle: Path, cohort: Path, tmp_path: Path) -> None:
        """The system refuses to write more than a few kB into any file."""
        arguments: list[object] = {
            "simulate": ["simulate", "ultrasound", tmp_path / "new", "--cases", 2, "--jobs", 1],
            "predict": ["predict", "--bundle", bundle, "--cohort", cohort, "--output", tmp_path / "p.csv"],
            "train": ["train", "plnm", cohort, "--output", tmp_path / "m", "--no-deep", "--jobs", 1],
        }[command]
        program = (
            "import resource, signal, sys\n"
            "from CervixRiskLib.cli import main\n"
            "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
            "resource.setrlimit(resource.RLIMIT_FSIZE, (2_000, 2_000))\n"
            f"sys.exit(main({[str(item) for item in arguments]!r}))"
        )
        done = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            cwd=tmp_path,
            env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        )
        assert done.returncode == 2, done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.strip().endswith(".")
        assert not (tmp_path / "p.csv").exists()
        assert not (tmp_path / "m").exists()
        assert not (tmp_path / "new" / "cohort.csv").exists()

    def test_a_full_disk_anywhere(self, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        """Also where nobody thought of it."""
        import errno

        import CervixRiskLib.bundle

        def full(path: object) -> None:
            raise OSError(errno.ENOSPC, "No space left on device")

        monkeypatch.setattr(CervixRiskLib.bundle, "load_bundle", full)
        assert "disk is full" in call("bundle", "inspect", "x").sentence()
