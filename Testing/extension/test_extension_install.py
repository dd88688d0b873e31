"""CMake puts the module, its panel, the resources and the library where Slicer looks for them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SCRIPTED_MODULES = Path("lib/Slicer-5.10/qt-scripted-modules")
CMAKE = shutil.which("cmake") or ""
# No compiler is needed, and none may be there.
NO_COMPILER = [
    option
    for language in ("C", "CXX")
    for option in (f"-DCMAKE_{language}_COMPILER={sys.executable}", f"-DCMAKE_{language}_COMPILER_FORCED=TRUE")
]

pytestmark = pytest.mark.skipif(not CMAKE, reason="CMake is not installed")


def files_below(folder: Path) -> set[Path]:
    return {path.relative_to(folder) for path in folder.rglob("*") if path.is_file()}


def run(*command: str) -> str:
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a checkout that the extension is made of, with what must not be installed lying about."""
    folder = tmp_path_factory.mktemp("source") / "SlicerCervixRisk"
    folder.mkdir()
    for name in ("CMakeLists.txt", "LICENSE.txt", "README.md"):
        shutil.copy(ROOT / name, folder)
    for name in ("CervixRisk", "CervixRiskLib"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", ".*"))
    (folder / "CervixRiskLib" / "__pycache__").mkdir()
    (folder / "CervixRiskLib" / "__pycache__" / "errors.cpython-312.pyc").write_bytes(b"stale")
    (folder / "CervixRiskLib" / ".DS_Store").write_bytes(b"")
    (folder / "CervixRisk" / "Resources" / ".DS_Store").write_bytes(b"")
    return folder


@pytest.fixture(scope="module")
def build(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("build")
    fake = Path(__file__).parent / "slicer_cmake"
    options = [f"-DSlicer_DIR={fake}", "-DBUILD_TESTING=ON", f"-DCMAKE_INSTALL_PREFIX={folder / 'installed'}"]
    run(CMAKE, "-S", str(source), "-B", str(folder), *options, *NO_COMPILER)
    run(CMAKE, "--install", str(folder))
    return folder


def wanted(source: Path) -> set[Path]:
    """Every file of the module beside ``CervixRisk.py``, and the library as a folder beside it."""
    module = {path for path in files_below(source / "CervixRisk") if path.name != "CMakeLists.txt"}
    library = {"CervixRiskLib" / path for path in files_below(source / "CervixRiskLib")}
    return {path for path in module | library if not path.name.startswith(".") and "__pycache__" not in path.parts}


@pytest.mark.parametrize("tree", ["", "installed"])
def test_every_file_is_where_slicer_looks(source: Path, build: Path, tree: str) -> None:
    assert files_below(build / tree / SCRIPTED_MODULES) == wanted(source)


def test_what_the_module_needs_is_among_them(build: Path) -> None:
    there = files_below(build / "installed" / SCRIPTED_MODULES)
    needed = {
        "CervixRisk.py",
        "CervixRiskPanel/__init__.py",
        "Resources/Icons/CervixRisk.png",
        "Resources/UI/CervixRisk.ui",
        "Resources/requirements.txt",
        "CervixRiskLib/__init__.py",
        "CervixRiskLib/worker/__main__.py",
        "CervixRiskLib/radiomics/presets/wang2025.yaml",
        "CervixRiskLib/radiomics/lbp3d_patterns.json",
    }
    assert needed <= {path.as_posix() for path in there}


def test_the_module_tests_itself_and_the_package_is_made(build: Path) -> None:
    assert (build / "unit_tests.txt").read_text().split() == ["CervixRisk.py"]
    assert (build / "included.txt").read_text().splitlines() == ["generate config", "package"]


def test_the_installed_library_works_from_its_folder_alone(build: Path) -> None:
    folder = build / "installed" / SCRIPTED_MODULES
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); import CervixRiskLib; "
        "from CervixRiskLib.radiomics import load_preset; "
        "print(CervixRiskLib.__file__, len(load_preset('wang2025').feature_names))"
    )
    told = run(sys.executable, "-c", program, str(folder))
    assert told.split() == [str(folder / "CervixRiskLib" / "__init__.py"), "1561"]
