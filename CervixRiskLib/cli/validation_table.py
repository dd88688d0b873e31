"""The numbers of a validation as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
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


def validation_table(metrics: Sequence[Metric]) -> tuple[tuple[str, ...], list[tuple[str, ...]]]:
    """Head and rows: a row a model where several were judged by the same measures, else a row a measure."""
    from ..bundle.metric_table import by_model

    protocols = list(dict.fromkeys(metric.protocol for metric in metrics))
    wide = {name: by_model([metric for metric in metrics if metric.protocol == name]) for name in protocols}
    tables = [table for table in wide.values() if table is not None]
    if len(tables) < len(protocols) or len({head for head, _ in tables}) != 1:
        return METRIC_HEAD, metric_rows(metrics)
    rows = [(name, *row) for name, (_, found) in zip(protocols, tables, strict=True) for row in found]
    return ("Protocol", *tables[0][0]), rows


def range_text(low: float | None, high: float | None, form: str = "g") -> str:
    """``"0.7 to 0.9"``, empty when a bound is missing."""
    return "" if low is None or high is None else f"{low:{form}} to {high:{form}}"
