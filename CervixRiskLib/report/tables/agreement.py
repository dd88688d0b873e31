"""The tables of a reader study's agreement. Each has a column ``simulated``, so that no copy of it loses that."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from ...radiomics import feature_table
from ...reading.reproducibility_rule import passing, reproducible_mask
from ...statistics import BlandAltman

if TYPE_CHECKING:
    from ...reading import StudyAgreement
    from ...reading.contour_comparison import PairSummary

_DISTANCES = ("hausdorff95", "hausdorff", "mean_surface_distance")


def icc_frame(agreement: StudyAgreement) -> pd.DataFrame:
    """One row a feature of the preset.

    Returns
    -------
    pandas.DataFrame
        ``feature``, ``image_type``, ``feature_class``, ``noise`` (holds rounding noise on one slice); for each analysis
        ``inter_icc``, ``inter_lower``, ``inter_upper`` and ``inter_reproducible``; ``reproducible`` by the rule over
        the analyses that decide; ``simulated``. ``train plnm --icc`` takes the file.
    """
    features = agreement.features
    if features is None:
        raise ValueError("No feature was measured.")
    about = feature_table(agreement.settings.preset).set_index("name").loc[list(features.names)]
    table = features.table()
    parts = [about[["image_type", "feature_class", "noise"]]]
    for analysis in features.analyses:
        own = table[[name for name in table.columns if name.startswith(f"{analysis.kind.value}_")]].copy()
        own[f"{analysis.kind.value}_reproducible"] = passing(features, analysis.kind, agreement.settings.rule)
        parts.append(own)
    whole = pd.concat(parts, axis=1)
    whole["reproducible"] = reproducible_mask(features, agreement.settings.rule)
    whole["simulated"] = agreement.simulated
    whole.index.name = "feature"
    return whole.reset_index()


def reproducible_frame(agreement: StudyAgreement) -> pd.DataFrame:
    """The rows of :func:`icc_frame` whose feature is reproducible, without that column."""
    table = icc_frame(agreement)
    return table[table["reproducible"]].drop(columns="reproducible").reset_index(drop=True)


def overlap_frame(agreement: StudyAgreement) -> pd.DataFrame:
    """One row a comparison of two contours: who, which case, overlap, distances and sizes in ``unit``.

    ``days_between`` is the washout that was kept; ``identical`` marks two contours of the same pixels.
    """
    rows = []
    for compared in agreement.contours.pairs:
        pair, found = compared.pair, compared.agreement
        rows.append(
            {
                "analysis": pair.analysis.value,
                "case_id": pair.case.case_id,
                "case_number": pair.case.number,
                "first_reader": pair.first.reader,
                "first_round": pair.first.round.value,
                "second_reader": pair.second.reader,
                "second_round": pair.second.round.value,
                "dice": found.dice,
                "jaccard": found.jaccard,
                **{name: getattr(found, name) for name in _DISTANCES},
                "unit": found.unit,
                "first_area": found.first_area,
                "second_area": found.second_area,
                "first_diameter": found.first_diameter,
                "second_diameter": found.second_diameter,
                "days_between": pair.days_between,
                "identical": pair.identical,
                "simulated": agreement.simulated,
            }
        )
    return pd.DataFrame(rows)


def bland_altman_frame(agreement: StudyAgreement) -> pd.DataFrame:
    """One row for each two readings and size: bias, limits of agreement with intervals, slope, and ICC(2,1).

    What too few pairs do not give is empty: limits need three, an ICC two.
    """
    rows = []
    for summary in agreement.contours.summaries:
        for size, unit in (("diameter", summary.unit), ("area", f"{summary.unit}²")):
            found = getattr(summary, size)
            rows.append(
                {
                    "analysis": summary.analysis.value,
                    "readings": summary.words,
                    "size": size,
                    "unit": unit,
                    "n": summary.n,
                    **_limits(found.limits),
                    "icc": None if found.icc is None else found.icc.value,
                    "icc_lower": None if found.icc is None else found.icc.lower,
                    "icc_upper": None if found.icc is None else found.icc.upper,
                    "simulated": agreement.simulated,
                }
            )
    return pd.DataFrame(rows)


def summary_row(summary: PairSummary) -> dict[str, object]:
    """Plain values of one summary, for JSON."""
    measures = ("dice", "jaccard", *_DISTANCES)
    return {
        "analysis": summary.analysis.value,
        "readings": summary.words,
        "n": summary.n,
        "unit": summary.unit,
        **{name: getattr(summary, name) for name in measures},
        "identical": list(summary.identical),
        "days": summary.days,
        "days_unknown": summary.days_unknown,
        "diameter": _size(summary, "diameter"),
        "area": _size(summary, "area"),
    }


def _size(summary: PairSummary, name: str) -> dict[str, object]:
    found = getattr(summary, name)
    icc = found.icc
    return {
        **_limits(found.limits),
        "icc": None
        if icc is None
        else {"form": icc.form.value, "value": icc.value, "lower": icc.lower, "upper": icc.upper},
    }


def _limits(limits: BlandAltman | None) -> dict[str, float | None]:
    if limits is None:
        return dict.fromkeys(_LIMITS)
    return {
        "bias": limits.bias,
        "bias_lower": limits.bias_interval[0],
        "bias_upper": limits.bias_interval[1],
        "sd": limits.sd,
        "lower_limit": limits.lower_limit,
        "lower_limit_lower": limits.lower_limit_interval[0],
        "lower_limit_upper": limits.lower_limit_interval[1],
        "upper_limit": limits.upper_limit,
        "upper_limit_lower": limits.upper_limit_interval[0],
        "upper_limit_upper": limits.upper_limit_interval[1],
        "slope": limits.slope,
        "slope_p": limits.slope_p,
    }


_LIMITS = (
    "bias", "bias_lower", "bias_upper", "sd", "lower_limit", "lower_limit_lower", "lower_limit_upper", "upper_limit",
    "upper_limit_lower", "upper_limit_upper", "slope", "slope_p",
)  # fmt: skip
