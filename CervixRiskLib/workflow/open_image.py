"""Image files into the scene, and what a case is called then."""

from __future__ import annotations

import os
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ..errors import MissingComponentError
from ..imaging import read_slices
from ..scene import SliceChoice, check_against_file
from ..scene.case_folder import CASE, ROLE, CaseFolder, CaseRole
from ..scene.slice_grid import only_slice
from ..scene.volume_frames import frame_nodes
from ..scene.volume_spacing import GRID_ROLE
from .dicom_origin import note_dicom_series
from .slice_stack import add_slice_stack

_CHECKED = "CervixRisk.checkedAgainstFile"
# Imported under another name than they are installed by.
_PACKAGES = {"PIL": "pillow"}
_DOUBLE_EXTENSIONS = (".nii.gz", ".seg.nrrd")


def open_image_file(scene: Any, path: str | os.PathLike[str]) -> Any:
    """Read an image file of any format into ``scene``; returns its volume node, named as the file.

    A file of several slices, frames or pages becomes a volume of all of them. The node knows its pixel size or that it
    is unknown, and what was converted.

    Raises
    ------
    ImageError
        The file cannot be read as an image.
    MissingComponentError
        A package that reads this format is not installed.
    """
    try:
        slices = read_slices(path)
    except ModuleNotFoundError as error:
        raise MissingComponentError(
            f"The Python package “{error.name}” is needed to open this file and is not installed. Install it "
            f"(`pip install {_PACKAGES.get(error.name or '', error.name)}`), or load the file with Slicer's Add Data."
        ) from error
    return add_slice_stack(scene, slices, file_case_name(path))


def file_case_name(path: str | os.PathLike[str]) -> str:
    """The name proposed for the case of a file that the person picked: the file's, without its extension.

    Signs that contours' files cannot keep are hyphens in it.
    """
    name = re.sub(r"[|\r\n]", "-", Path(path).name)
    for extension in _DOUBLE_EXTENSIONS:
        if name.lower().endswith(extension):
            return name[: -len(extension)] or name
    return Path(name).stem or name


def volume_case_name(scene: Any, volume: Any) -> str:
    """The name proposed for the case of a node: the one it has, else "Case 1", "Case 2", ...

    Never the node's own name, which DICOM may have given it.
    """
    known = volume.GetAttribute(CASE)
    if known and volume.GetAttribute(ROLE) != CaseRole.FURTHER_IMAGE.value:
        return str(known)
    number = 1
    while CaseFolder(scene, f"Case {number}").nodes(CaseRole.IMAGE):
        number += 1
    return f"Case {number}"


def is_case_image(volume: Any) -> bool:
    """Whether a person may choose ``volume`` as a case's image: a picture, and not a map or label of ours."""
    return (
        volume.IsA("vtkMRMLScalarVolumeNode")
        and not volume.IsA("vtkMRMLLabelMapVolumeNode")
        and volume.GetNodeReferenceID(GRID_ROLE) is None
    )


def check_pixel_size(volume: Any, instance_file: Callable[[str], str] = lambda _uid: "") -> str:
    """Compare the pixel size of a node that Slicer loaded from DICOM with its file, once; a sentence if it was changed.

    What the file says of its series (T1 or T2, the frame of reference) is noted too.

    Parameters
    ----------
    instance_file
        The path of a DICOM instance by its UID (``slicer.dicomDatabase.fileForInstance``), ``""`` where it is unknown.

    Raises
    ------
    ImageError
        The file cannot be read.
    """
    if volume.GetAttribute(_CHECKED) is not None:
        return ""
    path = _dicom_file(volume, instance_file)
    if path is None:
        return ""
    # A film's next frame brings its own attributes into the volume that shows it.
    for node in (volume, *frame_nodes(volume)):
        node.SetAttribute(_CHECKED, "yes")
    changed = check_against_file(volume, path, only_slice(volume) or SliceChoice(2, 0))
    note_dicom_series(volume, path)
    return changed


def _dicom_file(volume: Any, instance_file: Callable[[str], str]) -> Path | None:
    """A DICOM file of ``volume``: from the database, else the one it was loaded from."""
    from ..imaging.file_format import FileFormat, detect_format

    instances = (volume.GetAttribute("DICOM.instanceUIDs") or "").split()
    storage = volume.GetStorageNode()
    stored = "" if storage is None else storage.GetFileName() or ""
    for name in (instance_file(instances[0]) if instances else "", stored):
        if name and Path(name).is_file() and detect_format(Path(name)) is FileFormat.DICOM:
            return Path(name)
    return None
