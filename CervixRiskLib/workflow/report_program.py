"""The program that draws a case report: ``python -m CervixRiskLib.workflow.report_program FOLDER``.

Started by :mod:`.report_job`. The folder holds what to draw (:mod:`.report_request`); standard output carries the
messages of :mod:`CervixRiskLib.worker.messages` and nothing else, standard input is closed when the report is no longer
wanted or the asking program has gone.
"""

from __future__ import annotations

import faulthandler
import os
import platform
import sys
import threading
from pathlib import Path

from .. import __version__
from ..errors import Cancelled, CervixRiskError
from ..worker.failures import FailureKind, error_name, fault_sentence, folded_traceback, is_out_of_memory
from ..worker.line_progress import LineProgress
from ..worker.messages import Failed, Hello, Reply, Stopped, encode
from .report_request import take_report_request

TICKET = 1
_OUT_OF_MEMORY = "The memory was not enough for the report: close other programs and save it again."


def main(arguments: list[str] | None = None) -> int:
    """Draw what the folder holds; 0 when the files are there, 1 when a message has said why not."""
    (folder,) = sys.argv[1:] if arguments is None else arguments
    faulthandler.enable()
    wanted = threading.Event()
    wanted.set()
    replies = os.fdopen(os.dup(1), "wb")
    # What a library prints must not mix with the messages.
    os.dup2(2, 1)
    sys.stdout = sys.stderr
    threading.Thread(target=_listen, args=(wanted,), daemon=True).start()

    def send(message: Reply) -> None:
        replies.write(encode(message))
        replies.flush()

    send(Hello(os.getpid(), __version__, platform.python_version()))
    try:
        request = take_report_request(Path(folder))
        from ..report.case_files import write_case_report

        progress = LineProgress(TICKET, send, lambda: not wanted.is_set())
        with progress.task("Preparing the report"):
            pass
        write_case_report(request.report, request.base_path, request.formats, progress)
    except Cancelled:
        send(Stopped(TICKET))
        return 1
    except Exception as error:
        send(_failed(error))
        return 1
    return 0


def _listen(wanted: threading.Event) -> None:
    """Until the asking program closes the pipe, or ends."""
    while os.read(0, 4096):
        pass
    wanted.clear()


def _failed(error: Exception) -> Failed:
    if is_out_of_memory(error):
        kind, name, sentence = FailureKind.OUT_OF_MEMORY, "MemoryError", _OUT_OF_MEMORY
        return Failed(TICKET, kind, name, sentence, folded_traceback(error))
    if isinstance(error, CervixRiskError):
        return Failed(TICKET, FailureKind.REFUSED, error_name(error), str(error).strip(), "")
    return Failed(TICKET, FailureKind.FAULT, type(error).__name__, fault_sentence(error), folded_traceback(error))


if __name__ == "__main__":
    raise SystemExit(main())
