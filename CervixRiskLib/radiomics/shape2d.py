"""Shape of a region in the plane: 9 features of PyRadiomics' class ``shape2D``.

The outline of marching squares is decided by the mask's 2 × 2 neighbourhoods: it cuts a corner off where one or three
pixels are inside, and runs straight where two neighbours are. Two pixels at opposite corners are joined on neither
diagonal, in area and perimeter alike. Formulas: PyRadiomics 3.0.1, "Shape Features (2D)".
"""

from __future__ import annotations

import numpy as np

from .mesh_vertices import edge_middles, largest_distance
from .principal_axes import axis_lengths
from .roi_grid import RoiGrid


def shape2d_features(grid: RoiGrid, spacing: tuple[float, float]) -> tuple[dict[str, float], frozenset[str]]:
    """The shape features, and the names of those that are conventions here.

    Parameters
    ----------
    grid
        The region.
    spacing
        ``(row, column)`` distance between pixels.
    """
    surface, perimeter = _surface_and_perimeter(grid.box, spacing)
    hull = edge_middles(grid.box).hull()
    minor, major = axis_lengths(grid, spacing)
    sphericity = 2 * np.sqrt(np.pi * surface) / perimeter
    features = {
        "Elongation": minor / major if major else 0.0,
        "MajorAxisLength": major,
        "MaximumDiameter": float(np.sqrt(largest_distance(hull, hull, spacing))),
        "MeshSurface": surface,
        "MinorAxisLength": minor,
        "Perimeter": perimeter,
        "PerimeterSurfaceRatio": perimeter / surface,
        "PixelSurface": grid.n_pixels * (spacing[1] * spacing[0]),
        "Sphericity": float(sphericity),
        "SphericalDisproportion": float(1 / sphericity),
    }
    return features, frozenset() if major else frozenset({"Elongation"})


def _surface_and_perimeter(box: np.ndarray, spacing: tuple[float, float]) -> tuple[float, float]:
    a, b = spacing
    framed = np.pad(box, 1).astype(np.int8)
    n_inside = framed[:-1, :-1] + framed[:-1, 1:] + framed[1:, :-1] + framed[1:, 1:]
    diagonal = (framed[:-1, :-1] == framed[1:, 1:]) & (framed[:-1, 1:] == framed[1:, :-1]) & (n_inside == 2)
    in_row = (framed[:-1, :-1] == framed[:-1, 1:]) & (n_inside == 2) & ~diagonal
    counts = np.bincount(n_inside.ravel(), minlength=5)
    n_diagonal, n_in_row = int(diagonal.sum()), int(in_row.sum())
    n_in_column = int(counts[2]) - n_diagonal - n_in_row
    n_corners = counts[1] + counts[3] + 2 * n_diagonal
    # Shares of the rectangle between four pixel centres.
    surface = (counts[1] / 8 + (n_in_row + n_in_column) / 2 + counts[3] * 7 / 8 + counts[4] + n_diagonal / 4) * a * b
    perimeter = n_corners * np.hypot(a / 2, b / 2) + n_in_row * b + n_in_column * a
    return float(surface), float(perimeter)
