"""What the files of a cohort's images say of themselves: modality, T1 or T2."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .table import Cohort


def stated_series(cohort: Cohort) -> dict[str, dict[str, list[str]]]:
    """By channel, the ``modalities`` and ``weightings`` that occur, sorted.

    Only DICOM files state any; a channel whose files state nothing is left out. Headers alone are read.

    Raises
    ------
    ImageError
        A file is not there any more.
    """
    from ..imaging.dicom_series import read_series

    stated = {}
    for channel in cohort.channels:
        paths = {cohort.image_path(case_id, channel) for case_id in cohort.case_ids}
        series = [read_series(path) for path in paths]
        kinds = {
            "modalities": sorted({one.modality for one in series if one.modality}),
            "weightings": sorted({one.weighting for one in series if one.weighting}),
        }
        if any(kinds.values()):
            stated[channel] = {name: codes for name, codes in kinds.items() if codes}
    return stated
