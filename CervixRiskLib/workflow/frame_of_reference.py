"""Which coordinate system an image's places are told in: two examinations never share one."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Any

from ..imaging.file_format import FileFormat, detect_format
from ..scene.further_image import FRAME_OF_REFERENCE


def note_frame_of_reference(volume: Any, path: str | os.PathLike[str]) -> None:
    """Keep with ``volume`` the frame of reference (0020,0052) of the DICOM file it came from; nothing for other files.

    As a hash: the number itself leads to the patient. The file has been read as an image already.
    """
    if detect_format(Path(path)) is not FileFormat.DICOM:
        return
    from pydicom import dcmread

    header = dcmread(path, force=True, stop_before_pixels=True, specific_tags=["FrameOfReferenceUID"])
    number = str(header.get("FrameOfReferenceUID", "") or "").strip()
    if number:
        volume.SetAttribute(FRAME_OF_REFERENCE, hashlib.sha256(number.encode()).hexdigest()[:16])
