"""The dashed frame around the part of a slice that a heat map covers, as a model that Slicer's slice views draw.

A model, because nobody can drag one in a slice view as one can drag markups. Every dash is a wall through the slice:
a slice view draws where its plane cuts a model, so the frame is seen at this slice and at no other. It can be made
again from the heat map at any time, so it is neither saved with the scene nor offered by other modules.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..imaging.map_frame import map_frame
from .frame_dashes import Segment, dashes
from .slice_grid import SliceChoice, checked_choice, slice_matrix
from .volume_spacing import GRID_ROLE

# Of the image's longer side: with it a frame has as many dashes as on a picture of the answer.
_UNITS_A_SIDE = 40
# Drawn in this order: a light line on a dark rim shows on any tissue.
_LINES = (((0.0, 0.0, 0.0), 4.0), ((0.9, 0.9, 0.9), 2.0))


def add_map_frame(
    scene: Any, heat_map: np.ndarray, image_volume: Any, name: str, choice: SliceChoice | None = None
) -> Any | None:
    """The frame of ``heat_map`` ``(rows, columns)``, NaN where there is none, on that slice of ``image_volume``.

    It is hidden until :func:`show_map_frame` shows it.

    Returns
    -------
    vtkMRMLModelNode or None
        ``None`` where the map covers the whole slice, or nothing of it.
    """
    import slicer

    sides = map_frame(heat_map)
    if not sides:
        return None
    choice = checked_choice(image_volume, choice)
    unit = max(heat_map.shape) / _UNITS_A_SIDE
    lines = [dash for side in sides for dash in dashes((side.column0, side.row0, side.column1, side.row1), unit)]
    node = slicer.vtkMRMLModelNode()
    node.SetName(name)
    # Before it comes into the scene: Slicer lists at that moment what its data tree shows and saves.
    node.SetSaveWithScene(False)
    node.SetHideFromEditors(True)
    node.SetSelectable(False)
    scene.AddNode(node)
    node.SetNodeReferenceID(GRID_ROLE, image_volume.GetID())
    node.SetAndObservePolyData(_walls(lines, slice_matrix(image_volume, choice)))
    for colour, width in _LINES:
        _add_line(scene, node, colour, width)
    return node


def map_frames(scene: Any) -> list[Any]:
    """Every such frame in ``scene``."""
    from .case_folder import ROLE, CaseRole

    models = [
        scene.GetNthNodeByClass(index, "vtkMRMLModelNode")
        for index in range(scene.GetNumberOfNodesByClass("vtkMRMLModelNode"))
    ]
    return [node for node in models if node.GetAttribute(ROLE) == CaseRole.MAP_FRAME.value]


def show_map_frame(node: Any, shown: bool) -> None:
    """Show the frame in the slice views, or hide it."""
    for index in range(node.GetNumberOfDisplayNodes()):
        node.GetNthDisplayNode(index).SetVisibility(shown)


def _walls(lines: Sequence[Segment], matrix: np.ndarray) -> Any:
    """One upright rectangle a line, as thick as the slice with this :func:`~.slice_grid.slice_matrix`."""
    import vtk

    points, cells = vtk.vtkPoints(), vtk.vtkCellArray()
    for x0, y0, x1, y1 in lines:
        cells.InsertNextCell(4)
        for column, row, across in ((x0, y0, -0.5), (x1, y1, -0.5), (x1, y1, 0.5), (x0, y0, 0.5)):
            # The first pixel's middle, not its corner, is where the slice begins.
            place = matrix @ np.array([column - 0.5, row - 0.5, across, 1.0])
            cells.InsertCellPoint(points.InsertNextPoint(*place[:3]))
    shape = vtk.vtkPolyData()
    shape.SetPoints(points)
    shape.SetPolys(cells)
    return shape


def _add_line(scene: Any, node: Any, colour: tuple[float, float, float], width: float) -> None:
    import slicer

    line = slicer.vtkMRMLModelDisplayNode()
    line.SetSaveWithScene(False)
    line.SetVisibility(False)
    line.SetVisibility2D(True)
    line.SetVisibility3D(False)
    line.SetColor(*colour)
    line.SetSliceIntersectionThickness(round(width))
    scene.AddNode(line)
    node.AddAndObserveDisplayNodeID(line.GetID())
