"""Plot and table views of the layout, drawn plainly from their MRML nodes; Slicer's own look otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6 import QtCore, QtGui, QtWidgets

from .mrml_world import MrmlWorld

_ROWS_SHOWN = 200
_MARGIN = 12
# Names below bars: room in pixels, the longest in pixels, and how far they are turned, in degrees.
_NAMES_BELOW, _LONGEST_NAME, _SLOPE = 84, 130, 35


@dataclass(frozen=True)
class _Series:
    title: str
    colour: QtGui.QColor
    is_bar: bool
    labels: tuple[str, ...]
    x: tuple[float, ...]
    y: tuple[float, ...]


def _series_of(chart: Any) -> list[_Series]:
    import slicer

    read = []
    for index in range(chart.GetNumberOfPlotSeriesNodes()):
        node = chart.GetNthPlotSeriesNode(index)
        table = node.GetTableNode()
        if table is None:
            continue

        def column(name: str | None, table: Any = table) -> tuple[Any, ...]:
            array = table.GetTable().GetColumnByName(name) if name else None
            return () if array is None else tuple(array.GetValue(row) for row in range(array.GetNumberOfValues()))

        y = column(node.GetYColumnName())
        x = column(node.GetXColumnName()) or tuple(range(len(y)))
        is_bar = node.GetPlotType() == slicer.vtkMRMLPlotSeriesNode.PlotTypeBar
        labels = tuple(str(text) for text in column(node.GetLabelColumnName()))
        colour = QtGui.QColor.fromRgbF(*node.GetColor())
        read.append(_Series(node.GetName(), colour, is_bar, labels, x, y))
    return read


class qMRMLPlotView(QtWidgets.QWidget):  # noqa: N801
    """One chart: bars or lines between two axes, its title above, names below."""

    def __init__(self, node: Any, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._node = node
        self.setMinimumSize(200, 120)

    def mrmlPlotViewNode(self) -> Any:  # noqa: N802
        return self._node

    def paintEvent(self, event: QtGui.QPaintEvent) -> None:  # noqa: N802
        painter = QtGui.QPainter(self)
        area = QtCore.QRect(0, 0, self.property("width"), self.property("height"))
        painter.fillRect(area, QtGui.QColor("white"))
        painter.setPen(QtGui.QColor("black"))
        chart = self._node.GetPlotChartNode()
        if chart is None:
            painter.drawText(area, int(QtCore.Qt.AlignmentFlag.AlignCenter), "No plot is chosen.")
            return
        inner = area.adjusted(_MARGIN, _MARGIN, -_MARGIN, -_MARGIN)
        above, below = (
            int(QtCore.Qt.AlignmentFlag.AlignHCenter),
            int(QtCore.Qt.AlignmentFlag.AlignHCenter | QtCore.Qt.AlignmentFlag.AlignBottom),
        )
        painter.drawText(inner, above, chart.GetTitle() or "")
        painter.drawText(inner, below, chart.GetXAxisTitle() or "")
        series = _series_of(chart)
        if any(one.y for one in series):
            _draw(painter, inner.adjusted(40, 24, -8, -24), series, chart.GetYAxisTitle() or "")


def _draw(painter: QtGui.QPainter, area: QtCore.QRect, series: list[_Series], y_title: str) -> None:
    values = [value for one in series for value in one.y]
    low, high = min(0.0, *values), max(0.0, *values)
    high = high if high > low else low + 1.0
    names = next((one.labels for one in series if one.labels), ())
    count = max(len(one.y) for one in series)
    bars_below = _NAMES_BELOW if names else 0
    area = area.adjusted(0, 0, 0, -bars_below)

    def height(value: float) -> float:
        return area.bottom() - (value - low) / (high - low) * area.height()

    painter.drawText(QtCore.QRectF(area.left() - 38, area.top() - 24, area.width(), 16), y_title)
    for value in sorted({low, 0.0, high}):
        painter.drawText(QtCore.QPointF(area.left() - 38, height(value) + 4), f"{value:.3g}")
    painter.drawLine(area.left(), round(height(0.0)), area.right(), round(height(0.0)))
    painter.drawLine(area.left(), area.top(), area.left(), area.bottom())
    for one in series:
        if one.is_bar:
            step = area.width() / max(count, 1)
            for index, value in enumerate(one.y):
                left, top = area.left() + (index + 0.2) * step, min(height(value), height(0.0))
                bar = QtCore.QRectF(left, top, 0.6 * step, abs(height(value) - height(0.0)))
                painter.fillRect(bar, one.colour)
            continue
        span = (max(one.x) - min(one.x)) or 1.0
        points = [
            QtCore.QPointF(area.left() + (x - min(one.x)) / span * area.width(), height(y))
            for x, y in zip(one.x, one.y, strict=True)
        ]
        painter.setPen(QtGui.QPen(one.colour, 2))
        painter.drawPolyline(points)
        painter.setPen(QtGui.QColor("black"))
    step = area.width() / max(count, 1)
    for index, name in enumerate(names):
        text = painter.fontMetrics().elidedText(name, QtCore.Qt.TextElideMode.ElideRight, _LONGEST_NAME)
        painter.save()
        painter.translate(area.left() + (index + 0.4) * step, area.bottom() + 12)
        painter.rotate(_SLOPE)
        painter.drawText(0, 0, text)
        painter.restore()


class qMRMLTableView(QtWidgets.QTableWidget):  # noqa: N801
    """One table as text."""

    def __init__(self, node: Any, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._node = node
        self.setEditTriggers(QtWidgets.QAbstractItemView.EditTrigger.NoEditTriggers)
        self.horizontalHeader().setStretchLastSection(True)

    def mrmlTableViewNode(self) -> Any:  # noqa: N802
        return self._node

    def mrmlTableNode(self) -> Any:  # noqa: N802
        return self._node.GetTableNode()

    def fill(self) -> None:
        table_node = self.mrmlTableNode()
        self.clear()
        if table_node is None:
            self.setColumnCount(0)
            return
        table = table_node.GetTable()
        columns, rows = table.GetNumberOfColumns(), min(table.GetNumberOfRows(), _ROWS_SHOWN)
        self.setColumnCount(columns)
        self.setRowCount(rows)
        self.setHorizontalHeaderLabels([table.GetColumnName(column) or "" for column in range(columns)])
        for column in range(columns):
            for row in range(rows):
                self.setItem(row, column, QtWidgets.QTableWidgetItem(table.GetValue(row, column).ToString()))
        self.resizeColumnsToContents()


class qMRMLPlotWidget(QtWidgets.QWidget):  # noqa: N801
    """A plot view with its node."""

    def __init__(self, world: MrmlWorld, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = qMRMLPlotView(_view_node(world, "vtkMRMLPlotViewNode", "PlotView1"), self)
        _fill(self, self._view)

    def plotView(self) -> qMRMLPlotView:  # noqa: N802
        return self._view

    def mrmlPlotViewNode(self) -> Any:  # noqa: N802
        return self._view.mrmlPlotViewNode()

    def show_scene(self) -> None:
        self._view.update()


class qMRMLTableWidget(QtWidgets.QWidget):  # noqa: N801
    """A table view with its node."""

    def __init__(self, world: MrmlWorld, parent: QtWidgets.QWidget | None = None) -> None:
        super().__init__(parent)
        self._view = qMRMLTableView(_view_node(world, "vtkMRMLTableViewNode", "TableView1"), self)
        _fill(self, self._view)

    def tableView(self) -> qMRMLTableView:  # noqa: N802
        return self._view

    def mrmlTableViewNode(self) -> Any:  # noqa: N802
        return self._view.mrmlTableViewNode()

    def show_scene(self) -> None:
        self._view.fill()


def _view_node(world: MrmlWorld, class_name: str, name: str) -> Any:
    node = world.scene.CreateNodeByClass(class_name)
    node.SetName(name)
    node.SetSingletonTag(name)
    node.SetLayoutLabel("1")
    return world.scene.AddNode(node)


def _fill(owner: QtWidgets.QWidget, view: QtWidgets.QWidget) -> None:
    layout = QtWidgets.QVBoxLayout(owner)
    layout.setContentsMargins(0, 0, 0, 0)
    layout.addWidget(view)
