"""What Dai et al. 2025 printed beside their Table 2: where the paper contradicts itself, and what its numbers can bear.

Source: doi 10.3389/fonc.2025.1557486.
"""

from __future__ import annotations

SOURCE = "Dai et al. 2025, doi 10.3389/fonc.2025.1557486, Table 2"
PUBLISHED = "published, other data"

CONTRADICTIONS = (
    "The paper counts 112 patients in one place and 110 in another.",
    "The paper gives its test patients of the two groups as 16 and 17, as 9 and 20, and in Table 2's numbers, which "
    "only these counts reproduce, as 15 and 18.",
    "The paper gives HRNet-W32 27.6 million parameters; the classification network of that name has 41.2 million with "
    "its 1,000 classes.",
    "HRNet leads the next network, ShuffleNet, by one patient of 33. 23 of 33 right has a 95 % interval of 0.51 to "
    "0.84 (Clopper and Pearson): the table cannot say which network is better.",
    "ResNet50's AUC is in a figure alone and is not compared here.",
)
