"""One segmentation node per case, reader and round: started, found again, read and written.

Who drew a contour is a tag of its segment (``CervixRisk.reader``, ``CervixRisk.round``, ``CervixRisk.case``), which a
``.seg.nrrd`` file keeps. A blinded reader's scene never holds another reader's contour: :func:`load_reading` looks
into the file's header and loads nothing that is not that reader's own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..atomic import atomic_file, storage_errors
from ..errors import ReadingError, RoiError
from ..imaging import Roi, SliceImage
from ..imaging.file_format import FileFormat
from ..imaging.volume_reader import read_volume_header
from .node_removal import remove_with_display
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
from .segmentation_grid import lay_on_grid
from .slice_grid import SliceChoice
from .volume_slice import read_volume_slice

EXTENSION = ".seg.nrrd"


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
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", _node_name(reading))
    node.CreateDefaultDisplayNodes()
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    segmentation = node.GetSegmentation()
    segmentation.AddEmptySegment(SEGMENT_NAME, SEGMENT_NAME, list(colour))
    _tag(node, reading)
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


def save_reading(node: Any, path: str | os.PathLike[str]) -> Path:
    """Write the segmentation as ``.seg.nrrd`` with its tags; the file is whole or not there.

    Raises
    ------
    RoiError
        The name ends in something else, or nothing is drawn.
    StorageError
        The disk is full or the place cannot be written.
    """
    path = Path(path)
    if not path.name.lower().endswith(EXTENSION):
        raise RoiError(f"A contour is saved as {EXTENSION}.")
    only_segment(node)
    if node.GetStorageNode() is None:
        node.AddDefaultStorageNode()
    storage = node.GetStorageNode()
    before = storage.GetFileName()
    with storage_errors(), atomic_file(path) as partial, tempfile.TemporaryDirectory(prefix="cervixrisk-") as folder:
        # Slicer's writer goes by the name's end, which a temporary name has not.
        written = Path(folder) / f"contour{EXTENSION}"
        storage.SetFileName(str(written))
        done = storage.WriteData(node)
        storage.SetFileName(before)
        if not done:
            raise OSError("Slicer's writer could not write the file.")
        shutil.copyfile(written, partial)
    storage.SetFileName(str(path))
    return path


def load_reading(
    scene: Any, path: str | os.PathLike[str], volume: Any, reading: Reading, *, blinded: bool = True
) -> Any:
    """Load a ``.seg.nrrd`` as the contour of ``reading`` on ``volume``.

    A contour stays on its pixels: where the image was calibrated since the contour was drawn, the contour follows. A
    file without tags (a reading study's own files bear no names) becomes this reading's; with ``blinded``, a file whose
    tags name another reader, round or case is not loaded at all. Saving the scene later never writes to ``path``.

    Raises
    ------
    ReadingError
        ``blinded``, and the contour is somebody else's or of another round or case.
    RoiError
        The reading is in the scene already, the file is no segmentation, or it was drawn on another image.
    ImageError
        The file is damaged.
    """
    path = Path(path)
    if find_reading(scene, reading) is not None:
        raise RoiError("This reader's contour of this round is in the scene already. Go on with it.")
    told = _file_readings(path)
    if blinded and any(
        part not in ("", own) for other in told for part, own in zip(other, _parts(reading), strict=True)
    ):
        raise ReadingError("This contour belongs to another reader, round or case and stays closed during the study.")
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", _node_name(reading))
    storage = scene.AddNewNodeByClass("vtkMRMLSegmentationStorageNode")
    storage.SetFileName(str(path))
    done = storage.ReadData(node)
    scene.RemoveNode(storage)
    if not done:
        remove_with_display(scene, node)
        raise RoiError("The segmentation could not be read. Save it again.")
    try:
        lay_on_grid(node, volume)
    except RoiError:
        remove_with_display(scene, node)
        raise
    node.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    node.CreateDefaultDisplayNodes()
    if not any(any(parts) for parts in told):
        _tag(node, reading)
    show_outline_only(node)
    return node


def _file_readings(path: Path) -> list[tuple[str, str, str]]:
    """Case, reader and round of each segment, from the header alone."""
    metadata = read_volume_header(path, FileFormat.NRRD).metadata
    numbers = [key.removesuffix("_ID") for key in metadata if key.startswith("Segment") and key.endswith("_ID")]
    if not numbers:
        raise RoiError("The file holds no segmentation. Choose a .seg.nrrd file.")
    found = []
    for prefix in numbers:
        # "key:value|key:value|", as Slicer's segmentation storage writes it.
        pairs = [pair.partition(":") for pair in metadata.get(f"{prefix}_Tags", "").split("|")]
        tags = {key: value for key, _, value in pairs}
        found.append((tags.get(CASE_TAG, ""), tags.get(READER_TAG, ""), tags.get(ROUND_TAG, "")))
    return found


def _parts(reading: Reading) -> tuple[str, str, str]:
    return reading.case_id, reading.reader, reading.reading_round


def _node_name(reading: Reading) -> str:
    return " ".join(filter(None, (reading.case_id, "contour", reading.reader, reading.reading_round)))


def _tag(node: Any, reading: Reading) -> None:
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
