"""Contributions and nomogram points as charts: a table node, a plot series and a plot chart each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..bundle.contracts import Prediction
from .results_table import one_line

_BLUE, _ORANGE = (0.18, 0.43, 0.70), (0.85, 0.45, 0.25)
LARGEST_NUMBER_OF_BARS = 12
_LONGEST_LABEL = 28


@dataclass(frozen=True, eq=False)
class ChartNodes:
    """``vtkMRMLPlotChartNode``, its ``vtkMRMLPlotSeriesNode``s, and the ``vtkMRMLTableNode`` behind them."""

    chart: Any
    series: tuple[Any, ...]
    table: Any


def add_contribution_chart(scene: Any, prediction: Prediction, name: str) -> ChartNodes | None:
    """Bars of how far each feature moves the score's log-odds, the largest first; ``None`` where none are known.

    What raises the risk and what lowers it are two series in two colours. Features beyond
    :data:`LARGEST_NUMBER_OF_BARS` are left to the table.
    """
    shown = prediction.contributions[:LARGEST_NUMBER_OF_BARS]
    if not shown:
        return None
    labels = [_short(item.name) for item in shown]
    raises = [max(item.effect, 0.0) for item in shown]
    lowers = [min(item.effect, 0.0) for item in shown]
    table = _table(scene, f"{name} data", labels, {"raises the risk": raises, "lowers the risk": lowers})
    chart = _chart(scene, name, "What moves the score", "", "Change of the log-odds")
    series = (
        _bars(scene, chart, table, "raises the risk", _ORANGE),
        _bars(scene, chart, table, "lowers the risk", _BLUE),
    )
    return ChartNodes(chart, series, table)


def add_points_chart(scene: Any, prediction: Prediction, name: str) -> ChartNodes | None:
    """Bars of the nomogram's points per predictor, the total in the title; ``None`` where there is no nomogram."""
    if not prediction.points:
        return None
    labels = [_short(f"{item.label} {item.value:.3g} {item.unit}".strip()) for item in prediction.points]
    table = _table(scene, f"{name} data", labels, {"points": [item.points for item in prediction.points]})
    total = "" if prediction.total_points is None else f", {prediction.total_points:.0f} in total"
    chart = _chart(scene, name, f"Nomogram points{total}", "", "Points")
    chart.SetLegendVisibility(False)
    return ChartNodes(chart, (_bars(scene, chart, table, "points", _BLUE),), table)


def _table(scene: Any, name: str, labels: Sequence[str], columns: dict[str, list[float]]) -> Any:
    import vtk

    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
    names = vtk.vtkStringArray()
    names.SetName("label")
    for label in labels:
        names.InsertNextValue(label)
    node.AddColumn(names)
    for title, values in columns.items():
        numbers = vtk.vtkDoubleArray()
        numbers.SetName(title)
        for value in values:
            numbers.InsertNextValue(value)
        node.AddColumn(numbers)
    return node


def _chart(scene: Any, name: str, title: str, x_title: str, y_title: str) -> Any:
    chart = scene.AddNewNodeByClass("vtkMRMLPlotChartNode", name)
    chart.SetTitle(title)
    chart.SetXAxisTitle(x_title)
    chart.SetYAxisTitle(y_title)
    chart.SetLegendVisibility(True)
    return chart


def _bars(scene: Any, chart: Any, table: Any, column: str, colour: tuple[float, float, float]) -> Any:
    series = scene.AddNewNodeByClass("vtkMRMLPlotSeriesNode", column)
    series.SetAndObserveTableNodeID(table.GetID())
    series.SetPlotType(series.PlotTypeBar)
    # Bars stand in the table's order and take their names from the label column.
    series.SetLabelColumnName("label")
    series.SetYColumnName(column)
    series.SetColor(*colour)
    chart.AddAndObservePlotSeriesNodeID(series.GetID())
    return series


def _short(label: str) -> str:
    label = one_line(label)
    return label if len(label) <= _LONGEST_LABEL else f"{label[: _LONGEST_LABEL - 1]}…"
