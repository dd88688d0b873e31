"""What Wang et al. 2025 printed in their Tables 1 to 6, for the column "published, other data" and nothing else.

Source: Wang et al., Front Oncol 2025;15:1681029, doi 10.3389/fonc.2025.1681029. Other patients, other images: nothing
here is a target, and no number of ours is compared with it by a test.
"""

from __future__ import annotations

from dataclasses import dataclass

from ...bundle.study_record import ModelTable
from .cells import Estimate

SOURCE = "Wang et al. 2025, doi 10.3389/fonc.2025.1681029"
COLUMN = "published, other data"
TRAINING_CASES, TRAINING_POSITIVES = 294, 76
TEST_CASES, TEST_POSITIVES = 127, 31


@dataclass(frozen=True)
class Published:
    """A row of Tables 3 to 6; ``lower`` and ``upper`` are the AUC's 95 % interval."""

    auc: float
    lower: float
    upper: float
    accuracy: float
    sensitivity: float
    specificity: float
    ppv: float
    npv: float

    def cell(self, measure: str) -> Estimate:
        """``"auc"`` with its interval, or another measure without."""
        if measure == "auc":
            return Estimate(self.auc, self.lower, self.upper)
        return Estimate(float(getattr(self, measure)))


@dataclass(frozen=True)
class PublishedOddsRatio:
    """A row of Table 2: odds ratio, lower and upper 95 % limit, p; a printed p of 0.000 is below 0.0005."""

    name: str
    univariate: tuple[float, float, float, float]
    multivariate: tuple[float, float, float, float] | None


# fmt: off
TABLE_1: tuple[tuple[str, ...], ...] = (
    # characteristic; training: all, negative, positive, p; testing: the same
    (
        "Age", "52.93 ± 10.68", "52.78 ± 10.69", "53.38 ± 10.72", "0.671",
        "51.98 ± 10.17", "51.15 ± 10.22", "54.55 ± 9.72", "0.091",
    ),
    (
        "Parturition", "2.46 ± 1.32", "2.39 ± 1.28", "2.64 ± 1.42", "0.309",
        "2.52 ± 1.48", "2.40 ± 1.51", "2.90 ± 1.35", "0.037",
    ),
    (
        "Abortion", "1.41 ± 1.38", "1.41 ± 1.39", "1.43 ± 1.38", "0.767",
        "1.30 ± 1.32", "1.34 ± 1.40", "1.16 ± 1.07", "0.726",
    ),
    (
        "BMI", "23.35 ± 3.53", "23.29 ± 3.43", "23.52 ± 3.82", "0.596",
        "23.29 ± 3.39", "23.47 ± 3.54", "22.75 ± 2.83", "0.594",
    ),
    (
        "RBC count (10¹²/L)", "4.09 ± 0.91", "4.12 ± 0.99", "3.99 ± 0.59", "0.500",
        "4.05 ± 0.62", "4.09 ± 0.56", "3.90 ± 0.78", "0.138",
    ),
    (
        "WBC count (10⁹/L)", "11.14 ± 3.62", "11.31 ± 3.65", "10.64 ± 3.52", "0.163",
        "11.26 ± 3.86", "11.66 ± 3.98", "10.01 ± 3.22", "0.027",
    ),
    (
        "ALP (U/L)", "63.08 ± 19.26", "61.86 ± 19.22", "66.59 ± 19.06", "0.015",
        "65.13 ± 22.48", "61.36 ± 18.33", "76.81 ± 29.53", "0.003",
    ),
    (
        "Eosinophil count (10⁹/L)", "0.16 ± 1.23", "0.18 ± 1.42", "0.10 ± 0.22", "<0.001",
        "0.05 ± 0.10", "0.04 ± 0.10", "0.06 ± 0.09", "0.122",
    ),
    (
        "CA125 (U/mL)", "37.53 ± 117.05", "26.16 ± 49.86", "70.13 ± 211.85", "<0.001",
        "34.93 ± 73.63", "25.58 ± 61.65", "63.91 ± 97.91", "<0.001",
    ),
    (
        "CA153 (U/mL)", "14.31 ± 8.95", "13.66 ± 9.03", "16.15 ± 8.48", "0.008",
        "13.27 ± 7.33", "12.69 ± 6.80", "15.04 ± 8.67", "0.21",
    ),
    (
        "CA199 (U/mL)", "46.76 ± 390.57", "13.23 ± 24.10", "142.92 ± 762.65", "<0.001",
        "21.87 ± 86.47", "25.11 ± 99.00", "11.82 ± 15.04", "0.31",
    ),
    (
        "CEA (U/mL)", "6.04 ± 16.58", "5.08 ± 10.85", "8.80 ± 26.89", "0.024",
        "4.14 ± 6.14", "3.43 ± 5.10", "6.34 ± 8.33", "0.002",
    ),
    (
        "SCC antigen (ng/mL)", "6.17 ± 9.99", "5.00 ± 8.47", "9.53 ± 12.92", "0.002",
        "6.91 ± 12.64", "3.87 ± 5.90", "16.32 ± 20.96", "<0.001",
    ),
    (
        "Maximum diameter (mm)", "33.10 ± 13.55", "30.25 ± 11.86", "41.29 ± 14.81", "<0.001",
        "31.83 ± 11.84", "29.47 ± 10.91", "39.16 ± 11.77", "<0.001",
    ),
    (
        "Histology", "", "", "", "0.167",
        "", "", "", "0.075",
    ),
    (
        "Squamous cell carcinoma", "231 (78.57)", "174 (79.82)", "57 (75.00)", "",
        "101 (79.53)", "72 (75.00)", "29 (93.55)", "",
    ),
    (
        "Adenocarcinoma", "48 (16.33)", "36 (16.51)", "12 (15.79)", "",
        "19 (14.96)", "18 (18.75)", "1 (3.23)", "",
    ),
    (
        "Others", "15 (5.10)", "8 (3.67)", "7 (9.21)", "",
        "7 (5.51)", "6 (6.25)", "1 (3.23)", "",
    ),
)

