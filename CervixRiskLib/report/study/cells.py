"""What stands in a cell of a table or beside a key number: values that keep their numbers for ``report.json``."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from ...bundle.json_record import Json, to_json

UNDEFINED = "undefined"
EMPTY = "–"
NO_BREAK = "\u00a0"
_LEAST_P = 0.001


@dataclass(frozen=True)
class Estimate:
    """A number with its interval, written ``"0.778 (0.610–0.910)"``.

    Parameters
    ----------
    value
        ``None`` or not finite: "undefined".
    lower, upper
        Of the 95 % interval; ``None`` without one.
    digits
        After the point.
    unit
        Written behind the number: ``"%"``, ``"mm"``.
    """

    value: float | None
    lower: float | None = None
    upper: float | None = None
    digits: int = 3
    unit: str = ""


@dataclass(frozen=True)
class PValue:
    """A p-value, written ``"0.027"`` or ``"< 0.001"``; ``None`` or not finite: "undefined"."""

    value: float | None


@dataclass(frozen=True)
class Share:
    """``count`` of ``total``, written ``"31 / 127 (24 %)"``; "undefined" of none."""

    count: int
    total: int


Cell = str | int | float | Estimate | PValue | Share | None
"""``None`` is a cell with nothing to say ("–"); a number that could not be computed is NaN or an ``Estimate(None)``."""


def cell_text(cell: Cell) -> str:
    """``cell`` as it is read; never "nan"."""
    if cell is None:
        return EMPTY
    if isinstance(cell, str):
        return cell
    if isinstance(cell, bool):
        return "yes" if cell else "no"
    if isinstance(cell, int):
        return _signed(f"{cell:,d}")
    if isinstance(cell, Estimate):
        return _estimate_text(cell)
    if isinstance(cell, PValue):
        return _p_text(cell.value)
    if isinstance(cell, Share):
        share = f"{100 * cell.count / cell.total:.0f} %" if cell.total else UNDEFINED
        return f"{cell.count} / {cell.total} ({share})"
    if not math.isfinite(cell):
        return _not_finite(cell)
    return _signed(f"{cell:,.0f}" if abs(cell) >= 100 else f"{cell:.3g}")


def interval_text(estimate: Estimate) -> str:
    """``"0.610–0.910"`` with the unit, "to" between numbers of which one is negative; empty without an interval.

    It is never parted at the end of a line.
    """
    low, high = estimate.lower, estimate.upper
    if low is None or high is None or math.isnan(low) or math.isnan(high):
        return ""
    words = [_number(low, estimate.digits), _number(high, estimate.digits)]
    between = f"{NO_BREAK}to{NO_BREAK}" if low < 0 or high < 0 else "–"
    return _with_unit(between.join(words), estimate.unit)


def value_text(estimate: Estimate) -> str:
    """The number alone with its unit, or "undefined"."""
    if estimate.value is None or math.isnan(estimate.value):
        return UNDEFINED
    return _with_unit(_number(estimate.value, estimate.digits), estimate.unit)


def cell_json(cell: Cell) -> Json:
    """Plain numbers by name; strict JSON."""
    if isinstance(cell, Estimate | PValue | Share):
        return {"kind": _KINDS[type(cell)], **{f.name: to_json(getattr(cell, f.name)) for f in fields(cell)}}
    return to_json(cell)


def is_numeric(cell: Cell) -> bool:
    """Whether the cell belongs to a column of numbers, which is set to the right."""
    return cell is not None and not isinstance(cell, str)


_KINDS: dict[type, str] = {Estimate: "estimate", PValue: "p_value", Share: "share"}


def _estimate_text(estimate: Estimate) -> str:
    value, interval = value_text(estimate), interval_text(estimate)
    return f"{value} ({interval})" if interval and value != UNDEFINED else value


def _p_text(p: float | None) -> str:
    if p is None or math.isnan(p):
        return UNDEFINED
    return f"< {_LEAST_P}" if p < _LEAST_P else f"{p:.3f}"


def _number(value: float, digits: int) -> str:
    return _signed(f"{value:.{digits}f}") if math.isfinite(value) else _not_finite(value)


def _not_finite(value: float) -> str:
    return UNDEFINED if math.isnan(value) else _signed("∞" if value > 0 else "-∞")


def _with_unit(words: str, unit: str) -> str:
    return f"{words}{NO_BREAK}{unit}" if unit else words


def _signed(words: str) -> str:
    """A minus sign as long as a plus; no minus before a zero."""
    if words.startswith("-") and not words.strip("-0."):
        words = words[1:]
    return words.replace("-", "−") if words.startswith("-") else words
