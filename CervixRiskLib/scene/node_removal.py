"""Taking a node out of a scene with what belongs to it alone."""

from __future__ import annotations

from typing import Any


def remove_with_display(scene: Any, node: Any) -> None:
    """Remove ``node`` and its display nodes. Slicer removes those with their owner, a bare scene does not."""
    if node.IsA("vtkMRMLDisplayableNode"):
        for index in reversed(range(node.GetNumberOfDisplayNodes())):
            scene.RemoveNode(node.GetNthDisplayNode(index))
    if scene.IsNodePresent(node):
        scene.RemoveNode(node)
