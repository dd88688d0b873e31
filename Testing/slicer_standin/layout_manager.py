"""The views' place in the window: the red slice view, and below it the plot and table views where the layout has them.

The layout node decides, as in Slicer; of its slice and 3-D views only the red one is drawn.
"""

from __future__ import annotations

from typing import Any

from PySide6 import QtCore, QtWidgets

from .mrml_world import MrmlWorld
from .plot_table_views import qMRMLPlotWidget, qMRMLTableWidget
from .slice_view import qMRMLSliceWidget


class qMRMLLayoutManager(QtCore.QObject):  # noqa: N801
    """Layout, slice widget, plot and table widgets. The latter are made with the first layout that has one."""

    layoutChanged = QtCore.Signal(int)  # noqa: N815

    def __init__(self, world: MrmlWorld, viewport: QtWidgets.QWidget) -> None:
        import slicer

        super().__init__()
        self._world = world
        self._viewport = viewport
        self._slices = {"Red": qMRMLSliceWidget(world, "Red", viewport)}
        viewport.layout().addWidget(self._slices["Red"], 3)
        self._lower = QtWidgets.QWidget(viewport)
        row = QtWidgets.QHBoxLayout(self._lower)
        row.setContentsMargins(0, 0, 0, 0)
        viewport.layout().addWidget(self._lower, 2)
        self._lower.hide()
        self._plot: qMRMLPlotWidget | None = None
        self._table: qMRMLTableWidget | None = None
        node = slicer.vtkMRMLLayoutNode
        self._with_plot = {
            node.SlicerLayoutConventionalPlotView,
            node.SlicerLayoutFourUpPlotView,
            node.SlicerLayoutFourUpPlotTableView,
            node.SlicerLayoutOneUpPlotView,
            node.SlicerLayoutThreeOverThreePlotView,
        }
        self._with_table = {
            node.SlicerLayoutFourUpTableView,
            node.SlicerLayout3DTableView,
            node.SlicerLayoutFourUpPlotTableView,
        }
        self._without_red = {node.SlicerLayoutOneUpPlotView, node.SlicerLayout3DTableView}
        # Otherwise the node warns of layouts that it does not know; what they look like is decided here.
        for layout in self._with_plot | self._with_table | {node.SlicerLayoutOneUpRedSliceView}:
            world.layout.AddLayoutDescription(layout, "<layout/>")
        self._shown = self._get_layout()
        self._tag = world.layout.AddObserver("ModifiedEvent", lambda *_: self._follow())

    def _get_layout(self) -> int:
        return int(self._world.layout.GetViewArrangement())

    def setLayout(self, layout: int) -> None:  # noqa: N802
        self._world.layout.SetViewArrangement(layout)

    layout = QtCore.Property(int, _get_layout, setLayout)

    def _follow(self) -> None:
        layout = self._get_layout()
        if layout == self._shown:
            return
        self._shown = layout
        has_plot, has_table = layout in self._with_plot, layout in self._with_table
        if has_plot and self._plot is None:
            self._plot = qMRMLPlotWidget(self._world, self._lower)
            self._lower.layout().insertWidget(0, self._plot, 1)
        if has_table and self._table is None:
            self._table = qMRMLTableWidget(self._world, self._lower)
            self._lower.layout().addWidget(self._table, 1)
        for widget, shown in ((self._plot, has_plot), (self._table, has_table)):
            if widget is not None:
                widget.setVisible(shown)
        self._lower.setVisible(has_plot or has_table)
        self._slices["Red"].setVisible(layout not in self._without_red)
        self.layoutChanged.emit(layout)

    def show_scene(self) -> None:
        """Draw plot and table as their nodes are now."""
        for widget in (self._plot, self._table):
            if widget is not None:
                widget.show_scene()

    def viewport(self) -> QtWidgets.QWidget:
        return self._viewport

    def sliceViewNames(self) -> list[str]:  # noqa: N802
        return list(self._slices)

    def sliceWidget(self, name: str) -> qMRMLSliceWidget | None:  # noqa: N802
        return self._slices.get(name)

    def plotWidget(self, index: int) -> qMRMLPlotWidget | None:  # noqa: N802
        return self._plot if index == 0 else None

    def tableWidget(self, index: int) -> qMRMLTableWidget | None:  # noqa: N802
        return self._table if index == 0 else None

    def mrmlSliceLogics(self) -> Any:  # noqa: N802
        return self._world.application.GetSliceLogics()

    def resetSliceViews(self) -> None:  # noqa: N802
        for widget in self._slices.values():
            widget.fitSliceToBackground()

    def release(self) -> None:
        self._world.layout.RemoveObserver(self._tag)
        for widget in self._slices.values():
            widget.sliceView().release()
