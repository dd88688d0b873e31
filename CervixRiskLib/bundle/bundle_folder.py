"""A bundle's folder keeps the files it lists alone: with others beside them it is not opened any more."""

from __future__ import annotations

import os
from pathlib import Path

from .contents import MANIFEST_NAME
from .study_file import RUN_NAME


def lies_in_bundle(path: str | os.PathLike[str]) -> bool:
    """Whether ``path``, a folder or a file that need not be there yet, is a bundle's folder or lies in one."""
    place = Path(path).absolute()
    # A run's folder holds the bundle's description too, and takes further files.
    return any(
        os.path.isfile(folder / MANIFEST_NAME) and not os.path.isfile(folder / RUN_NAME)
        for folder in (place, *place.parents)
    )
