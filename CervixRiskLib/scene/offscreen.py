"""A case as a PNG, drawn by Slicer's core in a process of its own."""

from __future__ import annotations

import ctypes
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from .. import errors
from ..atomic import atomic_file
from ..bundle.contracts import Prediction
from ..errors import CervixRiskError, MissingComponentError, RoiError, SettingsError
from ..imaging import Roi, SliceImage
from .heat_map import HeatMapDisplay
from .named_contour import NamedContour
from .picture_request import ERROR_NAME, PICTURE_NAME, PictureRequest, write_request

WINDOW_VARIABLE = "VTK_DEFAULT_OPENGL_WINDOW"
TIME_LIMIT_SECONDS = 120.0
# Library to look for, and VTK's window class that draws with it.
_LINUX_WINDOWS = (
    (("libEGL.so.1", "libEGL.so"), "vtkEGLRenderWindow"),
    (("libOSMesa.so.8", "libOSMesa.so.6", "libOSMesa.so"), "vtkOSOpenGLRenderWindow"),
)
_NO_OPENGL = (
    "Drawing the slice needs off-screen OpenGL, and this computer has none. "
    "Install the system library for it: apt install libegl1 libgl1-mesa-dri (Debian, Ubuntu)."
)


def render_slice_png(
    path: str | os.PathLike[str],
    image: SliceImage,
    roi: Roi | None = None,
    prediction: Prediction | None = None,
    *,
    size: tuple[int, int] = (1200, 900),
    heat_map: HeatMapDisplay = HeatMapDisplay(),  # noqa: B008 - frozen
    contours: Sequence[NamedContour] = (),
    time_limit: float = TIME_LIMIT_SECONDS,
) -> Path:
    """Draw slice, contour, heat map, legend, ruler and answer to ``path`` and return it.

    Drawn by slicer-core as Slicer draws it, in a child process: a failing graphics driver ends that process, not this
    one. The file is whole or not there.

    Parameters
    ----------
    size
        ``(width, height)`` in pixels, at least 640 x 480.
    heat_map
        Threshold and opacity of the prediction's heat map.
    contours
        Further contours with their names, beside ``roi``: several readers' on one slice. The names stand beside the
        slice in their colours.
    time_limit
        Seconds after which the child is ended.

    Raises
    ------
    MissingComponentError
        slicer-core or off-screen OpenGL is missing, or the graphics driver fails; the sentence says what to install.
    CervixRiskError
        Contour or heat map do not fit the image, the picture is too small, the disk is full.
    """
    if Path(path).suffix.lower() != ".png":
        raise SettingsError(f'The slice is drawn as a .png, not "{Path(path).suffix}".')
    window_class = offscreen_window_class()
    every = [*([] if roi is None else [roi]), *(contour.roi for contour in contours)]
    if any(one.mask.shape != image.shape for one in every):
        raise RoiError("The contour was drawn on an image of another size. Draw it on this image.")
    with atomic_file(path) as partial, tempfile.TemporaryDirectory(prefix="cervixrisk-") as folder_name:
        folder = Path(folder_name)
        write_request(PictureRequest(image, roi, prediction, size, heat_map, tuple(contours)), folder)
        _run_worker(folder, window_class, time_limit)
        shutil.copyfile(folder / PICTURE_NAME, partial)
    return Path(path)


def offscreen_window_class() -> str | None:
    """The VTK window class to draw with off-screen; ``None`` where the platform's own one does it (Windows, macOS).

    Raises
    ------
    MissingComponentError
        slicer-core or the system's library is missing.
    """
    if importlib.util.find_spec("slicer") is None:
        raise MissingComponentError(
            'Drawing the slice needs Slicer\'s core. Install it with: pip install "cervixrisk[slicer]"'
        )
    if not sys.platform.startswith("linux"):
        return None
    chosen = os.environ.get(WINDOW_VARIABLE)
    if chosen:
        return chosen
    for libraries, window_class in _LINUX_WINDOWS:
        if any(_loads(library) for library in libraries):
            return window_class
    raise MissingComponentError(_NO_OPENGL)


def _run_worker(folder: Path, window_class: str | None, time_limit: float) -> None:
    """Draw the request in ``folder`` in a child process; raise what went wrong there."""
    environment = dict(os.environ)
    if window_class is not None:
        environment[WINDOW_VARIABLE] = window_class
    # The child finds the same library, also from a checkout that is not installed.
    root = str(Path(__file__).resolve().parents[2])
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [root, environment.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "CervixRiskLib.scene.offscreen_worker", str(folder)]
    try:
        done = subprocess.run(
            command,
            cwd=folder,
            env=environment,
            capture_output=True,
            stdin=subprocess.DEVNULL,
            timeout=time_limit,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise MissingComponentError(
            f"Drawing the slice took longer than {time_limit:.0f} seconds and was stopped. "
            "Try a smaller picture, or check the graphics driver."
        ) from None
    if (folder / ERROR_NAME).exists():
        told = json.loads((folder / ERROR_NAME).read_text(encoding="utf-8"))
        kind = getattr(errors, told["kind"], CervixRiskError)
        raise kind(told["sentence"])
    if done.returncode != 0 or not (folder / PICTURE_NAME).exists():
        details = RuntimeError(done.stderr.decode("utf-8", errors="replace")[-4000:])
        if done.returncode == 1:
            raise CervixRiskError("The slice could not be drawn; the rest of the answer is unaffected.") from details
        raise MissingComponentError(_crash_sentence(done.returncode)) from details


def _crash_sentence(return_code: int) -> str:
    how = f"signal {-return_code}" if return_code < 0 else f"exit code {return_code}"
    return (
        f"Slicer's core could not draw the slice here ({how}); everything else is unaffected. "
        "Most often the graphics driver is missing: apt install libegl1 libgl1-mesa-dri (Debian, Ubuntu)."
    )


def _loads(library: str) -> bool:
    try:
        ctypes.CDLL(library)
    except OSError:
        return False
    return True
