"""What an extraction gives back."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class FeatureVector:
    """The features of one region of interest.

    Parameters
    ----------
    names
        In the preset's fixed order.
    values
        ``(n,)`` float64, finite, read-only.
    undefined
        Names whose value is a convention because the formula has none here (the kurtosis of a flat region is 0 divided
        by 0, and 0 by convention). In the preset's order.
    spacing_known
        ``False``: the image has no pixel size and lengths, areas and filter widths are in pixels, not in mm.
    preset_hash
        :attr:`Preset.content_hash` of the preset that was used.
    engine
        ``"cervixrisk"`` or ``"pyradiomics"``.
    """

    names: tuple[str, ...]
    values: np.ndarray
    undefined: tuple[str, ...] = ()
    spacing_known: bool = True
    preset_hash: str = ""
    engine: str = "cervixrisk"

    def __post_init__(self) -> None:
        values = np.array(self.values, dtype=np.float64, copy=True)
        values.flags.writeable = False
        object.__setattr__(self, "values", values)

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, name: str) -> float:
        return float(self.values[self._position[name]])

    @cached_property
    def _position(self) -> dict[str, int]:
        return {name: position for position, name in enumerate(self.names)}

    def to_series(self) -> pd.Series:
        """A pandas series, float64, indexed by feature name."""
        import pandas as pd

        return pd.Series(self.values.copy(), index=pd.Index(self.names, name="feature"), name="value")
