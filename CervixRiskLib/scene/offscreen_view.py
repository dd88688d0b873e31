"""A slice view without a window: the displayable managers of Slicer's slice views over an off-screen render window.

Import it only in a process of its own (:mod:`CervixRiskLib.scene.offscreen_worker`): where the graphics driver fails,
VTK ends the process.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..imaging import SliceImage
from ..imaging.map_frame import FrameSide
from .case_scene import CaseNodes, CaseScene
from .frame_lines import draw_map_frame
from .heat_map import HeatMapDisplay
from .named_contour import NamedContour
from .picture_layout import PictureLayout, Rectangle
from .segmentation import LINE_WIDTH_PIXELS
from .slice_grid import choose_slice, slice_matrix, vtk_matrix
from .view_text import draw_legend_numbers, draw_legend_words, draw_panel, draw_ruler, legend_box, legend_note

_DISPLAYABLE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLColorLegendDisplayableManager",
)
_BACKGROUND = (0.0, 0.0, 0.0)


class OffscreenSliceView:
    """One slice view of a scene, as large as ``layout``."""

    def __init__(self, case_scene: CaseScene, layout: PictureLayout) -> None:
        import slicer
        import vtk

        if case_scene.runtime is None:
            raise ValueError("An off-screen view needs a CaseScene with its own runtime.")
        self.case_scene = case_scene
        self.layout = layout
        runtime = case_scene.runtime

        self.window = vtk.vtkRenderWindow()
        self.window.SetOffScreenRendering(1)
        self.window.SetMultiSamples(4)
        self.window.SetDPI(72)
        self.window.SetSize(layout.width, layout.height)
        self.renderer = vtk.vtkRenderer()
        self.renderer.SetBackground(*_BACKGROUND)
        self.renderer.GetActiveCamera().ParallelProjectionOn()
        self.window.AddRenderer(self.renderer)
        interactor = vtk.vtkGenericRenderWindowInteractor()
        interactor.SetRenderWindow(self.window)
        self._interactor = interactor

        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(runtime.application)
        self.managers = slicer.vtkMRMLDisplayableManagerGroup()
        self.managers.SetRenderer(self.renderer)
        for name in _DISPLAYABLE_MANAGERS:
            manager = getattr(slicer, name)()
            manager.SetMRMLApplicationLogic(runtime.application)
            self.managers.AddDisplayableManager(manager)

        self.logic = slicer.vtkMRMLSliceLogic()
        self.logic.SetMRMLApplicationLogic(runtime.application)
        self.logic.SetMRMLScene(runtime.scene)
        self.slice_node = self.logic.AddSliceNode("Red")
        runtime.application.GetSliceLogics().AddItem(self.logic)
        self.managers.SetMRMLDisplayableNode(self.slice_node)

        self._image_mapper = vtk.vtkImageMapper()
        self._image_mapper.SetColorWindow(255)
        self._image_mapper.SetColorLevel(127.5)
        image_actor = vtk.vtkActor2D()
        image_actor.SetMapper(self._image_mapper)
        image_actor.GetProperty().SetDisplayLocationToBackground()
        self.renderer.AddViewProp(image_actor)

    def show(
        self,
        nodes: CaseNodes,
        image: SliceImage,
        heat_map: HeatMapDisplay,
        note: str,
        contours: Sequence[NamedContour] = (),
        frame: Sequence[FrameSide] = (),
    ) -> None:
        """Show one case: slice, contour and heat map at the layout's place, words, legend and ruler beside them.

        ``frame`` is where the heat map ends (:func:`CervixRiskLib.imaging.map_frame.map_frame`).
        """
        self.case_scene.show(nodes, self.logic.GetSliceCompositeNode(), heat_map)
        self._place(nodes, image)
        self._image_mapper.SetInputConnection(self.logic.GetImageDataConnection())
        # Two pixels at the usual size, as wide to the eye in a larger picture.
        width = max(LINE_WIDTH_PIXELS, round(LINE_WIDTH_PIXELS * self.layout.unit / 16))
        scene = self.case_scene.scene
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationDisplayNode")):
            scene.GetNthNodeByClass(index, "vtkMRMLSegmentationDisplayNode").SetSliceIntersectionThickness(width)
        draw_map_frame(self.renderer, self.layout, image.shape, frame)
        draw_panel(self.renderer, self.layout, nodes.answer, contours)
        draw_ruler(self.renderer, self.layout, image)
        if nodes.legend is not None:
            lines = legend_note(self.layout, note, heat_map.threshold)
            draw_legend_words(self.renderer, self.layout, lines)
            self._place_legend(nodes.legend, legend_box(self.layout, lines), heat_map.threshold)

    def pixels(self) -> np.ndarray:
        """Render and return ``(height, width, 3)`` uint8, the top row first."""
        import vtk
        from vtk.util import numpy_support

        self.window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self.window)
        grab.SetInputBufferTypeToRGB()
        grab.ReadFrontBufferOff()
        grab.Update()
        picture = grab.GetOutput()
        width, height, _ = picture.GetDimensions()
        values = numpy_support.vtk_to_numpy(picture.GetPointData().GetScalars())
        return np.ascontiguousarray(values.reshape(height, width, 3)[::-1])

    def _place(self, nodes: CaseNodes, image: SliceImage) -> None:
        """Aim the slice view so that the slice fills the layout's image rectangle exactly, row 0 on top."""
        layout, node = self.layout, self.slice_node
        rows, columns = image.shape
        matrix = slice_matrix(nodes.volume, choose_slice(nodes.volume))
        right, down = (matrix[:3, axis] / np.linalg.norm(matrix[:3, axis]) for axis in (0, 1))
        view = np.eye(4)
        # As in Slicer's axial preset the three axes of a slice view are left-handed: right, up, towards the viewer.
        view[:3, 0], view[:3, 1], view[:3, 2] = right, -down, np.cross(-down, right)
        view[:, 3] = matrix @ np.array([(columns - 1) / 2, (rows - 1) / 2, 0.0, 1.0])
        node.GetSliceToRAS().DeepCopy(vtk_matrix(view))
        node.SetDimensions(layout.width, layout.height, 1)
        node.SetFieldOfView(layout.width / layout.scale, layout.height / layout.scale, 1.0)
        shift_x = (layout.image.left + layout.image.right - layout.width) / 2
        shift_y = (layout.image.bottom + layout.image.top - layout.height) / 2
        node.SetXYZOrigin(-shift_x / layout.scale, -shift_y / layout.scale, 0.0)
        node.UpdateMatrices()

    def _place_legend(self, legend: Any, box: Rectangle, threshold: float) -> None:
        """Put Slicer's legend into ``box`` and write its numbers.

        Its own numbers grow and shrink with the view and stand some pixels off their colours, so they are left out.
        """
        layout = self.layout
        # MRML gives a size as a share of the view and a position as a share of what the size leaves over.
        legend.SetSize(box.width / layout.width, box.height / layout.height)
        legend.SetPosition(box.left / (layout.width - box.width), box.bottom / (layout.height - box.height))
        self.window.Render()
        manager = self.managers.GetDisplayableManagerByClassName("vtkMRMLColorLegendDisplayableManager")
        actor = manager.GetColorLegendActor(legend)
        actor.SetTitle("")
        actor.SetNumberOfLabels(0)
        actor.SetTextPositionToSucceedScalarBar()
        actor.SetBarRatio(1.0)
        self.window.Render()
        corner_and_size = [0, 0, 0, 0]
        actor.GetScalarBarRect(corner_and_size, self.renderer)
        bar = Rectangle(*corner_and_size)
        draw_legend_numbers(self.renderer, layout, bar, threshold)


def save_png(pixels: np.ndarray, path: Path) -> None:
    """Write ``(height, width, 3)`` uint8 with the research-use notice in the file's own text."""
    from PIL import Image
    from PIL.PngImagePlugin import PngInfo

    from .. import RESEARCH_USE_NOTICE, __version__

    text = PngInfo()
    text.add_text("Software", f"CervixRisk {__version__}")
    text.add_text("Disclaimer", RESEARCH_USE_NOTICE)
    Image.fromarray(pixels).save(path, format="PNG", pnginfo=text)
