"""An answer's nodes: heat map with legend and frame, words, table, charts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..bundle.contracts import Prediction
from ..bundle.prediction_text import AnswerText, answer_text
from ..errors import ImageError
from .case_folder import CaseFolder, CaseRole
from .heat_map import HeatMapDisplay, add_heat_map, add_legend
from .map_frame_model import add_map_frame
from .result_plots import ChartNodes, add_contribution_chart, add_points_chart
from .results_table import add_results_table
from .slice_grid import SliceChoice, checked_choice, slice_shape


@dataclass(frozen=True, eq=False)
class AnswerNodes:
    """The MRML nodes of one answer; ``None`` where it has no such part."""

    heat_map: Any | None
    legend: Any | None
    text: Any
    table: Any | None
    contributions: ChartNodes | None
    points: ChartNodes | None
    answer: AnswerText
    frame: Any | None = None

    def nodes(self) -> tuple[Any, ...]:
        charts = [chart for chart in (self.contributions, self.points) if chart is not None]
        parts = [self.heat_map, self.legend, self.frame, self.text, self.table]
        for chart in charts:
            parts += [chart.chart, *chart.series, chart.table]
        return tuple(node for node in parts if node is not None)


def add_answer(
    folder: CaseFolder,
    volume: Any,
    prediction: Prediction | None,
    *,
    display: HeatMapDisplay = HeatMapDisplay(),  # noqa: B008 - frozen
    choice: SliceChoice | None = None,
    replace: bool = True,
) -> AnswerNodes:
    """Put an answer about the slice ``choice`` of ``volume`` into the case's folder.

    Parameters
    ----------
    prediction
        Without one there is only the research-use line as text.
    replace
        Take an earlier answer of the case out first. Contours and the image are never touched.

    Raises
    ------
    ImageError
        The heat map has another size than the slice; the earlier answer stays.
    """
    scene, name = folder.scene, folder.case_id
    choice = checked_choice(volume, choice)
    heat = None if prediction is None else prediction.heatmap
    if heat is not None and heat.shape != slice_shape(volume, choice):
        raise ImageError("The heat map has another size than the image. Ask for the prediction again.")
    if replace:
        folder.remove_answer()
    heat_volume = legend = frame = table = contributions = points = None
    answer = answer_text(prediction)
    if heat is not None and np.isfinite(heat).any():
        heat_volume = folder.add(
            add_heat_map(scene, heat, volume, f"{name} heat map", display, choice), CaseRole.HEAT_MAP
        )
        legend = folder.add(add_legend(scene, heat_volume), CaseRole.LEGEND)
        frame = add_map_frame(scene, heat, volume, f"{name} heat map's frame", choice)
        if frame is not None:
            folder.add(frame, CaseRole.MAP_FRAME)
    text = folder.add(scene.AddNewNodeByClass("vtkMRMLTextNode", f"{name} answer"), CaseRole.ANSWER)
    text.SetText("\n".join(answer.lines()))
    if prediction is not None:
        table = folder.add(add_results_table(scene, prediction, f"{name} results"), CaseRole.TABLE)
        contributions = _charted(folder, add_contribution_chart(scene, prediction, f"{name} contributions"))
        points = _charted(folder, add_points_chart(scene, prediction, f"{name} nomogram points"))
    return AnswerNodes(heat_volume, legend, text, table, contributions, points, answer, frame)


def _charted(folder: CaseFolder, nodes: ChartNodes | None) -> ChartNodes | None:
    if nodes is not None:
        folder.add(nodes.table, CaseRole.PLOT_TABLE)
        for series in nodes.series:
            folder.add(series, CaseRole.PLOT_SERIES)
        folder.add(nodes.chart, CaseRole.PLOT_CHART)
    return nodes
