"""What a volume node says of where it came from."""

from __future__ import annotations

from pathlib import PurePath
from typing import Any

MODALITY = "CervixRisk.modality"
WEIGHTING = "CervixRisk.weighting"
FRAME_OF_REFERENCE = "CervixRisk.frameOfReference"
_PICTURE_EXTENSIONS = {".png", ".jpg", ".jpeg", ".bmp", ".tif", ".tiff"}


def was_picture(volume: Any) -> bool:
    """Whether the node was loaded from a picture, which knows no millimetres."""
    storage = volume.GetStorageNode()
    name = "" if storage is None else storage.GetFileName() or ""
    return PurePath(name).suffix.lower() in _PICTURE_EXTENSIONS


def is_dicom(volume: Any) -> bool:
    """Whether Slicer loaded the node from its DICOM database."""
    return bool(volume.GetAttribute("DICOM.instanceUIDs"))


def write_series(volume: Any, weighting: str | None, frame_of_reference: str | None) -> None:
    """Keep what the file says, as :class:`CervixRiskLib.imaging.SliceImage` has it."""
    for name, value in ((WEIGHTING, weighting), (FRAME_OF_REFERENCE, frame_of_reference)):
        if value is not None:
            volume.SetAttribute(name, value)


def node_modality(volume: Any) -> str | None:
    """DICOM's modality code from our attribute or from the subject hierarchy, where Slicer keeps the series' one."""
    import slicer

    written = volume.GetAttribute(MODALITY)
    if written is not None:
        return written or None
    scene = volume.GetScene()
    hierarchy = None if scene is None else slicer.vtkMRMLSubjectHierarchyNode.GetSubjectHierarchyNode(scene)
    if hierarchy is None:
        return None
    item = hierarchy.GetItemByDataNode(volume)
    if not item:
        return None
    name = slicer.vtkMRMLSubjectHierarchyConstants.GetDICOMSeriesModalityAttributeName()
    return hierarchy.GetItemAttribute(item, name) or None
