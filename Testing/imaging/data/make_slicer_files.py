"""Writes ``slicer_volume.nrrd`` and ``slicer_two_layers.seg.nrrd`` with 3D Slicer's own code (slicer-core 5.11).

Five slices of 60 × 80; segment "tumour" is rows 10-29, columns 20-49 of slice 2 and rows 12-27, columns 22-39 of
slice 3; segment "uterus" overlaps it on slice 2 (rows 20-39, columns 40-59), so that Slicer keeps two layers. The file
is cropped to the segments.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import slicer

FOLDER = Path(__file__).parent


def main() -> None:
    slicer.mrmlScene = slicer.vtkMRMLScene()  # slicer.util looks for it while it is imported
    import vtk
    from slicer.util import updateVolumeFromArray

    volume = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", "volume")
    values = np.zeros((5, 60, 80), np.int16)
    values[:] = np.arange(80)
    updateVolumeFromArray(volume, values)
    volume.SetSpacing(0.5, 0.7, 3.0)
    volume.SetOrigin(10, -20, 30)
    directions = vtk.vtkMatrix4x4()
    for axis, sign in enumerate((-1, -1, 1)):
        directions.SetElement(axis, axis, sign)
    volume.SetIJKToRASDirectionMatrix(directions)
    storage = volume.CreateDefaultStorageNode()
    storage.SetFileName(str(FOLDER / "slicer_volume.nrrd"))
    storage.WriteData(volume)

    segmentation = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLSegmentationNode", "segmentation")
    segmentation.SetReferenceImageGeometryParameterFromVolumeNode(volume)
    tumour = np.zeros(values.shape, np.uint8)
    tumour[2, 10:30, 20:50] = 1
    tumour[3, 12:28, 22:40] = 1
    uterus = np.zeros(values.shape, np.uint8)
    uterus[2, 20:40, 40:60] = 1
    logic = slicer.vtkSlicerSegmentationsModuleLogic()
    for name, mask in (("tumour", tumour), ("uterus", uterus)):
        label = slicer.mrmlScene.AddNewNodeByClass("vtkMRMLLabelMapVolumeNode", name)
        updateVolumeFromArray(label, mask)
        label.CopyOrientation(volume)
        segment = slicer.vtkSegment()
        segment.SetName(name)
        segment.AddRepresentation("Binary labelmap", logic.CreateOrientedImageDataFromVolumeNode(label))
        segmentation.GetSegmentation().AddSegment(segment)
    storage = segmentation.CreateDefaultStorageNode()
    storage.SetFileName(str(FOLDER / "slicer_two_layers.seg.nrrd"))
    storage.SetCropToMinimumExtent(True)
    storage.WriteData(segmentation)


if __name__ == "__main__":
    main()
