"""A point placed with the mouse in the red slice view, while Slicer's place mode is on."""

from __future__ import annotations


def place_point(row: float, column: float, *, slice_index: int = 0) -> None:
    """Click on a pixel of the red view's background volume.

    The point goes to the node that is being placed; after the last point a node of this kind takes, or after any one of
    those that take as many as one likes, place mode ends unless it is persistent.

    Raises
    ------
    RuntimeError
        Place mode is off, or no node or image is chosen: a click would place nothing.
    """
    import slicer
    import vtk

    logic = slicer.app.applicationLogic()
    interaction, selection = logic.GetInteractionNode(), logic.GetSelectionNode()
    if interaction.GetCurrentInteractionMode() != interaction.Place:
        raise RuntimeError("Place mode is off: a click would place nothing.")
    node = slicer.mrmlScene.GetNodeByID(selection.GetActivePlaceNodeID() or "")
    composite = slicer.app.layoutManager().sliceWidget("Red").mrmlSliceCompositeNode()
    volume = slicer.mrmlScene.GetNodeByID(composite.GetBackgroundVolumeID() or "")
    if node is None or volume is None:
        raise RuntimeError("There is nothing to place, or no image to place it on.")
    to_world = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(to_world)
    node.AddControlPoint(*to_world.MultiplyPoint((column, row, slice_index, 1.0))[:3])
    most = node.GetMaximumNumberOfControlPoints()
    is_last = most < 0 or node.GetNumberOfControlPoints() >= most
    if is_last and not interaction.GetPlaceModePersistence():
        interaction.SwitchToViewTransformMode()
