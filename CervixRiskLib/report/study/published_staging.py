"""What Dai et al. 2025 printed beside their Table 2: where the paper contradicts itself, and what its numbers can bear.

Source: doi 10.3389/fonc.2025.1557486.
"""

from __future__ import annotations

_PAPER = "Dai et al. 2025, doi 10.3389/fonc.2025.1557486"
SOURCE = f"{_PAPER}, Table 2"
OPENING = f"Of {_PAPER}. Neither images nor weights were published."
PUBLISHED = "published, other data"

CHARACTERISTICS = (
    ("Age > 60 years", (34, 44.2), (14, 45.0)),
    ("Age ≤ 60 years", (43, 55.8), (19, 55.0)),
    ("FIGO I: IA to IB2", (25, 67.9), (10, 67.0)),
    ("FIGO I: IB3", (12, 32.6), (5, 33.0)),
    ("FIGO II: IIA1", (12, 60.0), (5, 62.5)),
    ("FIGO II: IIA2 to IIB", (8, 40.0), (3, 37.5)),
    ("FIGO III", (18, None), (7, None)),
    ("FIGO IV: IVA", (2, 40.0), (1, 50.0)),
    ("FIGO IV: IVB", (3, 60.0), (1, 50.0)),
    ("Nerve invasion", (17, 22.1), (9, 27.3)),
    ("No nerve invasion", (60, 77.9), (24, 72.7)),
    ("Vascular tumour embolism", (34, 51.5), (13, 50.0)),
    ("No vascular tumour embolism", (32, 48.5), (13, 50.0)),
    ("Surgery: IA to IB2 and IIA1", (21, 30.9), (9, 31.0)),
    ("Chemoradiotherapy: IB3 and IIA2 to IVB", (47, 69.1), (20, 69.0)),
)
"""Table 1 as printed: number and percent of the 77 training and of the 33 test patients; every p is "> 0.05"."""
PUBLISHED_SIDES = ("training (n = 77)", "test (n = 33)")

CONTRADICTIONS = (
    "The paper counts 112 patients in one place and 110 in another.",
    "Table 1 gives its 77 training patients of the two groups as 21 and 47, which are 68; the text as 32 and 45.",
    "Table 1 counts 34 training patients with vascular tumour embolism of 66 in whom it was told, and 13 of 26 in the "
    "test set; the text 47 of 77 and 19 of 33.",
    "The paper gives its test patients of the two groups as 16 and 17, as 9 and 20, and in Table 2's numbers, which "
    "only these counts reproduce, as 15 and 18.",
    "The paper gives HRNet-W32 27.6 million parameters; the classification network of that name has 41.2 million with "
    "its 1,000 classes.",
    "HRNet leads the next network, ShuffleNet, by one patient of 33. 23 of 33 right has a 95 % interval of 0.51 to "
    "0.84 (Clopper and Pearson): the table cannot say which network is better.",
    "ResNet50's AUC is in a figure alone and is not compared here.",
)
