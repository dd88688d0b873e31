"""Which slice of a volume node, and where that slice lies.

A volume's voxels are ``(k, j, i)`` arrays. A slice across k has j as rows and i as columns, one across j has k as rows,
one across i has k as rows and j as columns: the order of :mod:`CervixRiskLib.imaging.volume_reader`, so that a slice
read from a file and one taken from the node that Slicer made of the file are the same. MRML counts millimetres in RAS,
DICOM and this library's :class:`~CervixRiskLib.imaging.slice_geometry.SliceGeometry` in LPS: x and y change their sign.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ImageError
from ..imaging.slice_geometry import SliceGeometry

# RAS to LPS and back.
_FLIP = np.array([-1.0, -1.0, 1.0])
# Cosine of 2 degrees: a view turned further than that shows no single slice.
_LEAST_COSINE = float(np.cos(np.deg2rad(2.0)))


@dataclass(frozen=True)
class SliceChoice:
    """One slice of a volume.

    Parameters
    ----------
    axis
        Across which of i, j, k (0, 1, 2) the volume is cut.
    index
        The slice's index along it, from 0.
    """

    axis: int
    index: int

    @property
    def row_axis(self) -> int:
        return 1 if self.axis == 2 else 2

    @property
    def column_axis(self) -> int:
        return 1 if self.axis == 0 else 0


def volume_sizes(volume: Any) -> tuple[int, int, int]:
    """Voxels along i, j, k.

    Raises
    ------
    ImageError
        The node has no voxels.
    """
    picture = volume.GetImageData()
    if picture is None or min(picture.GetDimensions()) < 1:
        raise ImageError("The volume holds no image. Load it again, or choose another one.")
    i, j, k = (int(size) for size in picture.GetDimensions())
    return i, j, k


def only_slice(volume: Any) -> SliceChoice | None:
    """The slice of a volume that is one voxel thick, ``None`` for a thicker one."""
    i, j, k = volume_sizes(volume)
    if k == 1:
        return SliceChoice(2, 0)
    if j == 1:
        return SliceChoice(1, 0)
    return SliceChoice(0, 0) if i == 1 else None


def choose_slice(volume: Any, slice_node: Any | None = None) -> SliceChoice:
    """The slice that ``slice_node`` (a ``vtkMRMLSliceNode``) shows; a volume of one slice needs none.

    Raises
    ------
    ImageError
        Several slices and no view, a view that is tilted against the volume, or one that shows a place outside it.
    """
    single = only_slice(volume)
    if single is not None:
        return single
    sizes = volume_sizes(volume)
    if slice_node is None:
        raise ImageError(f"The volume has {max(sizes[2], 1)} slices. Show the one to use in a slice view.")
    view = matrix_array(slice_node.GetSliceToRAS())
    normal = world_to_voxels(volume)[:3, :3] @ view[:3, 2] * np.array(volume.GetSpacing())
    cosines = np.abs(normal) / np.linalg.norm(normal)
    axis = int(cosines.argmax())
    if cosines[axis] < _LEAST_COSINE:
        raise ImageError("The slice view is tilted against the volume. Rotate it to the volume plane first.")
    index = round(float((world_to_voxels(volume) @ view[:, 3])[axis]))
    if not 0 <= index < sizes[axis]:
        raise ImageError("The slice view shows a place outside the volume. Scroll to the slice to use.")
    return SliceChoice(axis, index)


def checked_choice(volume: Any, choice: SliceChoice | None) -> SliceChoice:
    """``choice``, or the only slice there is.

    Raises
    ------
    ImageError
        Several slices and none chosen, or no such slice.
    """
    if choice is None:
        return choose_slice(volume)
    sizes = volume_sizes(volume)
    if not (0 <= choice.axis <= 2 and 0 <= choice.index < sizes[choice.axis]):
        raise ImageError("The volume has no such slice. Scroll to the slice to use.")
    return choice


def slice_shape(volume: Any, choice: SliceChoice) -> tuple[int, int]:
    """``(rows, columns)``."""
    sizes = volume_sizes(volume)
    return sizes[choice.row_axis], sizes[choice.column_axis]


def slice_matrix(volume: Any, choice: SliceChoice) -> np.ndarray:
    """``(4, 4)``: ``(column, row, 0, 1)`` of the slice to RAS mm, without a transform the volume may stand under."""
    voxels = volume_matrix(volume)
    result = np.eye(4)
    result[:3, 0] = voxels[:3, choice.column_axis]
    result[:3, 1] = voxels[:3, choice.row_axis]
    result[:3, 2] = voxels[:3, choice.axis]
    result[:3, 3] = voxels[:3, 3] + voxels[:3, choice.axis] * choice.index
    return result


def geometry_of(matrix: np.ndarray, *, planar: bool = False) -> SliceGeometry:
    """The LPS geometry of a slice with this :func:`slice_matrix`."""
    column, row = (_FLIP * matrix[:3, axis] / np.linalg.norm(matrix[:3, axis]) for axis in (0, 1))
    return SliceGeometry(_triple(_FLIP * matrix[:3, 3]), _triple(column), _triple(row), planar)


def matrix_of(geometry: SliceGeometry | None, spacing_mm: tuple[float, float] | None) -> np.ndarray:
    """The :func:`slice_matrix` of a slice with this geometry; 1 mm thick, and 1 mm pixels where the size is unknown.

    Without a geometry the first pixel lies at the origin, columns run left and rows posterior (LPS identity, what
    Slicer's readers give a picture), so that the axial view shows the slice as it was stored.
    """
    origin, column, row = (0.0, 0.0, 0.0), (1.0, 0.0, 0.0), (0.0, 1.0, 0.0)
    if geometry is not None:
        origin, column, row = geometry.origin_mm, geometry.column_direction, geometry.row_direction
    row_mm, column_mm = spacing_mm or (1.0, 1.0)
    across = np.cross(column, row)
    result = np.eye(4)
    result[:3, 0] = _FLIP * np.array(column) * column_mm
    result[:3, 1] = _FLIP * np.array(row) * row_mm
    result[:3, 2] = _FLIP * across / np.linalg.norm(across)
    result[:3, 3] = _FLIP * np.array(origin)
    return result


def world_to_voxels(volume: Any) -> np.ndarray:
    """``(4, 4)``: world RAS mm to ``(i, j, k, 1)``, through the transforms the volume stands under.

    Raises
    ------
    ImageError
        One of them is not linear.
    """
    import slicer
    import vtk

    to_world = vtk.vtkMatrix4x4()
    parent = volume.GetParentTransformNode()
    if parent is not None and not slicer.vtkMRMLTransformNode.GetMatrixTransformBetweenNodes(parent, None, to_world):
        raise ImageError("The volume stands under a transform that bends it. Take it out of the transform.")
    return np.linalg.inv(matrix_array(to_world) @ volume_matrix(volume))


def volume_matrix(volume: Any) -> np.ndarray:
    """``(4, 4)``: voxel to RAS mm, without a transform the volume may stand under."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    volume.GetIJKToRASMatrix(matrix)
    return matrix_array(matrix)


def matrix_array(matrix: Any) -> np.ndarray:
    """``(4, 4)`` of a ``vtkMatrix4x4``."""
    return np.array([[matrix.GetElement(row, column) for column in range(4)] for row in range(4)])


def vtk_matrix(values: np.ndarray) -> Any:
    """A ``vtkMatrix4x4`` of ``(4, 4)`` values."""
    import vtk

    matrix = vtk.vtkMatrix4x4()
    matrix.DeepCopy([float(value) for value in values.ravel()])
    return matrix


def _triple(vector: np.ndarray) -> tuple[float, float, float]:
    # Adding 0 turns -0.0, which the flip makes, into 0.0.
    x, y, z = (float(value) + 0.0 for value in vector)
    return x, y, z
