"""A reader at work in a study: work-list, scene, draft and guard together, without widgets."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import ReadingError, StorageError
from .blind_guard import BlindGuard
from .signal import Signal
from .task_in_scene import close_task_in, open_task_in

if TYPE_CHECKING:
    from ..imaging import Roi
    from ..reading import Receipt
    from .case_session import CaseSession
    from .draft_keeper import DraftKeeper
    from .work_list import OpenedTask, WorkList

# Seconds before a contour that nobody has touched can be handed in.
LEAST_LOOK_S = 1.0


class StudyRound:
    """One case after the other, from :meth:`start` to :meth:`leave`. The session is blinded all that time.

    Parameters
    ----------
    keeper
        Of drafts; the round's contour is kept from the first stroke until it is handed in.
    defer
        See :class:`BlindGuard`.

    Attributes
    ----------
    told
        Signal with a sentence for the reader.
    handed_in
        The opened case is stored already; only the next one is missing.
    """

    def __init__(
        self,
        session: CaseSession,
        work_list: WorkList,
        keeper: DraftKeeper,
        defer: Callable[[Callable[[], None]], object],
    ) -> None:
        self.work_list = work_list
        self.told = Signal()
        self.handed_in = False
        self._session = session
        self._keeper = keeper
        self._nodes: tuple[Any, Any] | None = None
        self._own_reading = (session.reader, session.reading_round)
        self._is_touched = False
        self._opened_at = 0.0
        self._guard = BlindGuard(session.scene, defer)
        self._guard.intruded.connect(self.told.emit)

    @property
    def opened(self) -> OpenedTask | None:
        """The case on the desk; ``None`` when all is done for today."""
        return self.work_list.opened

    @property
    def is_in_scene(self) -> bool:
        """Whether the opened case is the session's, with image and contour still in the scene."""
        session = self._session
        return (
            self.opened is not None
            and self._nodes is not None
            and (session.volume, session.segmentation) == self._nodes
            and all(bool(session.scene.IsNodePresent(node)) for node in self._nodes)
        )

    def start(self) -> OpenedTask | None:
        """Blind the session and open the first case. What is in the scene goes.

        Raises
        ------
        ReadingError, StorageError
            The case cannot be read; session and scene are as they were.
        """
        opened = self.work_list.next()
        self._own_reading = (self._session.reader, self._session.reading_round)
        self._session.set_blinded(True)
        self._keeper.fell_behind.connect(self._on_stroke)
        try:
            self._show(opened)
        except BaseException:
            self.leave()
            raise
        return opened

    def next(self) -> OpenedTask | None:
        """Open the next case in place of this one.

        Raises
        ------
        ReadingError, StorageError
            It cannot be read; this one stays.
        """
        opened = self.work_list.next()
        self._show(opened)
        return opened

    def submit(self) -> Receipt:
        """Hand in the contour of the opened case.

        Raises
        ------
        RoiError
            Nothing is drawn.
        ReadingError
            The case is not in the scene any more, has just been opened, or the study refuses it.
        StorageError
            The study cannot be reached; the contour stays, and so does its draft.
        """
        if not self.is_in_scene:
            raise ReadingError("The study's case is not in the scene any more. Open it again; your contour was kept.")
        roi = self._session.contour()
        if not self._is_touched and time.monotonic() - self._opened_at < LEAST_LOOK_S:
            # A key pressed twice must not hand in what an earlier sitting has left on the next case.
            raise ReadingError("This case has just been opened. Look at it, then submit it.")
        self.keep()
        receipt = self.work_list.submit(roi)
        self.handed_in = True
        self.work_list.drawing_time.pause()
        try:
            self._keeper.forget()
        except StorageError as error:
            self.told.emit(str(error))
        return receipt

    def reopen(self) -> None:
        """Put the opened case into the scene again, with what was drawn; the scene was closed, say."""
        self._show(self.opened)

    def start_anew(self) -> None:
        """Throw away what was drawn on this case, also what an earlier sitting has left."""
        self._keeper.forget()
        self._show(self.opened)

    def keep(self) -> None:
        """Keep what was drawn as a draft; a disk that refuses is told, the work goes on."""
        try:
            self._keeper.save()
        except StorageError as error:
            self.told.emit(f"Your contour could not be kept as a draft. {error}")

    def pause(self) -> None:
        """The reader goes to something else; the case stays open and blind."""
        self.keep()
        self.work_list.drawing_time.pause()

    def resume(self) -> None:
        """The reader is back."""
        if self.opened is not None and not self.handed_in:
            self.work_list.drawing_time.resume()

    def leave(self) -> None:
        """Take the case out of the scene, then open the session's eyes again. A draft stays for the next time."""
        self.pause()
        self._keeper.stop()
        self._keeper.fell_behind.disconnect(self._on_stroke)
        self._guard.stop()
        close_task_in(self._session)
        self._nodes = None
        self._session.set_reading(*self._own_reading)
        self._session.set_blinded(False)

    def _show(self, opened: OpenedTask | None) -> None:
        """Lay a case into the scene; its time goes on where an earlier sitting has ended."""
        self.keep()
        self._keeper.stop()
        self._guard.stop()
        self._nodes = None
        self.handed_in = False
        if opened is None:
            close_task_in(self._session)
            self._guard.start()
            return
        draft = self._draft(opened)
        open_task_in(self._session, opened, draft)
        self._nodes = (self._session.volume, self._session.segmentation)
        self._guard.start(*self._nodes)
        self._keeper.follow(
            study=opened.study_id,
            begun_with=_begun_with(opened),
            drawing_s=lambda: self.work_list.drawing_time.seconds,
        )
        self._is_touched, self._opened_at = False, time.monotonic()

    def _on_stroke(self) -> None:
        self._is_touched = True

    def _draft(self, opened: OpenedTask) -> Roi | None:
        from ..imaging import Roi
        from ..scene import Reading

        reading = Reading(opened.case_name, opened.reader, opened.task.round.value)
        found = self._keeper.look(reading, opened.image, study=opened.study_id, begun_with=_begun_with(opened))
        if found is None:
            return None
        self.work_list.drawing_time.start(found.drawing_s)
        self.told.emit("What you had drawn on this case before is back.")
        return Roi.from_mask(found.mask, opened.image)


def _begun_with(opened: OpenedTask) -> str:
    return "" if opened.returned is None else opened.returned.mask_hash
