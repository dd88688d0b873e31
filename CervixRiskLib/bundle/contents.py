"""The files of a bundle, folder or zip, read once and never trusted.

Whatever is checked later is the very bytes that are used later: each file is read a single time into memory. Links,
devices, paths that leave the bundle, names that differ only in case, encrypted entries and archives that swell beyond
reason are refused before they are read.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import stat
import zipfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ..errors import BundleError
from .foreign_text import printable

MANIFEST_NAME = "bundle.json"
MODEL_CARD_NAME = "MODEL_CARD.md"

MOST_FILES = 1_000
MOST_MANIFEST_BYTES = 64 << 20
MOST_BYTES = 4 << 30
MOST_SWELLING = 200
"""Uncompressed over compressed size of a zip entry above 16 MiB; weights and estimators stay far below."""

_NAME_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_. +-]*")
_DAMAGED = "The bundle is damaged: the zip file cannot be read. Get it again."


@dataclass(frozen=True, eq=False)
class BundleContents:
    """All files of a bundle by name (``/`` between folders), in memory."""

    files: Mapping[str, bytes] = field(repr=False)

    def sha256(self, name: str) -> str:
        return hashlib.sha256(self.files[name]).hexdigest()


def check_name(name: str) -> str:
    """``name`` if it is a plain relative path that means the same on every system.

    Raises
    ------
    BundleError
    """
    parts = name.split("/")
    if len(name) > 200 or not all(_NAME_PART.fullmatch(part) and not part.endswith((".", " ")) for part in parts):
        raise BundleError(
            f"The bundle holds a file whose name a bundle may not have ('{printable(name)}'): it was not opened."
        )
    return name


def check_names(names: list[str]) -> None:
    """Refuse bad names, duplicates (also those that differ in case only) and too many files.

    Raises
    ------
    BundleError
    """
    if len(names) > MOST_FILES:
        raise BundleError(f"The bundle holds more than {MOST_FILES} files: it was not opened.")
    seen: set[str] = set()
    for name in names:
        folded = check_name(name).casefold()
        if folded in seen:
            raise BundleError(f"The bundle holds the file '{printable(name)}' twice: it was not opened.")
        seen.add(folded)


def read_contents(path: str | os.PathLike[str]) -> BundleContents:
    """Read a bundle's folder or zip.

    Raises
    ------
    BundleError
        Nothing is there, it is neither folder nor zip, or it holds what a bundle may not hold.
    """
    path = Path(path)
    try:
        if path.is_dir():
            return BundleContents(_read_folder(path))
        if path.is_file():
            return BundleContents(_read_zip(path))
    except PermissionError as error:
        raise BundleError("The bundle may not be read: ask its owner for permission.") from error
    except OSError as error:
        raise BundleError(f"The bundle cannot be read ({error.strerror or 'input/output error'}).") from error
    except ValueError as error:
        raise BundleError("There is no bundle at this path.") from error
    raise BundleError("There is no bundle at this path: give the bundle's folder or .zip file.")


def _read_folder(root: Path) -> dict[str, bytes]:
    found: list[tuple[str, Path]] = []
    pending: list[tuple[str, Path]] = [("", root)]
    while pending:
        prefix, folder = pending.pop()
        with os.scandir(folder) as entries:
            for entry in entries:
                name = prefix + entry.name
                if entry.is_symlink():
                    raise BundleError(
                        f"The bundle holds a link ('{printable(name)}') instead of a file: it was not opened."
                    )
                if entry.is_dir(follow_symlinks=False):
                    pending.append((name + "/", Path(entry.path)))
                elif entry.is_file(follow_symlinks=False):
                    found.append((name, Path(entry.path)))
                else:
                    raise BundleError(f"'{printable(name)}' in the bundle is not an ordinary file: it was not opened.")
                if len(found) + len(pending) > MOST_FILES:
                    raise BundleError(f"The bundle holds more than {MOST_FILES} files: it was not opened.")
    names = [name for name, _ in found]
    _require_manifest(names)
    check_names(names)
    files: dict[str, bytes] = {}
    left = MOST_BYTES
    for name, file in sorted(found):
        content = _read_file(file, name, min(left, MOST_MANIFEST_BYTES if name == MANIFEST_NAME else left))
        left -= len(content)
        files[name] = content
    return files


def _read_file(file: Path, name: str, most: int) -> bytes:
    # O_NOFOLLOW: the entry could have become a link since it was listed.
    flags = os.O_RDONLY | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_NONBLOCK", 0)
    with open(os.open(file, flags), "rb") as handle:
        if not stat.S_ISREG(os.fstat(handle.fileno()).st_mode):
            raise BundleError(f"'{printable(name)}' in the bundle is not an ordinary file: it was not opened.")
        content = handle.read(most + 1)
    if len(content) > most:
        raise BundleError(
            f"The bundle's file '{printable(name)}' is larger than a bundle's file can be: it was not opened."
        )
    return content


def _read_zip(path: Path) -> dict[str, bytes]:
    # The archive too is read once: a zip that is replaced while it is open would give what was never listed.
    raw = _read_file(path.resolve(), path.name, MOST_BYTES)
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            entries = [entry for entry in archive.infolist() if not _is_folder(entry)]
            names = [entry.orig_filename for entry in entries]
            _require_manifest(names)
            check_names(names)
            left = MOST_BYTES
            for entry in entries:
                left -= _check_entry(entry)
            if left < 0:
                raise BundleError("The bundle is larger than a bundle can be: it was not opened.")
            return {entry.filename: _read_entry(archive, entry) for entry in sorted(entries, key=lambda e: e.filename)}
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        raise BundleError(_DAMAGED if raw[:2] == b"PK" else "This file is not a bundle: a bundle is a .zip.") from error


def _is_folder(entry: zipfile.ZipInfo) -> bool:
    if not entry.is_dir():
        return False
    check_name(entry.filename.removesuffix("/"))
    if entry.file_size:
        raise BundleError("The bundle holds a folder entry with content: it was not opened.")
    return True


def _check_entry(entry: zipfile.ZipInfo) -> int:
    """The entry's uncompressed size, once it may be read."""
    mode = entry.external_attr >> 16
    if mode and stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        raise BundleError(
            f"The bundle holds a link ('{printable(entry.filename)}') instead of a file: it was not opened."
        )
    if entry.flag_bits & 0x1:
        raise BundleError("The bundle is encrypted: unpack it with its password and give the folder.")
    if entry.filename == MANIFEST_NAME and entry.file_size > MOST_MANIFEST_BYTES:
        raise BundleError("The bundle's bundle.json is larger than it can be: it was not opened.")
    if entry.file_size > 16 << 20 and entry.file_size > MOST_SWELLING * max(entry.compress_size, 1):
        raise BundleError("The bundle's zip swells beyond reason when unpacked: it was not opened.")
    return entry.file_size


def _read_entry(archive: zipfile.ZipFile, entry: zipfile.ZipInfo) -> bytes:
    with archive.open(entry) as handle:
        content = handle.read(entry.file_size + 1)
    if len(content) != entry.file_size:
        raise BundleError(_DAMAGED)
    return content


def _require_manifest(names: list[str]) -> None:
    if MANIFEST_NAME in names:
        return
    if any(name.endswith("/" + MANIFEST_NAME) for name in names):
        raise BundleError("The bundle lies one folder deeper: give, or zip, the folder that holds bundle.json.")
    raise BundleError("This is not a CervixRisk bundle: it holds no bundle.json.")
