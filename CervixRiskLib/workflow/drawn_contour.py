"""The contour in work: whose it is, its segmentation node, and its pixels on the slice."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ..errors import RoiError
from ..scene import (
    CaseRole,
    Reading,
    SliceChoice,
    find_reading,
    read_contour,
    reading_of,
    segment_ids,
    start_reading,
)
from ..scene.named_contour import contour_colour
from .film_frame import check_frame, note_frame
from .opened_image import OpenedImage
from .signal import Signal

if TYPE_CHECKING:
    from ..imaging import Roi


class DrawnContour(OpenedImage):
    """The contour's part of a :class:`~.case_session.CaseSession`, which see."""

    def __init__(self, scene: Any, *, slice_node: Callable[[], Any | None] = lambda: None) -> None:
        self.contour_changed = Signal()
        self.reading_changed = Signal()
        self.reader = ""
        self.reading_round = ""
        self.blinded = False
        super().__init__(scene, slice_node=slice_node)

    def _forget_case(self) -> None:
        super()._forget_case()
        self.segmentation: Any | None = None
        self.segment_id = ""
        self._read_contour: tuple[SliceChoice, Roi] | None = None

    def _take_up(self) -> None:
        super()._take_up()
        self._take_own_contour()

    def _announce_case(self) -> None:
        super()._announce_case()
        self.contour_changed.emit()

    def _contour_has_changed(self) -> None:
        """Another contour, or other pixels; before anybody is told."""

    def open_volume(self, volume: Any | None, case_id: str = "") -> None:
        """As :meth:`~.opened_image.OpenedImage.open_volume`.

        Raises
        ------
        RoiError
            The name holds a sign that contours' files cannot keep; the case before stays open.
        """
        if volume is not None:
            Reading(case_id or volume.GetName() or "", "")
        super().open_volume(volume, case_id)

    def touch_image(self) -> None:
        """Tell everybody that slice or pixel size have changed."""
        self._read_contour = None
        super().touch_image()
        self.contour_changed.emit()

    @property
    def reading(self) -> Reading:
        """Whose contour, of which case, in which round.

        Raises
        ------
        RoiError
            A name holds a sign that files cannot keep.
        """
        return Reading(self.case_id, self.reader, self.reading_round)

    def set_reading(self, reader: str, reading_round: str) -> None:
        """Who draws, and in which round; the contour of that reading becomes the case's."""
        if (reader, reading_round) == (self.reader, self.reading_round):
            return
        Reading(self.case_id, reader, reading_round)
        self.reader, self.reading_round = reader, reading_round
        if self.volume is not None:
            self._watch_contour(None)
            self._take_own_contour()
            self._contour_has_changed()
            self.contour_changed.emit()
        self.reading_changed.emit()

    def start_contour(self, roi: Roi | None = None) -> Any:
        """The segmentation node of this reading, made when there is none yet; the case stays on its slice from now on.

        Parameters
        ----------
        roi
            A contour to begin with.

        Raises
        ------
        ImageError
            No image, or the view shows no single slice of it.
        """
        if self.segmentation is not None:
            return self.segmentation
        choice = self.choice()
        node = find_reading(self.scene, self.reading)
        if node is None:
            colour = contour_colour(len(self.other_readings()))
            node = start_reading(self.scene, self.volume, self.reading, roi, colour=colour, choice=choice)
        self._fixed_choice = choice
        note_frame(node, self.volume)
        self._watch_contour(self.folder.add(node, CaseRole.CONTOUR))
        self.contour_changed.emit()
        return node

    def take_contour(self, node: Any) -> None:
        """Take a segmentation that was loaded for this reading as the case's contour.

        Raises
        ------
        RoiError
            It is another reading's.
        """
        if not any(reading_of(node, segment) == self.reading for segment in segment_ids(node)):
            raise RoiError("This contour belongs to another reader, round or case.")
        self._fixed_choice = self._fixed_choice or self.choice()
        note_frame(node, self.volume)
        self._watch_contour(self.folder.add(node, CaseRole.CONTOUR))
        self._contour_has_changed()
        self.contour_changed.emit()

    @property
    def can_be_drawn_on(self) -> bool:
        """Whether this reading has a contour to draw into; another module may have taken its segment out."""
        return (
            self.segmentation is not None
            and self.segmentation.GetSegmentation().GetSegment(self.segment_id) is not None
        )

    def drop_contour(self) -> None:
        """Take this reading's contour out of the scene."""
        node = self.segmentation
        if node is None:
            return
        self._watch_contour(None)
        self._fixed_choice = None
        if self.scene.IsNodePresent(node):
            self.scene.RemoveNode(node)
        self._contour_has_changed()
        self.contour_changed.emit()

    def contour(self) -> Roi:
        """The contour on the slice.

        Raises
        ------
        RoiError
            Nothing is drawn, or not on this slice or frame.
        ImageError
            The image cannot be used.
        """
        if self.segmentation is None:
            raise RoiError("No contour yet. Draw around the lesion in step 2.")
        check_frame(self.segmentation, self._open_volume())
        choice = self.choice()
        # Several steps ask after every stroke, and taking a segment's pixels out is slow.
        if self._read_contour is None or self._read_contour[0] != choice:
            roi = read_contour(self.segmentation, self.segment_id, self._open_volume(), choice)[1]
            self._read_contour = choice, roi
        return self._read_contour[1]

    def other_readings(self) -> tuple[tuple[Reading, Any, str], ...]:
        """Contours of other readers or rounds of this case: whose, node, segment. None while a study round is open."""
        if self.blinded or self.volume is None:
            return ()
        found = []
        for index in range(self.scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
            node = self.scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode")
            for segment in segment_ids(node):
                reading = reading_of(node, segment)
                if reading.case_id == self.case_id and node is not self.segmentation:
                    found.append((reading, node, segment))
        return tuple(found)

    def _take_own_contour(self) -> None:
        node = find_reading(self.scene, self.reading)
        if node is not None:
            self._watch_contour(node)

    def _watch_contour(self, node: Any | None) -> None:
        if self.segmentation is not None:
            self._observers.remove(self.segmentation)
            self._observers.remove(self.segmentation.GetSegmentation())
        self.segmentation, self.segment_id = node, ""
        self._read_contour = None
        if node is None:
            return
        self.segment_id = next(
            (segment for segment in segment_ids(node) if reading_of(node, segment) == self.reading),
            segment_ids(node)[0],
        )
        segmentation = node.GetSegmentation()
        # Undo and redo put older pixels back and say only that the segment was modified.
        for event in (
            segmentation.SourceRepresentationModified,
            segmentation.SegmentModified,
            segmentation.SegmentRemoved,
        ):
            self._observers.add(segmentation, event, self._on_contour)

    def _on_contour(self) -> None:
        self._read_contour = None
        self._contour_has_changed()
        self.contour_changed.emit()

    def _on_volume(self) -> None:
        self._read_contour = None
        super()._on_volume()
