"""Table 2 of Dai et al. 2025 (doi 10.3389/fonc.2025.1557486), for the column beside a cohort's own numbers.

The test set had 33 patients. The paper does not print the counts of the confusion matrices as text. Of all ways to
divide 33 cases into two groups and call them, only the counts below give the printed numbers, and they give all 28 (so
does their mirror image: the numbers do not say which group had 15). AUCs are those of section 3.3; ResNet50's is not in
the text. A comparison, never a target: the best network leads the second by one patient of 33.
"""

from __future__ import annotations

from dataclasses import dataclass

TEST_CASES = (15, 18)
"""Test cases of the two groups. The paper elsewhere speaks of 16 and 17, and of 9 and 20."""


@dataclass(frozen=True)
class PublishedRow:
    """One network as published.

    Parameters
    ----------
    network
        Its name in :mod:`CervixRiskLib.networks`.
    printed_name
        As the paper's Table 2 has it.
    accuracy, recall, f1, precision
        Four decimals; the last three averaged over the two groups.
    auc
        ``None`` where the text has none.
    correct
        Cases of each group of ``TEST_CASES`` called correctly, rebuilt from the printed numbers.
    """

    network: str
    printed_name: str
    accuracy: float
    recall: float
    f1: float
    precision: float
    auc: float | None
    correct: tuple[int, int]

    @property
    def confusion_matrix(self) -> tuple[tuple[int, int], tuple[int, int]]:
        """Counts with the truth in rows."""
        (first, second), (cases_first, cases_second) = self.correct, TEST_CASES
        return (first, cases_first - first), (cases_second - second, second)


PUBLISHED_TABLE_2: tuple[PublishedRow, ...] = (
    PublishedRow("densenet121", "densenet", 0.6061, 0.5833, 0.5662, 0.6125, 0.3815, (5, 15)),
    PublishedRow("fbnetc_100", "FBNet", 0.6364, 0.6389, 0.6360, 0.6379, 0.6000, (10, 11)),
    PublishedRow("vit_base_patch16_224", "vit", 0.5455, 0.5000, 0.3529, 0.2727, 0.4111, (0, 18)),
    PublishedRow("regnety_016", "regnet", 0.6364, 0.6278, 0.6278, 0.6327, 0.6926, (8, 13)),
    PublishedRow("resnet50", "resnet50", 0.6364, 0.6278, 0.6278, 0.6327, None, (8, 13)),
    PublishedRow("shufflenet_v2_x1_0", "shufflenet", 0.6667, 0.6500, 0.6459, 0.6761, 0.5444, (7, 15)),
    PublishedRow("hrnet_w32", "HRNet", 0.6970, 0.6889, 0.6898, 0.6962, 0.7778, (9, 14)),
)
