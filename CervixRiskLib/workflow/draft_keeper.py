"""Keeps the session's contour as a draft while it is drawn."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ImageError, RoiError, StorageError
from .contour_draft import ContourDraft, FoundDraft
from .signal import Signal

if TYPE_CHECKING:
    from ..imaging import SliceImage
    from ..scene import Reading
    from .case_session import CaseSession


class DraftKeeper:
    """The draft of whatever contour the session has.

    Parameters
    ----------
    folder
        Of all drafts.

    Attributes
    ----------
    fell_behind
        Signal: the contour has changed. Whoever shows the session calls :meth:`save` within two seconds.
    failed
        Signal with a sentence: the session has turned to another contour, and what was drawn on the one before could
        not be kept.
    """

    def __init__(self, session: CaseSession, folder: str | os.PathLike[str]) -> None:
        self._session = session
        self._folder = folder
        self._draft: ContourDraft | None = None
        self._followed: object | None = None
        self.fell_behind = Signal()
        self.failed = Signal()
        session.contour_changed.connect(self._on_contour)

    def look(self, reading: Reading, image: SliceImage, *, study: str = "", begun_with: str = "") -> FoundDraft | None:
        """What an earlier sitting has left of this contour."""
        return ContourDraft(self._folder, reading, image, lambda: None, study=study, begun_with=begun_with).found()

    def follow(self, *, study: str = "", begun_with: str = "", drawing_s: Callable[[], float] = lambda: 0.0) -> None:
        """Keep the contour that the session has now, from its next change on; see :class:`ContourDraft`.

        Raises
        ------
        ImageError
            The image cannot be used.
        """
        session = self._session
        self._draft = ContourDraft(
            self._folder,
            session.reading,
            session.image(),
            _capture(session),
            study=study,
            begun_with=begun_with,
            drawing_s=drawing_s,
        )
        self._followed = session.segmentation

    @property
    def is_following(self) -> bool:
        """Whether the session's contour is kept."""
        return self._draft is not None and self._session.segmentation is self._followed

    @property
    def is_drawn(self) -> bool:
        """Whether there is something that is handed in or saved nowhere yet."""
        return self._draft is not None and (self._draft.is_behind or self._draft.path.is_file())

    def save(self) -> bool:
        """Keep what was drawn; tells whether anything was written.

        Raises
        ------
        StorageError
            The disk is full or the folder cannot be written.
        """
        return self._draft is not None and self._draft.save()

    def forget(self) -> None:
        """The contour was handed in, saved or thrown away.

        Raises
        ------
        StorageError
            The folder cannot be written.
        """
        if self._draft is not None:
            self._draft.forget()

    def stop(self) -> None:
        """Follow the contour no more; what is kept stays kept."""
        self._draft = self._followed = None

    def close(self) -> None:
        """Hear no more of the session."""
        self.stop()
        self._session.contour_changed.disconnect(self._on_contour)

    def _on_contour(self) -> None:
        if self._draft is None:
            return
        if self.is_following:
            self._draft.note_change()
            self.fell_behind.emit()
            return
        # The case was closed over it, perhaps with the scene: its nodes are still there at this moment.
        draft = self._draft
        self.stop()
        try:
            draft.save()
        except StorageError as error:
            # Who else waits to hear of the other case must not be kept from it: the answer of this one is still shown.
            self.failed.emit(str(error))


def _capture(session: CaseSession) -> Callable[[], np.ndarray | None]:
    """Reads the contour that the session has now, also when the session has turned to another one."""
    from ..scene.segmentation import read_mask
    from ..scene.segmentation_grid import mask_on_grid

    node, segment, volume, choice = session.segmentation, session.segment_id, session.volume, session.choice()
    shape = session.image().shape

    def capture() -> np.ndarray | None:
        if node is None or volume is None or node.GetScene() is None or volume.GetScene() is None:
            return None
        try:
            mask = mask_on_grid(node, segment, volume, choice)
            return read_mask(node, segment, volume, choice) if mask is None else mask
        except ImageError:
            # Another module has emptied the image, or bent it: what was kept before stays.
            return None
        except RoiError:
            # Nothing is drawn on this slice.
            return np.zeros(shape, dtype=bool)

    return capture
