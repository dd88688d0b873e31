"""The 42 directions in which a three-dimensional local binary pattern looks around.

An icosahedron's 12 corners and the middles of its 30 edges, on the unit sphere, in the order in which trimesh's
``icosphere(subdivisions=1)`` lists them: the reference adds in that order, in float32, so the order shows in the result.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np

_GOLDEN = (1 + 5**0.5) / 2
# Coordinates that occur: an icosahedron's corner (0, a, b), the middle of an edge (c, d, e) or (0, 0, 1).
_SHORT, _LONG = 1 / (1 + _GOLDEN**2) ** 0.5, _GOLDEN / (1 + _GOLDEN**2) ** 0.5
_COORDINATES = {"0": 0.0, "a": _SHORT, "b": _LONG, "1": 1.0, "c": _GOLDEN / 2, "d": 0.5, "e": 0.5 / _GOLDEN}

# Each word is (slice, row, column) with capitals for negative coordinates.
_DIRECTIONS = """
Ab0 ab0 AB0 aB0 0Ab 0ab 0AB 0aB b0A b0a B0A B0a
010 0I0 ECd eCd Ecd ecd 001 ECD eCD EcD ecD 00I
cdE cDE dEC deC cde cDe dEc dec 100
CdE CDE DEC DeC Cde CDe DEc Dec I00
""".split()


@lru_cache(maxsize=1)
def directions() -> np.ndarray:
    """``(42, 3)`` unit vectors as (slice, row, column), float64, read-only."""
    negative = {"I": "1", **{letter.upper(): letter for letter in "abcde"}}
    table = np.array(
        [
            [-_COORDINATES[negative[sign]] if sign in negative else _COORDINATES[sign] for sign in word]
            for word in _DIRECTIONS
        ]
    )
    table.flags.writeable = False
    return table


@lru_cache(maxsize=1)
def directions_in_plane() -> np.ndarray:
    """Positions, in :func:`directions`, of the 8 that stay on the slice."""
    return np.flatnonzero(directions()[:, 0] == 0)
