"""A case report drawn in a child process: the panel asks a timer, and never waits."""

from __future__ import annotations

import contextlib
import glob
import os
import queue
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from ..atomic import PARTIAL_SUFFIX, storage_errors
from ..report.case_files import FORMATS, report_paths
from ..worker.failures import FailureKind
from ..worker.messages import MOST_LINE_BYTES, Failed, Hello, ProtocolError, Step, Stopped, decode
from ..worker.process_tree import end_process_tree, start_process
from .report_request import ReportRequest, write_report_request

if TYPE_CHECKING:
    import subprocess

    from ..report.case_report import CaseReport

GRACE_SECONDS = 1.0
"""How long a cancelled program may take to clean up before it is ended."""
_CLOSE_SECONDS = 5.0
_KEPT_BYTES = 8_000
_FOLDER_PREFIX = "cervixrisk-report-"
_MODULE = "CervixRiskLib.workflow.report_program"
_MESSAGES = (Hello, Step, Failed, Stopped)
_NOT_WRITTEN = "Nothing was written."


@dataclass(frozen=True)
class ReportProgress:
    """Where the drawing stands; ``total`` is ``None`` where it is not known."""

    description: str
    done: int
    total: int | None
    detail: str


@dataclass(frozen=True)
class ReportDone:
    """All files are there."""

    paths: tuple[Path, ...]


@dataclass(frozen=True)
class ReportFailed:
    """No file was written; ``sentence`` is for the person, ``details`` are to be folded away."""

    kind: FailureKind
    sentence: str
    details: str = ""


