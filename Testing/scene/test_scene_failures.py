"""What goes wrong in drawing is one sentence, and leaves no file."""

from __future__ import annotations

import importlib.util
import os
import sys

import numpy as np
import pytest

from CervixRiskLib.errors import CervixRiskError, MissingComponentError, RoiError, SettingsError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.scene import offscreen, render_slice_png, runtime


@pytest.fixture
def with_slicer(monkeypatch):
    """As if slicer-core and EGL were there: the child process is replaced anyway."""
    monkeypatch.setattr(offscreen, "offscreen_window_class", lambda: "vtkEGLRenderWindow")


def use_child(monkeypatch, tmp_path, script: str) -> None:
    """Let the drawing process be a shell script."""
    if os.name == "nt":
        pytest.skip("The stand-in for the drawing process is a shell script.")
    child = tmp_path / "child.sh"
    child.write_text(f"#!/bin/sh\n{script}\n")
    child.chmod(0o755)
    monkeypatch.setattr(offscreen.sys, "executable", str(child))


def test_missing_slicer_core(monkeypatch, tmp_path, image):
    real = importlib.util.find_spec
    monkeypatch.setattr(
        importlib.util, "find_spec", lambda name, *rest: None if name == "slicer" else real(name, *rest)
    )
    with pytest.raises(MissingComponentError, match=r'pip install "cervixrisk\[slicer\]"'):
        render_slice_png(tmp_path / "x.png", image)
    with pytest.raises(MissingComponentError, match=r'pip install "cervixrisk\[slicer\]"'):
        runtime.SceneRuntime()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="Only Linux needs a library for off-screen OpenGL.")
@pytest.mark.parametrize(
    ("library", "window"),
    [("libEGL.so.1", "vtkEGLRenderWindow"), ("libOSMesa.so.8", "vtkOSOpenGLRenderWindow"), (None, None)],
)
def test_opengl_library(monkeypatch, library, window):
    monkeypatch.setattr(importlib.util, "find_spec", lambda *_: object())
    monkeypatch.delenv(offscreen.WINDOW_VARIABLE, raising=False)
    monkeypatch.setattr(offscreen, "_loads", lambda name: name == library)
    if library is None:
        with pytest.raises(MissingComponentError, match="libegl1"):
            offscreen.offscreen_window_class()
    else:
        assert offscreen.offscreen_window_class() == window


@pytest.mark.usefixtures("with_slicer")
def test_crash_of_the_drawing_process(monkeypatch, tmp_path, image):
    use_child(monkeypatch, tmp_path, "kill -SEGV $$")
    with pytest.raises(MissingComponentError, match="signal 11"):
        render_slice_png(tmp_path / "x.png", image)
    assert [path.name for path in tmp_path.iterdir()] == ["child.sh"]


@pytest.mark.usefixtures("with_slicer")
def test_drawing_process_that_hangs(monkeypatch, tmp_path, image):
    use_child(monkeypatch, tmp_path, "exec sleep 60")
    with pytest.raises(MissingComponentError, match="took longer"):
        render_slice_png(tmp_path / "x.png", image, time_limit=0.5)
    assert [path.name for path in tmp_path.iterdir()] == ["child.sh"]


@pytest.mark.usefixtures("with_slicer")
def test_fault_of_ours_keeps_the_details(monkeypatch, tmp_path, image):
    use_child(monkeypatch, tmp_path, "echo Traceback of ours >&2; exit 1")
    with pytest.raises(CervixRiskError, match="could not be drawn") as caught:
        render_slice_png(tmp_path / "x.png", image)
    assert "Traceback of ours" in str(caught.value.__cause__)


@pytest.mark.usefixtures("with_slicer")
def test_sentence_of_the_drawing_process_is_passed_on(monkeypatch, tmp_path, image):
    told = '{"kind": "RoiError", "sentence": "Draw it again."}'
    use_child(monkeypatch, tmp_path, f"echo '{told}' > \"$3/error.json\"; exit 2")
    with pytest.raises(RoiError, match=r"^Draw it again\.$"):
        render_slice_png(tmp_path / "x.png", image)


@pytest.mark.usefixtures("with_slicer")
def test_existing_picture_survives_a_failure(monkeypatch, tmp_path, image):
    use_child(monkeypatch, tmp_path, "exit 3")
    (tmp_path / "x.png").write_bytes(b"earlier")
    with pytest.raises(MissingComponentError, match="exit code 3"):
        render_slice_png(tmp_path / "x.png", image)
    assert (tmp_path / "x.png").read_bytes() == b"earlier"


@pytest.mark.usefixtures("with_slicer")
def test_arguments_are_checked_before_drawing(tmp_path, image):
    other = SliceImage(np.zeros((5, 5)))
    with pytest.raises(RoiError, match="another size"):
        render_slice_png(tmp_path / "x.png", image, Roi.from_mask(np.ones((5, 5)), other))
    with pytest.raises(SettingsError, match=r"\.png"):
        render_slice_png(tmp_path / "x.jpg", image)


def test_importing_the_room_is_light():
    import subprocess

    code = "import sys, CervixRiskLib.scene; print([m for m in ('vtk', 'slicer', 'matplotlib') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
