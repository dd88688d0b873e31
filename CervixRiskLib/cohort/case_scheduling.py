"""Runs one function over many tasks: in this process, on all cores, or on a dask cluster, with the same results."""

from __future__ import annotations

import os
import signal
import threading
import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar

from ..errors import CohortError, MissingComponentError, SettingsError

_FEWEST_FOR_PROCESSES = 4
_CONNECT_SECONDS = 15
_WATCH_SECONDS = 1.0
_WATCHED: set[int] = set()

Work = TypeVar("Work")
Done = TypeVar("Done")


def run_tasks(
    function: Callable[[Work], Done], tasks: Sequence[Work], *, jobs: int | None = None, scheduler: str | None = None
) -> Generator[tuple[int, Done], None, None]:
    """Yield ``(position in tasks, result)`` as results come in, in any order.

    Closing the iterator stops what has not begun.

    Parameters
    ----------
    function
        A function of an importable module.
    jobs
        Processes on this machine; ``None`` for one a core. Under four tasks none is started: it would take longer.
    scheduler
        Address of a dask scheduler (``tcp://host:8786``); ``jobs`` is then its business.

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
    if jobs <= 1 or len(tasks) < _FEWEST_FOR_PROCESSES:
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
    try:
        with workers_ignore_interrupts(), parallel_config(backend="loky", inner_max_num_threads=1):
            results = Parallel(n_jobs=jobs, return_as="generator", batch_size=1, pre_dispatch="3*n_jobs")(
                delayed(_while_parent_lives)(function, os.getpid(), task) for task in tasks
            )
        yield from enumerate(results)
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
def workers_ignore_interrupts() -> Iterator[None]:
    """Start processes that Ctrl-C does not reach: what it means is decided here, where it waits for the block's end.

    They would die of it in the midst of a case, each with a traceback, and their death is told as a lack of memory.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    from multiprocessing.resource_tracker import ensure_running

    ensure_running()  # its start would end the blocking
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})  # processes inherit this
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _while_parent_lives(function: Callable[[Work], Done], parent: int, task: Work) -> Done:
    """Do the task in a process that ends when ``parent`` does.

    A killed parent cannot tell its workers: left alone they would finish what is queued and then wait for minutes.
    """
    if os.name != "nt" and parent not in _WATCHED:
        _WATCHED.add(parent)
        threading.Thread(target=_end_with, args=(parent,), daemon=True).start()
    return function(task)


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
