"""Which features two readings of the same tumour agree on.

Source: Wang et al., Frontiers in Oncology 2025;15:1681029, "Tumor segmentation and reproducibility assessment". Its
sentence ("ICCs < 0.75 in both the inter- and intra-observer analyses were excluded") can be read two ways; ``rule``
chooses. The lower bound as criterion: Koo & Li, Journal of Chiropractic Medicine 2016;15:155-163; with 50 targets an
estimate of 0.75 has a 95 % interval of about 0.60 to 0.85.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from ..errors import SettingsError
from .agreement import IccResult


def reproducible(
    analyses: Sequence[IccResult],
    threshold: float = 0.75,
    rule: str = "either",
    bound: str = "estimate",
) -> np.ndarray:
    """Whether each feature's agreement is good enough.

    Parameters
    ----------
    analyses
        One result for each analysis (inter-observer, intra-observer), on the same features in the same order.
    threshold
        Smallest ICC that passes, at most 1.
    rule
        ``"either"``: a feature is dropped when one analysis fails. ``"both"``: dropped only when all fail.
    bound
        Compare the ``"estimate"`` or the ``"lower"`` limit of its interval.

    Returns
    -------
    numpy.ndarray
        ``(features,)`` bool. An ICC that is not defined (NaN) fails its analysis.

    Raises
    ------
    SettingsError
        There is no analysis, or a setting does not exist.
    """
    if not analyses:
        raise SettingsError("Without an agreement analysis (inter- or intra-observer) no feature can be judged.")
    if rule not in ("either", "both"):
        raise SettingsError(f'The reproducibility rule is "either" or "both", not "{rule}".')
    if bound not in ("estimate", "lower"):
        raise SettingsError(f'The ICC is judged by its "estimate" or its "lower" bound, not "{bound}".')
    if not -1.0 <= threshold <= 1.0:
        raise SettingsError(f"The ICC threshold must be a number up to 1, not {threshold}.")
    judged = [np.atleast_1d(result.value if bound == "estimate" else result.lower) for result in analyses]
    if len({values.shape for values in judged}) > 1:
        raise ValueError(f"The analyses have {', '.join(str(len(values)) for values in judged)} features.")
    passed = np.array([values >= threshold for values in judged])
    return np.asarray(passed.all(axis=0) if rule == "either" else passed.any(axis=0))
