"""Finds the names of ``slicer``, ``qt``, ``ctk`` and ``vtk`` in a module's source, and those the list does not know."""

from __future__ import annotations

import ast
from pathlib import Path

from .names import known_names

_ROOTS = ("slicer", "qt", "ctk", "vtk", "SampleData")
# Behind these, one more name belongs to the application; behind all others it belongs to the class.
_SPACES = (
    "slicer.util",
    "slicer.app",
    "slicer.modules",
    "slicer.i18n",
    "slicer.packaging",
    "slicer.parameterNodeWrapper",
    "slicer.ScriptedLoadableModule",
)
# Members that differ between PythonQt and PySide6, or crash Slicer, whatever stands before them.
FORBIDDEN_MEMBERS = frozenset(
    {
        "className",
        "delete",
        "getExistingDirectory",
        "getOpenFileName",
        "getOpenFileNames",
        "getSaveFileName",
        "getText",
        "minimumSizeHint",
        "sizeHint",
    }
)


def used_names(source: str) -> dict[str, int]:
    """Dotted names (``slicer.util.loadUI``, ``qt.QTimer``) in ``source`` with the first line each stands on.

    ``import ... as`` and ``from ... import ... as`` are followed.
    """
    tree = ast.parse(source)
    aliases: dict[str, str] = {}
    found: dict[str, int] = {}

    def note(name: str, line: int) -> None:
        found[name] = min(line, found.get(name, line))

    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for entry in node.names:
                if entry.name.split(".")[0] in _ROOTS:
                    aliases[entry.asname or entry.name.split(".")[0]] = (
                        entry.name if entry.asname else entry.name.split(".")[0]
                    )
        elif isinstance(node, ast.ImportFrom) and node.module and node.module.split(".")[0] in _ROOTS:
            for entry in node.names:
                if entry.name != "*":
                    full = f"{node.module}.{entry.name}"
                    aliases[entry.asname or entry.name] = full
                    if full not in _SPACES:
                        note(_cut(full), node.lineno)
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            parts: list[str] = []
            walked: ast.expr = node
            while isinstance(walked, ast.Attribute):
                parts.append(walked.attr)
                walked = walked.value
            if isinstance(walked, ast.Name) and walked.id in aliases:
                full = ".".join([aliases[walked.id], *reversed(parts)])
                if full not in _SPACES:
                    note(_cut(full), node.lineno)
    return found


def _cut(name: str) -> str:
    """Down to what the application defines: ``qt.QTimer.singleShot`` is ``qt.QTimer``."""
    parts = name.split(".")
    depth = 3 if ".".join(parts[:2]) in _SPACES else 2
    return ".".join(parts[:depth])


def unknown_names(path: Path) -> list[str]:
    """What ``path`` uses and the list does not know, as ``file:line: name``; also members no module should use."""
    import vtk

    source = path.read_text(encoding="utf-8")
    known = known_names()
    problems = []
    for name, line in used_names(source).items():
        there = hasattr(vtk, name.split(".")[1]) if name.startswith("vtk.") else name in known
        if not there:
            problems.append(f"{path.name}:{line}: {name}")
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Attribute) and node.attr in FORBIDDEN_MEMBERS:
            problems.append(f"{path.name}:{node.lineno}: .{node.attr}")
    return sorted(problems)
