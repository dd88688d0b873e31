"""The files that the nodes of a scene were read from or are kept in."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any


def stored_files(scene: Any) -> tuple[Path, ...]:
    """The files of all storage nodes that are on the disk, each file of a series too."""
    names: set[str] = set()
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLStorageNode")):
        storage = scene.GetNthNodeByClass(index, "vtkMRMLStorageNode")
        names.add(storage.GetFullNameFromFileName() or "")
        names |= {storage.GetFullNameFromNthFileName(number) or "" for number in range(storage.GetNumberOfFileNames())}
    return tuple(Path(name) for name in sorted(names) if name and os.path.isfile(name))


def first_kept(scene: Any, paths: Iterable[Path]) -> Path | None:
    """The first of ``paths`` that is a file of the scene, links followed; ``None`` where none is."""
    kept = stored_files(scene)
    for path in paths:
        # Not Path.exists, which raises for a name that is too long.
        if os.path.exists(path) and any(os.path.samefile(path, other) for other in kept):
            return path
    return None
