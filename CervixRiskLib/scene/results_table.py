"""An answer as a table node: what the panel's "Copy values" gives, and what stays in a saved scene.

Every cell is text: Slicer's table files keep no empty number.
"""

from __future__ import annotations

from typing import Any

from .. import RESEARCH_USE_NOTICE, SIMULATED_MARK
from ..bundle.contracts import Prediction
from ..bundle.prediction_text import percent, range_text

COLUMNS = ("part", "name", "value", "unit", "points", "effect")


def results_rows(prediction: Prediction) -> tuple[tuple[str, str, str, str, str, str], ...]:
    """The answer's rows, one cell for each of :data:`COLUMNS`: answer, points, contributions, warnings, origin.

    ``points`` are the nomogram's, ``effect`` the change of the score's log-odds against the training mean.
    """
    threshold = "" if prediction.threshold is None else percent(prediction.threshold)
    outcome = f"probability of {prediction.positive_class}"
    rows = [
        ("answer", outcome, f"{prediction.probability:.4f}", percent(prediction.probability), "", ""),
        ("answer", "95 % interval, lower", f"{prediction.interval[0]:.4f}", range_text(*prediction.interval), "", ""),
        ("answer", "95 % interval, upper", f"{prediction.interval[1]:.4f}", "", "", ""),
        ("answer", "class", prediction.label, "", "", ""),
        *([("answer", "threshold", f"{prediction.threshold:.4f}", threshold, "", "")] if threshold else []),
        ("answer", "score before calibration", f"{prediction.score:.4f}", "", "", ""),
    ]
    rows += [("group", item.name, f"{item.probability:.4f}", "", "", "") for item in prediction.class_probabilities]
    rows += [
        ("points", item.label, f"{item.value:.6g}", item.unit, f"{item.points:.1f}", "") for item in prediction.points
    ]
    if prediction.total_points is not None:
        rows.append(("points", "total", "", "", f"{prediction.total_points:.1f}", ""))
    rows += [
        ("contribution", item.name, f"{item.value:.6g}", item.kind, "", f"{item.effect:+.4f}")
        for item in prediction.contributions
    ]
    rows += [("warning", item.code.value, item.text, "", "", "") for item in prediction.warnings]
    origin = (("bundle", prediction.bundle_hash), ("contour", prediction.mask_hash), ("basis", prediction.basis))
    rows += [("origin", name, value, "", "", "") for name, value in origin if value]
    if prediction.simulated:
        rows.append(("notice", "bundle", SIMULATED_MARK, "", "", ""))
    rows.append(("notice", "use", RESEARCH_USE_NOTICE, "", "", ""))
    return tuple((row[0], *(one_line(cell) for cell in row[1:])) for row in rows)  # type: ignore[misc]


def results_text(prediction: Prediction) -> str:
    """The rows as tab-separated text with a header, for the clipboard."""
    return "\n".join("\t".join(row) for row in (COLUMNS, *results_rows(prediction))) + "\n"


def add_results_table(scene: Any, prediction: Prediction, name: str) -> Any:
    """Put :func:`results_rows` into ``scene`` as a ``vtkMRMLTableNode`` with :data:`COLUMNS`."""
    import vtk

    node = scene.AddNewNodeByClass("vtkMRMLTableNode", name)
    rows = results_rows(prediction)
    for index, title in enumerate(COLUMNS):
        column = vtk.vtkStringArray()
        column.SetName(title)
        for row in rows:
            column.InsertNextValue(row[index])
        node.AddColumn(column)
    node.SetLocked(True)
    return node


def read_results_table(node: Any) -> tuple[tuple[str, ...], ...]:
    """The rows of a table node that :func:`add_results_table` made, also after saving and loading."""
    columns = [node.GetTable().GetColumnByName(title) for title in COLUMNS]
    return tuple(
        tuple(str(column.GetValue(row)) for column in columns) for row in range(node.GetTable().GetNumberOfRows())
    )


def one_line(cell: str) -> str:
    """``cell`` as Slicer's table files keep it: tabs and line breaks would part it, straight quotes cut it off."""
    return " ".join(cell.split()).replace('"', "”")
