"""What a file is, told from its first bytes: names and extensions may lie."""

from __future__ import annotations

import os
import stat
from enum import Enum
from pathlib import Path

from ..errors import ImageError

# Larger than any slice a scanner makes (8192 × 8192), small enough to be held several times over.
MAX_PIXELS = 1 << 26


class FileFormat(Enum):
    """The formats that can be read, with the name a person knows."""

    DICOM = "DICOM"
    NRRD = "NRRD"
    NIFTI = "NIfTI"
    METAIMAGE = "MetaImage"
    PNG = "PNG"
    JPEG = "JPEG"
    TIFF = "TIFF"
    BMP = "BMP"
    JSON = "JSON"


PICTURE_FORMATS = frozenset({FileFormat.PNG, FileFormat.JPEG, FileFormat.TIFF, FileFormat.BMP})

_GZIP = b"\x1f\x8b"
_MAGIC = (
    (b"NRRD000", FileFormat.NRRD),
    (b"\x89PNG\r\n\x1a\n", FileFormat.PNG),
    (b"\xff\xd8\xff", FileFormat.JPEG),
    (b"II*\x00", FileFormat.TIFF),
    (b"MM\x00*", FileFormat.TIFF),
    (b"II+\x00", FileFormat.TIFF),
    (b"MM\x00+", FileFormat.TIFF),
    (b"BM", FileFormat.BMP),
)


def detect_format(path: Path) -> FileFormat:
    """The format of the file at ``path``.

    Raises
    ------
    ImageError
        There is no such file, it cannot be read, or its content is none of the known formats.
    """
    name = path.name
    head = _head(path)
    if not head:
        raise ImageError(f"“{name}” is empty (0 bytes): export it again.")
    # DICOM comes first: its 128 free bytes often hold a TIFF header, so that the file opens as either.
    if head[128:132] == b"DICM":
        return FileFormat.DICOM
    for magic, file_format in _MAGIC:
        if head.startswith(magic):
            return file_format
    if _looks_like_bare_dicom(head):
        return FileFormat.DICOM
    if head[344:348] == b"n+1\0" or (head[:4] in _NIFTI2_SIZES and head[4:8] == b"n+2\0"):
        return FileFormat.NIFTI
    if head[344:348] == b"ni1\0":
        raise ImageError(f"“{name}” is the header of a NIfTI pair: save image and header in one .nii or .nii.gz file.")
    if head.startswith(_GZIP):
        return FileFormat.NIFTI  # the only format here that is compressed as a whole; its reader looks inside
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n")
    if text[:1] in (b"[", b"{"):
        return FileFormat.JSON
    first_key = text.split(b"=", 1)[0].strip()
    if first_key in _METAIMAGE_FIRST_KEYS and b"=" in text:
        return FileFormat.METAIMAGE
    raise ImageError(
        f"“{name}” is not an image that can be read: DICOM, NRRD, NIfTI, MetaImage, PNG, JPEG and TIFF can."
    )


_NIFTI2_SIZES = ((540).to_bytes(4, "little"), (540).to_bytes(4, "big"))
_METAIMAGE_FIRST_KEYS = frozenset({b"ObjectType", b"NDims", b"Comment", b"ObjectSubType"})


def _head(path: Path) -> bytes:
    name = path.name
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise ImageError(f"“{name}” is a folder, not an image: choose one file in it.")
        if not stat.S_ISREG(mode):
            raise ImageError(f"“{name}” is not a file: choose an image file.")
        with path.open("rb") as file:
            return file.read(1024)
    except FileNotFoundError as error:
        raise ImageError(f"There is no file “{name}” at the given place: check its path.") from error
    except PermissionError as error:
        raise ImageError(f"“{name}” may not be read: check its permissions.") from error
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the name
        raise ImageError(f"“{name}” cannot be opened: check its path.") from error


def _looks_like_bare_dicom(head: bytes) -> bool:
    """Old DICOM files begin with their first element: group 0002 or 0008, either byte order, a low element number."""
    if len(head) < 16:
        return False
    if head[:2] in (b"\x02\x00", b"\x08\x00"):
        explicit = head[4:6].isalpha() and head[4:6].isupper()
        implicit = head[6:8] == b"\x00\x00"
        return head[3] == 0 and (explicit or implicit)
    return head[:2] == b"\x00\x08" and head[2] == 0 and head[4:6].isalpha() and head[4:6].isupper()
