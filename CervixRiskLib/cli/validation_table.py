"""The numbers of a validation as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bundle import Metric

METRIC_HEAD = ("Protocol", "Model", "Measure", "Value", "95 % interval", "n")


def metric_rows(metrics: Iterable[Metric]) -> list[tuple[str, ...]]:
    """One row a metric, in the order given."""
    return [
        (
            metric.protocol,
            metric.model,
            metric.name,
            "undefined" if metric.value is None else f"{metric.value:.3f}",
            range_text(metric.lower, metric.upper, ".3f"),
            str(metric.n),
        )
        for metric in metrics
    ]


def range_text(low: float | None, high: float | None, form: str = "g") -> str:
    """``"0.7 to 0.9"``, empty when a bound is missing."""
    return "" if low is None or high is None else f"{low:{form}} to {high:{form}}"
