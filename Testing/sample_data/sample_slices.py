"""The two sample slices: which simulated cases, and their files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from CervixRiskLib.imaging import Roi, SliceImage

SEED = 5001
"""No case of the models' cohorts comes from it."""
_PICTURE, _CAPTION = 128, 16
_CONTOUR = (64, 224, 208)


@dataclass(frozen=True, eq=False)
class SampleSlice:
    """A simulated case to be shown.

    Parameters
    ----------
    key, title, modality, truth
        As in :class:`CervixRiskLib.workflow.samples.Sample`.
    image, roi
        The slice, and what a simulated reader drew.
    clinical
        Values as text; without the maximum diameter, which the contour gives.
    """

    key: str
    title: str
    modality: str
    truth: str
    image: SliceImage
    roi: Roi
    clinical: dict[str, str]


# Picked among two hundred and among twenty for what they show: a lesion that a person can see and draw, an answer that
# is right and not certain, a heat map on the lesion. They illustrate; how good the models are, their validation says.
_ULTRASOUND_CASE, _MR_CASE, _MR_STAGE = 74, 7, "IIIB"


def ultrasound_slice() -> SampleSlice:
    """A tumour with lymph node metastasis."""
    from CervixRiskLib.cohort.simulation import simulate_ultrasound_case

    case = simulate_ultrasound_case(np.random.default_rng((SEED, _ULTRASOUND_CASE)), positive=True)
    clinical = {name: str(value) for name, value in case.clinical.items() if name != "maximum_diameter"}
    return SampleSlice(
        "ultrasound", "Sample ultrasound (simulated)", "US", "metastasis", case.image, case.roi, clinical
    )


def mr_slice() -> SampleSlice:
    """A tumour that has grown beyond the cervix."""
    from CervixRiskLib.cohort.simulation import simulate_mri_case

    case = simulate_mri_case(np.random.default_rng((SEED, _MR_CASE)), _MR_STAGE)
    return SampleSlice("mr", "Sample MR (simulated)", "MR", "chemoradiotherapy", case.image, case.roi, {})


def write_slice(path: Path, image: SliceImage) -> None:
    """The slice as an 8-bit NRRD volume of one slice with its pixel size, as Slicer reads it."""
    import SimpleITK

    assert image.spacing_mm is not None
    volume = SimpleITK.GetImageFromArray(image.pixels.astype(np.uint8)[np.newaxis])
    row_mm, column_mm = image.spacing_mm
    volume.SetSpacing((column_mm, row_mm, 1.0))
    SimpleITK.WriteImage(volume, str(path), useCompression=True)


def write_thumbnail(path: Path, sample: SampleSlice) -> None:
    """The slice's middle square with the contour, and under it that it is simulated."""
    from PIL import Image, ImageDraw
    from scipy.ndimage import binary_erosion

    rows, columns = sample.image.shape
    side = min(rows, columns)
    square = np.s_[(rows - side) // 2 :, (columns - side) // 2 :]
    pixels, mask = (array[square][:side, :side] for array in (sample.image.pixels, sample.roi.mask))
    size = (_PICTURE, _PICTURE)
    grey = Image.fromarray(pixels.astype(np.uint8)).resize(size, Image.Resampling.LANCZOS)
    inside = np.asarray(Image.fromarray(mask.astype(np.uint8)).resize(size, Image.Resampling.NEAREST)) > 0
    colours = np.asarray(grey.convert("RGB")).copy()
    colours[inside & ~binary_erosion(inside)] = _CONTOUR
    sheet = Image.new("RGB", (_PICTURE, _PICTURE + _CAPTION))
    sheet.paste(Image.fromarray(colours))
    words = f"{sample.modality} · simulated"
    ImageDraw.Draw(sheet).text((_PICTURE / 2, _PICTURE + _CAPTION / 2), words, "white", anchor="mm")
    sheet.save(path, optimize=True)
