"""Why there is no answer, in one sentence for the person, with details to fold away."""

from __future__ import annotations

import errno
import os
import signal
import traceback
from collections.abc import Iterator
from enum import Enum
from pathlib import Path

from .. import errors
from ..errors import CervixRiskError

EXIT_OUT_OF_MEMORY = 71
"""With which the answering program ends when memory does not even last for a message."""

_MOST_DETAILS = 8_000
_KILLED = -9
# 128 + SIGKILL: a shell between us and the child; the others are Windows' STATUS_NO_MEMORY and COMMITMENT_LIMIT.
_OUT_OF_MEMORY_CODES = frozenset({EXIT_OUT_OF_MEMORY, _KILLED, 137, 0xC0000017, 0xC000012D})
_OUT_OF_MEMORY_WORDS = ("out of memory", "can't allocate memory", "cannot allocate memory", "bad_alloc",
                        "bad allocation", "failed to allocate")  # fmt: skip
# What Python's faulthandler writes: places in the program, never values.
_FAULT_REPORTS = ("Fatal Python error", "Windows fatal exception")


class FailureKind(str, Enum):
    """Why there is no answer.

    ``REFUSED`` is a :class:`CervixRiskLib.errors.CervixRiskError`: something the person can mend. ``FAULT`` is an error
    of the program, which goes on; after ``CRASHED``, ``OUT_OF_MEMORY``, ``TIMED_OUT`` and ``PROTOCOL`` the next request
    starts a new one. ``NOT_STARTED``: there was none to ask.
    """

    REFUSED = "refused"
    FAULT = "fault"
    CANCELLED = "cancelled"
    TIMED_OUT = "timed_out"
    CRASHED = "crashed"
    OUT_OF_MEMORY = "out_of_memory"
    PROTOCOL = "protocol"
    NOT_STARTED = "not_started"


class PredictionProgramError(CervixRiskError):
    """The prediction program gave no answer.

    Attributes
    ----------
    kind
        Why.
    details
        Where in the program, for a report of the fault; may be empty. Holds no patient data.
    """

    def __init__(self, sentence: str, kind: FailureKind, details: str = "") -> None:
        super().__init__(sentence)
        self.kind = kind
        self.details = details


OUT_OF_MEMORY_SENTENCE = (
    "The memory was not enough for this answer: close other programs, or choose the CPU if a graphics card was used, "
    "and ask again."
)


def error_name(error: CervixRiskError) -> str:
    """The class in :mod:`CervixRiskLib.errors` that ``error`` is one of."""
    return next(kind.__name__ for kind in type(error).__mro__ if kind.__module__ == errors.__name__)


def error_of(name: str, sentence: str) -> CervixRiskError:
    """The error that :func:`error_name` named."""
    kind = getattr(errors, name, None)
    if not (isinstance(kind, type) and issubclass(kind, CervixRiskError)):
        kind = CervixRiskError
    return kind(sentence)


def is_out_of_memory(error: BaseException) -> bool:
    """Whether ``error``, or what caused it, is a lack of memory of the computer or of a graphics card.

    PyTorch, OpenVINO and ONNX Runtime have no common error for it: their words are looked at.
    """
    for each in _causes(error):
        if isinstance(each, MemoryError) or (isinstance(each, OSError) and each.errno == errno.ENOMEM):
            return True
        words = str(each).lower() if isinstance(each, RuntimeError) else ""
        if any(part in words for part in _OUT_OF_MEMORY_WORDS):
            return True
    return False


def fault_sentence(error: BaseException) -> str:
    """For an error that the person cannot mend."""
    return (
        f"Something went wrong inside CervixRisk ({type(error).__name__}). The other cases are unaffected; please "
        "report it with the details."
    )


def folded_traceback(error: BaseException) -> str:
    """Types and places of ``error`` and its causes.

    Neither the errors' texts nor local variables nor folders are given: they may name a patient.
    """
    lines: list[str] = []
    for each in _causes(error):
        lines.append(f"{type(each).__name__} at" if each.__traceback__ else type(each).__name__)
        for frame in traceback.extract_tb(each.__traceback__):
            place = "/".join(Path(frame.filename).parts[-3:])
            lines.append(f"  {place}:{frame.lineno} in {frame.name}")
    return "\n".join(lines)[-_MOST_DETAILS:]


def told_by_exit(code: int, written: str, *, began: bool) -> PredictionProgramError:
    """What an ended program's exit code says.

    Parameters
    ----------
    code
        As :mod:`subprocess` gives it: negative for a signal.
    written
        The end of what it wrote to its standard error.
    began
        Whether it had said hello. Before that it knows no case, so that all it wrote may be shown; afterwards only
        Python's own report of a crash is.
    """
    if not began:
        sentence = (
            f"The prediction program did not start ({_how(code)}): check that CervixRisk and what it needs are "
            "installed for the Python that runs it; the details say what is missing."
        )
        return PredictionProgramError(sentence, FailureKind.NOT_STARTED, written[-_MOST_DETAILS:])
    details = _fault_report(written)
    lower = written.lower()
    if code in _OUT_OF_MEMORY_CODES:
        sentence = (
            f"The prediction program was ended ({_how(code)}), most likely because memory ran out: close other "
            "programs and ask again."
        )
        return PredictionProgramError(sentence, FailureKind.OUT_OF_MEMORY, details)
    if code != 0 and any(part in lower for part in (*_OUT_OF_MEMORY_WORDS, "memoryerror")):
        return PredictionProgramError(OUT_OF_MEMORY_SENTENCE, FailureKind.OUT_OF_MEMORY, details)
    sentence = (
        f"The prediction program ended unexpectedly ({_how(code)}). Ask again; if it happens again, report it with "
        "the details."
    )
    return PredictionProgramError(sentence, FailureKind.CRASHED, details)


def _fault_report(written: str) -> str:
    starts = [written.find(words) for words in _FAULT_REPORTS if words in written]
    return written[min(starts) :][:_MOST_DETAILS] if starts else ""


def _how(code: int) -> str:
    if code < 0:
        try:
            return signal.Signals(-code).name
        except ValueError:
            return f"signal {-code}"
    return f"exit code {code:#x}" if os.name == "nt" and code > 255 else f"exit code {code}"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error``, what caused it, and so on; what was suppressed (``from None``) stays so."""
    each: BaseException | None = error
    seen: set[int] = set()
    while each is not None and id(each) not in seen:
        seen.add(id(each))
        yield each
        each = each.__cause__ or (None if each.__suppress_context__ else each.__context__)
