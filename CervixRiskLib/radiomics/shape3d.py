"""Three-dimensional shape of a region on one slice: 14 features of PyRadiomics' class ``shape``.

The surface mesh of marching cubes (Lorensen and Cline 1987) on a mask of one slice is decided by its 2 × 2 pixel
neighbourhoods. Each carries the same roof on either side, half a slice high:

- one pixel: a corner tetrahedron;
- two side by side: a slanted rectangle over a prism;
- three: half of a flat rectangle, and a trapezoid that falls from its diagonal;
- four: a flat rectangle;
- two at opposite corners: two tetrahedra, except that the mesh joins one of the two diagonals, on one of the two sides,
  by two trapezoids (the reference's table is not symmetrical there; so is this).

Formulas of the features: PyRadiomics 3.0.1, "Shape Features (3D)".
"""

from __future__ import annotations

import numpy as np

from .mesh_vertices import edge_middles, largest_distance, pixel_centres
from .principal_axes import axis_lengths
from .roi_grid import RoiGrid


def shape_features(
    grid: RoiGrid, spacing: tuple[float, float], thickness: float
) -> tuple[dict[str, float], frozenset[str]]:
    """The shape features, and the names of those that are conventions here.

    Parameters
    ----------
    grid
        The region.
    spacing
        ``(row, column)`` distance between pixels.
    thickness
        Of the slice, in the same unit.
    """
    area, volume = _surface_and_volume(grid.box, spacing, thickness)
    slice_diameter, column_diameter, row_diameter, diameter = _diameters(grid.box, spacing, thickness)
    minor, major = axis_lengths(grid, spacing)
    sphericity = (36 * np.pi * volume**2) ** (1 / 3) / area
    features = {
        "Compactness1": volume / (area**1.5 * np.sqrt(np.pi)),
        "Compactness2": 36 * np.pi * volume**2 / area**3,
        # The least axis of a slice has no length.
        "Elongation": minor / major if major else 0.0,
        "Flatness": 0.0,
        "LeastAxisLength": 0.0,
        "MajorAxisLength": major,
        "Maximum2DDiameterColumn": column_diameter,
        "Maximum2DDiameterRow": row_diameter,
        "Maximum2DDiameterSlice": slice_diameter,
        "Maximum3DDiameter": diameter,
        "MeshVolume": volume,
        "MinorAxisLength": minor,
        "Sphericity": sphericity,
        "SphericalDisproportion": 1 / sphericity,
        "SurfaceArea": area,
        "SurfaceVolumeRatio": area / volume,
        "VoxelVolume": grid.n_pixels * (thickness * spacing[1] * spacing[0]),
    }
    return features, frozenset() if major else frozenset({"Elongation", "Flatness"})


def _surface_and_volume(box: np.ndarray, spacing: tuple[float, float], thickness: float) -> tuple[float, float]:
    """Area and volume of the mesh around the mask in its bounding box."""
    a, b = spacing
    half = thickness / 2
    framed = np.pad(box, 1).astype(np.int8)
    corners = framed[:-1, :-1] + 2 * framed[:-1, 1:] + 4 * framed[1:, :-1] + 8 * framed[1:, 1:]
    n = np.bincount(corners.ravel(), minlength=16).astype(np.float64)
    one = n[1] + n[2] + n[4] + n[8]
    in_row = n[3] + n[12]
    in_column = n[5] + n[10]
    three = n[7] + n[11] + n[13] + n[14]
    rising, falling = n[6], n[9]

    tetrahedron = 0.5 * np.sqrt((a / 2 * b / 2) ** 2 + (b / 2 * half) ** 2 + (half * a / 2) ** 2)
    diagonal = np.hypot(a, b)
    trapezoid = 0.75 * diagonal * np.hypot(a * b / (2 * diagonal), half)
    roof_area = (
        one * tetrahedron
        + in_row * b * np.hypot(a / 2, half)
        + in_column * a * np.hypot(b / 2, half)
        + three * (a * b / 2 + trapezoid)
        + n[15] * a * b
        + falling * 2 * tetrahedron
    )
    area = 2 * roof_area + rising * (2 * tetrahedron + 2 * trapezoid)
    # In units of the block under a flat roof.
    roof_volume = one / 24 + (in_row + in_column) / 4 + three * 17 / 24 + n[15] + falling / 12
    # Under one joined diagonal the mesh has a hole, half the cell wide, in the plane of the slice. The reference adds
    # tetrahedra seen from a point one slice below, and so loses a pyramid of a third.
    volume = (2 * roof_volume + rising * (1 / 12 + 5 / 12 - 1 / 3)) * a * b * half
    return float(area), float(volume)


def _diameters(box: np.ndarray, spacing: tuple[float, float], thickness: float) -> tuple[float, float, float, float]:
    """Largest distances between mesh vertices: in the slice, of equal row, of equal column, and of any."""
    centres, middles = pixel_centres(box), edge_middles(box)
    centre_hull, middle_hull = centres.hull(), middles.hull()
    in_slice = largest_distance(middle_hull, middle_hull, spacing)
    # A vertex over a pixel lies half a slice from the plane of the edge middles, a whole one from those below.
    anywhere = max(
        in_slice,
        largest_distance(centre_hull, centre_hull, spacing) + thickness**2,
        largest_distance(centre_hull, middle_hull, spacing) + (thickness / 2) ** 2,
    )
    of_row = _largest_along_lines(box, spacing[1], thickness)
    of_column = _largest_along_lines(box.T, spacing[0], thickness)
    return float(np.sqrt(in_slice)), float(np.sqrt(of_row)), float(np.sqrt(of_column)), float(np.sqrt(anywhere))


def _largest_along_lines(box: np.ndarray, step: float, thickness: float) -> float:
    """Largest squared distance between two vertices of equal row, ``step`` apart along it."""
    half_step = step / 2
    centres, middles = pixel_centres(box), edge_middles(box)
    between_centres = centres.length().max()
    # From the middle of the edge at one end to the pixel at the other.
    mixed = between_centres + 1
    return float(
        max(
            (middles.length().max() * half_step) ** 2,
            (between_centres * half_step) ** 2 + thickness**2,
            (mixed * half_step) ** 2 + (thickness / 2) ** 2,
        )
    )
