"""Measures one case: the function that runs in each worker process, here or on another machine.

It is a pure function of the task: it writes nothing, and one thread does the arithmetic, so that the result does not
depend on where and beside what it runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from ..errors import CervixRiskError, MissingComponentError, SettingsError
from .acquisition_traits import AcquisitionTraits, acquisition_traits
from .case_result import CaseFailure, CaseResult
from .engine_version import engine_version

if TYPE_CHECKING:
    from ..radiomics import Preset


@dataclass(frozen=True)
class CaseTask:
    """All a worker needs to know. Paths are absolute and must lead to the same files on every machine."""

    case_id: str
    image: str
    roi: str
    slice_index: int | None
    label: int | None
    spacing_mm: tuple[float, float] | None
    preset: Preset
    engine: str
    crop_size: int | None
    crop_margin: float
    engine_version: str


def measure_case(task: CaseTask) -> CaseResult | CaseFailure:
    """Read, extract and crop one case.

    A case that cannot be measured comes back as a :class:`CaseFailure`: one bad file must not end a night's work.

    Raises
    ------
    SettingsError, MissingComponentError
        No case can be measured like this: another library version on this machine, engine missing.
    """
    from threadpoolctl import threadpool_limits

    from ..imaging import crop_around_roi, read_image, read_roi
    from ..radiomics import extract

    if task.engine_version != engine_version(task.engine):
        raise SettingsError("A worker runs another version of CervixRisk than this computer: install the same on both.")
    with threadpool_limits(limits=1):
        try:
            image = read_image(task.image, slice_index=task.slice_index, spacing_mm=task.spacing_mm)
            roi = read_roi(task.roi, image, label=task.label)
            vector = extract(image, roi, preset=task.preset, engine=task.engine)
            crop = None
            if task.crop_size is not None:
                crop = crop_around_roi(image, roi, size=task.crop_size, margin=task.crop_margin).pixels
            acquisition = acquisition_traits(task.image, image, roi)
        except (SettingsError, MissingComponentError):
            raise
        except (CervixRiskError, OSError) as error:
            reason = str(error) if isinstance(error, CervixRiskError) else "A file of this case cannot be read."
            return CaseFailure(task.case_id, reason)
    undefined = set(vector.undefined)
    return CaseResult(
        values=np.asarray(vector.values, dtype=np.float64),
        undefined=np.flatnonzero([name in undefined for name in vector.names]),
        pixel_count=roi.n_pixels,
        diameter_mm=np.nan if roi.max_diameter_mm is None else roi.max_diameter_mm,
        touches_border=roi.touches_border,
        crop=crop,
        acquisition=acquisition,
    )


def look_at_case(task: CaseTask) -> AcquisitionTraits:
    """The acquisition traits alone, of a case that was measured before they were looked at.

    Raises
    ------
    ImageError, RoiError
        A file cannot be read any more.
    """
    from ..imaging import read_image, read_roi

    image = read_image(task.image, slice_index=task.slice_index, spacing_mm=task.spacing_mm)
    return acquisition_traits(task.image, image, read_roi(task.roi, image, label=task.label))
