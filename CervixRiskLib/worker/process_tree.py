"""A process started so that it and all its descendants can be ended together.

On POSIX the process leads a session of its own and its process group is killed; on Windows ``taskkill /T`` ends the
tree (written from its documentation, not tried).
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

_TASKKILL_SECONDS = 10


def start_process(command: Sequence[str], folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    """Start ``command`` in ``folder`` with pipes for its standard streams.

    Raises
    ------
    OSError, ValueError
        There is no such program, or it may not be started.
    """
    if sys.platform == "win32":
        flags = subprocess.CREATE_NEW_PROCESS_GROUP | subprocess.CREATE_NO_WINDOW
    else:
        flags = 0
    return subprocess.Popen(
        list(command),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        cwd=folder,
        env=dict(environment),
        start_new_session=os.name == "posix",
        creationflags=flags,
    )


def end_process_tree(process: subprocess.Popen[bytes]) -> None:
    """End the process and its descendants at once; nothing happens if they have ended."""
    if sys.platform == "win32":
        if process.poll() is None:
            with contextlib.suppress(OSError, subprocess.TimeoutExpired):
                subprocess.run(
                    ["taskkill", "/T", "/F", "/PID", str(process.pid)],
                    capture_output=True,
                    timeout=_TASKKILL_SECONDS,
                    check=False,
                    creationflags=subprocess.CREATE_NO_WINDOW,
                )
            process.kill()
        return
    # The group outlives its leader as long as a descendant lives.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
