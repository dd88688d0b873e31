"""The 42 directions in which a three-dimensional local binary pattern looks around.

An icosahedron's 12 corners and the middles of its 30 edges, on the unit sphere, in the order in which trimesh's
``icosphere(subdivisions=1)`` lists them: the reference adds in that order, so the order shows in the result.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

# Coordinates that occur: an icosahedron's corner (0, a, b) and the middle of an edge (c, d, e) or (0, 0, 1), with their
# last bit as trimesh rounds it: (z, x, y) is (e, c, d) on the edges that it cuts first.
_COORDINATES = {
    "0": 0.0,
    "1": 1.0,
    "a": 0.5257311121191336,
    "b": 0.85065080835204,
    "c": 0.8090169943749475,
    "d": 0.5000000000000001,
    "e": 0.30901699437494745,
    "x": 0.8090169943749473,
    "y": 0.5,
    "z": 0.3090169943749474,
}

# Each word is (slice, row, column) with capitals for negative coordinates.
_DIRECTIONS = (
    "Ab0 ab0 AB0 aB0 0Ab 0ab 0AB 0aB b0A b0a B0A B0a "
    "010 0I0 ZXy zXy Zxy zxy 001 ZXY zXY ZxY zxY 00I "
    "cdE cDE dEC deC cde cDe dEc dec 100 "
    "CdE CDE DEC DeC Cde CDe DEc Dec I00 "
)


@lru_cache(maxsize=1)
def directions() -> np.ndarray:
    """``(42, 3)`` unit vectors as (slice, row, column), float64, read-only."""
    negative = {"I": "1", **{letter.upper(): letter for letter in "abcdexyz"}}
    table = np.array(
        [
            [-_COORDINATES[negative[sign]] if sign in negative else _COORDINATES[sign] for sign in word]
            for word in _DIRECTIONS.split()
        ]
    )
    table.flags.writeable = False
    return table


@lru_cache(maxsize=1)
def directions_in_plane() -> np.ndarray:
    """Positions, in :func:`directions`, of the 8 that stay on the slice."""
    return np.flatnonzero(directions()[:, 0] == 0)
