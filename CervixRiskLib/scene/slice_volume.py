"""A slice as a volume node, and back.

Geometry: index ``(column, row)`` goes to RAS ``(-column * column_mm, -row * row_mm, 0)``, which is what Slicer's own
readers give a picture without orientation (LPS identity). In the axial view column 0 is on the left and row 0 on top,
as the sonographer sees it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..imaging import SliceImage

PIXEL_SIZE_KNOWN = "CervixRisk.pixelSizeKnown"
PIXEL_SIZE_SOURCE = "CervixRisk.pixelSizeSource"
MODALITY = "CervixRisk.modality"


def add_slice_volume(scene: Any, image: SliceImage, name: str) -> Any:
    """Put ``image`` into ``scene`` as a ``vtkMRMLScalarVolumeNode`` with its display.

    MRML cannot say "unknown": an unknown pixel size is written as 1 mm and the node's attribute
    ``CervixRisk.pixelSizeKnown`` is ``"false"``, which :func:`read_slice_volume` turns into ``None`` again.
    """
    volume = scene.AddNewNodeByClass("vtkMRMLScalarVolumeNode", name)
    set_pixels(volume, image.pixels, image.spacing_mm)
    volume.SetAttribute(PIXEL_SIZE_KNOWN, "false" if image.spacing_mm is None else "true")
    volume.SetAttribute(PIXEL_SIZE_SOURCE, image.spacing_source or "")
    volume.SetAttribute(MODALITY, image.modality or "")
    volume.CreateDefaultDisplayNodes()
    display = volume.GetDisplayNode()
    window, level = window_and_level(image)
    display.SetAutoWindowLevel(False)
    display.SetWindowLevel(window, level)
    display.SetInterpolate(True)
    return volume


def read_slice_volume(volume: Any) -> SliceImage:
    """The ``SliceImage`` behind a node that :func:`add_slice_volume` made, also after saving and loading."""
    column_mm, row_mm, _ = volume.GetSpacing()
    known = volume.GetAttribute(PIXEL_SIZE_KNOWN) == "true"
    return SliceImage(
        pixels=volume_array(volume)[0],
        spacing_mm=(row_mm, column_mm) if known else None,
        spacing_source=(volume.GetAttribute(PIXEL_SIZE_SOURCE) or None) if known else None,
        modality=volume.GetAttribute(MODALITY) or None,
    )


def set_pixels(volume: Any, pixels: np.ndarray, spacing_mm: tuple[float, float] | None) -> None:
    """Give ``volume`` a copy of ``pixels`` ``(rows, columns)`` as float32, and the geometry of this module."""
    import vtk
    from vtk.util import numpy_support

    rows, columns = pixels.shape
    values = np.ascontiguousarray(pixels, dtype=np.float32)
    picture = vtk.vtkImageData()
    picture.SetDimensions(columns, rows, 1)
    picture.GetPointData().SetScalars(numpy_support.numpy_to_vtk(values.ravel(), deep=True, array_type=vtk.VTK_FLOAT))
    volume.SetAndObserveImageData(picture)
    row_mm, column_mm = spacing_mm or (1.0, 1.0)
    volume.SetSpacing(column_mm, row_mm, 1.0)
    volume.SetOrigin(0.0, 0.0, 0.0)
    volume.SetIJKToRASDirections(-1, 0, 0, 0, -1, 0, 0, 0, 1)


def volume_array(volume: Any) -> np.ndarray:
    """A copy of a scalar volume's voxels, ``(slices, rows, columns)``."""
    from vtk.util import numpy_support

    picture = volume.GetImageData()
    columns, rows, slices = picture.GetDimensions()
    values = numpy_support.vtk_to_numpy(picture.GetPointData().GetScalars())
    return np.array(values.reshape(slices, rows, columns))


def window_and_level(image: SliceImage) -> tuple[float, float]:
    """Display window and level in the pixels' own units.

    Eight-bit pictures (ultrasound, exports) were windowed by the scanner and are shown as they are, 0 to 255; anything
    else between its 0.5 and 99.5 percentile, and so is every MR image with its modality: its units are arbitrary.
    """
    pixels = image.pixels
    lowest, highest = float(pixels.min()), float(pixels.max())
    eight_bit = lowest >= 0 and 1 < highest <= 255 and image.modality != "MR"
    if eight_bit and (image.modality == "US" or _is_whole(pixels)):
        return 255.0, 127.5
    low, high = (float(value) for value in np.percentile(pixels, (0.5, 99.5)))
    if high <= low:
        low, high = lowest, highest
    if high <= low:
        high = low + 1.0
    return high - low, (high + low) / 2


def _is_whole(pixels: np.ndarray) -> bool:
    return bool((pixels == np.round(pixels)).all())
