"""How many threads numerical code may take: the one place that decides.

Two processes that each take every core slow a forward pass from 0.2 s to many seconds, so a process says what it is:
``"case"`` answers one case at a time and takes the cores it may run on; ``"worker"`` is one of a pool that already
fills the cores and takes a single thread.

Threads that wait sleep instead of spinning. OpenMP's default is to spin, and beside any other busy process the spinning
threads keep the cores from those they wait for: on two loaded cores one DenseNet121 slice took 0.5 to 0.8 s spinning
and 0.05 to 0.1 s sleeping.
"""

from __future__ import annotations

import os
import sys
from typing import Literal

from threadpoolctl import threadpool_limits

from ..errors import SettingsError

Use = Literal["case", "worker"]

# Read by OpenMP, MKL, OpenBLAS and numexpr when they load: they bind children and libraries not loaded yet.
_VARIABLES = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NUMEXPR_NUM_THREADS")


def wait_passively() -> None:
    """Let OpenMP threads sleep while they wait, unless the person's environment says otherwise.

    Read by an OpenMP library when it loads, so it is called before torch is imported.
    """
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")


def available_cores() -> int:
    """The cores this process may run on (its affinity, not what the machine has)."""
    if hasattr(os, "sched_getaffinity"):
        return max(1, len(os.sched_getaffinity(0)))
    return os.cpu_count() or 1


def thread_count(use: Use, count: int | None = None) -> int:
    """Threads for ``use``; an explicit ``count`` is taken as it is, at most the available cores.

    Raises
    ------
    SettingsError
        An unknown use, or a count below one.
    """
    if use not in ("case", "worker"):
        raise SettingsError(f"The thread use {use!r} is not known: choose 'case' or 'worker'.")
    if count is not None and count < 1:
        raise SettingsError("The number of threads must be at least 1.")
    if count is not None:
        return min(count, available_cores())
    return 1 if use == "worker" else available_cores()


def runtime_threads() -> int:
    """Threads for an inference runtime, which takes the number when it loads a network and reads no variable.

    What :func:`set_threads` bound, here or in the parent process, or else what the person's ``OMP_NUM_THREADS`` says;
    without either all cores this process may run on.
    """
    stated = os.environ.get("OMP_NUM_THREADS", "")
    return min(int(stated), available_cores()) if stated.isdecimal() and int(stated) > 0 else available_cores()


def set_threads(use: Use, count: int | None = None) -> int:
    """Bind OpenMP, BLAS and, when it is loaded, torch to one thread count, and return it.

    Call it at the start of a process. A torch imported later reads ``OMP_NUM_THREADS`` and follows; torch is not
    imported for this.
    """
    threads = thread_count(use, count)
    wait_passively()
    for variable in _VARIABLES:
        os.environ[variable] = str(threads)
    threadpool_limits(limits=threads)
    torch = sys.modules.get("torch")
    if torch is not None:
        torch.set_num_threads(threads)
    return threads
