"""Run the command line, and turn whatever goes wrong into one sentence and an exit code.

Exit codes: 0 done; 1 a fault of the program; 2 something the person can mend; 130 stopped by the person.
No traceback is shown unless asked for, and never with local variables: they hold patient data.
"""

from __future__ import annotations

import errno
import os
import sys
import traceback
import warnings
from collections.abc import Sequence
from pathlib import Path

from ..errors import Cancelled, CervixRiskError, StorageError
from .interrupts import remembered_interrupts
from .output import report_error
from .streams import abandon_stdout, prepare_streams

EXIT_FAULT = 1
EXIT_MISTAKE = 2
EXIT_STOPPED = 130

DEBUG_VARIABLE = "CERVIXRISK_DEBUG"
_STORAGE_ERRORS = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS})


def main(arguments: Sequence[str] | None = None) -> int:
    """Run ``cervixrisk`` with ``arguments`` (``sys.argv`` without the program's name) and return its exit code."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    options = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in options or os.environ.get(DEBUG_VARIABLE, "") not in ("", "0")
    as_json = "--json" in options
    given = [item for index, item in enumerate(given) if item != "--debug" or index >= len(options)]
    prepare_streams()
    if not debug:
        warnings.simplefilter("ignore")
    try:
        with remembered_interrupts():
            from .app import app

            code = app(args=given, prog_name="cervixrisk", standalone_mode=False)
        sys.stdout.flush()  # here, where a full disk can still be told
        # typer turns an interrupt into this code.
        return _stopped(as_json) if code == EXIT_STOPPED else (code if isinstance(code, int) else 0)
    except (Cancelled, KeyboardInterrupt):
        return _stopped(as_json)
    except BrokenPipeError:
        # The reader of our output has gone (``cervixrisk … | head``); nothing is left to tell it.
        abandon_stdout()
        return EXIT_FAULT
    except Exception as error:
        if debug:
            traceback.print_exc()
            print(getattr(error, "details", ""), file=sys.stderr)
        return _explain(error, as_json)


def _stopped(as_json: bool) -> int:
    report_error("Cancelled", "Stopped on request; nothing half-written is left behind.", as_json=as_json)
    return EXIT_STOPPED


def _explain(error: Exception, as_json: bool) -> int:
    """One sentence for ``error``, and the exit code."""
    from ..worker import FailureKind, PredictionProgramError

    if isinstance(error, PredictionProgramError) and error.kind in (FailureKind.FAULT, FailureKind.PROTOCOL):
        report_error("InternalError", str(error), as_json=as_json)
        return EXIT_FAULT
    mended = _known(error)
    if mended is not None:
        if mended[1]:
            report_error(*mended, as_json=as_json)
        return EXIT_MISTAKE
    report_error(
        "InternalError",
        f"Something went wrong inside CervixRisk ({type(error).__name__} at {_place(error)}). Please report it with "
        "the output of 'cervixrisk doctor'; the same command with --debug shows the details.",
        as_json=as_json,
    )
    return EXIT_FAULT


def _known(error: Exception) -> tuple[str, str] | None:
    """Kind and sentence of an error that a person can mend."""
    if isinstance(error, CervixRiskError):
        return type(error).__name__, str(error).strip()
    if isinstance(error, MemoryError):
        return "MemoryError", "The memory is full: close other programs, or use fewer --jobs."
    if isinstance(error, OSError) and error.errno in _STORAGE_ERRORS:
        from ..atomic import storage_errors

        try:
            with storage_errors():
                raise error
        except StorageError as storage_error:
            return "StorageError", str(storage_error)
    # Usage errors, whichever library typer takes them from.
    format_message = getattr(error, "format_message", None)
    if callable(format_message):
        message = " ".join(str(format_message()).split()).replace("Value error, ", "").rstrip(".")
        context = getattr(error, "ctx", None)
        command = getattr(context, "command_path", "cervixrisk")
        end = "" if message.endswith("?") else "."
        # Without a word after it the command has shown its help already.
        return "UsageError", f"{message}{end} See '{command} --help'." if message else ""
    return None


def _place(error: Exception) -> str:
    """File and line of the innermost frame of ours; paths of the person's own are not shown."""
    root = Path(__file__).resolve().parents[1]
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        path = Path(frame.filename)
        if path.is_relative_to(root):
            return f"{path.relative_to(root.parent).as_posix()}:{frame.lineno}"
    return "an unknown place"
