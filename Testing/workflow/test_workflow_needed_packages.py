"""What an answer needs, looked for without importing it."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from CervixRiskLib.errors import SettingsError
from CervixRiskLib.workflow.model_entry import ModelEntry
from CervixRiskLib.workflow.needed_packages import (
    Lacking,
    NeededPackage,
    is_installed,
    read_requirements,
    what_lacks,
)

ROOT = Path(__file__).resolve().parents[2]
REQUIREMENTS = ROOT / "CervixRisk" / "Resources" / "requirements.txt"
PROJECT = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
BASE = (NeededPackage("pandas", "2.1"),)


def project_list(name: str) -> set[str]:
    found = re.search(rf"^{name} = \[(.*?)^\]", PROJECT, re.DOTALL | re.MULTILINE)
    assert found is not None
    return set(re.findall(r'"([^"]+)"', found[1]))


def model(**changes: object) -> ModelEntry:
    return ModelEntry(Path("model.zip"), "model", **changes)  # type: ignore[arg-type]


def test_slicer_is_asked_for_what_the_package_depends_on() -> None:
    assert {package.requirement for package in read_requirements(REQUIREMENTS)} == project_list("dependencies")


def test_what_networks_need_is_what_the_extras_say() -> None:
    nothing = what_lacks(model(has_network=True), (), lambda _package: False)
    graph = what_lacks(model(has_network=True, has_graph=True), (), lambda _package: False)
    assert {*nothing.packages, "torch>=2.3"} <= project_list("train")
    assert set(graph.packages) <= project_list("cpu")


def test_here_everything_is_installed() -> None:
    assert all(is_installed(package) for package in read_requirements(REQUIREMENTS))


@pytest.mark.parametrize(
    ("at_least", "there"), [("1.0", True), ("1.26", True), ("99", False), ("1.999999", False), ("2.99", False)]
)
def test_versions_are_compared(monkeypatch: pytest.MonkeyPatch, at_least: str, there: bool) -> None:
    monkeypatch.setattr("importlib.metadata.version", lambda _name: "1.26.4.post1")
    assert is_installed(NeededPackage("numpy", at_least)) is there


def test_what_is_not_there_is_missing() -> None:
    assert not is_installed(NeededPackage("no_such_package", "1"))


def test_a_model_without_network_needs_the_base_alone() -> None:
    assert what_lacks(model(), BASE, lambda _package: False) == Lacking(("pandas>=2.1",), False)
    assert not what_lacks(model(), BASE, lambda _package: True)
    assert what_lacks(None, BASE, lambda _package: False).names == "pandas"


@pytest.mark.parametrize("runtime", ["onnxruntime", "openvino", "torch"])
def test_one_runtime_is_enough_for_a_graph(runtime: str) -> None:
    graph = model(has_network=True, has_graph=True)
    assert not what_lacks(graph, (), lambda package: package.name == runtime)
    assert what_lacks(graph, (), lambda _package: False) == Lacking(("onnxruntime>=1.18",), False)


def test_a_network_without_graph_needs_pytorch() -> None:
    lacking = what_lacks(model(has_network=True), BASE, lambda _package: False)
    assert lacking.torch
    assert lacking.names == "PyTorch, pandas, timm, safetensors"
    assert not what_lacks(model(has_network=True), BASE, lambda package: package.name != "torch").packages


def test_a_line_of_another_kind_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "requirements.txt"
    path.write_text("# comment\n\nnumpy>=1.26  # why\n")
    assert read_requirements(path) == (NeededPackage("numpy", "1.26"),)
    path.write_text("numpy==1.26\n")
    with pytest.raises(SettingsError, match=r"numpy==1\.26"):
        read_requirements(path)


def test_nothing_heavy_is_imported_for_asking() -> None:
    code = (
        "import sys; import CervixRiskLib.workflow.asking, CervixRiskLib.workflow.needed_packages as n; "
        f"print(n.what_lacks(None, n.read_requirements({str(REQUIREMENTS)!r}))); "
        "heavy = {'torch', 'sklearn', 'scipy', 'pandas', 'matplotlib', 'SimpleITK', 'skops', 'pyarrow', 'yaml'}; "
        "heavy &= set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
