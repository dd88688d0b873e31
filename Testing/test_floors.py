"""The library is built in floors: a room imports only what lies below it, and two rooms on one floor no other."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import CervixRiskLib

LIBRARY = Path(CervixRiskLib.__file__).parent
FLOORS = {
    "errors": 0, "progress": 0, "atomic": 0, "file_hash": 0, "absent_modules": 0, "imaging": 0,
    "radiomics": 1, "networks": 1, "statistics": 1,
    "bundle": 2, "cohort": 2,
    "plnm": 3, "staging": 3, "reading": 3,
    "scene": 4, "worker": 4, "report": 4,
    "workflow": 5,
    "cli": 6,
}  # fmt: skip
# What every room needs, the ground floor's own too.
GROUND = {"errors", "progress", "atomic", "file_hash", "absent_modules"}


def imports(path: Path) -> Iterator[str]:
    """The full names of the modules that a file imports, wherever in it, and of what it takes from the root."""
    package = ("CervixRiskLib", *path.relative_to(LIBRARY).parts)[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) + 1 - node.level]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            yield module
            if module == "CervixRiskLib":
                yield from (f"{module}.{alias.name}" for alias in node.names)


def forbidden(room: str, path: Path) -> list[str]:
    """What a file of a room imports from its own floor or from above it."""
    found = []
    for module in imports(path):
        root, _, rest = module.partition(".")
        other = rest.partition(".")[0]
        if root != "CervixRiskLib" or other not in FLOORS or other == room or other in GROUND:
            continue
        if room in GROUND or FLOORS[other] >= FLOORS[room]:
            found.append(f"{path.relative_to(LIBRARY)} imports {module}")
    return found


def files_of(room: str) -> list[Path]:
    folder = LIBRARY / room
    return sorted(folder.rglob("*.py")) if folder.is_dir() else [LIBRARY / f"{room}.py"]


def test_every_room_has_its_floor() -> None:
    rooms = {path.parent.name for path in LIBRARY.glob("*/__init__.py")} | {path.stem for path in LIBRARY.glob("*.py")}
    assert rooms - {"__init__"} == set(FLOORS)


@pytest.mark.parametrize("room", FLOORS)
def test_a_room_imports_only_what_lies_below_it(room: str) -> None:
    assert [line for path in files_of(room) for line in forbidden(room, path)] == []


def test_an_import_from_above_would_be_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(globals(), "LIBRARY", tmp_path)
    path = tmp_path / "imaging" / "deep" / "module.py"
    path.parent.mkdir(parents=True)
    path.write_text(
        "def late():\n"
        "    from ...report.figures import nomogram\n"
        "    from ... import statistics\n"
        "    import CervixRiskLib.cli.app\n"
        "    from ...errors import ImageError\n"
        "    from .. import roi\n",
        encoding="utf-8",
    )
    assert [line.split()[-1] for line in forbidden("imaging", path)] == [
        "CervixRiskLib.report.figures", "CervixRiskLib.statistics", "CervixRiskLib.cli.app",
    ]  # fmt: skip


def test_no_file_of_the_library_imports_qt() -> None:
    roots = {module.partition(".")[0] for path in LIBRARY.rglob("*.py") for module in imports(path)}
    assert {"numpy", "torch"} <= roots
    assert roots.isdisjoint({"qt", "ctk", "PySide6", "PythonQt"})
