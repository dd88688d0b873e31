"""The extension's description holds together, and follows the rules of Slicer's extensions index."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
NAME = "CervixRisk"
# Slicer's Schemas/slicer-extension-catalog-entry-schema-v1.0.2.json.
SCHEMA_REQUIRED = {"$schema", "category", "scm_url"}
SCHEMA_OPTIONAL = {
    "scm_revision",
    "scm_type",
    "build_dependencies",
    "dicom_support_rule",
    "build_subdirectory",
    "enabled",
    "tier",
}


@pytest.fixture(scope="module")
def entry() -> dict[str, object]:
    return json.loads((ROOT / f"{NAME}.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def cmake() -> str:
    return (ROOT / "CMakeLists.txt").read_text(encoding="utf-8")


def literal(cmake: str, name: str) -> str:
    """As the index reads it: a literal in one ``set``."""
    found = re.findall(rf'set\({name} "([^"]+)"\)', cmake)
    assert len(found) == 1, f"{name} must be set once, to a literal"
    assert "$" not in found[0]
    assert ";" not in found[0]
    return str(found[0])


def in_checkout(url: str, scm_url: str) -> Path:
    """The file of this checkout that a raw URL of the public repository names."""
    parts = urlsplit(url)
    assert (parts.scheme, parts.netloc) == ("https", "raw.githubusercontent.com")
    repository = urlsplit(scm_url).path.removesuffix(".git")
    assert parts.path.startswith(f"{repository}/main/")
    return ROOT / parts.path.removeprefix(f"{repository}/main/")


def test_the_entry_follows_the_schema(entry: dict[str, object]) -> None:
    assert set(entry) >= SCHEMA_REQUIRED
    assert set(entry) <= SCHEMA_REQUIRED | SCHEMA_OPTIONAL
    assert str(entry["$schema"]).endswith("slicer-extension-catalog-entry-schema-v1.0.2.json#")
    assert entry["category"] == "Quantification"
    assert entry["tier"] in (1, 3, 5)
    assert b"\r" not in (ROOT / f"{NAME}.json").read_bytes()


def test_the_repository_is_named_as_the_index_asks(entry: dict[str, object]) -> None:
    parts = urlsplit(str(entry["scm_url"]))
    assert parts.scheme == "https"
    assert parts.path.split("/")[-1].removesuffix(".git") == f"Slicer{NAME}"


def test_the_project_has_the_entry_s_name(cmake: str) -> None:
    projects = re.findall(r"project\s*\(\s*([^\s\)\n\r]+)", cmake, re.IGNORECASE)
    assert projects[0] == NAME


def test_both_name_the_same_dependencies(cmake: str, entry: dict[str, object]) -> None:
    assert literal(cmake, "EXTENSION_DEPENDS").split() == entry["build_dependencies"]


def test_pictures_are_in_the_repository(cmake: str, entry: dict[str, object]) -> None:
    scm_url = str(entry["scm_url"])
    assert literal(cmake, "EXTENSION_HOMEPAGE") == scm_url.removesuffix(".git")
    with Image.open(in_checkout(literal(cmake, "EXTENSION_ICONURL"), scm_url)) as icon:
        assert (icon.format, icon.size, icon.mode) == ("PNG", (128, 128), "RGBA")
    for url in literal(cmake, "EXTENSION_SCREENSHOTURLS").split():
        with Image.open(in_checkout(url, scm_url)) as picture:
            assert picture.format in ("PNG", "JPEG")


def test_the_description_says_what_it_is_not(cmake: str) -> None:
    assert "For research use. Not a medical device." in literal(cmake, "EXTENSION_DESCRIPTION")
    assert literal(cmake, "EXTENSION_CONTRIBUTORS")


def test_the_licence_lies_where_the_index_looks() -> None:
    assert "Apache License" in (ROOT / "LICENSE.txt").read_text(encoding="utf-8")


def test_a_clone_is_below_the_index_s_limit() -> None:
    """The index counts the checkout and git's own folder, 100 MB together."""
    try:
        listed = subprocess.run(
            ["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True, timeout=60
        ).stdout.split(b"\0")
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("This is no git checkout.")
    paths = [ROOT / name.decode() for name in listed if name]
    total = sum(path.stat().st_size for path in paths if path.is_file())
    # In the worst case nothing can be compressed, and git keeps all of it once more.
    assert 2 * total < 100e6


def test_the_module_file_imports_only_what_slicer_has() -> None:
    """At file scope: the standard library, Slicer's own, NumPy; and what lies beside the module."""
    import sys

    allowed = {"slicer", "vtk", "qt", "ctk", "numpy", "scipy", "SimpleITK", "CervixRiskLib", "CervixRiskPanel"}
    allowed |= set(sys.stdlib_module_names)
    for path in (ROOT / NAME).rglob("*.py"):
        for statement in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(statement, ast.Import):
                names = [alias.name for alias in statement.names]
            elif isinstance(statement, ast.ImportFrom) and not statement.level:
                names = [statement.module or ""]
            else:
                continue
            for name in names:
                assert name.split(".")[0] in allowed, f"{path.name} imports {name} at file scope"
