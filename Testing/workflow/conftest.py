"""A session on a scene without the application."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from fake_study.fixtures import fake_worker, write_model  # noqa: F401

from CervixRiskLib.imaging import SliceImage


@pytest.fixture(scope="session")
def ultrasound() -> SliceImage:
    """60 rows x 80 columns of 0.5 mm, seeded noise."""
    pixels = np.random.default_rng(42).integers(0, 255, (60, 80)).astype(np.float32)
    return SliceImage(pixels, (0.5, 0.5), "PixelSpacing", "US")


@pytest.fixture(scope="session")
def scene_runtime() -> Any:
    """Made once: scenes of slicer-core do not go away completely."""
    pytest.importorskip("slicer", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')
    from CervixRiskLib.scene import SceneRuntime

    return SceneRuntime()


@pytest.fixture
def scene(scene_runtime: Any) -> Any:
    """An empty MRML scene."""
    scene_runtime.scene.Clear(True)
    yield scene_runtime.scene
    scene_runtime.scene.Clear(True)


@pytest.fixture
def session(scene: Any) -> Any:
    """A ``CaseSession`` without a case."""
    from CervixRiskLib.workflow.case_session import CaseSession

    opened = CaseSession(scene)
    yield opened
    opened.close()
