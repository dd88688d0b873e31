"""Cases for the scene's tests: small, asymmetric, with values that can be told apart in a picture."""

from __future__ import annotations

import numpy as np
import pytest

from CervixRiskLib.bundle.contracts import Prediction, PredictionWarning, PredictorPoints, WarningCode
from CervixRiskLib.errors import MissingComponentError
from CervixRiskLib.imaging import Roi, SliceImage


@pytest.fixture(scope="session")
def image() -> SliceImage:
    """60 rows x 80 columns, mid grey with a white block at the upper left and a dark one at the upper right."""
    pixels = np.full((60, 80), 100, dtype=np.float32)
    pixels[:10, :10] = 250
    pixels[:10, -10:] = 10
    return SliceImage(pixels, (0.5, 0.5), "PixelSpacing", "US")


@pytest.fixture(scope="session")
def roi(image: SliceImage) -> Roi:
    """Rows 30 to 49, columns 15 to 34: low and left of the middle."""
    mask = np.zeros(image.shape, dtype=bool)
    mask[30:50, 15:35] = True
    return Roi.from_mask(mask, image)


@pytest.fixture(scope="session")
def prediction(image: SliceImage) -> Prediction:
    """With a heat map of 1.0 in rows 34-41 x columns 19-30, 0.1 around it, and NaN right of column 44."""
    heat = np.full(image.shape, 0.1, dtype=np.float32)
    heat[34:42, 19:31] = 1.0
    heat[:, 45:] = np.nan
    return Prediction(
        case_id="case",
        task="plnm",
        probability=0.31,
        interval=(0.22, 0.42),
        threshold=0.35,
        label="no metastasis",
        positive_class="metastasis",
        score=0.4,
        points=(PredictorPoints("rbc", "RBC count", 3.9, "10¹²/L", 8.0),),
        total_points=71.4,
        heatmap=heat,
        heatmap_target="Grad-CAM of the fusion score",
        warnings=(
            PredictionWarning(WarningCode.SMALL_ROI, "The region is small."),
            PredictionWarning(WarningCode.DEMO_BUNDLE, "Made on simulated data."),
        ),
        simulated=True,
    )


@pytest.fixture(scope="session")
def offscreen() -> None:
    """Skip where slicer-core or an off-screen OpenGL is missing; say which."""
    from CervixRiskLib.scene.offscreen import offscreen_window_class

    try:
        offscreen_window_class()
    except MissingComponentError as error:
        pytest.skip(str(error))
