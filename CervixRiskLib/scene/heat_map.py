"""A heat map as a foreground volume: own colours, threshold, opacity, legend."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import SettingsError
from .colour_table import heat_colour_node
from .slice_grid import SliceChoice
from .volume_slice import add_slice_map, voxel_array

# Stands for "no value here" (outside the network's field of view): below every threshold, so never drawn.
OUTSIDE_VALUE = -1.0
LEGEND_TITLE = "Heat map"
# Shares of the view: the box, and where in the room that is left its lower left corner lies.
_LEGEND_SIZE = (0.05, 0.4)
_LEGEND_POSITION = (0.97, 0.5)


@dataclass(frozen=True)
class HeatMapDisplay:
    """How the heat map is laid over the slice.

    Parameters
    ----------
    threshold
        Values below (0-1) are transparent.
    opacity
        Of what is drawn, 0-1.
    """

    threshold: float = 0.35
    opacity: float = 0.4

    def __post_init__(self) -> None:
        for name, value in (("threshold", self.threshold), ("opacity", self.opacity)):
            if not 0 <= value <= 1:
                raise SettingsError(f"The heat map's {name} lies between 0 and 1, not {value}.")


def add_heat_map(
    scene: Any,
    heat_map: np.ndarray,
    image_volume: Any,
    name: str,
    display: HeatMapDisplay,
    choice: SliceChoice | None = None,
) -> Any:
    """Put ``heat_map`` ``(rows, columns)``, 0-1 with NaN where there is none, onto that slice of ``image_volume``."""
    values = np.where(np.isfinite(heat_map), heat_map, OUTSIDE_VALUE)
    volume = add_slice_map(scene, image_volume, values, name, choice)
    volume.CreateDefaultDisplayNodes()
    node = volume.GetDisplayNode()
    node.SetAutoWindowLevel(False)
    node.SetWindowLevelMinMax(0.0, 1.0)
    node.SetInterpolate(True)
    node.SetAndObserveColorNodeID(heat_colour_node(scene).GetID())
    apply_threshold(volume, display.threshold)
    return volume


def apply_threshold(volume: Any, threshold: float) -> None:
    """Hide what lies below ``threshold`` (0-1) and what has no value."""
    node = volume.GetDisplayNode()
    node.AutoThresholdOff()
    # Interpolated neighbours of "no value" lie between -1 and 0; the lower end stays above them at threshold 0 too.
    node.SetThreshold(max(threshold, 1e-6), 2.0)
    node.SetApplyThreshold(True)


def read_heat_map(volume: Any) -> np.ndarray:
    """``(rows, columns)`` float32 with NaN where there is no value."""
    values = voxel_array(volume)[0].astype(np.float32)
    values[values < 0] = np.nan
    return values


def legends(scene: Any) -> list[Any]:
    """Every legend of a case in ``scene``."""
    from .case_folder import ROLE, CaseRole

    name = "vtkMRMLColorLegendDisplayNode"
    found = [scene.GetNthNodeByClass(index, name) for index in range(scene.GetNumberOfNodesByClass(name))]
    return [node for node in found if node.GetAttribute(ROLE) == CaseRole.LEGEND.value]


def add_legend(scene: Any, volume: Any) -> Any:
    """A vertical colour legend for ``volume`` at the view's right edge, as ``vtkMRMLColorLegendDisplayNode``.

    Slicer fits a legend's letters to its box, so the box is narrow and the title short; what the map explains stands
    with the answer.
    """
    legend = scene.AddNewNodeByClass("vtkMRMLColorLegendDisplayNode", f"{volume.GetName()} legend")
    legend.SetAndObservePrimaryDisplayNode(volume.GetDisplayNode())
    volume.AddAndObserveDisplayNodeID(legend.GetID())
    legend.SetTitleText(LEGEND_TITLE)
    legend.SetOrientation(legend.Vertical)
    legend.SetSize(*_LEGEND_SIZE)
    legend.SetPosition(*_LEGEND_POSITION)
    legend.SetNumberOfLabels(5)
    legend.SetMaxNumberOfColors(256)
    legend.SetLabelFormat("%.2f")
    legend.SetVisibility(True)
    return legend
