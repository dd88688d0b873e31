"""Keeps the scene blind while a study round is open.

Whatever may show somebody else's contour or an answer, and came into the scene by another way than the work-list (a
dropped file, a scene that was opened, another module), is taken out again at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..scene.case_folder import CASE
from .observers import Observers
from .scene_sweep import data_nodes, take_out
from .signal import Signal

_MAY_SHOW_A_CONTOUR = (
    "vtkMRMLSegmentationNode",
    # A mask may be loaded as an image.
    "vtkMRMLVolumeNode",
    "vtkMRMLModelNode",
    # A closed one is one of these too.
    "vtkMRMLMarkupsCurveNode",
)
SENTENCE = "Something that is not part of your reading was taken out of the scene: the study shows its case alone."


class BlindGuard:
    """Watches a scene from :meth:`start` to :meth:`stop`.

    Parameters
    ----------
    defer
        Calls a function as soon as the present event is over (``qt.QTimer.singleShot(0, …)``): a node must not be
        removed while its reader is still at work on it.

    Attributes
    ----------
    intruded
        Signal with a sentence, after something was taken out.
    """

    def __init__(self, scene: Any, defer: Callable[[Callable[[], None]], object]) -> None:
        self._scene = scene
        self._defer = defer
        self._own: tuple[Any, ...] = ()
        self._before: list[Any] | None = None
        self._observers = Observers()
        self._is_due = False
        self.is_on = False
        self.intruded = Signal()

    def start(self, *own: Any) -> None:
        """Watch, and look at once at what is there. ``own`` are the case's image and the reader's contour."""
        self._own = own
        if not self.is_on:
            self.is_on = True
            self._observers.add(self._scene, self._scene.StartImportEvent, self._on_import)
            for event in (self._scene.NodeAddedEvent, self._scene.EndImportEvent, self._scene.EndRestoreEvent):
                self._observers.add(self._scene, event, self._on_scene)
        self.look()

    def stop(self) -> None:
        """Watch no more."""
        self._observers.clear()
        self._own, self._before = (), None
        self.is_on = False

    def look(self) -> None:
        """Take out what must not be seen."""
        self._is_due = False
        if not self.is_on or self._scene.IsImporting():
            # The end of the import asks again.
            return
        every = [self._scene.GetNthNode(index) for index in range(self._scene.GetNumberOfNodes())]
        foreign = [node for node in every if self._is_foreign(node)]
        if self._before is not None:
            # Points and boxes of a loaded scene are not the reader's own, whatever they may be of another day.
            own = [*self._before, *self._own, *foreign]
            foreign += [node for node in data_nodes(self._scene) if not any(node is known for known in own)]
            self._before = None
        if foreign:
            take_out(self._scene, foreign)
            self.intruded.emit(SENTENCE)

    def _on_import(self) -> None:
        if self._before is None:
            self._before = data_nodes(self._scene)

    def _on_scene(self) -> None:
        if not self._is_due:
            self._is_due = True
            self._defer(self.look)

    def _is_foreign(self, node: Any) -> bool:
        if any(node is own for own in self._own):
            return False
        case = node.GetAttribute(CASE)
        if case is not None:
            # Of another case, or an answer to this one; its own ruler is the only thing left.
            own_case = any(own.GetAttribute(CASE) == case for own in self._own)
            return not own_case or not node.IsA("vtkMRMLMarkupsLineNode")
        # Slicer draws its slices in 3-D with models of its own, which it never saves.
        slicers_own = node.IsA("vtkMRMLModelNode") and not node.GetSaveWithScene()
        return not slicers_own and any(node.IsA(kind) for kind in _MAY_SHOW_A_CONTOUR)
