"""The validation of several models as one table: a row a model, a column a measure."""

from __future__ import annotations

from collections.abc import Iterable

from .manifest import Metric

_MEASURES = {"auc": "AUC", "macro_auc": "macro AUC", "macro_f1": "macro F1", "f1": "F1", "ppv": "PPV", "npv": "NPV"}


def by_model(metrics: Iterable[Metric]) -> tuple[tuple[str, ...], list[tuple[str, ...]]] | None:
    """Head and rows where several models were judged by the same measures; ``None`` where one row a measure is better.

    Give the metrics of one protocol. Each model keeps its place, and so does each measure of the first model.
    """
    models: dict[str, dict[str, Metric]] = {}
    for metric in metrics:
        models.setdefault(metric.model, {})[metric.name] = metric
    if len(models) < 2:
        return None
    measures = list(next(iter(models.values())))
    if len(measures) < 2 or any(set(found) != set(measures) for found in models.values()):
        return None
    rows = [
        (model, str(next(iter(found.values())).n), *(value_text(found[name]) for name in measures))
        for model, found in models.items()
    ]
    return ("Model", "n", *(measure_title(name) for name in measures)), rows


def measure_title(name: str) -> str:
    """``"macro_recall"`` as ``"macro recall"``; abbreviations in capitals."""
    return _MEASURES.get(name, name.replace("_", " "))


def value_text(metric: Metric) -> str:
    """``"0.697 (0.51-0.84)"``: the value with its 95 % interval."""
    if metric.value is None:
        return "undefined"
    if metric.lower is None or metric.upper is None:
        return f"{metric.value:.3f}"
    return f"{metric.value:.3f} ({metric.lower:.2f}-{metric.upper:.2f})"
