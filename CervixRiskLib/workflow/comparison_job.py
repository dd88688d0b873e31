"""Both radiomics engines compared in a child process, for an owner that has a timer."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..worker.process_tree import end_process_tree
from .engine_comparison import CASE_FILE, MASK_FILE, PIXELS_FILE, RESULT_FILE, EngineComparison

if TYPE_CHECKING:
    from ..imaging import Roi, SliceImage

_MOST_DETAILS = 8_000


@dataclass(frozen=True)
class ComparisonFailed:
    """There is no comparison: one sentence, and details to fold away."""

    sentence: str
    details: str = ""


def pyradiomics_is_there() -> bool:
    """Whether PyRadiomics is installed for this Python; nothing is imported."""
    found = importlib.util.find_spec("radiomics")
    # A mere folder of that name is found too, but has no file.
    return found is not None and found.origin is not None


def comparison_command(python: str) -> tuple[str, ...]:
    """The comparing program run by this Python (in Slicer: the path of ``PythonSlicer``)."""
    return (python, "-m", "CervixRiskLib.workflow.engine_comparison")


class ComparisonJob:
    """One comparison: :meth:`start` it, :meth:`poll` until it gives something, or :meth:`close` it. Nothing here waits.

    Parameters
    ----------
    image, roi
        The slice and its contour.
    command
        See :func:`comparison_command`.
    """

    def __init__(self, image: SliceImage, roi: Roi, command: Sequence[str]) -> None:
        self._image, self._roi, self._command = image, roi, tuple(command)
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: Path | None = None

    def start(self) -> ComparisonFailed | None:
        """Start the program; what keeps it from starting is told at once."""
        self._folder = Path(tempfile.mkdtemp(prefix="cervixrisk-comparison-"))
        if sys.platform == "win32":
            flags = subprocess.CREATE_NO_WINDOW
        else:
            flags = 0
        try:
            np.save(self._folder / PIXELS_FILE, self._image.pixels, allow_pickle=False)
            np.save(self._folder / MASK_FILE, self._roi.mask, allow_pickle=False)
            case = {"spacing_mm": self._image.spacing_mm}
            (self._folder / CASE_FILE).write_text(json.dumps(case), encoding="utf-8")
            with (self._folder / "errors.txt").open("wb") as errors:
                self._process = subprocess.Popen(
                    [*self._command, str(self._folder)],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                    cwd=self._folder,
                    env=_environment(),
                    start_new_session=os.name == "posix",
                    creationflags=flags,
                )
        except OSError as error:
            self.close()
            return ComparisonFailed(
                "The comparison could not be started: check that the disk is not full.", repr(error)
            )
        return None

    def poll(self) -> EngineComparison | ComparisonFailed | None:
        """The result once it is there; ``None`` while the program computes, and before and after that."""
        if self._process is None or self._folder is None or self._process.poll() is None:
            return None
        code, result = self._process.returncode, self._folder / RESULT_FILE
        written = (self._folder / "errors.txt").read_text(encoding="utf-8", errors="replace")
        told = json.loads(result.read_text(encoding="utf-8")) if code == 0 and result.is_file() else None
        self.close()
        if told is None:
            return ComparisonFailed(
                f"The comparing program ended unexpectedly (exit code {code}). The details say where.",
                written[-_MOST_DETAILS:],
            )
        return ComparisonFailed(told["error"]) if "error" in told else EngineComparison(**told)

    def close(self) -> None:
        """End the program if it still computes, and take its files away."""
        if self._process is not None:
            if self._process.returncode is None:
                end_process_tree(self._process)
                self._process.wait()
            self._process = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None


def _environment() -> dict[str, str]:
    """This process's, so that the program finds the same library, also from a checkout."""
    root = str(Path(__file__).resolve().parents[2])
    further = [root, os.environ.get("PYTHONPATH", "")]
    return {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, further)), "PYTHONIOENCODING": "utf-8:replace"}
