"""Says which code computes, so that a kept result is never mistaken for one that today's code would give."""

from __future__ import annotations

import hashlib
from functools import lru_cache
from pathlib import Path

from .. import __version__

# The rooms whose code decides the numbers of a case: reading and cropping, and the features.
_ROOMS = ("imaging", "radiomics")


def engine_version(engine: str) -> str:
    """The version of the measuring code (``"0.1.0+3f2a…"``), and PyRadiomics' if it is used."""
    own = code_version(_ROOMS)
    if engine != "pyradiomics":
        return own
    from importlib.metadata import PackageNotFoundError, version

    try:
        return f"pyradiomics {version('pyradiomics')}, {own}"
    except PackageNotFoundError:
        return f"pyradiomics unknown, {own}"


@lru_cache
def code_version(rooms: tuple[str, ...]) -> str:
    """The library's version and a fingerprint of the code of these rooms.

    The version number alone would keep old results alive through every change between two releases.
    """
    digest = hashlib.sha256()
    library = Path(__file__).parents[1]
    for room in rooms:
        for source in sorted((library / room).rglob("*.py")):
            digest.update(source.relative_to(library).as_posix().encode() + b"\n")
            digest.update(source.read_bytes().replace(b"\r\n", b"\n"))
    return f"{__version__}+{digest.hexdigest()[:12]}"
