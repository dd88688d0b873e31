"""From some 18,000 columns to at most sixteen standardised ones: the fused signature as one scikit-learn pipeline.

radiomics: ICC → variance → Mann-Whitney → Spearman → z-score → LASSO      \\
                                                                              → z-score → RFE
deep:      (fine-tuned embedding →) PCA                                    /

The paper standardises after the elimination; standardising before it as well changes nothing in the result and keeps
the elimination from comparing coefficients of different units.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sklearn.base import BaseEstimator
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler

from .feature_blocks import FeatureBlocks
from .principal_components import PrincipalComponents
from .reproducibility import ReproducibilityFilter
from .selection import LassoSelector, MannWhitneyFilter, RecursiveElimination, SpearmanFilter, VarianceFilter

RADIOMICS = "radiomics"
DEEP = "deep"


@dataclass(frozen=True)
class SignatureRecipe:
    """The numbers of the signature; see :class:`.settings.TrainingSettings` for their meaning."""

    significance: float = 0.05
    correlation: float = 0.9
    principal_components: int = 64
    selected_features: int = 16
    seed: int = 42


def build_signature(
    radiomics_columns: Sequence[str],
    deep_columns: Sequence[str],
    *,
    recipe: SignatureRecipe,
    reproducibility: ReproducibilityFilter | None = None,
    embedding: BaseEstimator | None = None,
) -> Pipeline:
    """An unfitted pipeline from a DataFrame with these columns to ``(cases, at most recipe.selected_features)``.

    Parameters
    ----------
    radiomics_columns, deep_columns
        Names of the columns of each block; either may be empty, not both.
    reproducibility
        Names the radiomic columns that may be used; ``None``: all.
    embedding
        A transformer from crop pixels to embeddings, when the network is fitted as well; ``deep_columns`` then name
        the pixels.
    """
    branches = []
    if radiomics_columns:
        keep = None if reproducibility is None else reproducibility.keep
        steps = [
            ("reproducible", ReproducibilityFilter(keep, None if keep is None else tuple(radiomics_columns))),
            ("varying", VarianceFilter()),
            ("mann_whitney", MannWhitneyFilter(recipe.significance)),
            ("spearman", SpearmanFilter(recipe.correlation)),
            ("scale", StandardScaler()),
            ("lasso", LassoSelector(seed=recipe.seed)),
        ]
        branches.append((RADIOMICS, Pipeline(steps), list(radiomics_columns)))
    if deep_columns:
        deep_steps = [("embedding", embedding)] if embedding is not None else []
        deep_steps.append(("components", PrincipalComponents(recipe.principal_components)))
        branches.append((DEEP, Pipeline(deep_steps), list(deep_columns)))
    if not branches:
        raise ValueError("A signature needs radiomics or deep columns.")
    return Pipeline(
        [
            ("blocks", FeatureBlocks(branches)),
            ("scale", StandardScaler()),
            ("eliminate", RecursiveElimination(recipe.selected_features)),
        ]
    )
