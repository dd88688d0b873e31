"""One segmentation node per case, reader and round: started, found again, drawn into and read.

Who drew a contour is a tag of its segment (``CervixRisk.reader``, ``CervixRisk.round``, ``CervixRisk.case``), which a
``.seg.nrrd`` file and a saved scene keep.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import RoiError
from ..imaging import Roi, SliceImage
from .segmentation import (
    CASE_TAG,
    CONTOUR_COLOUR,
    READER_TAG,
    ROUND_TAG,
    SEGMENT_NAME,
    label_map,
    read_mask,
    show_outline_only,
)
from .slice_grid import SliceChoice
from .volume_slice import read_volume_slice


@dataclass(frozen=True)
class Reading:
    """Whose contour of which case, in which round; empty where it is not known.

    Raises
    ------
    RoiError
        A part holds ``|`` or a line break, which the file's header cannot keep.
    """

    case_id: str
    reader: str
    reading_round: str = ""

    def __post_init__(self) -> None:
        for value in (self.case_id, self.reader, self.reading_round):
            if any(sign in value for sign in "|\r\n"):
                raise RoiError("A case, reader or round may not contain the character | or a line break.")

    def tags(self) -> tuple[tuple[str, str], ...]:
        """Tag and value; what is empty is left out."""
        every = ((CASE_TAG, self.case_id), (READER_TAG, self.reader), (ROUND_TAG, self.reading_round))
        return tuple((tag, value) for tag, value in every if value)


def start_reading(
    scene: Any,
    volume: Any,
    reading: Reading,
    roi: Roi | None = None,
    *,
    colour: tuple[float, float, float] = CONTOUR_COLOUR,
    choice: SliceChoice | None = None,
) -> Any:
    """A segmentation node for one reading, on the grid of ``volume``, with one segment ``tumour`` to draw into.

    Parameters
    ----------
    roi
        A contour to begin with, on the slice ``choice``; without one the segment is empty.

    Raises
    ------
    RoiError
        The reading has a segmentation already, or the contour has another size than the slice.
    """
    if find_reading(scene, reading) is not None:
        raise RoiError("This reader's contour of this round is in the scene already. Go on with it.")
    labels = None if roi is None else label_map(volume, roi.mask, choice)
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", reading_name(reading))
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation = node.GetSegmentation()
    segmentation.AddEmptySegment(SEGMENT_NAME, SEGMENT_NAME, list(colour))
    tag_reading(node, reading)
    if labels is not None:
        _put(node, SEGMENT_NAME, labels)
    show_outline_only(node)
    return node


def find_reading(scene: Any, reading: Reading) -> Any | None:
    """The segmentation node of this reading, ``None`` where the scene has none."""
    for index in range(scene.GetNumberOfNodesByClass("vtkMRMLSegmentationNode")):
        node = scene.GetNthNodeByClass(index, "vtkMRMLSegmentationNode")
        if any(reading_of(node, segment) == reading for segment in segment_ids(node)):
            return node
    return None


def segment_ids(node: Any) -> tuple[str, ...]:
    """The segments' identifiers, in order."""
    segmentation = node.GetSegmentation()
    return tuple(segmentation.GetNthSegmentID(index) for index in range(segmentation.GetNumberOfSegments()))


def only_segment(node: Any) -> str:
    """The identifier of the only segment that is drawn into; empty ones do not count beside it.

    Raises
    ------
    RoiError
        There is none, or several and one must be chosen.
    """
    every = segment_ids(node)
    if not every:
        raise RoiError("The segmentation has no segment. Add one and draw around the lesion.")
    drawn = [segment for segment in every if _is_drawn(node, segment)]
    if not drawn:
        raise RoiError("The contour is empty. Draw around the lesion first.")
    if len(drawn) > 1:
        raise RoiError(f"The segmentation has {len(drawn)} contours. Choose the one to use.")
    return drawn[0]


def reading_of(node: Any, segment_id: str) -> Reading:
    """Who drew the segment, by its tags.

    Raises
    ------
    RoiError
        There is no such segment.
    """
    import vtk

    segment = node.GetSegmentation().GetSegment(segment_id)
    if segment is None:
        raise RoiError("The contour is gone from the segmentation. Choose or draw one.")
    values = []
    for tag in (CASE_TAG, READER_TAG, ROUND_TAG):
        stored = vtk.reference("")
        values.append(str(stored.get()) if segment.GetTag(tag, stored) else "")
    return Reading(*values)


def read_contour(node: Any, segment_id: str, volume: Any, choice: SliceChoice | None = None) -> tuple[SliceImage, Roi]:
    """The slice and the segment's region on it, hidden or not.

    Raises
    ------
    RoiError
        The segment is gone, empty, or lies on another slice.
    ImageError
        The volume's slice cannot be used.
    """
    image = read_volume_slice(volume, choice)
    return image, Roi.from_mask(read_mask(node, segment_id, volume, choice), image)


def write_contour(node: Any, segment_id: str, volume: Any, mask: np.ndarray, choice: SliceChoice | None = None) -> None:
    """Replace the segment by ``mask`` ``(rows, columns)`` on that slice; its name, colour and tags stay.

    Raises
    ------
    RoiError
        The segment is gone, or the mask has another size than the slice.
    """
    if node.GetSegmentation().GetSegment(segment_id) is None:
        raise RoiError("The contour is gone from the segmentation. Choose or draw one.")
    _put(node, segment_id, label_map(volume, mask, choice))


def reading_name(reading: Reading) -> str:
    """The node's name; nothing relies on it."""
    return " ".join(filter(None, (reading.case_id, "contour", reading.reader, reading.reading_round)))


def tag_reading(node: Any, reading: Reading) -> None:
    """Write on every segment of ``node`` whose it is."""
    for segment_id in segment_ids(node):
        for tag, value in reading.tags():
            node.GetSegmentation().GetSegment(segment_id).SetTag(tag, value)


def _is_drawn(node: Any, segment_id: str) -> bool:
    import slicer
    from vtk.util import numpy_support

    labels = slicer.vtkOrientedImageData()
    if not node.GetBinaryLabelmapRepresentation(segment_id, labels) or labels.IsEmpty():
        return False
    scalars = labels.GetPointData().GetScalars()
    return scalars is not None and bool(numpy_support.vtk_to_numpy(scalars).any())


def _put(node: Any, segment_id: str, labels: Any) -> None:
    import slicer

    logic = slicer.vtkSlicerSegmentationsModuleLogic
    if not logic.SetBinaryLabelmapToSegment(labels, node, segment_id, logic.MODE_REPLACE, labels.GetExtent()):
        raise RoiError("The contour could not be put into the segmentation. Start a new one.")
