"""The models to offer: those of a few folders, and those a person opened."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from .model_entry import ModelEntry, read_entry

MOST_RECENT = 8
_MOST_IN_A_FOLDER = 50


class ModelShelf:
    """Models by path, each once: recent ones first, as they were last used, then those of the folders by name.

    Folders are looked through when they are first asked for and after :meth:`look_again`, because they may lie on a
    slow drive and a panel asks often.

    Parameters
    ----------
    folders
        Where models lie, each a folder or a ``.zip`` in them. One that does not exist is empty.
    recent
        Paths of models that were opened, the last one first.
    """

    def __init__(self, folders: Iterable[str | os.PathLike[str]] = (), recent: Iterable[str] = ()) -> None:
        self._folders = [Path(os.path.abspath(folder)) for folder in folders]
        self._recent = [Path(os.path.abspath(path)) for path in recent if path][:MOST_RECENT]
        self._read: dict[Path, tuple[tuple[int, ...], ModelEntry]] = {}
        self._entries: tuple[ModelEntry, ...] | None = None

    def look_again(self) -> None:
        """Look through the folders when they are next asked for."""
        self._entries = None

    def entries(self) -> tuple[ModelEntry, ...]:
        """All of them. A recent one that is gone is left out; a damaged one says what is wrong."""
        if self._entries is None:
            paths = dict.fromkeys([*(path for path in self._recent if path.exists()), *self._in_folders()])
            self._entries = tuple(self._entry(path) for path in paths)
        return self._entries

    def entry(self, path: str | os.PathLike[str]) -> ModelEntry:
        """The model at ``path``, on the shelf or not."""
        return self._entry(Path(os.path.abspath(path)))

    def of_task(self, task: str) -> tuple[ModelEntry, ...]:
        """The usable ones that answer ``task``."""
        return tuple(entry for entry in self.entries() if entry.task == task and not entry.problem)

    def remember(self, path: str | os.PathLike[str]) -> ModelEntry:
        """Put a model first among the recent ones, and say what it is; a damaged one is not remembered."""
        absolute = Path(os.path.abspath(path))
        entry = self._entry(absolute)
        if not entry.problem and self._recent[:1] != [absolute]:
            self._recent = [absolute, *(known for known in self._recent if known != absolute)][:MOST_RECENT]
            self.look_again()
        return entry

    @property
    def recent(self) -> tuple[str, ...]:
        """Paths to keep for the next run."""
        return tuple(str(path) for path in self._recent)

    def _in_folders(self) -> list[Path]:
        found: list[Path] = []
        for folder in self._folders:
            try:
                inside = sorted(folder.iterdir(), key=lambda path: path.name.casefold())[:_MOST_IN_A_FOLDER]
            except OSError:  # no such folder: nothing to offer
                continue
            found += [path for path in inside if path.suffix == ".zip" or (path / "bundle.json").is_file()]
        return found

    def _entry(self, path: Path) -> ModelEntry:
        """Read again when its ``bundle.json`` or zip has changed."""
        stamp = _stamp(path)
        known = self._read.get(path)
        if known is None or known[0] != stamp:
            known = self._read[path] = (stamp, read_entry(path))
        return known[1]


def _stamp(path: Path) -> tuple[int, ...]:
    try:
        state = (path / "bundle.json" if path.is_dir() else path).stat()
    except OSError:
        return ()
    return state.st_size, state.st_mtime_ns, state.st_ctime_ns, state.st_ino