class ReportJob:
    """One report.

    Parameters
    ----------
    report, base_path, formats
        As in :func:`CervixRiskLib.report.case_files.write_case_report`.
    python
        The Python that draws (in Slicer: the path of ``PythonSlicer``).
    module
        The program; another one in tests.

    Attributes
    ----------
    progress
        Where it stands; ``None`` before the program has told.

    Raises
    ------
    SettingsError
        No format, or one that there is not.
    """

    def __init__(
        self,
        report: CaseReport,
        base_path: str | os.PathLike[str],
        python: str,
        *,
        formats: Sequence[str] = FORMATS,
        module: str = _MODULE,
    ) -> None:
        self._paths = tuple(report_paths(base_path, formats).values())
        # The program runs in another folder.
        self._request = ReportRequest(report, os.path.abspath(base_path), tuple(formats))
        self._command = (python, "-m", module)
        self.progress: ReportProgress | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None
        self._lines: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._threads: tuple[threading.Thread, ...] = ()
        self._written = b""
        self._number = 0
        self._failure: ReportFailed | None = None
        self._result: ReportDone | ReportFailed | None = None
        self._cancelled_at: float | None = None

    def start(self) -> None:
        """Start the program; that it cannot be started is told by :meth:`poll`.

        Raises
        ------
        StorageError
            There is no room for temporary files.
        """
        with storage_errors():
            self._folder = Path(tempfile.mkdtemp(prefix=_FOLDER_PREFIX)).resolve()
        try:
            write_report_request(self._request, self._folder)
            self._process = start_process((*self._command, str(self._folder)), self._folder, _environment())
        except (OSError, ValueError) as error:
            sentence = "The report program could not be started: check that Slicer's Python is installed. "
            self._end(ReportFailed(FailureKind.NOT_STARTED, sentence + _NOT_WRITTEN, type(error).__name__))
            return
        except BaseException:
            self._remove_folder()
            raise
        self._threads = (
            _reading(self._read_messages, self._process.stdout),
            _reading(self._read_errors, self._process.stderr),
        )

    def poll(self) -> ReportDone | ReportFailed | None:
        """How it ended; ``None`` while it goes on. Never waits."""
        if self._result is not None or self._process is None:
            return self._result
        # Qt's loop may hold the interpreter: the threads that read run in this moment.
        time.sleep(0.001)
        self._take_messages()
        if self._process.poll() is None:
            if self._cancelled_at is not None and time.monotonic() - self._cancelled_at > GRACE_SECONDS:
                end_process_tree(self._process)
            return None
        if any(thread.is_alive() for thread in self._threads):
            # What it said last is still on its way; a process of its own may hold the pipes open.
            end_process_tree(self._process)
            return None
        self._take_messages()
        self._end(self._verdict(self._process.returncode))
        return self._result

    @property
    def running(self) -> bool:
        return self._process is not None and self._result is None

    def cancel(self) -> None:
        """Stop drawing; :meth:`poll` tells when that has happened."""
        if self._process is None or self._result is not None or self._cancelled_at is not None:
            return
        self._cancelled_at = time.monotonic()
        self._close_input()

    def close(self) -> None:
        """End the program now and clean up; what was not complete is not there."""
        if self._process is None or self._result is not None:
            self._remove_folder()
            return
        self._cancelled_at = time.monotonic()
        end_process_tree(self._process)
        self._process.wait(_CLOSE_SECONDS)
        for thread in self._threads:
            thread.join(_CLOSE_SECONDS)
        self._take_messages()
        self._end(self._verdict(self._process.returncode))

    def _verdict(self, code: int) -> ReportDone | ReportFailed:
        if code == 0:
            return ReportDone(self._paths)
        if self._cancelled_at is not None:
            return ReportFailed(FailureKind.CANCELLED, f"Stopped. {_NOT_WRITTEN}")
        if self._failure is not None:
            return self._failure
        details = self._written.decode("utf-8", errors="replace")
        if not self._number:
            sentence = (
                f"The report program did not start ({_how(code)}): check that CervixRisk and what it needs are "
                f"installed for the Python that runs it. {_NOT_WRITTEN}"
            )
            return ReportFailed(FailureKind.NOT_STARTED, sentence, details)
        # Once it knows the case, only Python's own report of a crash is shown.
        begin = details.find("Fatal Python error")
        sentence = f"The report program ended unexpectedly ({_how(code)}). {_NOT_WRITTEN} Save the report again."
        return ReportFailed(FailureKind.CRASHED, sentence, details[begin:] if begin >= 0 else "")

    def _end(self, result: ReportDone | ReportFailed) -> None:
        self._result = result
        self._close_input()
        if isinstance(result, ReportFailed):
            self._remove_partial_files()
        self._remove_folder()

    def _take_messages(self) -> None:
        for _ in range(self._lines.qsize()):
            try:
                message = decode(self._lines.get_nowait(), _MESSAGES)
            except ProtocolError:
                # Something printed before the program took its output; its end tells whether all went well.
                continue
            if isinstance(message, Hello):
                self._number = message.process
            elif isinstance(message, Step):
                self.progress = ReportProgress(message.description, message.done, message.total, message.detail)
            elif isinstance(message, Failed):
                self._failure = ReportFailed(message.failure, message.sentence, message.details)

    def _read_messages(self, stream: IO[bytes]) -> None:
        while line := stream.readline(MOST_LINE_BYTES + 1):
            self._lines.put(line)

    def _read_errors(self, stream: IO[bytes]) -> None:
        while chunk := stream.read1(4096):  # type: ignore[attr-defined]
            self._written = (self._written + chunk)[-_KEPT_BYTES:]

    def _close_input(self) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):
                self._process.stdin.close()

    def _remove_partial_files(self) -> None:
        """What a program that was ended had not put into place; its name holds the program's number."""
        for path in self._paths if self._number else ():
            pattern = f".{glob.escape(path.name)}.{self._number}.*{PARTIAL_SUFFIX}*"
            with contextlib.suppress(OSError):
                for partial in path.parent.glob(pattern):
                    partial.unlink()

    def _remove_folder(self) -> None:
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _reading(target: object, stream: IO[bytes] | None) -> threading.Thread:
    def read() -> None:
        assert stream is not None
        with contextlib.suppress(OSError, ValueError), stream:
            target(stream)  # type: ignore[operator]

    thread = threading.Thread(target=read, daemon=True, name="cervixrisk-report")
    thread.start()
    return thread


def _environment() -> dict[str, str]:
    """This process's, so that the program finds the same library, also from a checkout."""
    environment = dict(os.environ)
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    environment["PYTHONIOENCODING"] = "utf-8:replace"
    # A window toolkit that the person's settings name may not exist for this Python.
    environment["MPLBACKEND"] = "agg"
    return environment


def _how(code: int) -> str:
    if code >= 0:
        return f"exit code {code}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-code).name
    return f"signal {-code}"
