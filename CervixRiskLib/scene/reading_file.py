"""A reader's contour as a ``.seg.nrrd`` file.

A blinded reader's scene never holds another reader's contour: :func:`load_reading` looks into the file's header and
loads nothing that is not that reader's own.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path
from typing import Any

from ..atomic import atomic_file, storage_errors
from ..errors import ReadingError, RoiError
from ..imaging.file_format import FileFormat
from ..imaging.volume_reader import read_volume_header
from .node_removal import remove_with_display
from .reader_segmentation import Reading, find_reading, only_segment, reading_name, tag_reading
from .segmentation import CASE_TAG, READER_TAG, ROUND_TAG, show_outline_only
from .segmentation_grid import lay_on_grid

EXTENSION = ".seg.nrrd"


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
    node = scene.AddNewNodeByClass("vtkMRMLSegmentationNode", reading_name(reading))
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
        tag_reading(node, reading)
    show_outline_only(node)
    return node


def readings_in_file(path: str | os.PathLike[str]) -> tuple[Reading, ...]:
    """Whose contours a ``.seg.nrrd`` file holds, by its tags; no pixel is read.

    Raises
    ------
    RoiError
        The file is no segmentation.
    ImageError
        The file is damaged.
    """
    return tuple(Reading(*parts) for parts in _file_readings(Path(path)))


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
