"""One frame of a DICOM image, or all of them, through pydicom.

PS3.x numbers refer to the DICOM standard.
"""

from __future__ import annotations

import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ImageError, MissingComponentError
from .dicom_geometry import frame_attribute, frame_geometry, pixel_size
from .dicom_series import series_of
from .file_format import MAX_PIXELS
from .raw_slice import RawSlice, check_stack_size, choose_slice

_DEFLATED = "1.2.840.10008.1.2.1.99"
_MAX_DEFLATED_BYTES = 1 << 30
_NOT_IMAGES = {"SEG": "a segmentation", "RTDOSE": "a dose distribution"}
# PS3.5 annex A.4: what the pictures inside are compressed with, and a freely licensed package that opens them.
_COMPRESSIONS = {
    "1.2.840.10008.1.2.4.50": ("JPEG", "pillow"),
    "1.2.840.10008.1.2.4.51": ("JPEG Extended", "python-gdcm"),
    "1.2.840.10008.1.2.4.57": ("JPEG Lossless", "python-gdcm"),
    "1.2.840.10008.1.2.4.70": ("JPEG Lossless", "python-gdcm"),
    "1.2.840.10008.1.2.4.80": ("JPEG-LS", "python-gdcm"),
    "1.2.840.10008.1.2.4.81": ("JPEG-LS", "python-gdcm"),
    "1.2.840.10008.1.2.4.90": ("JPEG 2000", "pylibjpeg-openjpeg"),
    "1.2.840.10008.1.2.4.91": ("JPEG 2000", "pylibjpeg-openjpeg"),
    "1.2.840.10008.1.2.4.201": ("High-Throughput JPEG 2000", "pylibjpeg-openjpeg"),
    "1.2.840.10008.1.2.4.202": ("High-Throughput JPEG 2000", "pylibjpeg-openjpeg"),
    "1.2.840.10008.1.2.4.203": ("High-Throughput JPEG 2000", "pylibjpeg-openjpeg"),
}
_UNUSUAL = ("an unusual method", "python-gdcm")


def read_dicom(path: Path, slice_index: int | None) -> RawSlice:
    """Read one frame: ``(rows, columns)`` rescaled values, or ``(rows, columns, 3)`` colour.

    MONOCHROME1 is turned so that bright is high, palettes are applied (and brought to 8 bits), YBR becomes RGB.
    Overlays and windows are left alone.

    Raises
    ------
    ImageError
        Not an image, damaged, cut off, or several frames and none was named.
    MissingComponentError
        The picture is compressed with a method for which no decoder is installed.
    """
    with _readable(path.name):
        dataset, modality, count = _open(path)
        return _raw_frame(dataset, path.name, modality, choose_slice(path.name, count, slice_index, "frames"), count)


def read_dicom_frames(path: Path) -> Iterator[RawSlice]:
    """All frames as :func:`read_dicom` gives them; the file is opened once.

    Raises
    ------
    ImageError
        Not an image, damaged, cut off, or too large to be held whole.
    MissingComponentError
        The picture is compressed with a method for which no decoder is installed.
    """
    with _readable(path.name):
        dataset, modality, count = _open(path)
        samples = int(dataset.get("SamplesPerPixel") or 1)
        choose_slice(path.name, count, 0, "frames")
        check_stack_size(path.name, count * int(dataset.Rows) * int(dataset.Columns) * samples)
    for index in range(count):
        with _readable(path.name):
            frame = _raw_frame(dataset, path.name, modality, index, count)
        yield frame


@contextmanager
def _readable(name: str) -> Iterator[None]:
    with warnings.catch_warnings():
        # pydicom warns of every small breach of the standard; what matters here ends in an error or a note.
        warnings.simplefilter("ignore")
        try:
            yield
        except (ImageError, MissingComponentError):
            raise
        except MemoryError as error:
            raise ImageError(f"“{name}” is too large to be read as one slice.") from error
        except Exception as error:  # a parser meets a hostile file with whatever it stumbles over
            raise ImageError(f"“{name}” is damaged or cut off: send or copy the DICOM file again.") from error


def _open(path: Path) -> tuple[Any, str | None, int]:
    """The data set, its modality and the number of its frames."""
    import pydicom

    name = path.name
    refuse_deflate_bomb(path)
    dataset = pydicom.dcmread(path, force=True)
    modality = str(dataset.get("Modality") or "") or None
    if modality in _NOT_IMAGES:
        raise ImageError(f"“{name}” holds {_NOT_IMAGES[modality]}, not an image: choose the image it belongs to.")
    if not {"PixelData", "FloatPixelData", "DoubleFloatPixelData"} & {element.keyword for element in dataset}:
        raise ImageError(f"“{name}” is DICOM without an image, or its image is cut off.")
    rows, columns = int(dataset.Rows), int(dataset.Columns)
    if rows * columns > MAX_PIXELS:
        raise ImageError(f"“{name}” claims {rows} × {columns} pixels: too many for one slice.")
    return dataset, modality, int(dataset.get("NumberOfFrames") or 1)


