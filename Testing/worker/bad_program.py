"""A program that speaks the protocol badly, in the way that its argument names."""

from __future__ import annotations

import json
import os
import sys
import time

from CervixRiskLib.bundle import Prediction
from CervixRiskLib.worker.messages import PROTOCOL
from CervixRiskLib.worker.records import to_words

HELLO = {"protocol": PROTOCOL, "kind": "hello", "process": os.getpid(), "library": "0", "python": "3"}


def write(content: bytes) -> None:
    sys.stdout.buffer.write(content)
    sys.stdout.buffer.flush()


def line(words: dict) -> bytes:
    return json.dumps(words).encode() + b"\n"


def main(way: str) -> None:
    if way == "no start":
        print("ModuleNotFoundError: No module named 'numpy'", file=sys.stderr)
        sys.exit(1)
    if way == "old version":
        write(line({**HELLO, "protocol": PROTOCOL + 1}))
    elif way == "silent":
        pass
    else:
        write(line(HELLO))
        sys.stdin.buffer.readline()  # begin
        sys.stdin.buffer.readline()  # the request
    if way == "garbage":
        write(b"\x00\xff\xfe Loading weights: 100 %\n")
    elif way == "half a line":
        write(b'{"protocol": 1, "kind": "answ')
        sys.exit(0)
    elif way == "huge line":
        for _ in range(40):
            write(b"x" * (1 << 20))
    elif way == "unknown field":
        write(line({"protocol": PROTOCOL, "kind": "stopped", "ticket": 1, "run": "rm"}))
    elif way == "not a prediction":
        answer = {"ticket": 1, "prediction": {"label": 3}, "has_arrays": False, "seconds": 0, "processor": ""}
        write(line({"protocol": PROTOCOL, "kind": "answer", **answer}))
    elif way == "no answer file":
        answer = {"ticket": 1, "prediction": {}, "has_arrays": True, "seconds": 0, "processor": ""}
        write(line({"protocol": PROTOCOL, "kind": "answer", **answer}))
    elif way == "late answer":
        sys.stdin.buffer.readline()  # the stop
        prediction = to_words(Prediction("case", "plnm", 0.5, (0.4, 0.6), 0.5, "no", "yes", 0.5), [])
        answer = {"ticket": 1, "prediction": prediction, "has_arrays": False, "seconds": 0, "processor": ""}
        write(line({"protocol": PROTOCOL, "kind": "answer", **answer}))
    elif way == "another ticket":
        write(line({"protocol": PROTOCOL, "kind": "stopped", "ticket": 77}))
    time.sleep(600)


if __name__ == "__main__":
    main(sys.argv[1])
