"""Whether the images' recording tells the group of the cases that the bundle's network may learn from."""

from __future__ import annotations

import numpy as np

from ..bundle.acquisition_record import AcquisitionRecord
from ..cohort.acquisition_check import check_acquisition
from .case_crops import CaseCrops
from .choices import Validation
from .settings import StagingSettings


def recording_of(
    cases: CaseCrops, resamples: list[tuple[np.ndarray, np.ndarray]], settings: StagingSettings
) -> AcquisitionRecord:
    """Cases that are held out for testing stay closed; in a cross-validation all are looked at.

    Parameters
    ----------
    resamples
        Rows to train on and to judge, as :func:`.resamples.draw_resamples` draws them.
    """
    positions = np.arange(len(cases.labels))
    if settings.validation is Validation.HOLDOUT:
        positions = resamples[0][0]
    found = check_acquisition(
        cases.acquisition.iloc[positions], cases.labels[positions], cases.patients[positions], seed=settings.seed
    )
    return AcquisitionRecord.of(found)
