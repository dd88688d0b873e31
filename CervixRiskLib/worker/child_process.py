"""The answering program as the asking one sees it: what it says arrives as objects in a queue, what it is told is
written by a thread, so that nobody waits for a pipe.

Three threads a process: one reads standard output, one standard error, one writes standard input; a fourth waits for
its end. All are daemons and end with the process.
"""

from __future__ import annotations

import contextlib
import queue
import shutil
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from .child import FOLDER_PREFIX
from .messages import MOST_LINE_BYTES, REPLIES, Begin, Hello, ProtocolError, Reply, Request, decode, encode
from .process_tree import end_process_tree, start_process

_CHUNK_BYTES = 1 << 16
_KEPT_BYTES = 1 << 16
"""Of the end of its standard error."""
_STRAY_BYTES = 1 << 20
"""Of what may stand before the first message: a start script of the person's Python that prints."""
_DRAIN_SECONDS = 2.0


@dataclass(frozen=True)
class Heard:
    """A message arrived."""

    child: ChildProcess
    reply: Reply


@dataclass(frozen=True)
class Garbled:
    """Something arrived that is no message; ``reason`` does not repeat it."""

    child: ChildProcess
    reason: str


@dataclass(frozen=True)
class Ended:
    """The program has ended with ``code``, and ``written`` is the end of its standard error."""

    child: ChildProcess
    code: int
    written: str


class ChildProcess:
    """One run of the answering program.

    Parameters
    ----------
    command, environment
        The program.
    post
        Takes :class:`Heard`, :class:`Garbled` and, once and last, :class:`Ended`; called from other threads.

    Attributes
    ----------
    folder
        A private folder for exchange files and for the program's temporary ones.
    began
        Whether it has said hello.

    Raises
    ------
    OSError, ValueError
        It cannot be started.
    """

    def __init__(
        self,
        command: Sequence[str],
        environment: Mapping[str, str],
        post: Callable[[Heard | Garbled | Ended], None],
    ) -> None:
        self._post = post
        self.began = False
        self.folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX)).resolve()
        try:
            self._process = start_process(command, self.folder, environment)
        except BaseException:
            self.remove_folder()
            raise
        self._written = b""
        self._outbox: queue.SimpleQueue[bytes | None] = queue.SimpleQueue()
        readers = [self._thread(self._read), self._thread(self._read_errors)]
        self._thread(self._write)
        self._waiter = self._thread(self._wait, readers)
        self.send(Begin(str(self.folder)))

    @property
    def pid(self) -> int:
        return self._process.pid

    def send(self, request: Request) -> None:
        """Have ``request`` written.

        Raises
        ------
        ProtocolError
            It is too long.
        """
        self._outbox.put(encode(request))

    def close_input(self) -> None:
        """Tell the program to end."""
        self._outbox.put(None)

    def end(self) -> None:
        """End it and its descendants at once."""
        # Once it was waited for, its number may be another process's.
        if self._process.returncode is None:
            end_process_tree(self._process)

    def wait(self, seconds: float) -> bool:
        """Whether it has ended, and all of its output was read, within ``seconds``."""
        self._waiter.join(seconds)
        return not self._waiter.is_alive()

    def remove_folder(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    def _thread(self, target: Callable[..., None], *arguments: object) -> threading.Thread:
        thread = threading.Thread(target=target, args=arguments, daemon=True, name=f"cervixrisk-{target.__name__}")
        thread.start()
        return thread

    def _read(self) -> None:
        stray = 0
        stream = _stream(self._process.stdout)
        with contextlib.suppress(OSError, ValueError), stream:
            while line := stream.readline(MOST_LINE_BYTES + 1):
                try:
                    reply = decode(line, REPLIES)
                except ProtocolError as error:
                    stray += len(line)
                    if not self.began and b'"protocol"' not in line and stray < _STRAY_BYTES:
                        continue
                    self._post(Garbled(self, str(error)))
                    break
                self.began = self.began or isinstance(reply, Hello)
                self._post(Heard(self, reply))
            # Whoever talks nonsense is ended; until then it must not block on a full pipe.
            while stream.read(_CHUNK_BYTES):
                pass

    def _read_errors(self) -> None:
        stream = _stream(self._process.stderr)
        with contextlib.suppress(OSError, ValueError), stream:
            while chunk := stream.read1(_CHUNK_BYTES):  # type: ignore[attr-defined]
                self._written = (self._written + chunk)[-_KEPT_BYTES:]

    def _write(self) -> None:
        stream = _stream(self._process.stdin)
        # A pipe whose reader has ended: its end is told by the thread that waits for it.
        with contextlib.suppress(OSError, ValueError):
            while (line := self._outbox.get()) is not None:
                stream.write(line)
                stream.flush()
        with contextlib.suppress(OSError, ValueError):
            stream.close()

    def _wait(self, readers: Sequence[threading.Thread]) -> None:
        code = self._process.wait()
        # What it started in turn would hold the pipes open.
        end_process_tree(self._process)
        for reader in readers:
            reader.join(_DRAIN_SECONDS)
        self._outbox.put(None)
        self.remove_folder()
        self._post(Ended(self, code, self._written.decode("utf-8", errors="replace")))


def _stream(stream: IO[bytes] | None) -> IO[bytes]:
    if stream is None:
        raise ValueError("the process was started without pipes")
    return stream