def _raw_frame(dataset: Any, name: str, modality: str | None, index: int, count: int) -> RawSlice:
    values, notes = _frame(dataset, name, index)
    spacing, source, spacing_notes = pixel_size(dataset, index)
    series = series_of(dataset)
    return RawSlice(
        values,
        spacing,
        source,
        modality,
        index,
        count,
        notes + spacing_notes,
        frame_geometry(dataset, index),
        weighting=series.weighting,
        frame_of_reference=series.frame_of_reference,
    )


def _frame(dataset: Any, name: str, index: int) -> tuple[np.ndarray, tuple[str, ...]]:
    from pydicom.pixels import apply_color_lut, apply_modality_lut

    stored = decode_frame(dataset, name, index)
    interpretation = str(dataset.get("PhotometricInterpretation") or "")
    if interpretation == "PALETTE COLOR":
        coloured = apply_color_lut(stored, dataset)[..., :3]
        # Palettes of 16 bits carry the screen's 8 bits in their upper byte (PS3.3 C.7.6.3.1.5).
        return (coloured >> 8 if coloured.dtype.itemsize == 2 else coloured), ()
    if stored.ndim == 3:
        return stored, ()
    notes: tuple[str, ...] = ()
    if interpretation == "MONOCHROME1" and stored.dtype.kind in "iu":
        stored = _inverted(stored, int(dataset.BitsStored), bool(dataset.PixelRepresentation))
        notes = ("The image was stored inverted (MONOCHROME1); bright is high now.",)
    if dataset.get("ModalityLUTSequence"):
        return apply_modality_lut(stored, dataset), notes
    slope = frame_attribute(dataset, index, "PixelValueTransformationSequence", "RescaleSlope")
    intercept = frame_attribute(dataset, index, "PixelValueTransformationSequence", "RescaleIntercept")
    if slope is None and intercept is None:
        return stored, notes
    return stored * float(1.0 if slope is None else slope) + float(intercept or 0.0), notes


def decode_frame(dataset: Any, name: str, index: int) -> np.ndarray:
    """One frame as it is stored.

    Raises
    ------
    ImageError
        It is compressed and cannot be unpacked.
    MissingComponentError
        It is compressed with a method for which no decoder is installed.
    """
    from pydicom.pixels import get_decoder, pixel_array

    syntax = transfer_syntax(dataset)
    if not syntax.is_encapsulated:
        return np.asarray(pixel_array(dataset, index=index))
    method, package = _COMPRESSIONS.get(str(syntax), _UNUSUAL)
    try:
        available = get_decoder(syntax).is_available
    except NotImplementedError as error:
        raise ImageError(f"“{name}” is compressed in a way that cannot be read: export it uncompressed.") from error
    if not available:
        raise MissingComponentError(
            f"“{name}” is compressed with {method}: install a decoder with `pip install {package}`, or export it "
            "uncompressed."
        )
    try:
        return np.asarray(pixel_array(dataset, index=index))
    except RuntimeError as error:  # what pydicom raises when every installed decoder has given up
        raise ImageError(
            f"“{name}” is compressed with {method} and cannot be unpacked: it is damaged, or needs another decoder "
            f"(`pip install {package}`)."
        ) from error


def transfer_syntax(dataset: Any) -> Any:
    """The file's transfer syntax; files without a header tell it by how their elements are written."""
    from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

    dataset.ensure_file_meta()
    if "TransferSyntaxUID" not in dataset.file_meta:
        implicit, little = dataset.original_encoding
        dataset.file_meta.TransferSyntaxUID = (
            ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian if little else ExplicitVRBigEndian
        )
    return dataset.file_meta.TransferSyntaxUID


def _inverted(stored: np.ndarray, bits: int, signed: bool) -> np.ndarray:
    """Mirror stored values inside the range that ``bits`` allow (PS3.3 C.7.6.3.1.2)."""
    lowest, highest = (-(1 << (bits - 1)), (1 << (bits - 1)) - 1) if signed else (0, (1 << bits) - 1)
    return (lowest + highest) - stored.astype(np.int64)


def refuse_deflate_bomb(path: Path) -> None:
    """pydicom inflates a deflated file in one go; look first how much that would be."""
    from pydicom.filereader import read_file_meta_info

    with path.open("rb") as file:
        head = file.read(4096)
        if _DEFLATED.encode() not in head or head[128:132] != b"DICM":
            return
        meta = read_file_meta_info(path)
        if str(meta.get("TransferSyntaxUID", "")) != _DEFLATED:
            return
        # Preamble, prefix, and the group length's own element of 12 bytes lie before what the length counts.
        file.seek(128 + 4 + 12 + int(meta.FileMetaInformationGroupLength))
        inflate = zlib.decompressobj(-zlib.MAX_WBITS)
        total = 0
        while not inflate.eof and (packed := file.read(1 << 16)):
            while packed and not inflate.eof:
                total += len(inflate.decompress(packed, 1 << 20))
                if total > _MAX_DEFLATED_BYTES:
                    raise ImageError(f"“{path.name}” unpacks to more than a slice can hold.")
                packed = inflate.unconsumed_tail
