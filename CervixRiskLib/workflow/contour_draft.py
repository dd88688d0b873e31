"""An unfinished contour on the disk, so that a killed program loses nothing.

One small file per contour in a folder of the computer's own: it is there when a network drive is not, and no colleague
comes across it. Its name is a hash and its content holds no name: neither case nor reader can be read from it. What
cannot be laid on the image that it was drawn on is not brought back.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import os
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..atomic import storage_errors
from ..errors import StorageError

if TYPE_CHECKING:
    from ..imaging import SliceImage
    from ..scene import Reading

_FORMAT = "cervixrisk-contour-draft-1"
_FIELDS = {"shape", "begun_with", "drawing_s", "saved_at", "sha256"}
_LARGEST_HEADER = 4096


@dataclass(frozen=True, eq=False)
class FoundDraft:
    """What was kept.

    Parameters
    ----------
    mask
        ``(rows, columns)`` bool.
    saved_at
        UTC.
    drawing_s
        Seconds of drawing until then.
    """

    mask: np.ndarray
    saved_at: datetime
    drawing_s: float


class ContourDraft:
    """The draft of one contour. It is written when :meth:`save` is called; the caller's timer decides when.

    Parameters
    ----------
    folder
        Of all drafts, made when the first is written.
    reading
        Whose contour of which case, in which round.
    image
        The slice that is drawn on.
    capture
        Gives the contour as it is now, ``(rows, columns)``; ``None`` where it cannot be read any more.
    study
        The study's random identifier; empty for an own case.
    begun_with
        Hash of the contour that the reader was given to correct: a draft that was begun otherwise is an older one.
    drawing_s
        Gives the seconds of drawing.
    """

    def __init__(
        self,
        folder: str | os.PathLike[str],
        reading: Reading,
        image: SliceImage,
        capture: Callable[[], np.ndarray | None],
        *,
        study: str = "",
        begun_with: str = "",
        drawing_s: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self.path = Path(folder) / _file_name(study, reading, image)
        self._shape = image.shape
        self._begun_with = begun_with
        self._capture = capture
        self._drawing_s = drawing_s
        self.is_behind = False

    def note_change(self) -> None:
        """The contour has changed since it was kept."""
        self.is_behind = True

    def save(self) -> bool:
        """Keep the contour as it is, where it has changed; tells whether it was written.

        What is drawn no more is kept no more.

        Raises
        ------
        StorageError
            The disk is full or the folder cannot be written; the contour counts as changed still.
        """
        if not self.is_behind:
            return False
        mask = self._capture()
        if mask is None:
            return False
        if not mask.any():
            self.forget()
            return False
        header = {
            "format": _FORMAT,
            "shape": list(self._shape),
            "begun_with": self._begun_with,
            "drawing_s": round(self._drawing_s(), 1),
            "saved_at": datetime.now(timezone.utc).isoformat(),
        }
        pixels = zlib.compress(np.packbits(np.asarray(mask, dtype=bool)).tobytes(), 1)
        header["sha256"] = hashlib.sha256(pixels).hexdigest()
        self._write(json.dumps(header).encode() + b"\n" + pixels)
        self.is_behind = False
        return True

    def found(self) -> FoundDraft | None:
        """What an earlier sitting has kept; ``None`` where there is nothing that belongs here."""
        try:
            content = self.path.read_bytes()
        except OSError:
            # A folder that cannot be read holds nothing that could be brought back.
            return None
        line, _, pixels = content.partition(b"\n")
        header = _header(line, pixels)
        if header is None or header["shape"] != list(self._shape) or header["begun_with"] != self._begun_with:
            return None
        rows, columns = self._shape
        with contextlib.suppress(zlib.error, ValueError, TypeError):
            unpacked = zlib.decompressobj().decompress(pixels, (rows * columns + 7) // 8)
            bits = np.unpackbits(np.frombuffer(unpacked, dtype=np.uint8), count=rows * columns)
            saved_at = datetime.fromisoformat(header["saved_at"])
            return FoundDraft(bits.reshape(rows, columns).astype(bool), saved_at, float(header["drawing_s"]))
        return None

    def forget(self) -> None:
        """Keep nothing: the contour was handed in, saved or thrown away.

        Raises
        ------
        StorageError
            The folder cannot be written.
        """
        with _draft_errors():
            self.path.unlink(missing_ok=True)
        self.is_behind = False

    def _write(self, content: bytes) -> None:
        """Whole or not at all. Not flushed: that would hold the reader up, and a killed program's files are safe."""
        partial = self.path.with_suffix(".partial")
        with _draft_errors():
            self.path.parent.mkdir(parents=True, exist_ok=True)
            partial.write_bytes(content)
            os.replace(partial, self.path)


@contextlib.contextmanager
def _draft_errors() -> Iterator[None]:
    """Every refusal of the operating system as a sentence: a draft must not stop the reader."""
    try:
        with storage_errors():
            yield
    except OSError as error:
        raise StorageError(
            "The folder of drafts, beside Slicer's settings, cannot be written: check the disk."
        ) from error


def _file_name(study: str, reading: Reading, image: SliceImage) -> str:
    parts = [study, reading.case_id, reading.reader, reading.reading_round]
    digest = hashlib.sha256(json.dumps(parts).encode())
    # The pixels too: two hospitals' "Case 1" are not the same, nor are two slices of one volume.
    digest.update(image.pixels.tobytes())
    return f"{digest.hexdigest()[:40]}.draft"


def _header(line: bytes, pixels: bytes) -> dict[str, Any] | None:
    """The first line, where it is ours and the rest is whole."""
    if len(line) > _LARGEST_HEADER:
        return None
    try:
        header = json.loads(line)
    except ValueError:
        return None
    if not isinstance(header, dict) or header.get("format") != _FORMAT or not _FIELDS.issubset(header):
        return None
    if header.get("sha256") != hashlib.sha256(pixels).hexdigest():
        return None
    return header
