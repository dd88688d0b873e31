"""Several files that belong together: all of them are written, or none is and the earlier ones stay."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

from ..atomic import PARTIAL_SUFFIX, atomic_file, storage_errors
from ..errors import StorageError

_HELD = (
    "A file of the earlier report cannot be replaced: close it in the program that shows it, or choose another name. "
    "Nothing was changed."
)


@contextlib.contextmanager
def files_together(destinations: Sequence[Path]) -> Iterator[list[Path]]:
    """Give a temporary path for each of ``destinations``; when the block ends well put all of them into place.

    When one cannot be put there (another program holds it open), those before it are taken back.

    Raises
    ------
    StorageError
        The disk is full, the place cannot be written, or an earlier file cannot be replaced.
    """
    kept: dict[Path, Path] = {}
    new: dict[Path, tuple[int, int]] = {}
    try:
        with storage_errors(), contextlib.ExitStack() as stack:
            partials = [stack.enter_context(atomic_file(path)) for path in destinations]
            yield partials
            for path, partial in zip(destinations, partials, strict=True):
                new[path] = _identity(partial)
                if path.is_file():
                    kept[path] = _keep(path)
    except BaseException as error:
        for path, identity in new.items():
            if path.is_file() and _identity(path) == identity:
                _take_back(path, kept.get(path))
        if kept and isinstance(error.__cause__, PermissionError):
            raise StorageError(_HELD) from error
        raise
    finally:
        for copy in kept.values():
            copy.unlink(missing_ok=True)


def _identity(path: Path) -> tuple[int, int]:
    """Of the file itself, whatever its name: a renamed one keeps it."""
    about = path.stat()
    return about.st_dev, about.st_ino


def _keep(path: Path) -> Path:
    """The file as it is now under a hidden name; it goes like every partial file when its writer is killed."""
    copy = path.with_name(f".{path.name}.{os.getpid()}.earlier{PARTIAL_SUFFIX}{path.suffix}")
    copy.unlink(missing_ok=True)
    try:
        os.link(path, copy)
    except OSError:  # a file system without links
        shutil.copy2(path, copy)
    return copy


def _take_back(path: Path, earlier: Path | None) -> None:
    if earlier is None:
        path.unlink()
    else:
        os.replace(earlier, path)
