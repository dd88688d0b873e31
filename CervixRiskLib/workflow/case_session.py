"""The case in work: image, contour, clinical values, model, answer. What the steps of the panel bind to.

It lives on MRML nodes and knows no widget. Nothing is guessed: what is missing is an error with a sentence when it is
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ImageError, ReadingError, RoiError
from ..scene import (
    CaseFolder,
    CaseRole,
    HeatMapDisplay,
    PixelSize,
    Reading,
    SliceChoice,
    add_answer,
    choose_slice,
    find_reading,
    read_contour,
    read_pixel_size,
    read_volume_slice,
    reading_of,
    segment_ids,
    start_reading,
)
from ..scene.named_contour import contour_colour
from ..scene.volume_frames import frame_place
from .clinical_form import plain_number
from .film_frame import check_frame, note_frame
from .observers import Observers
from .signal import Signal
from .stored_answer import read_stored_answer, store_answer

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..imaging import Roi, SliceImage
    from ..scene import AnswerNodes
    from ..worker import StudyFacts
    from .case_answer import CaseAnswer

UNNAMED = "Case"


class CaseSession:
    """One case at a time.

    Parameters
    ----------
    scene
        ``slicer.mrmlScene``, or a :class:`~CervixRiskLib.scene.SceneRuntime`'s.
    slice_node
        Gives the ``vtkMRMLSliceNode`` whose slice is meant, for volumes of several slices; ``None`` where there is no
        view.

    Attributes
    ----------
    image_changed, contour_changed, clinical_changed, study_changed, answer_changed, reading_changed
        Signals without arguments: another volume, slice, pixel size or case name; another segmentation or its pixels;
        a clinical value; another model; an answer came, went or became stale; another reader or round, or a study
        round was opened or left.
    """

    def __init__(self, scene: Any, *, slice_node: Callable[[], Any | None] = lambda: None) -> None:
        self.scene = scene
        self._slice_node = slice_node
        self.image_changed = Signal()
        self.contour_changed = Signal()
        self.clinical_changed = Signal()
        self.study_changed = Signal()
        self.answer_changed = Signal()
        self.reading_changed = Signal()
        self._observers = Observers()
        self._forget_case()
        self.reader = ""
        self.reading_round = ""
        self.blinded = False
        self.bundle: Path | None = None
        self.facts: StudyFacts | None = None

    def _forget_case(self) -> None:
        self.volume: Any | None = None
        self.case_id = ""
        self.clinical: dict[str, str] = {}
        self.segmentation: Any | None = None
        self.segment_id = ""
        self.answer: CaseAnswer | None = None
        self.answer_nodes: AnswerNodes | None = None
        self.answer_is_stale = False
        self._fixed_choice: SliceChoice | None = None
        self._read_contour: tuple[SliceChoice, Roi] | None = None
        self._frame: tuple[int, int] | None = None

    # The image.

    def open_volume(self, volume: Any | None, case_id: str = "") -> None:
        """Take ``volume`` as the case's image; ``None`` closes the case. Nodes of the case before stay in the scene.

        Parameters
        ----------
        case_id
            The person's own name for the case; without one the volume's name.
        """
        if volume is self.volume and volume is not None:
            self.rename_case(case_id)
            return
        self._observers.clear()
        had_answer = self.answer is not None
        self._forget_case()
        self.volume = volume
        if volume is not None:
            self.case_id = self._free_name(case_id or volume.GetName() or UNNAMED)
            self.folder.add(volume, CaseRole.IMAGE)
            self._frame = frame_place(volume)
            self._observers.add(volume, "ModifiedEvent", self._on_volume)
            self._observers.add(volume, self._image_data_event(volume), self._on_volume)
            self._take_own_contour()
        self.image_changed.emit()
        self.contour_changed.emit()
        self.clinical_changed.emit()
        if had_answer:
            self.answer_changed.emit()

    def rename_case(self, case_id: str) -> None:
        """Another name for the open case; its nodes go with it."""
        if self.volume is None or not case_id or case_id == self.case_id:
            return
        self.case_id = self.folder.rename(self._free_name(case_id)).case_id
        self.image_changed.emit()

    @property
    def folder(self) -> CaseFolder:
        """The case's folder in the scene."""
        return CaseFolder(self.scene, self.case_id)

    def choice(self) -> SliceChoice:
        """The slice of the volume: where the contour was begun, else the one the view shows.

        Raises
        ------
        ImageError
            No image, or the view shows no single slice of it.
        """
        if self.volume is None:
            raise ImageError("No image is open. Choose one in step 1.")
        return self._fixed_choice or choose_slice(self.volume, self._slice_node())

    @property
    def slice_is_fixed(self) -> bool:
        """A contour was begun: the case stays on its slice."""
        return self._fixed_choice is not None

    def image(self) -> SliceImage:
        """The slice.

        Raises
        ------
        ImageError
            No image, or it cannot be used; the sentence says why.
        """
        return read_volume_slice(self._open_volume(), self.choice())

    def pixel_size(self) -> PixelSize:
        """What is known of the slice's pixel size.

        Raises
        ------
        ImageError
            No image.
        """
        return read_pixel_size(self._open_volume(), self.choice())

    def touch_image(self) -> None:
        """Tell everybody that slice or pixel size have changed."""
        self._read_contour = None
        self._make_stale()
        self.image_changed.emit()
        self.contour_changed.emit()

    # Clinical values.

    def set_clinical(self, name: str, text: str) -> None:
        """A value as the person typed it; an empty text takes it away."""
        text = text.strip()
        if self.clinical.get(name, "") == text:
            return
        if text:
            self.clinical[name] = text
        else:
            del self.clinical[name]
        self._make_stale()
        self.clinical_changed.emit()

    # The contour.

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
            self._make_stale()
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
        self._make_stale()
        self.contour_changed.emit()

    def drop_contour(self) -> None:
        """Take this reading's contour out of the scene."""
        node = self.segmentation
        if node is None:
            return
        self._watch_contour(None)
        self._fixed_choice = None
        if self.scene.IsNodePresent(node):
            self.scene.RemoveNode(node)
        self._make_stale()
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

    # Blinding.

    def set_blinded(self, blinded: bool) -> None:
        """A study round is open, or was left; while it is open no answer is shown and none can be asked for."""
        if blinded == self.blinded:
            return
        self.blinded = blinded
        if blinded:
            self.drop_answer()
        self.reading_changed.emit()

    # Model and answer.

    def set_study(self, bundle: Path | None, facts: StudyFacts | None) -> None:
        """The model that is asked, and what it asks of a case; both or neither."""
        self.bundle, self.facts = bundle, facts
        if self.answer is not None and self.answer.bundle != bundle:
            self._make_stale()
        self.study_changed.emit()

    def case_input(self) -> CaseInput:
        """The case as the model wants it.

        Raises
        ------
        ReadingError
            A study round is open.
        CervixRiskError
            No model, no image, no contour where one is needed, a clinical value that cannot be used.
        """
        from ..bundle import CaseInput
        from ..errors import BundleError

        if self.blinded:
            raise ReadingError("A study round is open: no predictions until it is left.")
        if self.facts is None:
            raise BundleError("No model is chosen. Choose one in step 3.")
        image = self.image()
        roi = self.contour() if self.facts.needs_roi or self.segmentation is not None else None
        return CaseInput(self.case_id, image, roi, self.clinical_values())

    def clinical_values(self) -> Mapping[str, float | str]:
        """Those of the typed values that the model asks for, as numbers; what another model asked for does not count.

        Raises
        ------
        ClinicalValueError
            One is not a number or outside its plausible range.
        """
        if self.facts is None or not self.facts.clinical_predictors:
            return {}
        columns, wanted = self.facts.columns, self.facts.clinical_predictors
        return {name: columns.check(name, plain_number(text)) for name, text in self.clinical.items() if name in wanted}

    def show_answer(self, answer: CaseAnswer, display: HeatMapDisplay | None = None) -> None:
        """Put an answer into the scene, in place of an earlier one.

        Raises
        ------
        ReadingError
            A study round is open.
        ImageError
            The answer is about another image.
        """
        if self.blinded:
            raise ReadingError("A study round is open: no predictions until it is left.")
        self.answer_nodes = add_answer(
            self.folder,
            self._open_volume(),
            answer.prediction,
            display=display or HeatMapDisplay(),
            choice=answer.choice,
        )
        store_answer(self.folder, answer)
        self.answer = answer
        self.answer_is_stale = False
        self.answer_changed.emit()

    def take_stored_answer(self, display: HeatMapDisplay | None = None) -> None:
        """Show the answer that a loaded scene holds for this case; stale where the contour is another one by now.

        Raises
        ------
        CervixRiskError
            It is damaged.
        """
        answer = None if self.blinded else read_stored_answer(self.folder)
        if answer is None:
            return
        self.show_answer(answer, display)
        asked_about = answer.prediction.mask_hash
        if asked_about and (self.segmentation is None or self.contour().mask_hash != asked_about):
            self._make_stale()

    def drop_answer(self) -> None:
        """Take the answer out of the scene."""
        had = self.answer is not None
        self.answer = self.answer_nodes = None
        self.answer_is_stale = False
        if self.volume is not None:
            self.folder.remove_answer()
        if had:
            self.answer_changed.emit()

    # The scene.

    def close(self) -> None:
        """Let go of every node, before the scene closes; nothing in it is changed."""
        self._observers.clear()
        self._forget_case()

    def _free_name(self, wanted: str) -> str:
        """``wanted``, numbered where another image of the scene has that name as its case."""
        name, number = wanted, 1
        while any(node is not self.volume for node in CaseFolder(self.scene, name).nodes(CaseRole.IMAGE)):
            number += 1
            name = f"{wanted} ({number})"
        return name

    def _open_volume(self) -> Any:
        if self.volume is None:
            raise ImageError("No image is open. Choose one in step 1.")
        return self.volume

    @staticmethod
    def _image_data_event(volume: Any) -> int:
        return int(volume.ImageDataModifiedEvent)

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
        self._make_stale()
        self.contour_changed.emit()

    def _on_volume(self) -> None:
        self._read_contour = None
        frame = frame_place(self.volume)
        if frame != self._frame:
            self._frame = frame
            self.touch_image()
        else:
            self.image_changed.emit()

    def _make_stale(self) -> None:
        if self.answer is not None and not self.answer_is_stale:
            self.answer_is_stale = True
            self.answer_changed.emit()
