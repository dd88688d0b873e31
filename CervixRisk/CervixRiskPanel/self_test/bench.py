"""What a scenario does with a running module: click, draw, wait, look."""

import os
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import slicer

from CervixRiskLib.imaging import Roi
from CervixRiskLib.scene import write_contour

# Set to a folder, each look of a scenario is kept there as a picture.
PICTURES_VARIABLE = "CERVIXRISK_SELF_TEST_PICTURES"
_TURN_SECONDS = 0.005


class Bench:
    """One scenario's hands and eyes.

    Parameters
    ----------
    picture
        Takes the name of what is to be seen now; by default the main window is kept in the folder that
        ``CERVIXRISK_SELF_TEST_PICTURES`` names, if any.
    """

    MODULE = "CervixRisk"

    def __init__(self, picture: Callable[[str], None] | None = None) -> None:
        self.picture = picture or _keep_picture
        self.clicks = 0
        slicer.util.selectModule(self.MODULE)

    @property
    def panel(self):
        """The module's panel, also after a reload."""
        return slicer.util.getModuleWidget(self.MODULE).panel

    @property
    def session(self):
        return self.panel.session

    def ui(self, step: str):
        """The named widgets of a step."""
        return self.panel.steps[step].ui

    def click(self, step: str, name: str) -> None:
        """Click a button as a person would; one that is disabled is an error that says why."""
        button = getattr(self.ui(step), name)
        if not button.enabled:
            raise AssertionError(f"{name} is disabled: {button.toolTip}")
        self.clicks += 1
        button.click()
        self.look()

    def look(self) -> None:
        """Let the event loop catch up."""
        slicer.app.processEvents()

    def wait_until(self, condition: Callable[[], bool], seconds: float, what: str) -> float:
        """Let the event loop run until ``condition()``; returns the seconds it took."""
        begin = time.monotonic()
        while not condition():
            if time.monotonic() - begin > seconds:
                raise AssertionError(f"not within {seconds:g} s: {what}")
            slicer.app.processEvents()
            # Without it the worker's threads get no turn inside Slicer.
            time.sleep(_TURN_SECONDS)
        return time.monotonic() - begin

    def draw(self, points_rc: Sequence[Sequence[float]]) -> None:
        """Fill a polygon of ``(row, column)`` points as the reading's contour, as one step that can be undone."""
        session = self.session
        session.start_contour()
        self.look()
        image = session.image()
        self.panel.steps["contour"].editor.widget.saveStateForUndo()
        mask = Roi.from_polygon(points_rc, image).mask
        write_contour(session.segmentation, session.segment_id, session.volume, mask, session.choice())
        self.look()

    def outline(self, sample) -> list[tuple[float, float]]:
        """The polygon a person would draw around a sample's lesion: the hull of its reference contour."""
        import numpy as np
        from scipy.spatial import ConvexHull

        points = np.argwhere(sample.read_contour().mask)
        return [(float(row), float(column)) for row, column in points[ConvexHull(points).vertices]]


def _keep_picture(name: str) -> None:
    folder = os.environ.get(PICTURES_VARIABLE)
    if folder:
        slicer.app.processEvents()
        slicer.util.mainWindow().grab().save(str(Path(folder) / f"{name}.png"))
