"""The heat map's colours (:mod:`CervixRiskLib.imaging.heat_colours`) as a colour table of a scene."""

from __future__ import annotations

from typing import Any

from ..imaging.heat_colours import TABLE_SIZE, heat_colours

NAME = "CervixRisk heat"


def heat_colour_node(scene: Any) -> Any:
    """The scene's ``vtkMRMLColorTableNode`` with :func:`heat_colours`, made on first use."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLColorTableNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLColorTableNode")
        if node.GetName() == NAME:
            return node
    node = scene.AddNewNodeByClass("vtkMRMLColorTableNode", NAME)
    node.SetTypeToUser()
    node.SetNumberOfColors(TABLE_SIZE)
    for index, (red, green, blue) in enumerate(heat_colours()):
        node.SetColor(index, f"{index / (TABLE_SIZE - 1):.3f}", float(red), float(green), float(blue), 1.0)
    node.GetLookupTable().SetRange(0.0, 1.0)
    return node
