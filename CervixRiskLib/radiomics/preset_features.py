"""The features of a preset as a table, known without measuring any."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .parameter_file import as_preset
from .preset import Preset

if TYPE_CHECKING:
    import pandas as pd


def feature_table(preset: Preset | str) -> pd.DataFrame:
    """One row a feature of ``preset``, in its order.

    Returns
    -------
    pandas.DataFrame
        ``name``; ``image_type`` (``"original"``, ``"wavelet-LLH"``, …); ``feature_class`` (``"shape"``,
        ``"firstorder"``, ``"glcm"``, …); ``feature``; ``noise`` (bool): the image holds rounding noise only, because it
        is a wavelet band that high-passes across slices and there is only one slice.
    """
    import pandas as pd

    checked = as_preset(preset)
    image_names, classes, features = zip(*checked.columns, strict=True)
    noise = [not checked.force_2d and name.startswith("wavelet-") and name.endswith("H") for name in image_names]
    return pd.DataFrame(
        {
            "name": checked.feature_names,
            "image_type": image_names,
            "feature_class": classes,
            "feature": features,
            "noise": noise,
        }
    )
