"""What a DICOM file says of the series that an image belongs to: modality, T1 or T2, coordinate system.

PS3.x numbers refer to the DICOM standard.
"""

from __future__ import annotations

import hashlib
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .dicom_geometry import frame_attribute
from .file_format import FileFormat, detect_format

_TAGS = (
    "Modality",
    "FrameOfReferenceUID",
    "SeriesDescription",
    "ProtocolName",
    "AcquisitionContrast",
    "ScanningSequence",
    "EchoTime",
    "RepetitionTime",
    "SharedFunctionalGroupsSequence",
)
# "t2_tse_sag", "AX T1W", "T2-weighted"; no map of relaxation times, no T2*.
_NAMED = re.compile(r"(?<![a-z0-9])(t[12])(?=$|w|[^a-z0-9*])(?!\s*\*|[\s_-]*(?:map|star))")
# ms. Between the two groups lie proton density and much else: nothing is said of it.
_LONG_ECHO, _LONG_REPETITION = 60.0, 1500.0
_SHORT_ECHO, _SHORT_REPETITION = 30.0, 1000.0


@dataclass(frozen=True)
class DicomSeries:
    """As far as the file says it.

    Parameters
    ----------
    modality
        DICOM's code: ``"US"``, ``"MR"``.
    weighting
        ``"T1"`` or ``"T2"`` of an MR image.
    frame_of_reference
        A hash of the frame of reference's number (0020,0052), which itself leads to the patient.
    """

    modality: str | None = None
    weighting: str | None = None
    frame_of_reference: str | None = None


def read_series(path: Path) -> DicomSeries:
    """Of a file that is an image; one that is no DICOM says nothing. Its pixels are not read."""
    if detect_format(path) is not FileFormat.DICOM:
        return DicomSeries()
    from pydicom import dcmread

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return series_of(dcmread(path, force=True, stop_before_pixels=True, specific_tags=list(_TAGS)))


def series_of(dataset: Any) -> DicomSeries:
    """Of a data set."""
    modality = str(dataset.get("Modality") or "").strip() or None
    number = str(dataset.get("FrameOfReferenceUID") or "").strip()
    return DicomSeries(
        modality,
        weighting(dataset) if modality == "MR" else None,
        hashlib.sha256(number.encode()).hexdigest()[:16] if number else None,
    )


def weighting(dataset: Any) -> str | None:
    """``"T1"`` or ``"T2"``: by the acquisition contrast (0008,9209), the series' name, or echo and repetition time.

    The first of them that speaks is believed; contrast and names that say neither or both say nothing.
    """
    contrast = str(frame_attribute(dataset, 0, "MRImageFrameTypeSequence", "AcquisitionContrast") or "")
    if contrast in ("T1", "T2"):
        return contrast
    for keyword in ("SeriesDescription", "ProtocolName"):
        named = set(_NAMED.findall(str(dataset.get(keyword) or "").lower()))
        if len(named) == 1:
            return named.pop().upper()
    echo = _milliseconds(dataset, "MREchoSequence", ("EffectiveEchoTime", "EchoTime"))
    repetition = _milliseconds(dataset, "MRTimingAndRelatedParametersSequence", ("RepetitionTime",))
    # Echo-planar images (diffusion) have T2's times and another look.
    if echo is None or repetition is None or "EP" in str(dataset.get("ScanningSequence") or ""):
        return None
    if echo >= _LONG_ECHO and repetition >= _LONG_REPETITION:
        return "T2"
    return "T1" if echo <= _SHORT_ECHO and repetition <= _SHORT_REPETITION else None


def _milliseconds(dataset: Any, sequence: str, keywords: tuple[str, ...]) -> float | None:
    for keyword in keywords:
        value = frame_attribute(dataset, 0, sequence, keyword)
        if value is None or value == "":
            continue
        try:
            return float(value)
        except (TypeError, ValueError):
            # Several echoes, or no number.
            return None
    return None
