"""What the program that asks and the program that answers say to each other.

One message a line: JSON in ASCII, ended by a line feed, at most :data:`MOST_LINE_BYTES` long. Each line names the
protocol's version and its kind; a line of another version is refused whole. Arrays are in exchange files
(:mod:`.array_file`) that the message names; no message is ever executed or unpickled.

Asking sends ``begin`` once, then any number of ``prepare``, ``ask`` and ``stop``. Answering sends ``hello`` once and
for each ``prepare`` and ``ask`` any number of ``step`` and exactly one of ``prepared``, ``answer``, ``failed`` and
``stopped``. A closed pipe is the end of both.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TypeVar, Union

from .failures import FailureKind
from .records import Json, NotARecordError, from_words, to_words

PROTOCOL = 1
MOST_LINE_BYTES = 8 << 20


@dataclass(frozen=True)
class Begin:
    """``folder`` is for the answering program's temporary files, and goes with it."""

    folder: str


@dataclass(frozen=True)
class Prepare:
    """Load a bundle, so that the next question about it is answered at once."""

    ticket: int
    bundle: str
    device: str
    runtime: str


@dataclass(frozen=True)
class Ask:
    """Answer for one case.

    Parameters
    ----------
    case, case_file, token
        A ``CaseInput`` without its arrays, the exchange file that holds them, and the file's token in hex.
    answer_file
        Where the heat map goes; the same token.
    """

    ticket: int
    bundle: str
    device: str
    runtime: str
    heatmap: bool
    heat_map_method: str
    case: Json
    case_file: str
    answer_file: str
    token: str


@dataclass(frozen=True)
class Stop:
    """The person wants no answer any more."""

    ticket: int


@dataclass(frozen=True)
class Hello:
    """Ready for questions."""

    process: int
    library: str
    python: str


@dataclass(frozen=True)
class Step:
    """Where the work stands: one :class:`CervixRiskLib.progress.Task`, numbered, has moved or (``ended``) is over."""

    ticket: int
    task: int
    description: str
    done: int
    total: int | None
    detail: str
    ended: bool


@dataclass(frozen=True)
class Prepared:
    """The bundle is warm; ``study`` is a :class:`.study_facts.StudyFacts`."""

    ticket: int
    study: Json


@dataclass(frozen=True)
class Answer:
    """A ``Prediction`` without its arrays; these are in the answer file if ``has_arrays``."""

    ticket: int
    prediction: Json
    has_arrays: bool
    seconds: float
    processor: str


@dataclass(frozen=True)
class Failed:
    """No answer. ``error`` names the class, ``sentence`` is for the person, ``details`` are to be folded away."""

    ticket: int
    failure: FailureKind
    error: str
    sentence: str
    details: str


@dataclass(frozen=True)
class Stopped:
    """The work was stopped as asked."""

    ticket: int


Request = Union[Begin, Prepare, Ask, Stop]  # noqa: UP007 - aliases that Python 3.10 can evaluate
Reply = Union[Hello, Step, Prepared, Answer, Failed, Stopped]  # noqa: UP007

REQUESTS: tuple[type[Request], ...] = (Begin, Prepare, Ask, Stop)
REPLIES: tuple[type[Reply], ...] = (Hello, Step, Prepared, Answer, Failed, Stopped)

Message = TypeVar("Message")


class ProtocolError(ValueError):
    """A line that is no message of this protocol; never repeats the line."""


def encode(message: Request | Reply) -> bytes:
    """The message as a line.

    Raises
    ------
    ProtocolError
        It is longer than a line may be.
    """
    words = {"protocol": PROTOCOL, "kind": type(message).__name__.lower(), **to_words(message, [])}
    line = json.dumps(words, ensure_ascii=True, separators=(",", ":")).encode("ascii") + b"\n"
    if len(line) > MOST_LINE_BYTES:
        raise ProtocolError(f"the message is longer than {MOST_LINE_BYTES >> 20} MiB")
    return line


def decode(line: bytes, kinds: tuple[type[Message], ...]) -> Message:
    """The message of one of ``kinds`` in ``line``.

    Raises
    ------
    ProtocolError
        The line is cut off, too long, not JSON, of another version, or not one of these messages.
    """
    if len(line) > MOST_LINE_BYTES:
        raise ProtocolError(f"the line is longer than {MOST_LINE_BYTES >> 20} MiB")
    if not line.endswith(b"\n"):
        raise ProtocolError("the line is cut off")
    try:
        words = json.loads(line.decode("utf-8", errors="replace"))
    except (ValueError, RecursionError):
        raise ProtocolError("the line is not JSON") from None
    if not isinstance(words, dict):
        raise ProtocolError("the line is not a message")
    version = words.pop("protocol", None)
    if type(version) is not int or version != PROTOCOL:
        shown = version if type(version) is int else "none"
        raise ProtocolError(f"the line is of protocol {shown}, not {PROTOCOL}")
    name = words.pop("kind", None)
    kind = next((kind for kind in kinds if kind.__name__.lower() == name), None)
    if kind is None:
        raise ProtocolError("the line is not a message that is expected here")
    try:
        return from_words(kind, words)
    except NotARecordError as error:
        raise ProtocolError(str(error)) from None