TABLE_2 = (
    PublishedOddsRatio("Age", (0.981, 0.977, 0.985, 0.0), (0.994, 0.971, 1.017, 0.667)),
    PublishedOddsRatio("Parturition", (0.73, 0.672, 0.792, 0.0), (1.155, 0.951, 1.404, 0.222)),
    PublishedOddsRatio("Abortion", (0.667, 0.591, 0.745, 0.0), (1.085, 0.909, 1.294, 0.446)),
    PublishedOddsRatio("BMI", (0.957, 0.948, 0.966, 0.0), (0.936, 0.881, 0.995, 0.073)),
    PublishedOddsRatio("RBC count", (0.771, 0.731, 0.815, 0.0), (0.646, 0.459, 0.91, 0.036)),
    PublishedOddsRatio("WBC count", (0.911, 0.894, 0.93, 0.0), (0.965, 0.904, 1.031, 0.379)),
    PublishedOddsRatio("ALP", (0.986, 0.982, 0.989, 0.0), (1.006, 0.993, 1.02, 0.46)),
    PublishedOddsRatio("Eosinophil count", (0.628, 0.211, 1.865, 0.482), None),
    PublishedOddsRatio("CA125", (1.0, 0.998, 1.001, 0.86), None),
    PublishedOddsRatio("CA153", (0.952, 0.939, 0.966, 0.0), (1.01, 0.985, 1.036, 0.507)),
    PublishedOddsRatio("CA199", (1.001, 1.0, 1.002, 0.363), None),
    PublishedOddsRatio("CEA", (0.988, 0.974, 1.003, 0.182), None),
    PublishedOddsRatio("SCC antigen", (0.981, 0.964, 0.999, 0.077), None),
    PublishedOddsRatio("Maximum tumor diameter", (0.981, 0.974, 0.986, 0.0), (1.055, 1.036, 1.075, 0.0)),
    PublishedOddsRatio("Histology", (0.602, 0.427, 0.848, 0.015), (1.41, 0.911, 2.181, 0.196)),
)

