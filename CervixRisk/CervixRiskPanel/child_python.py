"""The Python that runs the prediction program."""

import shutil
import sys
from pathlib import Path

import slicer
from slicer.i18n import tr as _

from CervixRiskLib.errors import MissingComponentError


def child_python() -> str:
    """Path of Slicer's own Python for programs (``PythonSlicer``); outside Slicer of the Python that runs.

    Raises
    ------
    MissingComponentError
        There is none.
    """
    name = "PythonSlicer.exe" if sys.platform == "win32" else "PythonSlicer"
    beside = Path(slicer.app.slicerHome) / "bin" / name
    if beside.is_file():
        return str(beside)
    # Slicer's launcher puts it on the path, also in build trees.
    found = shutil.which("PythonSlicer")
    if found:
        return found
    # An application that holds Python names itself here, not a Python.
    running = Path(sys.executable or "")
    if running.is_file() and running.name.lower().startswith("python"):
        return str(running)
    raise MissingComponentError(
        _("Slicer's program PythonSlicer was not found, so nothing can be asked: install Slicer again.")
    )


def make_worker(force_cpu: bool):
    """A worker that starts the prediction program with :func:`child_python` when it is first asked.

    Raises
    ------
    MissingComponentError
        There is no such Python.
    """
    from CervixRiskLib.worker import PredictionWorker, worker_command

    return PredictionWorker(worker_command(child_python()), force_cpu=force_cpu)
