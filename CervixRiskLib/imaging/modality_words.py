"""DICOM's codes of modalities in words."""

from __future__ import annotations

_WORDS = {
    "US": "ultrasound",
    "MR": "MR",
    "CT": "CT",
    "PT": "PET",
    "MG": "a mammogram",
    "CR": "an X-ray",
    "DX": "an X-ray",
}


def modality_words(code: str) -> str:
    """``"ultrasound"`` for ``"US"``; a code without a word stays as it is."""
    return _WORDS.get(code, code)
