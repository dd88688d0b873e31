"""How each trait of the recording differs between the groups: what a person can look at beside the verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from .one_tumour_size import matched_auc

if TYPE_CHECKING:
    import pandas as pd

CONTOUR = "contour"
"""The kind of traits that are the tumour's and have no part in the verdict."""
FEWEST_CASES = 5
"""A value of fewer cases (a scanner, a format) is named nowhere."""
_FEWEST_OF_A_GROUP = 3


@dataclass(frozen=True)
class Trait:
    """How a trait is called, of which kind it is, and whether it is a share of the cases."""

    label: str
    kind: str
    share: bool = False


TRAITS = {
    "rows": Trait("rows", "size"),
    "columns": Trait("columns", "size"),
    "pixel_mm": Trait("pixel size (mm)", "pixel size"),
    "slices": Trait("slices in the file", "file format"),
    "coloured": Trait("colour picture", "file format", share=True),
    "brightness": Trait("brightness of the frame", "brightness"),
    "contrast": Trait("contrast of the frame", "brightness"),
    "dark_share": Trait("black part of the frame", "brightness"),
    "bright_share": Trait("white part of the frame", "brightness"),
    "highest_grey": Trait("highest grey value", "brightness"),
    "file_kind": Trait("file format", "file format", share=True),
    "scanner": Trait("scanner", "scanner", share=True),
}
OF_CONTOUR = {
    "contour_size": Trait("contour's size, part of the slice's side", CONTOUR),
    "contour_row": Trait("contour's place from the top", CONTOUR),
    "contour_column": Trait("contour's place from the left", CONTOUR),
    "contour_at_border": Trait("contour reaches the border", CONTOUR, share=True),
}
# The slice's grid is one for all channels of a case.
OF_THE_GRID = ("rows", "columns", "pixel_mm")
_WORDS = ("file_kind", "scanner")


@dataclass(frozen=True)
class TraitDifference:
    """One trait by group.

    Parameters
    ----------
    label, kind
        What it is, and which kind of trait: "size", "pixel size", "brightness", "file format", "scanner"; "contour"
        for what is the tumour's and has no part in the verdict.
    share
        Whether ``groups`` are shares of the cases, 0 to 1; otherwise medians.
    groups
        A number a group; ``None`` where fewer than three cases of it have a value.
    auc
        Of this trait alone, on all these cases, turned so as to lie above 0.5; the mean over the groups of each against
        the rest where there are more than two. Nothing is fitted for it. Of the recording's traits at one size of the
        tumour, where every case has a contour.
    """

    label: str
    kind: str
    share: bool
    groups: tuple[float | None, ...]
    auc: float


def known_trait(name: str) -> Trait:
    """The trait behind a column of :func:`.acquisition_check.acquisition_frame`."""
    channel, _, trait = name.rpartition(": ")
    found = TRAITS.get(trait) or OF_CONTOUR[trait]
    return Trait(f"{channel}: {found.label}", found.kind, found.share) if channel else found


def is_word(name: str) -> bool:
    """Whether the column holds words instead of numbers."""
    return name.rpartition(": ")[2] in _WORDS


def differences(name: str, values: pd.Series, codes: np.ndarray, alike: np.ndarray | None) -> list[TraitDifference]:
    """How one column differs between the groups: one difference, or one a word that may be told.

    Parameters
    ----------
    codes
        ``(cases,)``.
    alike
        Which cases may be compared, as :func:`.one_tumour_size.alike_in_size` says it.
    """
    trait = known_trait(name)
    alike = None if trait.kind == CONTOUR else alike
    if not is_word(name):
        numbers = values.to_numpy(float)
        if trait.share and not _may_be_told(numbers, codes):
            return []
        return [_difference(trait, trait.label, numbers, codes, alike)]
    counts = values.value_counts()
    shown = [str(word) for word, count in counts.items() if FEWEST_CASES <= count <= len(values) - FEWEST_CASES]
    # Of two words one says all.
    shown = shown[:1] if len(counts) == 2 else shown
    indicators = {word: (values == word).to_numpy(float) for word in shown}
    return [
        _difference(trait, f"{trait.label}: {word or 'not known'}", numbers, codes, alike)
        for word, numbers in indicators.items()
        if _may_be_told(numbers, codes)
    ]


def _may_be_told(indicator: np.ndarray, codes: np.ndarray) -> bool:
    """Whether no share speaks of one or two cases of a group, with or without what it is a share of."""
    counts = [int(np.count_nonzero(indicator[codes == code] == value)) for code in set(codes) for value in (0, 1)]
    return all(count == 0 or count >= _FEWEST_OF_A_GROUP for count in counts)


def _difference(
    trait: Trait, label: str, values: np.ndarray, codes: np.ndarray, alike: np.ndarray | None
) -> TraitDifference:
    groups = []
    for code in range(int(codes.max()) + 1):
        known = values[(codes == code) & np.isfinite(values)]
        middle = np.nan
        if known.size >= _FEWEST_OF_A_GROUP:
            middle = known.mean() if trait.share else np.median(known)
        groups.append(float(middle) if np.isfinite(middle) else None)
    return TraitDifference(label, trait.kind, trait.share, tuple(groups), _turned_auc(values, codes, alike))


def _turned_auc(values: np.ndarray, codes: np.ndarray, alike: np.ndarray | None) -> float:
    filled = np.where(np.isfinite(values), values, np.nanmedian(values))
    alike = np.ones((len(codes), len(codes))) if alike is None else alike
    areas = []
    for code in range(int(codes.max()) + 1):
        both = np.column_stack([-filled, filled])
        area = float(matched_auc((codes == code).astype(int), both, alike)[0])
        areas.append(0.5 if np.isnan(area) else max(area, 1 - area))
    return float(np.mean(areas))
