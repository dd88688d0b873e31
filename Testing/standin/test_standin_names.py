"""The stand-in and the modules that run on it use only what exists in Slicer."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("PySide6.QtWidgets", exc_type=ImportError)
pytest.importorskip("slicer")

from slicer_standin.name_walk import unknown_names, used_names
from slicer_standin.names import DEFINED_IN, known_names

ROOT = Path(__file__).resolve().parents[2]
MODULE_FILES = [
    ROOT / "Testing" / "slicer_standin" / "example" / "StandInExample.py",
    *sorted((ROOT / "CervixRisk").glob("**/*.py")),
]


@pytest.mark.parametrize("path", MODULE_FILES, ids=lambda path: path.name)
def test_a_module_uses_only_known_names(path: Path) -> None:
    assert unknown_names(path) == []


def test_every_name_stands_once_with_its_file() -> None:
    names = [name for names in DEFINED_IN.values() for name in names.split()]
    assert len(names) == len(set(names))
    assert all(source.startswith(("Slicer: ", "CTK: ", "PythonQt: ")) for source in DEFINED_IN)


def test_every_known_name_is_there(tmp_path: Path) -> None:
    from slicer_standin.session import slicer_session

    missing = []
    with slicer_session(tmp_path, version="5.12.0") as _:
        for name in known_names():
            owner: Any = importlib.import_module(name.split(".")[0])
            try:
                for part in name.split(".")[1:]:
                    # Registered on first use, as in Slicer.
                    owner = getattr(owner, part) if part != "sampleDataSources" else None
            except AttributeError:
                missing.append(name)
    assert missing == []


def test_names_are_found_behind_aliases() -> None:
    source = (
        "import slicer, qt as q\nfrom slicer.util import loadUI as load\nfrom slicer import app, util\n"
        "q.QTimer.singleShot(0, f)\nslicer.util.inventedFunction()\nutil.other()\napp.layoutManager().layout\n"
        "slicer.mrmlScene.Clear()\nnot_slicer.util.x()\n"
    )
    assert used_names(source) == {
        "slicer.util.loadUI": 2,
        "qt.QTimer": 4,
        "slicer.util.inventedFunction": 5,
        "slicer.util.other": 6,
        "slicer.app.layoutManager": 7,
        "slicer.mrmlScene": 8,
    }


def test_an_invented_name_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "Module.py"
    path.write_text("import qt, vtk\nqt.QTeleporter()\nvtk.vtkCommand.ModifiedEvent\nvtk.vtkNothing\nbox.getText(1)\n")
    assert unknown_names(path) == [
        "Module.py:2: qt.QTeleporter",
        "Module.py:4: vtk.vtkNothing",
        "Module.py:5: .getText",
    ]
