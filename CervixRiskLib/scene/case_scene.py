"""One case in a scene: slice, contour, heat map, legend, words, table and charts, in one folder."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ..bundle.contracts import Prediction
from ..bundle.prediction_text import AnswerText
from ..errors import ImageError, RoiError
from ..imaging import Roi, SliceImage
from .case_answer import AnswerNodes, add_answer
from .case_folder import CaseFolder, CaseRole
from .heat_map import HeatMapDisplay, apply_threshold
from .node_removal import remove_with_display
from .segmentation import add_segmentation
from .slice_volume import add_slice_volume


@dataclass(frozen=True, eq=False)
class CaseNodes:
    """The MRML nodes of one case; ``None`` where the case has no such part. ``folder`` is a subject-hierarchy item."""

    volume: Any
    segmentation: Any | None
    heat_map: Any | None
    legend: Any | None
    text: Any
    folder: int
    answer: AnswerText
    results: AnswerNodes

    def nodes(self) -> tuple[Any, ...]:
        return tuple(node for node in (self.volume, self.segmentation, *self.results.nodes()) if node is not None)


class CaseScene:
    """Puts cases into a scene and shows them in a slice view.

    Parameters
    ----------
    scene
        ``slicer.mrmlScene`` inside Slicer, or a :class:`~CervixRiskLib.scene.runtime.SceneRuntime`'s scene. Without
        one, a runtime of its own is made and kept in ``runtime``.
    """

    def __init__(self, scene: Any | None = None) -> None:
        self.runtime: Any | None = None
        if scene is None:
            from .runtime import SceneRuntime

            self.runtime = SceneRuntime()
            scene = self.runtime.scene
        self.scene = scene

    def add(
        self,
        image: SliceImage,
        roi: Roi | None = None,
        prediction: Prediction | None = None,
        *,
        name: str = "Case",
        reader: str = "",
        reading_round: str = "",
        heat_map: HeatMapDisplay = HeatMapDisplay(),  # noqa: B008 - frozen
    ) -> CaseNodes:
        """Add one case; nothing that is in the scene already is changed.

        Raises
        ------
        RoiError, ImageError
            The contour or the heat map has another size than the image.
        """
        if roi is not None and roi.mask.shape != image.shape:
            raise RoiError(
                f"The contour is drawn on {roi.mask.shape[0]} × {roi.mask.shape[1]} pixels, "
                f"the image has {image.shape[0]} × {image.shape[1]}. Draw it on this image."
            )
        heat = None if prediction is None else prediction.heatmap
        if heat is not None and heat.shape != image.shape:
            raise ImageError("The heat map has another size than the image. Ask for the prediction again.")

        folder = CaseFolder(self.scene, name)
        volume = folder.add(add_slice_volume(self.scene, image, name), CaseRole.IMAGE)
        segmentation = None
        if roi is not None:
            segmentation = folder.add(
                add_segmentation(
                    self.scene, volume, roi, f"{name} contour", reader=reader, reading_round=reading_round
                ),
                CaseRole.CONTOUR,
            )
        results = add_answer(folder, volume, prediction, display=heat_map, replace=False)
        return CaseNodes(
            volume,
            segmentation,
            results.heat_map,
            results.legend,
            results.text,
            folder.item,
            results.answer,
            results,
        )

    def show(self, nodes: CaseNodes, composite: Any, heat_map: HeatMapDisplay = HeatMapDisplay()) -> None:  # noqa: B008
        """Lay slice and heat map into a slice view, given its ``vtkMRMLSliceCompositeNode``."""
        composite.SetBackgroundVolumeID(nodes.volume.GetID())
        composite.SetForegroundVolumeID(None if nodes.heat_map is None else nodes.heat_map.GetID())
        composite.SetForegroundOpacity(heat_map.opacity)
        if nodes.heat_map is not None:
            apply_threshold(nodes.heat_map, heat_map.threshold)
        if nodes.legend is not None:
            # The legend is drawn only if it changes after its volume has become a layer.
            nodes.legend.Modified()

    def remove(self, nodes: CaseNodes) -> None:
        """Take one case out of the scene, its folder too unless a person has put something else there."""
        for node in nodes.nodes():
            remove_with_display(self.scene, node)
        import slicer

        hierarchy = slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(self.scene)
        if hierarchy is not None and nodes.folder and not hierarchy.GetNumberOfItemChildren(nodes.folder):
            hierarchy.RemoveItem(nodes.folder)
