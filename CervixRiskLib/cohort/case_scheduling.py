"""Runs one function over many tasks: in this process, on all cores, or on a dask cluster, with the same results."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from types import FrameType
from typing import Any, TypeVar

from ..errors import CohortError, MissingComponentError, SettingsError

_FEWEST_FOR_PROCESSES = 4
_CONNECT_SECONDS = 15
_WATCH_SECONDS = 1.0
_WATCHED: set[int] = set()

Work = TypeVar("Work")
Done = TypeVar("Done")


def run_tasks(
    function: Callable[[Work], Done],
    tasks: Sequence[Work],
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    fewest: int = _FEWEST_FOR_PROCESSES,
) -> Generator[tuple[int, Done], None, None]:
    """Yield ``(position in tasks, result)`` as results come in, in any order.

    Closing the iterator stops what has not begun. Arrays of a megabyte and more are handed to processes as memory maps,
    which cannot be written to.

    Parameters
    ----------
    function
        A function of an importable module.
    jobs
        Processes on this machine; ``None`` for one a core.
    scheduler
        Address of a dask scheduler (``tcp://host:8786``); ``jobs`` is then its business.
    fewest
        With fewer tasks no process is started: for tasks of a moment that would take longer.

    Raises
    ------
    SettingsError
        ``jobs`` is less than one, or no scheduler answers at that address.
    CohortError
        A worker was ended by the system.
    """
    if jobs is not None and jobs < 1:
        raise SettingsError("The number of jobs must be at least 1.")
    if scheduler is not None and tasks:
        return _on_dask(function, tasks, scheduler)
    jobs = min(jobs or available_cores(), len(tasks))
    if jobs <= 1 or len(tasks) < fewest:
        return ((position, function(task)) for position, task in enumerate(tasks))
    return _on_cores(function, tasks, jobs)


def available_cores() -> int:
    """Cores this process may use, container limits included."""
    import joblib

    return int(joblib.cpu_count())


def _on_cores(
    function: Callable[[Work], Done], tasks: Sequence[Work], jobs: int
) -> Generator[tuple[int, Done], None, None]:
    from joblib import Parallel, delayed, parallel_config
    from joblib.externals.loky.process_executor import TerminatedWorkerError

    results: Any = iter(())
    calls = (delayed(_in_worker)(function, position, task, os.getpid()) for position, task in enumerate(tasks))
    try:
        with _interrupts_held_back(), parallel_config(backend="loky", inner_max_num_threads=1):
            results = Parallel(
                n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="3*n_jobs", max_nbytes="1M"
            )(calls)
        for position, result in results:  # noqa: UP028 - that would close them before their warning is silenced, below
            yield position, result
    except TerminatedWorkerError as error:
        raise CohortError(
            "A worker process was ended by the system, usually for lack of memory. Finished cases are kept: "
            "run it again with fewer jobs."
        ) from error
    finally:
        if hasattr(results, "close"):
            with warnings.catch_warnings():  # joblib warns of finished work that nobody took: that is what a stop means
                warnings.simplefilter("ignore", UserWarning)
                results.close()


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Let Ctrl-C wait for the block's end, and let the processes started in it never hear it.

    A start that was broken off would leave tasks in a queue that nobody can empty.
    """
    held: list[FrameType | None] = []
    handler = signal.getsignal(signal.SIGINT)
    here = threading.current_thread() is threading.main_thread() and callable(handler)
    mask = None
    if hasattr(signal, "pthread_sigmask"):
        from multiprocessing.resource_tracker import ensure_running

        ensure_running()  # its start would end the blocking
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes inherit this
    if here:  # blocked in one thread, it may come through another
        signal.signal(signal.SIGINT, lambda _, frame: held.append(frame))
    try:
        yield
    finally:
        if mask is not None:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)
        if here:
            signal.signal(signal.SIGINT, handler)
        if held and callable(handler):
            handler(signal.SIGINT, held[0])


def _in_worker(function: Callable[[Work], Done], position: int, task: Work, parent: int) -> tuple[int, Done]:
    """Do one task in a process that ends when ``parent`` does, and that leaves Ctrl-C to it.

    A killed parent cannot tell its workers: left alone they would finish what is queued and then wait for minutes.
    A worker that hears Ctrl-C dies in the midst of a task with a traceback, and its death is told as a lack of memory.
    Ones that were started while it was held back do not hear it; joblib may hand over others.
    """
    if parent not in _WATCHED:
        _WATCHED.add(parent)
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        if os.name != "nt":
            threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return position, function(task)


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(_WATCH_SECONDS)
    os._exit(1)


def _on_dask(
    function: Callable[[Work], Done], tasks: Sequence[Work], scheduler: str
) -> Generator[tuple[int, Done], None, None]:
    try:
        from distributed import Client, KilledWorker, as_completed
    except ImportError as error:
        raise MissingComponentError(
            'A scheduler needs dask: install it with pip install "cervixrisk[train]".'
        ) from error
    try:
        client = Client(scheduler, timeout=_CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError, TypeError) as error:
        raise SettingsError(
            f"No dask scheduler answers at '{scheduler}': check the address, tcp://host:8786 for instance."
        ) from error
    with client:
        futures = client.map(function, tasks, pure=False)
        position = {future.key: index for index, future in enumerate(futures)}
        try:
            for future, result in as_completed(futures, with_results=True, loop=client.loop):
                yield position[future.key], result
        except KilledWorker as error:
            raise CohortError(
                "A dask worker was ended again and again, usually for lack of memory. Finished cases are kept: "
                "give the workers more memory and run it again."
            ) from error
        except ModuleNotFoundError as error:
            raise SettingsError("A dask worker lacks CervixRisk: install the same version on every machine.") from error
        finally:
            client.cancel(futures)
