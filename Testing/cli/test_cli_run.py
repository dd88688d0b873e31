"""Exit codes, the two forms of an error, help, and what is loaded for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import CervixRiskLib.bundle
import CervixRiskLib.cli.doctor
from CervixRiskLib import __version__
from CervixRiskLib.errors import Cancelled

ROOT = Path(__file__).resolve().parents[2]
COMMANDS = [
    (),
    ("simulate",),
    ("simulate", "ultrasound"),
    ("extract",),
    ("train",),
    ("train", "plnm"),
    ("predict",),
    ("validate",),
    ("bundle",),
    ("bundle", "inspect"),
    ("bundle", "verify"),
    ("doctor",),
    ("demo",),
]


@pytest.mark.parametrize("command", COMMANDS, ids=" ".join)
def test_help_of_every_command(call: Any, command: tuple[str, ...]) -> None:
    outcome = call(*command, "--help")
    assert outcome.code == 0
    assert "cervixrisk" in outcome.out
    if command and command not in (("simulate",), ("train",), ("bundle",)):
        assert "Examples:" in outcome.out


def test_version(call: Any) -> None:
    assert call("--version").out.strip() == f"cervixrisk {__version__}"


def test_help_loads_nothing_heavy() -> None:
    """``--help`` answers at once because only typer and rich are imported."""
    program = (
        "import sys\nfrom CervixRiskLib.cli import main\nmain(['train', 'plnm', '--help'])\n"
        "heavy = {'numpy', 'pandas', 'scipy', 'sklearn', 'torch', 'matplotlib', 'SimpleITK', 'skops', 'slicer'}\n"
        "print(sorted(heavy & set(sys.modules)), file=sys.stderr)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert done.stderr.strip() == "[]"


def test_an_error_as_json(call: Any, tmp_path: Path) -> None:
    outcome = call("bundle", "inspect", tmp_path / "nothing", "--json")
    assert outcome.code == 2
    assert outcome.err == ""
    assert set(outcome.json) == {"error"}
    assert outcome.json["error"]["type"] == "BundleError"
    assert "no bundle" in outcome.json["error"]["message"]


def test_a_usage_error_as_json(call: Any) -> None:
    outcome = call("predict", "--json")
    assert outcome.code == 2
    assert outcome.json["error"]["type"] == "UsageError"


def test_a_command_without_words_shows_its_help_alone(call: Any) -> None:
    outcome = call("train")
    assert outcome.code == 2
    assert "staging" in outcome.out
    assert outcome.err == ""


def test_a_misspelt_command_ends_with_one_mark(call: Any) -> None:
    assert "'predict'" in call("predit").err
    assert "?." not in call("predit").err


class TestFaults:
    @pytest.fixture
    def failing(self, monkeypatch: pytest.MonkeyPatch) -> Any:
        def install(error: BaseException) -> None:
            def fail(path: object) -> None:
                raise error

            monkeypatch.setattr(CervixRiskLib.bundle, "load_bundle", fail)

        return install

    def test_a_fault_of_ours_shows_no_data(self, call: Any, failing: Any) -> None:
        failing(RuntimeError("Jane Doe, born 1970"))
        outcome = call("bundle", "inspect", "x")
        assert outcome.code == 1
        assert "Jane" not in outcome.err + outcome.out
        assert "Traceback" not in outcome.err
        assert "RuntimeError at CervixRiskLib/cli/bundle.py" in outcome.err
        assert "cervixrisk doctor" in outcome.err

    @pytest.mark.parametrize("place", [0, 1, 3])
    def test_debug_shows_where(self, call: Any, failing: Any, place: int) -> None:
        """Wherever it stands on the line."""
        failing(RuntimeError("x"))
        arguments = ["bundle", "inspect", "x"]
        arguments.insert(place, "--debug")
        outcome = call(*arguments)
        assert outcome.code == 1
        assert "Traceback" in outcome.err

    def test_debug_by_environment(self, call: Any, failing: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        failing(RuntimeError("x"))
        monkeypatch.setenv("CERVIXRISK_DEBUG", "1")
        assert "Traceback" in call("bundle", "inspect", "x").err
        monkeypatch.setenv("CERVIXRISK_DEBUG", "0")
        assert "Traceback" not in call("bundle", "inspect", "x").err

    @pytest.mark.parametrize("error", [Cancelled("x"), KeyboardInterrupt()])
    def test_stopping_is_130(self, call: Any, failing: Any, error: BaseException) -> None:
        failing(error)
        outcome = call("bundle", "inspect", "x")
        assert outcome.code == 130
        assert "Stopped on request" in outcome.err
        assert call("bundle", "inspect", "x", "--json").json["error"]["type"] == "Cancelled"

    def test_a_full_memory_is_a_sentence(self, call: Any, failing: Any) -> None:
        failing(MemoryError())
        assert "memory is full" in call("bundle", "inspect", "x").sentence()


class TestDoctor:
    def test_json(self, call: Any) -> None:
        outcome = call("doctor", "--json")
        assert outcome.code == 0
        assert outcome.json["cervixrisk"] == __version__
        assert all(outcome.json["required"].values())
        assert {"Networks", "Drawing", "Temporary files", "This folder"} <= {
            finding["name"] for finding in outcome.json["findings"]
        }

    def test_what_is_missing_comes_with_the_way_to_get_it(self, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        import importlib.util

        real = importlib.util.find_spec

        def find(name: str, *rest: Any) -> Any:
            return None if name in ("torch", "slicer", "xgboost") else real(name, *rest)

        monkeypatch.setattr(importlib.util, "find_spec", find)
        outcome = call("doctor")
        assert outcome.code == 0
        for text in ("torch is missing", "xgboost is missing", 'pip install "cervixrisk[train]"', "cervixrisk[slicer]"):
            assert text in outcome.out
        assert "Networks: PyTorch is not installed" in outcome.out
        advice = call("doctor", "--json").json["advice"]
        assert len([line for line in advice if "torch is missing" in line or "Networks" in line]) == 1

    @pytest.mark.parametrize(
        ("missing", "card", "told", "advised"),
        [
            ((), None, "computed with openvino on the CPU", False),
            (("openvino",), None, "computed with onnxruntime on the CPU", False),
            (("openvino", "onnxruntime"), None, "computed with torch on the CPU", True),
            (("openvino", "onnxruntime", "torch"), None, "nothing that computes a network", True),
            (("openvino",), "cuda", "computed with torch on cuda", False),
        ],
    )
    def test_what_computes_a_network(
        self, call: Any, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...], card: str | None, told: str,
        advised: bool,
    ) -> None:  # fmt: skip
        from CervixRiskLib.cli.doctor import Finding
        from CervixRiskLib.networks import device, inference

        versions = {name: None if name in missing else "1.0" for name in ("openvino", "onnxruntime", "torch")}
        monkeypatch.setattr(inference, "available_runtimes", lambda: versions)
        monkeypatch.setattr(device, "graphics_device", lambda: card)
        for name in ("_drawing", "_device"):
            monkeypatch.setattr(CervixRiskLib.cli.doctor, name, lambda: Finding("x", True, ""))
        answer = call("doctor", "--json").json
        text = next(finding["text"] for finding in answer["findings"] if finding["name"] == "Inference")
        assert told in text
        advice = [line for line in answer["advice"] if line.startswith("Inference")]
        assert bool(advice) == advised
        assert all('pip install "cervixrisk[cpu]"' in line for line in advice)

    def test_a_torch_that_cannot_be_loaded_does_not_answer(self, monkeypatch: pytest.MonkeyPatch) -> None:
        from CervixRiskLib.networks import device, inference

        def broken() -> str | None:
            raise OSError("libcudart")

        versions = {"openvino": None, "onnxruntime": None, "torch": "2.0"}
        monkeypatch.setattr(inference, "available_runtimes", lambda: versions)
        monkeypatch.setattr(device, "graphics_device", broken)
        assert "nothing that computes" in CervixRiskLib.cli.doctor._inference().text

    def test_little_space_is_told(self, call: Any, monkeypatch: pytest.MonkeyPatch) -> None:
        import shutil
        from types import SimpleNamespace

        monkeypatch.setattr(shutil, "disk_usage", lambda path: SimpleNamespace(free=10_000_000))
        monkeypatch.setattr(
            CervixRiskLib.cli.doctor, "_drawing", lambda: CervixRiskLib.cli.doctor.Finding("x", True, "")
        )
        assert "only 0.0 GB are free" in call("doctor").out


@pytest.mark.skipif(os.name != "posix", reason="POSIX pipes")
def test_a_reader_that_goes_away_is_no_traceback(bundle: Path) -> None:
    done = subprocess.run(
        f"{sys.executable} -m CervixRiskLib.cli bundle inspect {bundle} --json | head -c 10",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert "Traceback" not in done.stderr
    assert "wrong inside" not in done.stderr


def test_json_is_the_same_document_for_every_reader(call: Any, bundle: Path) -> None:
    """No NaN, no colours, nothing around it."""
    text = call("bundle", "inspect", bundle, "--json").out

    def refuse(constant: str) -> None:
        raise AssertionError(constant)

    assert json.loads(text, parse_constant=refuse)["task"] == "plnm"
    assert "\x1b" not in text
