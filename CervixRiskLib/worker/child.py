"""The answering program: ``python -m CervixRiskLib.worker``, started and spoken to by :mod:`.prediction_worker`.

Standard input and output are the protocol and nothing else: both are taken at the start, so that what a library prints
goes to standard error and what it reads is empty. One thread reads messages, so that a stop is heard while the main
thread works; a third looks whether the asking program still lives. When that has gone, this one removes its folder and
ends, with every process it may have started.
"""

from __future__ import annotations

import faulthandler
import os
import platform
import queue
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from .. import __version__
from ..errors import Cancelled, CervixRiskError
from .array_file import ArrayFileError, read_arrays, write_arrays
from .failures import (
    EXIT_OUT_OF_MEMORY,
    OUT_OF_MEMORY_SENTENCE,
    FailureKind,
    error_name,
    fault_sentence,
    folded_traceback,
    is_out_of_memory,
)
from .line_progress import LineProgress
from .messages import (
    MOST_LINE_BYTES,
    REQUESTS,
    Answer,
    Ask,
    Begin,
    Failed,
    Hello,
    Prepare,
    Prepared,
    ProtocolError,
    Reply,
    Request,
    Step,
    Stop,
    Stopped,
    decode,
    encode,
)
from .predictors import heat_map_options, open_predictor
from .records import NotARecordError, from_words, to_words
from .study_facts import StudyFacts, processor_of
from .warm_predictors import OpenPredictor, WarmPredictors, bundle_hash

FOLDER_PREFIX = "cervixrisk-worker-"
EXIT_PROTOCOL = 76
_WATCH_SECONDS = 1.0
_INCOMPLETE = "The image did not reach the prediction program whole ({reason}): ask again."


def main(open_predictor: OpenPredictor = open_predictor, content_hash: Callable[[Path], str] = bundle_hash) -> int:
    """Answer until the asking program closes the pipe.

    Parameters
    ----------
    open_predictor, content_hash
        Who answers for a bundle, and what its content is called; the library's own studies and bundles by default.
    """
    if sys.stderr is not None:
        faulthandler.enable()
    requests, replies = _take_pipes()
    try:
        return _AnsweringProgram(requests, replies, WarmPredictors(open_predictor, content_hash)).run()
    except MemoryError:
        os._exit(EXIT_OUT_OF_MEMORY)


class _AnsweringProgram:
    def __init__(self, requests: BinaryIO, replies: BinaryIO, warm: WarmPredictors) -> None:
        self._requests = requests
        self._replies = replies
        self._warm = warm
        self._writing = threading.Lock()
        self._inbox: queue.SimpleQueue[Prepare | Ask] = queue.SimpleQueue()
        self._stopped: set[int] = set()
        self._folder: Path | None = None
        self._parent = os.getppid()

    def run(self) -> int:
        from ..networks.threads import wait_passively

        wait_passively()
        threading.Thread(target=self._listen, daemon=True).start()
        if os.name == "posix":
            threading.Thread(target=self._watch_parent, daemon=True).start()
        self._send(Hello(os.getpid(), __version__, platform.python_version()))
        while True:
            self._work(self._inbox.get())

    def _work(self, request: Prepare | Ask) -> None:
        progress = LineProgress(request.ticket, self._send, lambda: request.ticket in self._stopped)
        reply: Reply
        try:
            reply = self._prepare(request, progress) if isinstance(request, Prepare) else self._ask(request, progress)
        except Cancelled:
            reply = Stopped(request.ticket)
        except (ArrayFileError, NotARecordError) as error:
            sentence = _INCOMPLETE.format(reason=error)
            reply = Failed(request.ticket, FailureKind.PROTOCOL, type(error).__name__, sentence, "")
        except Exception as error:
            reply = _failed(request.ticket, error)
        self._stopped.discard(request.ticket)
        self._send(reply)

    def _prepare(self, request: Prepare, progress: LineProgress) -> Prepared:
        with progress.task("Loading the model"):
            study, predictor = self._warm.get(request.bundle, request.device, request.runtime)
        progress.check()
        return Prepared(request.ticket, to_words(StudyFacts.of(study, predictor), []))

    def _ask(self, request: Ask, progress: LineProgress) -> Answer:
        from ..bundle import CaseInput

        began = time.perf_counter()
        token = _token(request.token)
        case = from_words(CaseInput, request.case, read_arrays(request.case_file, token))
        with progress.task("Loading the model"):
            study, predictor = self._warm.get(request.bundle, request.device, request.runtime)
        progress.check()
        chosen = heat_map_options(study, request.heat_map_method or None)
        prediction = predictor.predict(case, heatmap=request.heatmap, progress=progress, **chosen)
        progress.check()
        arrays: list = []
        words = to_words(prediction, arrays)
        if arrays:
            write_arrays(request.answer_file, token, arrays)
        return Answer(request.ticket, words, bool(arrays), time.perf_counter() - began, processor_of(predictor))

    def _send(self, message: Reply | Step) -> None:
        line = encode(message)
        try:
            with self._writing:
                self._replies.write(line)
                self._replies.flush()
        except OSError:
            self._leave()

    def _listen(self) -> None:
        try:
            while line := self._requests.readline(MOST_LINE_BYTES + 1):
                self._take(decode(line, REQUESTS))
        except ProtocolError as error:
            print(f"cervixrisk worker: {error}", file=sys.stderr, flush=True)
            os._exit(EXIT_PROTOCOL)
        except MemoryError:
            os._exit(EXIT_OUT_OF_MEMORY)
        finally:
            self._leave()

    def _take(self, request: Request) -> None:
        if isinstance(request, Begin):
            self._folder = Path(request.folder)
            tempfile.tempdir = request.folder
            os.environ.update(dict.fromkeys(("TMPDIR", "TEMP", "TMP"), request.folder))
        elif isinstance(request, Stop):
            self._stopped.add(request.ticket)
        else:
            self._inbox.put(request)

    def _watch_parent(self) -> None:
        """The pipe stays open when a further process of the asking program has inherited it."""
        while os.getppid() == self._parent:
            time.sleep(_WATCH_SECONDS)
        self._leave()

    def _leave(self) -> None:
        """End at once, whatever the main thread is doing, and leave nothing behind."""
        if self._folder is not None and self._folder.name.startswith(FOLDER_PREFIX):
            shutil.rmtree(self._folder, ignore_errors=True)
        if os.name == "posix" and os.getsid(0) == os.getpid():
            os.killpg(os.getpid(), signal.SIGKILL)
        os._exit(0)


def _take_pipes() -> tuple[BinaryIO, BinaryIO]:
    """Standard input and output for the protocol alone; the copies are not inherited by further processes."""
    requests = os.fdopen(os.dup(0), "rb")
    replies = os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.close(nothing)
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    return requests, replies


def _token(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        raise NotARecordError("the token is not a number") from None


def _failed(ticket: int, error: Exception) -> Failed:
    if is_out_of_memory(error):
        return Failed(ticket, FailureKind.OUT_OF_MEMORY, "MemoryError", OUT_OF_MEMORY_SENTENCE, folded_traceback(error))
    if isinstance(error, CervixRiskError):
        return Failed(ticket, FailureKind.REFUSED, error_name(error), str(error).strip(), "")
    return Failed(ticket, FailureKind.FAULT, type(error).__name__, fault_sentence(error), folded_traceback(error))
