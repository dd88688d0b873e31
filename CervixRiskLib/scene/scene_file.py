"""A scene on disk as one file (``.mrb``), whole or not there."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..atomic import atomic_file, storage_errors
from ..errors import SettingsError, StorageError

EXTENSION = ".mrb"


def save_scene(scene: Any, path: str | os.PathLike[str]) -> Path:
    """Write the scene with all its data to a Slicer bundle and return its path.

    Raises
    ------
    SettingsError
        The name does not end in ``.mrb``.
    StorageError
        The disk is full, or something in the scene cannot be written.
    """
    path = _checked(path)
    with storage_errors(), atomic_file(path) as partial, tempfile.TemporaryDirectory(prefix="cervixrisk-") as folder:
        # Slicer's writer packs a folder beside the file and goes by the name's end.
        written = Path(folder) / f"scene{EXTENSION}"
        if not scene.WriteToMRB(str(written)) or not written.exists():
            raise StorageError("The scene could not be written. Check that there is room on the disk.")
        shutil.copyfile(written, partial)
    return path


def load_scene(scene: Any, path: str | os.PathLike[str], *, clear: bool = True) -> None:
    """Load a Slicer bundle into ``scene``; with ``clear`` what was there goes first.

    Cases are found again with :func:`~.case_folder.case_ids`.

    Raises
    ------
    SettingsError
        The name does not end in ``.mrb``.
    StorageError
        There is no such file, or it is damaged.
    """
    path = _checked(path)
    if not path.is_file():
        raise StorageError("There is no such scene. Choose another file.")
    with _place_to_unpack(scene):
        done = scene.ReadFromMRB(str(path), clear)
    if not done:
        raise StorageError("The scene could not be read completely. Take an earlier copy of the file.")


@contextlib.contextmanager
def _place_to_unpack(scene: Any) -> Iterator[None]:
    """Slicer's reader unpacks into the application's cache; a scene outside the application has none."""
    if scene.GetDataIOManager() is not None:
        yield
        return
    import slicer

    with tempfile.TemporaryDirectory(prefix="cervixrisk-") as folder:
        cache, manager = slicer.vtkCacheManager(), slicer.vtkDataIOManager()
        cache.SetRemoteCacheDirectory(folder)
        manager.SetCacheManager(cache)
        scene.SetDataIOManager(manager)
        try:
            yield
        finally:
            scene.SetDataIOManager(None)


def _checked(path: str | os.PathLike[str]) -> Path:
    path = Path(path)
    if path.suffix.lower() != EXTENSION:
        raise SettingsError(f"A scene is one {EXTENSION} file.")
    return path
