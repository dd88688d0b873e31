"""A study's case into the scene, alone, and out of it again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..errors import ReadingError
from .scene_sweep import sweep

if TYPE_CHECKING:
    from ..imaging import Roi
    from .case_session import CaseSession
    from .work_list import OpenedTask


def open_task_in(session: CaseSession, opened: OpenedTask, begin_with: Roi | None = None) -> None:
    """Make the task's slice the session's case, with a contour to draw into, and blind the session.

    Everything else that holds data is taken out of the scene: ask with :func:`~.scene_sweep.unsaved_words` before.
    The case is called by the study's random number.

    Parameters
    ----------
    begin_with
        What to go on with; without it the contour that the reviewer has returned, else nothing.
    """
    from ..scene import add_slice_volume

    session.set_blinded(True)
    session.open_volume(None)
    sweep(session.scene)
    session.set_reading(opened.reader, opened.task.round.value)
    volume = add_slice_volume(session.scene, opened.image, opened.case_name)
    session.open_volume(volume, opened.case_name)
    if session.case_id != opened.case_name:
        raise ReadingError("The scene could not be emptied. Close it (File, Close scene) and start reading again.")
    session.start_contour(opened.returned if begin_with is None else begin_with)


def close_task_in(session: CaseSession) -> None:
    """Take the study's case out of the scene. The session stays blinded until the study is left."""
    session.open_volume(None)
    sweep(session.scene)
