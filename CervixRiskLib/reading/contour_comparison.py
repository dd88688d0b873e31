"""How far the readers' contours agree, case by case and in sum: overlap, distances, sizes, and the washout kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..imaging import ContourAgreement, Roi, SliceImage, compare_contours
from ..progress import SILENT, Progress
from ..statistics import BlandAltman, IccForm, IccResult, bland_altman, icc
from ..statistics.agreement_analyses import AgreementAnalysis
from .reading_pairs import ComparedReadings, ReadingPair
from .records import StoredContour

if TYPE_CHECKING:
    from .study import Study

_FEWEST_FOR_LIMITS = 3
_FEWEST_FOR_ICC = 2


@dataclass(frozen=True)
class ComparedPair:
    """Two contours and what comparing them gave."""

    pair: ReadingPair
    agreement: ContourAgreement


@dataclass(frozen=True)
class Spread:
    """Median, quartiles (linear interpolation) and extremes of one measure."""

    median: float
    lower_quartile: float
    upper_quartile: float
    minimum: float
    maximum: float

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread:
        low, first, middle, third, high = (float(value) for value in np.percentile(values, (0, 25, 50, 75, 100)))
        return cls(middle, first, third, low, high)


@dataclass(frozen=True, eq=False)
class SizeAgreement:
    """Agreement on one size.

    Parameters
    ----------
    limits
        Bland-Altman, first minus second reading; ``None`` with fewer than three pairs.
    icc
        ICC(2,1); ``None`` with fewer than two pairs.
    """

    limits: BlandAltman | None
    icc: IccResult | None

    @classmethod
    def of(cls, first: Sequence[float], second: Sequence[float]) -> SizeAgreement:
        n = len(first)
        return cls(
            bland_altman(first, second) if n >= _FEWEST_FOR_LIMITS else None,
            icc(np.column_stack([first, second]), IccForm.ICC_2_1) if n >= _FEWEST_FOR_ICC else None,
        )


@dataclass(frozen=True, eq=False)
class PairSummary:
    """All comparisons of the same two readings; those in mm and those in pixels are never mixed.

    Parameters
    ----------
    words
        Which readings (:attr:`.reading_pairs.ReadingPair.words`).
    n
        Cases.
    dice, jaccard, hausdorff95, hausdorff, mean_surface_distance
        Over the cases; distances in ``unit``.
    diameter, area
        In ``unit`` and its square.
    identical
        Cases whose two contours have the same pixels, by ``case_id``.
    days
        Of the washout that was kept; ``None`` for two readers, or where nobody said when they drew.
    days_unknown
        Repeats of unknown date.
    """

    analysis: AgreementAnalysis
    words: str
    unit: Literal["mm", "px"]
    n: int
    dice: Spread
    jaccard: Spread
    hausdorff95: Spread
    hausdorff: Spread
    mean_surface_distance: Spread
    diameter: SizeAgreement
    area: SizeAgreement
    identical: tuple[str, ...]
    days: Spread | None
    days_unknown: int


@dataclass(frozen=True, eq=False)
class ContourComparison:
    """The comparison of all pairs, in the order of :attr:`.reading_pairs.ComparedReadings.pairs`."""

    pairs: tuple[ComparedPair, ...]
    summaries: tuple[PairSummary, ...]


def compare_readings(study: Study, readings: ComparedReadings, *, progress: Progress = SILENT) -> ContourComparison:
    """Compare the contours of every pair.

    Raises
    ------
    ReadingError
        A file of the study is missing or was changed.
    """
    compared: dict[int, ComparedPair] = {}
    by_case = sorted(enumerate(readings.pairs), key=lambda place: place[1].case.number)
    image: SliceImage | None = None
    read: dict[int, Roi] = {}
    number = None
    with progress.task("Comparing contours", total=len(by_case)) as task:
        for place, pair in by_case:
            if image is None or pair.case.number != number:
                number, image, read = pair.case.number, study.image(pair.case), {}
            first, second = (_roi(study, contour, image, read) for contour in (pair.first, pair.second))
            compared[place] = ComparedPair(pair, compare_contours(first, second))
            task.advance()
    pairs = tuple(compared[place] for place in sorted(compared))
    return ContourComparison(pairs, summarise_pairs(pairs))


def summarise_pairs(pairs: Sequence[ComparedPair]) -> tuple[PairSummary, ...]:
    """One summary for each two readings and unit."""
    groups: dict[tuple[AgreementAnalysis, str, Literal["mm", "px"]], list[ComparedPair]] = {}
    for compared in pairs:
        groups.setdefault((compared.pair.analysis, compared.pair.words, compared.agreement.unit), []).append(compared)
    return tuple(_summary(*key, group) for key, group in groups.items())


def _roi(study: Study, contour: StoredContour, image: SliceImage, read: dict[int, Roi]) -> Roi:
    """The primary reader's contour serves several pairs: read once."""
    if contour.identifier not in read:
        read[contour.identifier] = study.roi(contour, image)
    return read[contour.identifier]


def _summary(
    analysis: AgreementAnalysis, words: str, unit: Literal["mm", "px"], group: Sequence[ComparedPair]
) -> PairSummary:
    found = [compared.agreement for compared in group]
    days = [compared.pair.days_between for compared in group]
    known = [value for value in days if value is not None]
    return PairSummary(
        analysis,
        words,
        unit,
        len(group),
        dice=Spread.of([one.dice for one in found]),
        jaccard=Spread.of([one.jaccard for one in found]),
        hausdorff95=Spread.of([one.hausdorff95 for one in found]),
        hausdorff=Spread.of([one.hausdorff for one in found]),
        mean_surface_distance=Spread.of([one.mean_surface_distance for one in found]),
        diameter=SizeAgreement.of([one.first_diameter for one in found], [one.second_diameter for one in found]),
        area=SizeAgreement.of([one.first_area for one in found], [one.second_area for one in found]),
        identical=tuple(compared.pair.case.case_id for compared in group if compared.pair.identical),
        days=Spread.of(known) if known else None,
        days_unknown=len(days) - len(known) if analysis is AgreementAnalysis.INTRA else 0,
    )
