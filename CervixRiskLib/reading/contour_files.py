"""Contours on the disk: written whole, never overwritten, and never without a row in the database.

A contour is stored in three steps: its bytes go into ``incoming/`` and to the disk; one transaction adds its row, which
names both the file in ``incoming/`` and its final place; the file is moved there. The transaction decides: killed
before it, nothing has happened and the staged file is litter; killed after it, whoever opens the study next moves the
file.
"""

from __future__ import annotations

import hashlib
import os
import re
import socket
import time
import uuid
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from ..atomic import process_is_alive, storage_errors
from ..errors import ReadingError

CONTOURS = "contours"
INCOMING = "incoming"
_LITTER_AFTER_S = 24 * 3600.0
_STAGED = re.compile(r"(?P<host>[0-9a-f]{12})-(?P<process>\d{1,10})-[0-9a-f]{32}\.seg\.nrrd")
_STORED = re.compile(r"contours(/[A-Za-z0-9_~-][A-Za-z0-9._~-]*){2}/[a-z]+(\.v[1-9][0-9]*)?\.seg\.nrrd")


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
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    @staticmethod
    def place(case_folder: str, reader_folder: str, round_name: str, version: int) -> str:
        """Where a contour belongs, relative to the study's folder."""
        suffix = "" if version == 1 else f".v{version}"
        return f"{CONTOURS}/{case_folder}/{reader_folder}/{round_name}{suffix}.seg.nrrd"

    def stage(self, content: bytes) -> StagedFile:
        """Bring the bytes to the disk under a name that nobody else has.

        Raises
        ------
        StorageError
            The disk is full or the study may not be written.
        """
        name = f"{_this_host()}-{os.getpid()}-{uuid.uuid4().hex}.seg.nrrd"
        path = self.folder / INCOMING / name
        with storage_errors():
            path.parent.mkdir(exist_ok=True)
            try:
                with path.open("xb") as handle:
                    handle.write(content)
                    handle.flush()
                    os.fsync(handle.fileno())
                _flush_folder(path.parent)
            except BaseException:
                path.unlink(missing_ok=True)
                raise
        return StagedFile(name, hashlib.sha256(content).hexdigest())

    def discard(self, staged_name: str) -> None:
        """Remove a staged file whose row was not added."""
        (self.folder / INCOMING / staged_name).unlink(missing_ok=True)

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
            The file is in neither place.
        StorageError
            The study may not be written.
        """
        source, target = self.folder / INCOMING / staged_name, self._path(place)
        with storage_errors():
            _make_folders(target.parent, self.folder)
            if not target.exists():
                # The row gives this place to this file alone; two who move it at once move the same file.
                try:
                    os.rename(source, target)
                except FileNotFoundError:
                    if not target.exists():
                        raise ReadingError(
                            "The file of a contour is missing from the study: 'reading status' names it."
                        ) from None
                except FileExistsError:
                    # Windows: the other one was quicker.
                    source.unlink(missing_ok=True)
            _flush_folder(target.parent)

    def left_behind(self) -> dict[str, bool]:
        """The names in ``incoming/``, and whether the program that wrote each is gone.

        Ask this first and the database second: a program that was gone when asked can add no row any more.
        """
        incoming = self.folder / INCOMING
        paths = sorted(incoming.iterdir()) if incoming.is_dir() else []
        return {path.name: _writer_is_gone(path) for path in paths}

    def settle(self, left_behind: Mapping[str, bool], rows: Mapping[str, str]) -> int:
        """Finish what a killed program has begun and clear what it has left; returns how many files were moved.

        Parameters
        ----------
        left_behind
            From :meth:`left_behind`, asked before the rows.
        rows
            From the staged name to the place of every row whose staged name is among them.
        """
        moved = 0
        for name, writer_is_gone in left_behind.items():
            if name in rows:
                self.publish(name, rows[name])
                moved += 1
            elif writer_is_gone:
                (self.folder / INCOMING / name).unlink(missing_ok=True)
        return moved

    def read(self, place: str, sha256: str) -> Path:
        """The path of a stored contour whose bytes are those that were stored.

        Raises
        ------
        ReadingError
            It is missing or was changed outside the study.
        """
        path = self._path(place)
        try:
            found = hashlib.sha256(path.read_bytes()).hexdigest()
        except FileNotFoundError:
            raise ReadingError("The file of a contour is missing from the study: 'reading status' names it.") from None
        if found != sha256:
            raise ReadingError(
                "The file of a contour was changed outside the study: 'reading status' names it. Restore it from a "
                "copy."
            )
        return path

    def stored(self) -> Iterator[str]:
        """Every file below ``contours/``, relative to the study's folder."""
        root = self.folder / CONTOURS
        for path in sorted(root.rglob("*")):
            if not path.is_dir():
                yield path.relative_to(self.folder).as_posix()

    def missing(self, places: Iterable[str]) -> list[str]:
        """Those of ``places`` where no file stands."""
        return [place for place in places if not self._path(place).is_file()]

    def _path(self, place: str) -> Path:
        # Places come from the database: a damaged or foreign one must not lead out of the folder.
        if not _STORED.fullmatch(place) or ".." in PurePosixPath(place).parts:
            raise ReadingError("The study's database is damaged: restore study.db from a copy.")
        return self.folder / place


def _this_host() -> str:
    """Twelve digits that stand for this computer without naming it."""
    return hashlib.sha256(socket.gethostname().encode()).hexdigest()[:12]


def _writer_is_gone(path: Path) -> bool:
    """Whether the program that staged a file has ended, or must have: it wrote the file a day ago."""
    match = _STAGED.fullmatch(path.name)
    if match is None:
        return False
    try:
        age = time.time() - path.stat().st_mtime
    except FileNotFoundError:
        return False
    if age > _LITTER_AFTER_S:
        return True
    return match["host"] == _this_host() and not process_is_alive(int(match["process"]))


def _make_folders(folder: Path, root: Path) -> None:
    """Make ``folder`` and its parents below ``root`` so that they survive a power cut."""
    if folder.is_dir():
        return
    _make_folders(folder.parent, root) if folder.parent != root else root.mkdir(exist_ok=True)
    folder.mkdir(exist_ok=True)
    _flush_folder(folder.parent)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # folders cannot be opened there
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
