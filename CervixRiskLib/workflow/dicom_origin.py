"""What a volume that Slicer loaded should know of its DICOM file and does not: T1 or T2, the frame of reference."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ..scene.volume_origin import MODALITY, node_modality, write_series


def note_dicom_series(volume: Any, path: str | os.PathLike[str]) -> None:
    """Keep with ``volume`` what the DICOM file it came from says of its series; nothing for other files.

    The file has been read as an image already.
    """
    from ..imaging.dicom_series import read_series

    series = read_series(Path(path))
    write_series(volume, series.weighting, series.frame_of_reference)
    if series.modality is not None and node_modality(volume) is None:
        volume.SetAttribute(MODALITY, series.modality)
