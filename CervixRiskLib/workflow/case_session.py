"""The case in work: image, contour, clinical values, model, answer. What the steps of the panel bind to.

It lives on MRML nodes and knows no widget. Nothing is guessed: what is missing is an error with a sentence when it is
asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import CervixRiskError, ReadingError
from ..scene import HeatMapDisplay, add_answer
from .clinical_form import plain_number
from .section_images import ONE_IMAGE, SectionImages
from .signal import Signal
from .stored_answer import is_marked_stale, mark_stale, read_stored_answer, store_answer

if TYPE_CHECKING:
    from ..bundle import CaseInput
    from ..scene import AnswerNodes
    from ..worker import StudyFacts
    from .case_answer import CaseAnswer


class CaseSession(SectionImages):
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
        Signals without arguments: another volume, slice, pixel size, case name or further image; another segmentation
        or its pixels; a clinical value; another model; an answer came, went or became stale; another reader or round,
        or a study round was opened or left.
    channels, channels_changed
        Names of the images that the chosen model looks at, known before it is loaded; and their signal.
    """

    def __init__(self, scene: Any, *, slice_node: Callable[[], Any | None] = lambda: None) -> None:
        self.clinical_changed = Signal()
        self.study_changed = Signal()
        self.answer_changed = Signal()
        self.bundle: Path | None = None
        self.facts: StudyFacts | None = None
        self.answer: CaseAnswer | None = None
        super().__init__(scene, slice_node=slice_node)

    def _forget_case(self) -> None:
        super()._forget_case()
        self.clinical: dict[str, str] = {}
        # Told by _announce_case.
        self._had_answer = self.answer is not None
        self.answer = None
        self.answer_nodes: AnswerNodes | None = None
        self.answer_is_stale = False

    def _announce_case(self) -> None:
        super()._announce_case()
        self.clinical_changed.emit()
        if self._had_answer:
            self.answer_changed.emit()

    def _image_has_changed(self) -> None:
        self._make_stale()

    def _further_has_changed(self, channels: set[str]) -> None:
        if self.answer is not None and channels & set(self.answer.study.channels):
            self._make_stale()

    def _contour_has_changed(self) -> None:
        if self.answer is not None and not self._is_contour_of(self.answer):
            self._make_stale()

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
        if facts is not None:
            self.set_channels(facts.channels or ONE_IMAGE)
        if not self.is_of_the_model():
            self._make_stale()
        self.study_changed.emit()

    def is_of_the_model(self) -> bool:
        """Whether the answer, if there is one, is that of the chosen model.

        By what the model says of itself once it is loaded: the answer of a loaded scene knows its file by name alone,
        and a file may be replaced. Before that by its file.
        """
        answer = self.answer
        if answer is None or self.facts is None:
            return answer is None or answer.bundle == self.bundle
        # The same model on another processor gives the same answer.
        return replace(answer.study, processor="") == replace(self.facts, processor="")

    def case_input(self) -> CaseInput:
        """The case as the model wants it.

        Raises
        ------
        ReadingError
            A study round is open.
        CervixRiskError
            No model, no image, a further image that is missing or does not belong to the section, no contour where one
            is needed, a clinical value that cannot be used.
        """
        from ..bundle import CaseInput
        from ..errors import BundleError

        if self.blinded:
            raise ReadingError("A study round is open: no predictions until it is left.")
        if self.facts is None:
            raise BundleError("No model is chosen. Choose one in step 3.")
        image = self.image()
        roi = self.contour() if self.facts.needs_roi or self.segmentation is not None else None
        return CaseInput(self.case_id, image, roi, self.clinical_values(), self.further_images())

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
        """Show the answer that a loaded scene holds for this case; stale where it was, or the case is another by now.

        Raises
        ------
        CervixRiskError
            It is damaged.
        """
        answer = None if self.blinded else read_stored_answer(self.folder)
        if answer is None:
            return
        was_stale = is_marked_stale(self.folder)
        self.show_answer(answer, display)
        another = bool(answer.prediction.mask_hash) and not self._is_contour_of(answer)
        lacking = any(self.further_volume(channel) is None for channel in answer.study.channels[1:])
        if was_stale or another or lacking:
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

    def _is_contour_of(self, answer: CaseAnswer) -> bool:
        """Whether the contour is, pixel by pixel, the one that was asked about: a new colour changes nothing."""
        try:
            return self.segmentation is not None and self.contour().mask_hash == answer.prediction.mask_hash
        except CervixRiskError:
            # Empty by now, or on another slice.
            return False

    def _make_stale(self) -> None:
        if self.answer is not None and not self.answer_is_stale:
            self.answer_is_stale = True
            mark_stale(self.folder)
            self.answer_changed.emit()
