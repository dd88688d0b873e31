"""Files and folders that are either whole or not there.

Everything the library writes goes to a hidden sibling first (``.name.XXXX.partial``), is flushed to the disk and only
then renamed. A killed process leaves at most such a sibling, which nothing reads and the next write of the same name
removes once its writer is gone.
"""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

from .errors import StorageError

PARTIAL_SUFFIX = ".partial"
_REPLACED = "replaced"
NO_PLACE = "Nothing can be made at the destination: choose a folder you own."
"""Linux's /proc says that it is not there, and so does a drive of Windows that is not."""

_SENTENCES = {
    errno.ENOSPC: "The disk is full: this file was not written. Free some space and run the same again.",
    errno.EDQUOT: "Your disk quota is used up: this file was not written. Free some space and run the same again.",
    errno.EFBIG: "The file would be larger than this disk allows: it was not written.",
    errno.EROFS: "The destination is read-only: choose a folder that can be written.",
    errno.EACCES: "The destination may not be written: choose a folder you own.",
    errno.EPERM: "The destination may not be written: choose a folder you own.",
    errno.ENOTDIR: "The destination lies below a file, not a folder: choose another place.",
    errno.EISDIR: "The destination is a folder: give the name of a file.",
    errno.ENAMETOOLONG: "The destination's name is too long: choose a shorter one.",
}


@contextlib.contextmanager
def storage_errors() -> Iterator[None]:
    """Turn the operating system's refusals to write into a :class:`StorageError` with a sentence."""
    try:
        yield
    except OSError as error:
        sentence = _SENTENCES.get(error.errno or 0)
        if sentence is None:
            raise
        raise StorageError(sentence) from error


@contextlib.contextmanager
def atomic_file(destination: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary path to write to; rename it to ``destination`` when the block ends well, else remove it.

    Raises
    ------
    StorageError
        The disk is full or the place cannot be written.
    """
    destination = Path(destination)
    with storage_errors():
        _make_parent(destination)
        _remove_orphans(destination)
        # The suffix is kept at the end: some writers choose the format by it.
        handle, name = tempfile.mkstemp(
            prefix=f".{destination.name}.{os.getpid()}.",
            suffix=PARTIAL_SUFFIX + destination.suffix,
            dir=destination.parent,
        )
        os.close(handle)
        partial = Path(name)
        try:
            yield partial
            _flush(partial)
            partial.chmod(0o666 & ~_umask())
            os.replace(partial, destination)
        finally:
            partial.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_folder(destination: str | os.PathLike[str]) -> Iterator[Path]:
    """Like :func:`atomic_file` for a folder. An existing ``destination`` is replaced as a whole."""
    destination = Path(destination)
    with storage_errors():
        _make_parent(destination)
        _remove_orphans(destination)
        partial = Path(
            tempfile.mkdtemp(
                prefix=f".{destination.name}.{os.getpid()}.", suffix=PARTIAL_SUFFIX, dir=destination.parent
            )
        )
        try:
            yield partial
            for path in partial.rglob("*"):
                if path.is_file():
                    _flush(path)
            partial.chmod(0o777 & ~_umask())
            if destination.exists():
                old = Path(
                    tempfile.mkdtemp(
                        prefix=f".{destination.name}.{os.getpid()}.", suffix=PARTIAL_SUFFIX, dir=destination.parent
                    )
                )
                os.rename(destination, old / _REPLACED)
                try:
                    os.rename(partial, destination)
                except OSError:
                    os.rename(old / _REPLACED, destination)
                    old.rmdir()
                    raise
                shutil.rmtree(old, ignore_errors=True)
            else:
                os.rename(partial, destination)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def _make_parent(destination: Path) -> None:
    try:
        destination.parent.mkdir(parents=True, exist_ok=True)
    except FileExistsError as error:
        raise StorageError(_SENTENCES[errno.ENOTDIR]) from error
    except FileNotFoundError as error:
        raise StorageError(NO_PLACE) from error


def _remove_orphans(destination: Path) -> None:
    """Remove what a killed writer of the same name has left, and put back what it had taken away.

    A living writer's file stays.
    """
    prefix = f".{destination.name}."
    for path in destination.parent.glob(f"{prefix.replace('[', '[[]')}*{PARTIAL_SUFFIX}*"):
        writer = path.name.removeprefix(prefix).split(".", 1)[0]
        if not writer.isdigit() or process_is_alive(int(writer)):
            continue
        if path.is_dir():
            if (path / _REPLACED).exists() and not destination.exists():
                # Killed between taking the old one away and putting the new one there.
                os.rename(path / _REPLACED, destination)
            shutil.rmtree(path, ignore_errors=True)
        else:
            path.unlink(missing_ok=True)


def process_is_alive(process: int) -> bool:
    """Whether a process of this computer still runs; on Windows, where asking would end it, always true."""
    if process == os.getpid():
        return True
    if os.name == "nt":  # os.kill would end the process there
        return True
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _flush(path: Path) -> None:
    with path.open("rb+") as handle:
        os.fsync(handle.fileno())


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
