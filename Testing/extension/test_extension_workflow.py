"""The workflow that tests the module in real Slicer releases: it cannot run here, but what it names must be there."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
WORKFLOW = ROOT / ".github" / "workflows" / "slicer.yml"


@pytest.fixture(scope="module")
def job() -> dict[str, Any]:
    yaml = pytest.importorskip("yaml")
    return yaml.safe_load(WORKFLOW.read_text(encoding="utf-8"))["jobs"]["self-tests"]


@pytest.fixture(scope="module")
def commands(job: dict[str, Any]) -> str:
    return "\n".join(step["run"] for step in job["steps"] if "run" in step)


def test_it_says_that_it_never_ran_here() -> None:
    head = WORKFLOW.read_text(encoding="utf-8").split("\nname:")[0]
    assert "never run where the rest of the project is tested" in " ".join(head.replace("#", " ").split())


def test_two_releases_are_tested(job: dict[str, Any]) -> None:
    releases = {entry["name"]: entry["query"] for entry in job["strategy"]["matrix"]["include"]}
    assert set(releases) == {"5.10", "newest"}
    assert all("os=linux&stability=release" in query for query in releases.values())


def test_the_module_s_own_tests_run_on_a_screen(commands: str) -> None:
    run = next(part for part in commands.split("xvfb-run") if "runUnitTest" in part)
    for option in ("--testing", "--no-splash", "--additional-module-paths"):
        assert option in run
    assert "'CervixRisk')" in run


def test_every_file_it_names_is_there(commands: str) -> None:
    named = re.findall(r"(?:\.github|CervixRisk)/[\w./-]+", commands)
    assert "CervixRisk/Resources/requirements.txt" in named
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_pictures_are_kept_where_the_self_test_puts_them(job: dict[str, Any]) -> None:
    bench = (ROOT / "CervixRisk" / "CervixRiskPanel" / "self_test" / "bench.py").read_text(encoding="utf-8")
    assert job["env"]["CERVIXRISK_SELF_TEST_PICTURES"].endswith("/pictures")
    assert '"CERVIXRISK_SELF_TEST_PICTURES"' in bench
    upload = job["steps"][-1]
    assert (upload["if"], upload["with"]["path"]) == ("always()", "pictures")


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
def test_its_commands_can_be_read_by_the_shell(job: dict[str, Any]) -> None:
    for step in job["steps"]:
        if "run" in step:
            # What GitHub fills in before.
            script = re.sub(r"\$\{\{[^}]*\}\}", "filled", step["run"])
            subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=30)


def test_scripts_for_slicer_are_python() -> None:
    for path in sorted((ROOT / ".github" / "slicer").glob("*.py")):
        compile(path.read_text(encoding="utf-8"), str(path), "exec")
