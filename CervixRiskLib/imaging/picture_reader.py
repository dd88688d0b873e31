"""PNG, JPEG, TIFF and BMP pictures, through Pillow.

Their resolution tags describe paper, not the patient: the pixel size of a picture is unknown.
"""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
from PIL import Image

from ..errors import ImageError
from .file_format import MAX_PIXELS, FileFormat
from .raw_slice import RawSlice, choose_slice

_EXIF_ORIENTATION = 0x0112
_GREY_MODES = frozenset({"L", "I", "F", "I;16", "I;16B", "I;16L", "I;16N"})


def read_picture(path: Path, file_format: FileFormat, slice_index: int | None) -> RawSlice:
    """Read one picture as ``(rows, columns)`` or ``(rows, columns, 3)`` in its own number type.

    Transparent pixels are blended with black. Pages of a TIFF count as slices.

    Raises
    ------
    ImageError
        The picture is damaged, too large, or has several pages and none was named.
    """
    name = path.name
    try:
        # Pillow warns of harmless breaches and of sizes that are checked here.
        with warnings.catch_warnings(), Image.open(path, formats=[file_format.value]) as picture:
            warnings.simplefilter("ignore")
            columns, rows = picture.size
            if columns * rows > MAX_PIXELS:
                raise ImageError(f"“{name}” has {rows} × {columns} pixels: too many for one slice.")
            count = int(getattr(picture, "n_frames", 1))
            index = choose_slice(name, count, slice_index, "pages")
            if index:
                picture.seek(index)
                if picture.size[0] * picture.size[1] > MAX_PIXELS:
                    raise ImageError(f"“{name}” has a page with too many pixels for one slice.")
            values, notes = _values(picture)
    except ImageError:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning, MemoryError) as error:
        raise ImageError(f"“{name}” has too many pixels for one slice.") from error
    except Exception as error:  # a decoder meets a hostile file with whatever its parser stumbles over
        raise ImageError(
            f"“{name}” is damaged or not a whole {file_format.value} file: export or copy it again."
        ) from error
    return RawSlice(values, slice_index=index, slice_count=count, notes=notes)


def _values(picture: Image.Image) -> tuple[np.ndarray, tuple[str, ...]]:
    notes: tuple[str, ...] = ()
    if picture.getexif().get(_EXIF_ORIENTATION, 1) != 1:
        notes += ("The file asks viewers to turn or mirror the picture; it was read as it is stored.",)
    if picture.mode in _GREY_MODES and "transparency" not in picture.info:
        return np.array(picture), notes
    if picture.mode == "1":
        return np.array(picture.convert("L")), notes
    if picture.has_transparency_data:
        coloured = np.array(picture.convert("RGBA"), dtype=np.uint8)
        if (coloured[..., 3] == 255).all():
            return coloured[..., :3], notes
        opacity = coloured[..., 3:].astype(np.float32) / np.float32(255)
        return coloured[..., :3] * opacity, (*notes, "Transparent pixels were blended with black.")
    return np.array(picture.convert("RGB")), notes
