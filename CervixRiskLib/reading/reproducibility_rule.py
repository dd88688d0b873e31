"""Which features agree well enough to build a model on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from ..statistics import reproducible
from ..statistics.agreement_analyses import AgreementAnalysis, deciding_analyses
from .feature_icc import FeatureAgreement


@dataclass(frozen=True)
class ReproducibilityRule:
    """When a feature counts as reproducible; see :func:`CervixRiskLib.statistics.reproducible`.

    Parameters
    ----------
    analyses
        Which analyses decide: exactly these, or ``None`` for the readers' and, where there is none, perturbation.
    """

    threshold: float = 0.75
    rule: str = "either"
    bound: str = "estimate"
    analyses: tuple[AgreementAnalysis, ...] | None = None


def passing(agreement: FeatureAgreement, kind: AgreementAnalysis, rule: ReproducibilityRule) -> np.ndarray:
    """``(features,)`` bool: the feature passes this analysis by itself."""
    analysis = agreement.analysis(kind)
    if analysis is None:
        raise ValueError(f"There is no analysis {kind.value}.")
    return reproducible([analysis.icc], rule.threshold, rule.rule, rule.bound)


def deciding(agreement: FeatureAgreement, rule: ReproducibilityRule) -> tuple[AgreementAnalysis, ...]:
    """The analyses that the joined list is made from."""
    return deciding_analyses([analysis.kind for analysis in agreement.analyses], rule.analyses)


def reproducible_features(
    agreement: FeatureAgreement, rule: ReproducibilityRule = ReproducibilityRule()
) -> tuple[str, ...]:
    """The names of the features that pass, in their order.

    Raises
    ------
    SettingsError
        A setting of the rule does not exist, or an analysis it names was not made.
    """
    return tuple(np.array(agreement.names, dtype=object)[reproducible_mask(agreement, rule)])


def reproducible_mask(agreement: FeatureAgreement, rule: ReproducibilityRule) -> np.ndarray:
    """``(features,)`` bool: the feature passes the analyses that decide, joined by the rule."""
    chosen = deciding(agreement, rule)
    results = [analysis.icc for analysis in agreement.analyses if analysis.kind in chosen]
    return reproducible(results, rule.threshold, rule.rule, rule.bound)


def rule_of(
    threshold: float = 0.75, rule: str = "either", bound: str = "estimate", analyses: Iterable[str] | None = None
) -> ReproducibilityRule:
    """The rule from plain words, as a person gives them."""
    chosen = None if analyses is None else deciding_analyses(tuple(AgreementAnalysis), analyses)
    return ReproducibilityRule(threshold, rule, bound, chosen)