TABLES: dict[ModelTable, dict[str, tuple[Published, Published]]] = {
    # training, testing
    ModelTable.RADIOMICS_CLASSIFIERS: {
        "LR": (
            Published(0.747, 0.6877, 0.8059, 0.697, 0.711, 0.693, 0.446, 0.873),
            Published(0.715, 0.6086, 0.8222, 0.732, 0.548, 0.792, 0.459, 0.844),
        ),
        "SVM": (
            Published(0.818, 0.7583, 0.8781, 0.776, 0.842, 0.752, 0.542, 0.932),
            Published(0.711, 0.6095, 0.8118, 0.614, 0.806, 0.552, 0.368, 0.898),
        ),
        "KNN": (
            Published(0.85, 0.8093, 0.8914, 0.772, 0.368, 0.913, 0.596, 0.806),
            Published(0.677, 0.5785, 0.775, 0.717, 0.097, 0.917, 0.273, 0.759),
        ),
        "RandomForest": (
            Published(0.998, 0.995, 1.0, 0.976, 0.947, 0.986, 0.96, 0.982),
            Published(0.624, 0.5141, 0.7342, 0.685, 0.194, 0.844, 0.286, 0.764),
        ),
        "ExtraTrees": (
            Published(1.0, 1.0, 1.0, 0.741, 0.0, 1.0, 0.0, 0.741),
            Published(0.662, 0.5553, 0.7693, 0.567, 0.71, 0.521, 0.324, 0.847),
        ),
        "XGBoost": (
            Published(0.998, 0.9941, 1.0, 0.983, 0.974, 0.986, 0.961, 0.991),
            Published(0.622, 0.5167, 0.7266, 0.504, 0.871, 0.385, 0.314, 0.902),
        ),
        "LightGBM": (
            Published(0.934, 0.9051, 0.9633, 0.874, 0.882, 0.872, 0.705, 0.955),
            Published(0.659, 0.5554, 0.7632, 0.535, 0.839, 0.437, 0.325, 0.894),
        ),
        "MLP": (
            Published(0.749, 0.6906, 0.8071, 0.653, 0.829, 0.592, 0.414, 0.908),
            Published(0.729, 0.6249, 0.8334, 0.677, 0.677, 0.677, 0.404, 0.867),
        ),
    },
    ModelTable.NETWORKS: {
        "DenseNet121": (
            Published(0.782, 0.7231, 0.84, 0.694, 0.776, 0.665, 0.447, 0.895),
            Published(0.702, 0.5853, 0.8193, 0.772, 0.548, 0.844, 0.531, 0.853),
        ),
        "AlexNet": (
            Published(0.696, 0.6306, 0.7622, 0.728, 0.5, 0.807, 0.475, 0.822),
            Published(0.684, 0.5742, 0.7947, 0.693, 0.581, 0.729, 0.409, 0.843),
        ),
        "ResNet50": (
            Published(0.756, 0.6939, 0.8179, 0.66, 0.803, 0.61, 0.418, 0.899),
            Published(0.668, 0.5516, 0.7837, 0.661, 0.613, 0.677, 0.38, 0.844),
        ),
    },
    ModelTable.FUSION_CLASSIFIERS: {
        "LR": (
            Published(0.831, 0.7768, 0.8858, 0.82, 0.658, 0.876, 0.649, 0.88),
            Published(0.723, 0.6243, 0.8226, 0.622, 0.839, 0.552, 0.377, 0.914),
        ),
        "SVM": (
            Published(0.922, 0.881, 0.9627, 0.857, 0.921, 0.835, 0.66, 0.968),
            Published(0.744, 0.6451, 0.8422, 0.63, 0.774, 0.583, 0.375, 0.889),
        ),
        "KNN": (
            Published(0.861, 0.8179, 0.9031, 0.82, 0.513, 0.927, 0.709, 0.845),
            Published(0.743, 0.6451, 0.8422, 0.756, 0.452, 0.854, 0.5, 0.828),
        ),
        "RandomForest": (
            Published(0.869, 0.8204, 0.9176, 0.776, 0.816, 0.761, 0.544, 0.922),
            Published(0.698, 0.5956, 0.8003, 0.63, 0.742, 0.594, 0.371, 0.877),
        ),
        "ExtraTrees": (
            Published(0.828, 0.7727, 0.8833, 0.728, 0.816, 0.697, 0.484, 0.916),
            Published(0.71, 0.6053, 0.8154, 0.575, 0.871, 0.479, 0.351, 0.92),
        ),
        "XGBoost": (
            Published(0.975, 0.958, 0.9924, 0.935, 0.895, 0.95, 0.861, 0.963),
            Published(0.712, 0.6058, 0.8176, 0.724, 0.581, 0.771, 0.45, 0.851),
        ),
        "LightGBM": (
            Published(0.937, 0.9051, 0.9693, 0.878, 0.882, 0.876, 0.713, 0.955),
            Published(0.651, 0.5399, 0.7612, 0.535, 0.806, 0.448, 0.321, 0.878),
        ),
        "MLP": (
            Published(0.857, 0.8086, 0.9064, 0.762, 0.829, 0.739, 0.525, 0.925),
            Published(0.753, 0.6494, 0.856, 0.669, 0.806, 0.625, 0.41, 0.909),
        ),
    },
    ModelTable.MODELS: {
        "Radiomics": (
            Published(0.749, 0.6906, 0.8071, 0.653, 0.829, 0.592, 0.414, 0.908),
            Published(0.729, 0.6249, 0.8334, 0.677, 0.677, 0.677, 0.404, 0.867),
        ),
        "DTL": (
            Published(0.782, 0.7231, 0.84, 0.694, 0.776, 0.665, 0.447, 0.895),
            Published(0.702, 0.5853, 0.8193, 0.772, 0.548, 0.844, 0.531, 0.853),
        ),
        "Fusion": (
            Published(0.857, 0.8086, 0.9064, 0.762, 0.829, 0.739, 0.525, 0.925),
            Published(0.753, 0.6494, 0.856, 0.669, 0.806, 0.625, 0.41, 0.909),
        ),
        "Nomogram": (
            Published(0.871, 0.8274, 0.9156, 0.789, 0.882, 0.757, 0.558, 0.948),
            Published(0.764, 0.6604, 0.8678, 0.78, 0.581, 0.844, 0.545, 0.862),
        ),
    },
}
# fmt: on
