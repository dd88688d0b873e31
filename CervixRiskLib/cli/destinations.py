"""Where a command writes: places that can be written, looked at before anything is computed, and none of its inputs."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Iterable
from pathlib import Path

from ..atomic import NO_PLACE, storage_errors
from ..errors import SettingsError, StorageError


def check_destinations(written: Iterable[Path | None], read: Iterable[Path | None]) -> None:
    """Refuse files to be written that cannot be, or that would take the place of a file that is read or of each other.

    A report writes a picture beside its page: ``case.pdf`` beside the slice ``case.png`` would replace the slice.

    Raises
    ------
    SettingsError
        An output is an input, or another output.
    StorageError
        An output cannot be written where it should go, or would lie in a bundle.
    """
    from ..bundle.bundle_folder import lies_in_bundle

    inputs = [path for path in read if path is not None and os.path.exists(path)]
    places: set[str] = set()
    for path in written:
        if path is None:
            continue
        place = os.path.normcase(os.path.realpath(path))
        if place in places:
            raise SettingsError(f"{path.name} would be written twice: give each output a name of its own.")
        places.add(place)
        if os.path.exists(path) and any(os.path.samefile(path, other) for other in inputs):
            raise SettingsError(f"{path.name} is read here and would be overwritten: write to another name.")
        if lies_in_bundle(path):
            raise StorageError(f"{path.name} would lie in a bundle, which would then not open: write to another place.")
        _check_writable(path)


def _check_writable(path: Path) -> None:
    with storage_errors():
        if path.is_dir():
            raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
        place = next(folder for folder in path.absolute().parents if os.path.lexists(folder))
        if not place.is_dir():
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR))
        try:
            with tempfile.TemporaryFile(dir=place):
                pass
        except FileNotFoundError as error:
            raise StorageError(NO_PLACE) from error
