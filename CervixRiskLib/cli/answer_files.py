"""What is written beside an answer: heat map, picture, nomogram."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bundle import CaseInput, Prediction
    from ..worker.predictors import StudyPredictor


def write_extras(
    predictor: StudyPredictor,
    case: CaseInput,
    prediction: Prediction,
    *,
    heatmap: Path | None = None,
    picture: Path | None = None,
    nomogram: Path | None = None,
) -> dict[str, Path]:
    """Write what was asked for beside the answer; returns what is there now.

    Raises
    ------
    CervixRiskError
        A file cannot be written, or the bundle has no nomogram to draw.
    """
    written: dict[str, Path] = {}
    if heatmap is not None and prediction.heatmap is not None:
        from ..imaging import write_map

        write_map(heatmap, prediction.heatmap, case.image)
        written["Heat map"] = heatmap
    if picture is not None:
        from ..scene import render_slice_png

        written["Picture"] = render_slice_png(picture, case.image, case.roi, prediction)
    if nomogram is not None:
        from ..errors import SettingsError
        from ..report import draw_nomogram
        from ..statistics import Nomogram

        if predictor.manifest.nomogram is None:
            raise SettingsError("This model has no nomogram to draw.")
        draw_nomogram(
            Nomogram.from_dict(predictor.manifest.nomogram),
            {point.name: point.value for point in prediction.points},
            path=nomogram,
            interval=prediction.interval,
            simulated=prediction.simulated,
        )
        written["Nomogram"] = nomogram
    return written
