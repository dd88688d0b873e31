"""Odds ratios over each predictor's middle half: what makes those of different units comparable."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from ...bundle.prediction_text import readable_unit
from .cells import Cell, Estimate
from .document import Block, FigureBlock, TableBlock

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..figures.forest import ForestRow

SIDES = ("univariate", "multivariate")
Row = Mapping[str, Any]
"""A row of the odds ratios' table by its columns."""
_LARGE = 1000.0
"""Odds ratios that reach this are told without decimals."""
_PER_RANGE = "Odds ratios of the upper against the lower quartile"
_NOTE = (
    "The same regressions: the odds ratio of a patient at the upper quartile of the training cases against one at the "
    "lower, with profile-likelihood intervals. A unit can be more than the whole cohort spans (Harrell 2015)."
)


def per_range_blocks(rows: Sequence[Row], units: Mapping[str, str], *, simulated: bool) -> tuple[Block, ...]:
    """The table of numeric predictors over their interquartile ranges, and the forest of all predictors.

    Parameters
    ----------
    rows
        As :meth:`CervixRiskLib.statistics.OddsRatioTable.to_frame` has them. Records of earlier versions have no
        ranges: then the forest is per unit and stands alone.
    units
        By the predictors' labels.
    """
    numeric = [row for row in rows if _range(row) is not None]
    forest = _forest(rows, units, simulated=simulated, per_range=bool(numeric))
    if not numeric:
        return (forest,)
    cells: list[tuple[Cell, ...]] = [
        (_label(row), _width(row, units), *(_over_range(row, side) for side in SIDES)) for row in numeric
    ]
    table = TableBlock(
        _PER_RANGE,
        ("Predictor", "between the quartiles", *SIDES),
        tuple(cells),
        "odds_ratios_per_range",
        (_NOTE,),
    )
    return (table, forest)


def number_in(row: Row, name: str) -> float | None:
    """The number of that column, ``None`` where there is none."""
    value = row.get(name)
    return float(value) if isinstance(value, int | float) else None


def ratio(value: float, lower: float | None, upper: float | None) -> Estimate:
    """An odds ratio as a cell."""
    return Estimate(value, lower, upper, digits=3 if max(value, upper or 0.0) < _LARGE else 0)


def _label(row: Row) -> str:
    return str(row.get("label") or row.get("name"))


def _range(row: Row) -> float | None:
    return number_in(row, "interquartile_range")


def _width(row: Row, units: Mapping[str, str]) -> str:
    unit = units.get(_label(row), "")
    between = " × " if unit[:1].isdigit() else " "
    return f"{_range(row):.3g}" + (f"{between}{readable_unit(unit)}" if unit else "")


def _over_range(row: Row, side: str) -> Cell:
    value, lower, upper = _raised(row, side, "profile_", _range(row) or 1.0)
    return None if value is None else ratio(value, lower, upper)


def _raised(row: Row, side: str, bounds: str, power: float) -> tuple[float | None, float | None, float | None]:
    """Odds ratio and bounds per ``power`` units; what is too large for a number is ``None``."""
    found = (number_in(row, f"{side}_{name}") for name in ("odds_ratio", f"{bounds}lower", f"{bounds}upper"))
    value, lower, upper = (None if one is None else _power(one, power) for one in found)
    return value, lower, upper


def _power(base: float, power: float) -> float | None:
    if base <= 0:
        return 0.0
    log = power * math.log(base)
    return math.exp(log) if log < math.log(float("1e300")) else None


def _forest(rows: Sequence[Row], units: Mapping[str, str], *, simulated: bool, per_range: bool) -> FigureBlock:
    def draw() -> Figure:
        from ..figures.forest import draw_forest

        columns = {
            side.capitalize(): [_forest_row(row, side, units, per_range=per_range) for row in rows]
            for side in SIDES
            if any(number_in(row, f"{side}_odds_ratio") is not None for row in rows)
        }
        return draw_forest(columns, "Odds ratio", simulated=simulated)

    if per_range:
        words = (
            "Forest plot of the odds ratios of the upper against the lower quartile, and of levels against references."
        )
        return FigureBlock(f"{_PER_RANGE}, with 95 % intervals", draw, "odds_ratio_forest", words)
    return FigureBlock(
        "Odds ratios with 95 % intervals",
        draw,
        "odds_ratio_forest",
        "Forest plot of the univariate and multivariate odds ratios of the table.",
    )


def _forest_row(row: Row, side: str, units: Mapping[str, str], *, per_range: bool) -> ForestRow:
    from ..figures.forest import ForestRow

    firth = any(row.get(f"{one}_method") == "Firth" for one in SIDES)
    label = _label(row) if _range(row) is None else f"{_label(row)}, per {_width(row, units)}"
    values = _raised(row, side, "profile_" if per_range or firth else "", _range(row) or 1.0)
    return ForestRow(label, *values)
