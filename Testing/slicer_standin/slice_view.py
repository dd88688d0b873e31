"""A slice widget: Slicer's slice logic and displayable managers, drawn off-screen into a Qt widget."""

from __future__ import annotations

import os
from typing import Any

from PySide6 import QtGui, QtWidgets

from CervixRiskLib.errors import MissingComponentError
from CervixRiskLib.scene.offscreen import WINDOW_VARIABLE, offscreen_window_class

from .mrml_world import MrmlWorld

_DISPLAYABLE_MANAGERS = (
    "vtkMRMLModelSliceDisplayableManager",
    "vtkMRMLMarkupsDisplayableManager",
    "vtkMRMLSegmentationsDisplayableManager2D",
    "vtkMRMLRulerDisplayableManager",
    "vtkMRMLColorLegendDisplayableManager",
)


class qMRMLSliceView(QtWidgets.QWidget):  # noqa: N801
    """The picture of one slice. The render window is made when a picture is first asked for."""

    def __init__(self, world: MrmlWorld, node: Any, logic: Any, parent: QtWidgets.QWidget | None = None) -> None:
        import vtk

        super().__init__(parent)
        self._world, self._node, self._logic = world, node, logic
        self._corner = vtk.vtkCornerAnnotation()
        self._corner.SetMaximumFontSize(16)
        self._window: Any = None
        self._renderer: Any = None
        self._managers: Any = None
        self._image_mapper: Any = None
        self.setMinimumSize(200, 150)

    def cornerAnnotation(self) -> Any:  # noqa: N802
        return self._corner

    def mrmlSliceNode(self) -> Any:  # noqa: N802
        return self._node

    def scheduleRender(self) -> None:  # noqa: N802
        self.update()

    def forceRender(self) -> None:  # noqa: N802
        self.update()

    def renderWindow(self) -> Any:  # noqa: N802
        self._prepare()
        return self._window

    def renderer(self) -> Any:
        self._prepare()
        return self._renderer

    def resizeEvent(self, event: QtGui.QResizeEvent) -> None:  # noqa: N802
        super().resizeEvent(event)
        width, height = event.size().width(), event.size().height()
        old = self._node.GetDimensions()
        field = self._node.GetFieldOfView()
        # The scale of the picture stays, as when a view of Slicer is resized.
        self._node.SetFieldOfView(field[0] * width / max(old[0], 1), field[1] * height / max(old[1], 1), field[2])
        self._node.SetDimensions(width, height, 1)

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtGui.QPainter(self)
        try:
            painter.drawImage(0, 0, self.picture())
        except MissingComponentError as error:
            # Panels can be tested without off-screen OpenGL; the picture then says what is missing.
            painter.drawText(10, 30, str(error))

    def picture(self) -> QtGui.QImage:
        """The view as it is now."""
        import vtk
        from vtk.util import numpy_support

        self._prepare()
        width, height = self.property("width"), self.property("height")
        self._window.SetSize(width, height)
        self._image_mapper.SetInputConnection(self._logic.GetImageDataConnection())
        self._window.Render()
        grab = vtk.vtkWindowToImageFilter()
        grab.SetInput(self._window)
        grab.SetInputBufferTypeToRGB()
        grab.ReadFrontBufferOff()
        grab.Update()
        scalars = numpy_support.vtk_to_numpy(grab.GetOutput().GetPointData().GetScalars())
        pixels = scalars.reshape(height, width, 3)[::-1].tobytes()
        return QtGui.QImage(pixels, width, height, 3 * width, QtGui.QImage.Format.Format_RGB888).copy()

    def _prepare(self) -> None:
        if self._window is not None:
            return
        import slicer
        import vtk

        window_class = offscreen_window_class()
        if window_class is not None:
            os.environ.setdefault(WINDOW_VARIABLE, window_class)
        self._window = vtk.vtkRenderWindow()
        self._window.SetOffScreenRendering(1)
        self._window.SetMultiSamples(0)
        self._window.SetDPI(72)
        self._renderer = vtk.vtkRenderer()
        self._renderer.GetActiveCamera().ParallelProjectionOn()
        self._window.AddRenderer(self._renderer)
        self._interactor = vtk.vtkGenericRenderWindowInteractor()
        self._interactor.SetRenderWindow(self._window)
        factory = slicer.vtkMRMLSliceViewDisplayableManagerFactory.GetInstance()
        factory.SetMRMLApplicationLogic(self._world.application)
        self._managers = slicer.vtkMRMLDisplayableManagerGroup()
        self._managers.SetRenderer(self._renderer)
        for name in _DISPLAYABLE_MANAGERS:
            manager = getattr(slicer, name)()
            manager.SetMRMLApplicationLogic(self._world.application)
            self._managers.AddDisplayableManager(manager)
        self._managers.SetMRMLDisplayableNode(self._node)
        self._image_mapper = vtk.vtkImageMapper()
        self._image_mapper.SetColorWindow(255)
        self._image_mapper.SetColorLevel(127.5)
        actor = vtk.vtkActor2D()
        actor.SetMapper(self._image_mapper)
        actor.GetProperty().SetDisplayLocationToBackground()
        self._renderer.AddViewProp(actor)
        self._renderer.AddViewProp(self._corner)

    def release(self) -> None:
        """Let go of the render window."""
        if self._window is not None:
            self._managers.SetMRMLDisplayableNode(None)
            self._window.Finalize()
        self._window = self._renderer = self._managers = self._image_mapper = None


class qMRMLSliceWidget(QtWidgets.QWidget):  # noqa: N801
    """A slice view with its logic, named "Red", "Yellow" or "Green"."""

    def __init__(self, world: MrmlWorld, name: str, parent: QtWidgets.QWidget | None = None) -> None:
        import slicer

        super().__init__(parent)
        self._logic = slicer.vtkMRMLSliceLogic()
        self._logic.SetMRMLApplicationLogic(world.application)
        self._logic.SetMRMLScene(world.scene)
        node = self._logic.AddSliceNode(name)
        node.SetOrientationToAxial()
        world.application.GetSliceLogics().AddItem(self._logic)
        self._view = qMRMLSliceView(world, node, self._logic, self)
        layout = QtWidgets.QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self._view)

    def sliceView(self) -> qMRMLSliceView:  # noqa: N802
        return self._view

    def sliceLogic(self) -> Any:  # noqa: N802
        return self._logic

    def mrmlSliceNode(self) -> Any:  # noqa: N802
        return self._logic.GetSliceNode()

    def mrmlSliceCompositeNode(self) -> Any:  # noqa: N802
        return self._logic.GetSliceCompositeNode()

    def fitSliceToBackground(self) -> None:  # noqa: N802
        self._logic.FitSliceToBackground()
        self._logic.SnapSliceOffsetToIJK()
