"""A session on a scene without the application."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from fake_study.fixtures import fake_worker, write_model  # noqa: F401

from CervixRiskLib.imaging import Roi, SliceImage


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


@pytest.fixture
def open_case(session: Any, ultrasound: SliceImage) -> Callable[..., Any]:
    """``open_case("name", draw=False, modality="MR", spacing_mm=None)``; returns the session."""
    from CervixRiskLib.scene import add_slice_volume

    def open_one(name: str = "case", *, draw: bool = True, **changes: Any) -> Any:
        image = replace(ultrasound, **changes)
        session.open_volume(add_slice_volume(session.scene, image, name), name)
        if draw:
            mask = np.zeros(image.shape, bool)
            mask[20:40, 20:50] = True
            session.start_contour(Roi(mask, image.spacing_mm))
        return session

    return open_one
