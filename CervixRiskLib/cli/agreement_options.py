"""How features are judged by their agreement: words that ``reading agreement`` and ``train plnm`` share."""

from __future__ import annotations

from enum import Enum

RULE_HELP = "either: a feature is dropped when one analysis fails. both: dropped only when all fail."
BOUND_HELP = "Compare the ICC's estimate, or the lower end of its 95 % interval."
ANALYSIS_HELP = (
    "Judge features by this analysis; repeat it for more. Without it: inter and intra as far as they were made, and "
    "perturbation only where neither was."
)


class Rule(str, Enum):
    """How two analyses are joined."""

    either = "either"
    both = "both"


class Bound(str, Enum):
    """What of an ICC is compared with the threshold."""

    estimate = "estimate"
    lower_bound = "lower"


class Analysis(str, Enum):
    """Where repeated measurements come from."""

    inter = "inter"
    intra = "intra"
    perturbation = "perturbation"
