"""Contours on the disk: written whole, never overwritten, and never without a row in the database.

A contour is stored in one transaction: its bytes go into ``incoming/`` and to the disk, its row is added, which names
both that file and its final place, and after the commit the file is moved there. The commit decides: killed before it,
nothing has happened and the staged file is litter; killed after it, whoever opens the study next moves the file.

Litter is removed in a transaction that no storing one runs beside. So it does not matter who wrote a file, on which
computer, by which clock, and whether that program still runs.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..atomic import storage_errors
from ..errors import ReadingError, StorageError

CONTOURS = "contours"
INCOMING = "incoming"
_STAGED = re.compile(r"[0-9a-f]{32}\.seg\.nrrd")
_STORED = re.compile(r"contours(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){2}/[a-z]+(\.v[1-9][0-9]*)?\.seg\.nrrd")
# What the file browsers of macOS and Windows leave in every folder that somebody looks at.
_OF_FILE_BROWSERS = frozenset({".DS_Store", "Thumbs.db", "desktop.ini"})


@dataclass(frozen=True)
class StagedFile:
    """A file in ``incoming/``: its name there and its SHA-256."""

    name: str
    sha256: str


class ContourFiles:
    """The contour files of one study.

    Parameters
    ----------
    folder
        The study's folder.
    finish
        Moves what is still on its way; asked when a file is missing from its place.
    """

    def __init__(self, folder: Path, finish: Callable[[ContourFiles], object] | None = None) -> None:
        self.folder = folder
        self._finish = finish

    @staticmethod
    def place(case_folder: str, reader_folder: str, round_name: str, version: int) -> str:
        """Where a contour belongs, relative to the study's folder."""
        suffix = "" if version == 1 else f".v{version}"
        return f"{CONTOURS}/{case_folder}/{reader_folder}/{round_name}{suffix}.seg.nrrd"

    def stage(self, content: bytes) -> StagedFile:
        """Bring the bytes to the disk under a name that nobody else has.

        Only inside a transaction that keeps :func:`.settling.clear_litter` away from it.

        Raises
        ------
        StorageError
            The disk is full or the study may not be written.
        """
        name = f"{uuid.uuid4().hex}.seg.nrrd"
        path = self.folder / INCOMING / name
        with storage_errors():
            if not path.parent.is_dir():
                _make_folders(path.parent, self.folder)
            try:
                with path.open("xb") as handle:
                    handle.write(content)
                    handle.flush()
                    os.fsync(handle.fileno())
                _flush_folder(path.parent)
            except BaseException:
                with contextlib.suppress(OSError):  # what stays is litter
                    path.unlink(missing_ok=True)
                raise
        return StagedFile(name, hashlib.sha256(content).hexdigest())

    def discard(self, staged_name: str) -> None:
        """Remove a staged file that has no row.

        Raises
        ------
        StorageError
            The study may not be written.
        """
        with storage_errors():
            self._staged_path(staged_name).unlink(missing_ok=True)

    def check_free(self, place: str) -> None:
        """Raise ``ReadingError`` where a file that the study does not know already stands."""
        if self._path(place).exists():
            raise ReadingError(
                "A file that this study does not know stands where the contour belongs: 'reading status' names it. "
                "Move it away and do it again."
            )

    def publish(self, staged_name: str, place: str) -> None:
        """Move a staged file to its place; done already, by whomever, is done.

        Raises
        ------
        ReadingError
            The file is in neither place, or another one stands in its place.
        StorageError
            The study may not be written.
        """
        source, target = self._staged_path(staged_name), self._path(place)
        with storage_errors():
            _make_folders(target.parent, self.folder)
            if not target.exists():
                # The row gives this place to this file alone; two who move it at once move the same file.
                with contextlib.suppress(FileNotFoundError, FileExistsError):  # another program was quicker
                    os.rename(source, target)
                if not target.exists():
                    raise ReadingError("The file of a contour is missing from the study: 'reading status' names it.")
            elif source.exists():
                self._remove_copy(source, target)
            _flush_folder(target.parent)

    def on_the_way(self) -> list[str]:
        """The names of the staged files."""
        return [name for name in self._incoming() if _STAGED.fullmatch(name)]

    def read(self, place: str, sha256: str) -> Path:
        """The path of a stored contour whose bytes are those that were stored.

        Raises
        ------
        ReadingError
            It is missing or was changed outside the study.
        StorageError
            It cannot be read.
        """
        path = self._path(place)
        if not path.exists() and self._finish is not None:
            # Its row is there, so it may be on its way: another program is about to move it, or was killed.
            self._finish(self)
        with reading_errors():
            try:
                found = hashlib.sha256(path.read_bytes()).hexdigest()
            except FileNotFoundError:
                raise ReadingError(
                    "The file of a contour is missing from the study: 'reading status' names it."
                ) from None
        if found != sha256:
            raise ReadingError(
                "The file of a contour was changed outside the study: 'reading status' names it. Restore it from a "
                "copy."
            )
        return path

    def stored(self) -> Iterator[str]:
        """Every file below ``contours/``, and what does not belong into ``incoming/``; relative to the folder."""
        with reading_errors():
            for parent, _, names in os.walk(self.folder / CONTOURS, onerror=_raise):
                relative = Path(parent).relative_to(self.folder).as_posix()
                yield from (f"{relative}/{name}" for name in names if not _is_of_a_file_browser(name))
            for name in self._incoming():
                if not _STAGED.fullmatch(name) and not _is_of_a_file_browser(name):
                    yield f"{INCOMING}/{name}"

    def missing(self, places: Iterable[str]) -> list[str]:
        """Those of ``places`` where no file stands."""
        return [place for place in places if not self._path(place).is_file()]

    def _incoming(self) -> list[str]:
        with reading_errors():
            try:
                return sorted(os.listdir(self.folder / INCOMING))
            except FileNotFoundError:
                return []

    def _remove_copy(self, source: Path, target: Path) -> None:
        """Remove a staged file that stands in its place already, as a network drive may leave it."""
        try:
            same = source.read_bytes() == target.read_bytes()
        except FileNotFoundError:  # another program has just moved it
            return
        if not same:
            raise ReadingError(
                "A file that this study does not know stands where a contour belongs: 'reading status' names it. "
                "Move it away and open the study again."
            )
        source.unlink(missing_ok=True)

    def _staged_path(self, name: str) -> Path:
        if not _STAGED.fullmatch(name):
            raise ReadingError("The study's database is damaged: restore study.db from a copy.")
        return self.folder / INCOMING / name

    def _path(self, place: str) -> Path:
        # Places come from the database: a damaged or foreign one must not lead out of the folder.
        if not _STORED.fullmatch(place) or ".." in PurePosixPath(place).parts:
            raise ReadingError("The study's database is damaged: restore study.db from a copy.")
        return self.folder / place


@contextlib.contextmanager
def reading_errors() -> Iterator[None]:
    """Turn the operating system's refusals to read into a :class:`StorageError`."""
    try:
        yield
    except OSError as error:
        raise StorageError(
            "A file of the study cannot be read: check the disk or network drive and that you may read there."
        ) from error


def _raise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _is_of_a_file_browser(name: str) -> bool:
    return name in _OF_FILE_BROWSERS or name.startswith("._")


def _make_folders(folder: Path, root: Path) -> None:
    """Make ``folder`` and its parents below ``root`` so that they survive a power cut; never ``root`` itself."""
    if folder.is_dir():
        return
    if folder.parent != root:
        _make_folders(folder.parent, root)
    try:
        folder.mkdir(exist_ok=True)
    except FileNotFoundError as error:
        raise StorageError("The study's folder is gone: check that the disk or network drive is there.") from error
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
