"""The agreement of a reader study in words and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .. import RESEARCH_USE_NOTICE
from .tables.agreement import summary_row

if TYPE_CHECKING:
    from ..reading import StudyAgreement
    from ..reading.contour_comparison import PairSummary, Spread

FORMAT = "cervixrisk-reading-agreement"

PAIR_HEAD = ("Readings", "n", "Dice", "Hausdorff 95 %", "Diameter, bias (limits)", "Diameter, ICC(2,1)")
FEATURE_HEAD = ("Analysis", "Cases", "Readings", "Form", "Median ICC (quartiles)", "Reproducible")


def summary_json(agreement: StudyAgreement) -> dict[str, Any]:
    """Everything but the rows of the tables, as plain values."""
    settings, rule, features = agreement.settings, agreement.settings.rule, agreement.features
    content: dict[str, Any] = {
        "format": FORMAT,
        "study_id": agreement.study_id,
        "simulated": agreement.simulated,
        "cases": agreement.cases,
        "contours": [summary_row(summary) for summary in agreement.contours.summaries],
        "missing": [
            {
                "analysis": one.analysis.value,
                "case_id": one.case_id,
                "case_number": one.number,
                "reader": one.reader,
                "round": one.round.value,
                "reason": one.reason,
            }
            for one in agreement.missing
        ],
        "notes": list(agreement.notes),
    }
    if features is not None:
        content["features"] = {
            "preset": features.preset,
            "preset_hash": features.preset_hash,
            "engine": features.engine,
            "features": len(features.names),
            "pixel_size_known": features.pixel_size_known,
            "threshold": rule.threshold,
            "rule": rule.rule,
            "bound": rule.bound,
            "decided_by": [kind.value for kind in agreement.decided_by],
            "reproducible": len(agreement.kept),
            "perturbed_versions": settings.perturb,
            "analyses": [
                {
                    "analysis": analysis.kind.value,
                    "between_people": analysis.kind.value != "perturbation",
                    "form": analysis.icc.form.value,
                    "confidence": analysis.icc.confidence,
                    "cases": len(analysis.case_ids),
                    "case_ids": list(analysis.case_ids),
                    "readings": list(analysis.raters),
                    "reproducible": passing_count(agreement, analysis.kind.value),
                }
                for analysis in features.analyses
            ],
        }
    return content


def summary_markdown(agreement: StudyAgreement) -> str:
    """The same for a person."""
    lines = ["# Agreement of a reader study", "", f"**{RESEARCH_USE_NOTICE}**", ""]
    if agreement.simulated:
        lines += ["**SIMULATED: the cases are simulated; these numbers say nothing about any reader or patient.**", ""]
    lines += [f"Study {agreement.study_id}, {agreement.cases} cases.", ""]
    if agreement.contours.summaries:
        lines += ["## Contours", "", "Median (quartiles; worst case).", ""]
        lines += [*_markdown(PAIR_HEAD, pair_rows(agreement)), ""]
    if agreement.features is not None:
        features = agreement.features
        lines += ["## Features", ""]
        lines += [f"Preset {features.preset}, {len(features.names):,} features, engine {features.engine}.", ""]
        lines += [*_markdown(FEATURE_HEAD, feature_rows(agreement)), "", verdict(agreement), ""]
    if agreement.notes:
        lines += ["## Notes", "", *(f"- {note}" for note in agreement.notes), ""]
    return "\n".join(lines)


def pair_rows(agreement: StudyAgreement) -> list[tuple[str, ...]]:
    """Rows of :data:`PAIR_HEAD`."""
    return [
        (
            summary.words,
            str(summary.n),
            _spread(summary.dice, summary.dice.minimum, 3),
            f"{_spread(summary.hausdorff95, summary.hausdorff95.maximum, 1)} {summary.unit}",
            _bias(summary),
            "–"
            if summary.diameter.icc is None
            else _interval(summary.diameter.icc.value, summary.diameter.icc.lower, summary.diameter.icc.upper),
        )
        for summary in agreement.contours.summaries
    ]


def feature_rows(agreement: StudyAgreement) -> list[tuple[str, ...]]:
    """Rows of :data:`FEATURE_HEAD`."""
    features = agreement.features
    if features is None:
        return []
    rows: list[tuple[str, ...]] = []
    for analysis in features.analyses:
        values = np.asarray(analysis.icc.value)
        defined = values[np.isfinite(values)]
        low, middle, high = np.percentile(defined, (25, 50, 75)) if defined.size else (np.nan,) * 3
        passed = passing_count(agreement, analysis.kind.value)
        rows.append(
            (
                analysis.kind.heading,
                str(len(analysis.case_ids)),
                _raters(analysis.raters),
                analysis.icc.form.value,
                f"{middle:.3f} ({low:.3f} to {high:.3f})",
                f"{passed:,} of {len(features.names):,}",
            )
        )
    return rows


def verdict(agreement: StudyAgreement) -> str:
    """How many features are kept, and by which rule."""
    features, rule = agreement.features, agreement.settings.rule
    assert features is not None
    judged = "ICC" if rule.bound == "estimate" else "lower 95 % bound of the ICC"
    names = " and ".join(kind.heading.lower() for kind in agreement.decided_by)
    joined = ""
    if len(agreement.decided_by) > 1:
        joined = " in each of them" if rule.rule == "either" else " in at least one of them"
    return (
        f"{len(agreement.kept):,} of {len(features.names):,} features are reproducible: {judged} of at least "
        f"{rule.threshold:g}{joined} ({names})."
    )


def passing_count(agreement: StudyAgreement, kind: str) -> int:
    """How many features pass one analysis by itself."""
    from ..reading.reproducibility_rule import passing

    features = agreement.features
    assert features is not None
    analysis = next(analysis for analysis in features.analyses if analysis.kind.value == kind)
    return int(passing(features, analysis.kind, agreement.settings.rule).sum())


def _raters(raters: tuple[str, ...]) -> str:
    return ", ".join(raters) if len(raters) <= 4 else f"{raters[0]}, {raters[1]} to {raters[-1]}"


def _spread(spread: Spread, worst: float, digits: int) -> str:
    return (
        f"{spread.median:.{digits}f} ({spread.lower_quartile:.{digits}f} to {spread.upper_quartile:.{digits}f}; "
        f"{worst:.{digits}f})"
    )


def _bias(summary: PairSummary) -> str:
    limits = summary.diameter.limits
    if limits is None:
        return "–"
    return f"{limits.bias:+.1f} ({limits.lower_limit:+.1f} to {limits.upper_limit:+.1f}) {summary.unit}"


def _interval(value: float | np.ndarray, lower: float | np.ndarray, upper: float | np.ndarray) -> str:
    return f"{float(value):.3f} ({float(lower):.3f} to {float(upper):.3f})"


def _markdown(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> list[str]:
    def line(cells: tuple[str, ...]) -> str:
        return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"

    return [line(head), "|" + "---|" * len(head), *(line(row) for row in rows)]
