"""A prediction as JSON, as lines for a person, and as a row of a table."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..bundle import Prediction

_MOST_CONTRIBUTIONS = 5


def prediction_json(prediction: Prediction) -> dict[str, Any]:
    """Everything but the heat map's pixels."""
    from ..bundle.json_record import to_json

    content = {
        field.name: to_json(getattr(prediction, field.name)) for field in fields(prediction) if field.name != "heatmap"
    }
    content["heatmap"] = prediction.heatmap is not None
    return content


def prediction_lines(prediction: Prediction) -> list[str]:
    """What a person reads."""
    from ..bundle.prediction_text import answer_text

    text = answer_text(prediction)
    lines = [*([f"SIMULATED. {text.simulated}"] if text.simulated else []), text.headline, *text.details]
    lines += [text.caption] if text.caption else []
    if prediction.points:
        lines += ["", "Nomogram"]
        lines += [
            f"  {point.label}: {point.value:.4g} {point.unit}".rstrip() + f"  {point.points:.1f} points"
            for point in prediction.points
        ]
    if prediction.contributions:
        lines += ["", "What moves the score most (change of the log-odds)"]
        lines += [f"  {item.effect:+.2f}  {item.name}" for item in prediction.contributions[:_MOST_CONTRIBUTIONS]]
    if text.warnings:
        lines += ["", *(f"Warning: {warning}" for warning in text.warnings)]
    return [*lines, "", text.notice]


def prediction_row(prediction: Prediction) -> dict[str, Any]:
    """One row of ``predictions.csv``.

    ``points`` is the nomogram's total, ``points_NAME`` its parts; ``probability_GROUP`` stands for each of the named
    groups, with ``_`` for the spaces of a group's name. ``threshold`` is empty where the most probable group is taken.
    """
    lower, upper = prediction.interval
    return {
        "case_id": prediction.case_id,
        "probability": prediction.probability,
        "lower": lower,
        "upper": upper,
        "class": prediction.label,
        "threshold": prediction.threshold,
        **{f"probability_{'_'.join(item.name.split())}": item.probability for item in prediction.class_probabilities},
        "score": prediction.score,
        "points": prediction.total_points,
        **{f"points_{point.name}": point.points for point in prediction.points},
        "warnings": "; ".join(dict.fromkeys(warning.code.value for warning in prediction.warnings)),
        "simulated": prediction.simulated,
        "bundle": prediction.bundle_hash,
    }
