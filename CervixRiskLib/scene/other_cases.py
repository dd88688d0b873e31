"""What is drawn of other cases, out of sight: pictures lie at the same place, and a contour of one would look like
another's."""

from __future__ import annotations

from typing import Any

from .case_folder import CASE

_HIDDEN = "CervixRisk.hidden"
_DRAWN = ("vtkMRMLSegmentationNode", "vtkMRMLMarkupsNode")


def show_case_alone(scene: Any, case_id: str) -> None:
    """Hide the contours and rulers of the other cases in ``scene``; what this hid of the case itself is seen again.

    Only nodes that belong to a case are touched, and what a person has hidden stays so.
    """
    for kind in _DRAWN:
        for index in range(scene.GetNumberOfNodesByClass(kind)):
            node = scene.GetNthNodeByClass(index, kind)
            owner = node.GetAttribute(CASE)
            if owner is not None and owner != case_id and node.GetDisplayVisibility():
                node.SetDisplayVisibility(False)
                node.SetAttribute(_HIDDEN, "yes")
            elif owner == case_id and node.GetAttribute(_HIDDEN) is not None:
                node.RemoveAttribute(_HIDDEN)
                node.SetDisplayVisibility(True)
