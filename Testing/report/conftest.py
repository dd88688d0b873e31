"""Cases and studies with everything a report can tell, and the smallest ones; no model is trained for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from CervixRiskLib.bundle import (
    BundleManifest,
    Calibration,
    ClassProbability,
    ClinicalPredictor,
    Contribution,
    IntervalInfo,
    Metric,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    RadiomicsInfo,
    TrainingSummary,
    WarningCode,
)
from CervixRiskLib.bundle.acquisition_record import AcquisitionRecord, TraitRecord
from CervixRiskLib.bundle.study_file import Study
from CervixRiskLib.bundle.study_record import (
    PAPER_TEST,
    PAPER_TRAINING,
    TEST,
    TRAINING,
    CaseSet,
    FlowStep,
    JudgedModel,
    OptimismRecord,
    PermutationRecord,
    RecordTable,
    SelectionTrace,
    StudyRecord,
)
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.report.case_report import CaseReport, OtherContour, ReportedValue
from CervixRiskLib.statistics import Characteristic, Nomogram, odds_ratio_table, table_one

if TYPE_CHECKING:
    from collections.abc import Callable

FEATURES = (
    "wavelet-LHL_glcm_ClusterShade",
    "original_shape2D_MajorAxisLength",
    "log-sigma-3-0-mm-3D_glszm_SmallAreaLowGrayLevelEmphasis",
    "densenet121 component 3",
    "lbp-3D-m2_firstorder_90Percentile",
)


@pytest.fixture(scope="session")
def make_case() -> Callable[..., tuple[SliceImage, Roi, np.ndarray]]:
    """``make_case((rows, columns), spacing)``: speckle with an ellipse in it, its contour, a heat map with NaN."""

    def make(
        shape: tuple[int, int] = (240, 300), spacing: tuple[float, float] | None = (0.2, 0.2)
    ) -> tuple[SliceImage, Roi, np.ndarray]:
        generator = np.random.default_rng(3)
        rows, columns = np.mgrid[: shape[0], : shape[1]]
        distance = np.hypot((rows / shape[0] - 0.5) / 0.22, (columns / shape[1] - 0.55) / 0.3)
        pixels = generator.gamma(3.0, 30.0, shape) * np.where(distance < 1, 0.55, 1.0)
        image = SliceImage(pixels.astype(np.float32), spacing, "SequenceOfUltrasoundRegions" if spacing else None, "US")
        heat_map = np.exp(-(distance**2)).astype(np.float32)
        heat_map[:, : shape[1] // 10] = np.nan
        return image, Roi(distance < 1, spacing), heat_map

    return make


@pytest.fixture(scope="session")
def full_report(make_case: Callable[..., tuple[SliceImage, Roi, np.ndarray]]) -> CaseReport:
    """Nomogram, contributions, heat map, two further contours, warnings."""
    nomogram = Nomogram.from_logistic(
        ["fusion_score", "max_diameter", "rbc"],
        ["Fusion score", "Maximum diameter", "RBC count"],
        ["", "mm", "10¹²/L"],
        [4.2, 0.03, -0.35],
        -2.58,
        [(0, 1), (5, 80), (2, 7)],
    )
    values = {"fusion_score": 0.48, "max_diameter": 38.2, "rbc": 3.9}
    image, roi, heat_map = make_case()
    points = tuple(
        PredictorPoints(axis.name, axis.label, value, axis.unit, nomogram.points(axis.name, value))
        for axis, value in zip(nomogram.axes, values.values(), strict=True)
    )
    prediction = Prediction(
        case_id="M027",
        task="plnm",
        probability=nomogram.risk(nomogram.total(values)),
        interval=(0.221, 0.418),
        threshold=0.35,
        label="no metastasis",
        positive_class="metastasis",
        score=0.48,
        points=points,
        total_points=nomogram.total(values),
        contributions=tuple(
            Contribution(name, "radiomics", 1.0, effect)
            for name, effect in zip(FEATURES, (0.82, -0.61, 0.33, 0.2, -0.05), strict=True)
        ),
        heatmap=heat_map,
        heatmap_target="Grad-CAM of the fusion score",
        warnings=(
            PredictionWarning(WarningCode.IMAGE_CONVERTED, "Pixel size was entered by hand."),
            PredictionWarning(WarningCode.DEMO_BUNDLE, "This bundle was trained on simulated images."),
        ),
        simulated=True,
        bundle_hash="ab" * 32,
        mask_hash=roi.mask_hash,
    )
    other = Roi(np.roll(roi.mask, (6, 9), (0, 1)), roi.spacing_mm)
    return CaseReport(
        case_id="M027",
        date="2026-11-22 05:31",
        title="Pelvic lymph node metastasis",
        image=image,
        roi=roi,
        prediction=prediction,
        manifest=plnm_manifest(nomogram),
        reader="Reader A, round 1",
        processor="The CPU answers, through OpenVINO: no graphics card was found.",
        clinical=(
            ReportedValue("rbc", "RBC count", "3.9", "10¹²/L"),
            ReportedValue("max_diameter", "Maximum diameter", "38.2", "mm"),
        ),
        sensitivity="29 to 34 % with the contour moved by one pixel",
        other_contours=(
            OtherContour("Reader B, round 1", 0.33, 0.91, other),
            OtherContour("Reader A, round 2", 0.29, 0.94, Roi(np.roll(roi.mask, -5, 1), roi.spacing_mm)),
        ),
        versions={"cervixrisk": "0.1.0", "numpy": "2.4.6", "openvino": "2026.1"},
    )


def plnm_manifest(nomogram: Nomogram) -> BundleManifest:
    return BundleManifest(
        task="plnm",
        created="2026-11-20T10:11:12Z",
        library_versions={"cervixrisk": "0.1.0", "numpy": "2.4.6", "scikit-learn": "1.9.1", "torch": "2.13.0"},
        simulated=True,
        positive_class="metastasis",
        class_names=("no metastasis", "metastasis"),
        threshold=0.35,
        calibration=Calibration("platt", 0.91, -0.05),
        training=TrainingSummary(420, 133, "cd" * 32, 0.93, patients=420, centers=2, class_counts=(287, 133)),
        radiomics=RadiomicsInfo("zhu2025", "ef" * 32, "own"),
        selected_features=FEATURES,
        clinical=(ClinicalPredictor("rbc", "RBC count", "10^12/L", observed_low=2.0, observed_high=7.0),),
        nomogram=nomogram.to_dict(),
        interval=IntervalInfo("bootstrap of the training cohort"),
        metrics=(
            Metric("auc", 0.81, 0.74, 0.87, "honest", 126, "nomogram"),
            Metric("brier", 0.16, 0.13, 0.19, "honest", 126, "nomogram"),
            Metric("calibration_slope", 0.96, 0.70, 1.22, "honest", 126, "nomogram"),
            Metric("auc", 0.77, 0.70, 0.84, "honest", 126, "fusion"),
            Metric("auc", 0.93, 0.90, 0.96, "paper", 126, "nomogram"),
        ),
        deviations=("Features are selected inside every resample.",),
        details={"network": "densenet121"},
    )


@pytest.fixture(scope="session")
def staging_report(full_report: CaseReport, make_case: Callable[..., tuple[SliceImage, Roi, np.ndarray]]) -> CaseReport:
    """Three named groups on a whole MR slice: no contour, no nomogram, no contributions, no clinical values."""
    image, _, heat_map = make_case((256, 256), (0.7, 0.7))
    prediction = replace(
        full_report.prediction,
        task="staging",
        probability=0.62,
        interval=(0.4, 0.8),
        threshold=None,
        label="chemoradiotherapy",
        positive_class="chemoradiotherapy",
        points=(),
        total_points=None,
        contributions=(),
        heatmap=heat_map,
        heatmap_target="Grad-CAM for chemoradiotherapy",
        mask_hash="",
        class_probabilities=(
            ClassProbability("surgery", 0.31),
            ClassProbability("chemoradiotherapy", 0.62),
            ClassProbability("palliative care", 0.07),
        ),
        basis="Stage groups by FIGO 2018",
    )
    manifest = replace(
        full_report.manifest,
        task="staging",
        class_names=("surgery", "chemoradiotherapy", "palliative care"),
        positive_class="chemoradiotherapy",
        threshold=None,
        calibration=Calibration("temperature", temperature=1.4),
        training=replace(full_report.manifest.training, class_counts=(200, 150, 70), positives=150),
        radiomics=None,
        selected_features=(),
        clinical=(),
        nomogram=None,
        metrics=(Metric("macro_auc", 0.74, 0.66, 0.81, "honest", 126, "shufflenet_v2_x1_0"),),
    )
    return replace(
        full_report,
        title="Treatment group",
        image=replace(image, modality="MR", spacing_source="PixelSpacing", slice_index=11, slice_count=24),
        roi=None,
        prediction=prediction,
        manifest=manifest,
        reader="",
        clinical=(),
        sensitivity="",
        other_contours=(),
    )


# -- studies ----------------------------------------------------------------------------------------------------------

CLASSIFIERS = (
    "Logistic regression (L2)",
    "Support vector machine (RBF)",
    "K nearest neighbours (k = 5)",
    "Random forest (100 trees)",
    "Extra trees (50 trees)",
    "XGBoost (depth 6)",
    "LightGBM (31 leaves)",
    "Multilayer perceptron",
)
NETWORKS = ("densenet121", "resnet50", "alexnet")


@pytest.fixture(scope="session")
def study_full() -> Study:
    """A study with every part filled: 120 training and 52 test cases, two repeats, two centres, both protocols."""
    return make_study(strength=1.0, seed=11)


@pytest.fixture(scope="session")
def study_noise() -> Study:
    """Pure noise: honest AUCs around .5, the paper protocol far above."""
    return make_study(strength=0.0, seed=5)


@pytest.fixture(scope="session")
def study_minimal() -> Study:
    """The least a run can leave: one repeat of one model on 24 cases; no test set, no clinical columns, no paper."""
    rng = np.random.default_rng(2)
    y = np.repeat([0, 1], (16, 8))
    scores = 1 / (1 + np.exp(-(rng.normal(0, 1, 24) + 0.8 * y - 0.9)))
    cases = CaseSet(TRAINING, tuple(y.tolist()), tuple(range(24)))
    model = JudgedModel("nomogram", "models", "honest", TRAINING, (tuple(scores.tolist()),), probability=True)
    manifest = replace(
        study_manifest(simulated=False),
        training=TrainingSummary(24, 8, "cd" * 32, 0.0, patients=24),
        radiomics=None,
        selected_features=(),
        clinical=(),
        nomogram=None,
        interval=None,
        metrics=(),
        deviations=(),
        details={},
        seeds={},
        preprocessing={},
    )
    return Study(manifest, StudyRecord("plnm", (cases,), (model,)), "ab" * 32)


def study_manifest(simulated: bool = True) -> BundleManifest:
    nomogram = Nomogram.from_logistic(
        ["fusion_score", "maximum_diameter", "rbc_count"],
        ["Fusion score", "Maximum diameter", "RBC count"],
        ["", "mm", "10¹²/L"],
        [3.1, 0.03, -0.35],
        -2.58,
        [(0, 1), (5, 80), (2, 7)],
        calibration=(0.91, -0.05),
    )
    return replace(
        plnm_manifest(nomogram),
        simulated=simulated,
        radiomics=RadiomicsInfo("wang2025", "ef" * 32, "cervixrisk"),
        training=TrainingSummary(120, 36, "cd" * 32, 0.93, patients=120, centers=2, class_counts=(84, 36)),
        clinical=(
            ClinicalPredictor("maximum_diameter", "Maximum diameter", "mm", observed_low=8.0, observed_high=74.0),
            ClinicalPredictor("rbc_count", "RBC count", "10¹²/L", observed_low=2.0, observed_high=7.0),
        ),
        metrics=(),
        seeds={"numpy": 42, "torch": 3407},
        preprocessing={"crop_size": 128, "crop_margin": 0.15},
        details={
            "network": "densenet121",
            "classifier": "mlp",
            "settings": {
                "effort": "standard",
                "protocol": "both",
                "shuffle_outcome": False,
                "networks": ["densenet121"],
            },
            "regression": {"names": ["fusion_score", "maximum_diameter", "rbc_count"], "penalty": "none"},
            "sign_flips": ["Age: the odds ratio lies below 1 alone and above 1 beside the other predictors."],
            "candidates": [],
            "notes": ["The table's own split was followed: 52 cases were held out."],
        },
    )


def make_study(strength: float, seed: int) -> Study:
    """A study drawn from numbers alone; ``strength`` 0 is pure noise for the honest protocol."""
    rng = np.random.default_rng(seed)
    sets = {
        TRAINING: draw_cases(rng, TRAINING, 120),
        TEST: draw_cases(rng, TEST, 52),
        PAPER_TRAINING: draw_cases(rng, PAPER_TRAINING, 120),
        PAPER_TEST: draw_cases(rng, PAPER_TEST, 52),
    }
    models: list[JudgedModel] = []

    def judge(name: str, table: str, protocol: str, where: str, effect: float, note: str = "") -> None:
        y = np.array(sets[where].outcomes)
        repeats = 2 if where == TRAINING else 1
        shared = rng.normal(0, 1, len(y))
        logits = effect * (y - y.mean()) + 0.8 * shared + 0.6 * rng.normal(0, 1, (repeats, len(y)))
        scores = 1 / (1 + np.exp(-(logits + np.log(y.mean() / (1 - y.mean())))))
        models.append(
            JudgedModel(
                name,
                table,
                protocol,
                where,
                tuple(tuple(float(f"{s:.6g}") for s in row) for row in scores),
                tuple(tuple((row > y.mean()).astype(int).tolist()) for row in scores),
                probability=name == "nomogram" or table == "baselines",
                note=note,
            )
        )

    for where in (TRAINING, TEST):
        for name, effect in (("radiomics", 0.6), ("network", 0.4), ("fusion", 0.8), ("nomogram", 1.1)):
            judge(name, "models", "honest", where, strength * effect)
        for name, effect in (("maximum diameter alone", 0.8), ("clinical predictors alone", 0.9)):
            judge(name, "baselines", "honest", where, strength * effect)
        for index, name in enumerate(CLASSIFIERS):
            judge(name, "radiomics classifiers", "honest", where, strength * (0.4 + 0.05 * index))
            judge(name, "fusion classifiers", "honest", where, strength * (0.5 + 0.05 * index))
        for name in NETWORKS:
            judge(name, "networks", "honest", where, strength * 0.4)
    for where, effect in ((PAPER_TRAINING, 2.6), (PAPER_TEST, 0.5 * strength)):
        for name in ("radiomics", "network", "fusion", "nomogram"):
            judge(name, "models", "paper", where, effect)
        for name in CLASSIFIERS:
            judge(name, "radiomics classifiers", "paper", where, effect)
            judge(name, "fusion classifiers", "paper", where, effect)
        for name in NETWORKS:
            judge(name, "networks", "paper", where, effect)
    judge(
        "fusion, selected on all cases",
        "models",
        "paper",
        PAPER_TEST,
        1.3,
        note="The test cases took part in the selection: this number estimates nothing.",
    )
    judge("nomogram", "left-out centres", "honest", TRAINING, strength * 0.8)
    judge("nomogram", "harmonised", "honest", TRAINING, strength * 1.0)
    frame = draw_clinical(rng, sets[TRAINING])
    record = StudyRecord(
        task="plnm",
        case_sets=tuple(sets.values()),
        models=tuple(models),
        flow=(
            FlowStep("Rows of the cohort table", 181),
            FlowStep("Usable cases", 172, 9, {"image cannot be read": 3, "contour is empty": 4, "outcome missing": 2}),
            FlowStep("Training cases", 120),
            FlowStep("Held-out test cases", 52),
        ),
        table_one=cohort_table(frame),
        odds_ratios=cohort_odds(frame),
        selection=draw_selection(rng),
        feature_frequency={
            "maximum_diameter": 1.0,
            "rbc_count": 0.5,
            FEATURES[0]: 0.9,
            FEATURES[2]: 0.4,
            FEATURES[4]: 0.2,
        },
        stability=0.43,
        winners={"mlp": 6, "logistic_regression": 3, "svm": 1},
        permutation=PermutationRecord(
            "nomogram with logistic regression",
            0.72 if strength else 0.51,
            tuple(rng.normal(0.5, 0.05, 100).round(4).tolist()),
            0.0099 if strength else 0.44,
        ),
        optimism=OptimismRecord("nomogram with logistic regression", 50, 0.86, 0.12, 0.74, 0.06, 0.0085),
        acquisition=AcquisitionRecord(
            120, 0.53, 0.43, 0.63, 5, 3, (TraitRecord("rows", "size", False, (480.0, 512.0), 0.55),), ("scanner",)
        ),
        notes=("52 cases (30 %) were held out for testing and opened once.",),
    )
    return Study(study_manifest(), record, "ab" * 32)


def draw_cases(rng: np.random.Generator, name: str, n: int) -> CaseSet:
    y = rng.permutation(np.repeat([0, 1], (n - round(0.3 * n), round(0.3 * n))))
    return CaseSet(
        name,
        tuple(y.tolist()),
        tuple(range(n)),
        {
            "Centre": tuple(rng.choice(["North", "South"], n).tolist()),
            "Histology": tuple(rng.choice(["squamous", "adeno", ""], n, p=[0.8, 0.17, 0.03]).tolist()),
            "Diameter": tuple(rng.choice(["up to 40 mm", "over 40 mm"], n).tolist()),
        },
    )


def draw_clinical(rng: np.random.Generator, cases: CaseSet) -> pd.DataFrame:
    y = np.array(cases.outcomes)
    diameter = rng.normal(30, 11, len(y)) + 8 * y
    rbc = rng.normal(4.1, 0.6, len(y))
    rbc[:6] = np.nan
    return pd.DataFrame(
        {
            "maximum_diameter": diameter.clip(5, 80).round(1),
            "rbc_count": rbc.round(2),
            "scc_antigen": rng.lognormal(1, 1, len(y)).round(1),
            "parity": rng.poisson(2.4, len(y)).astype(float),
            "outcome": y,
        }
    )


def draw_selection(rng: np.random.Generator) -> SelectionTrace:
    classes = (
        ("first order", 306, 250, 250, 90, 31, 3, 2),
        ("GLCM", 374, 300, 300, 120, 40, 4, 1),
        ("GLRLM", 272, 210, 210, 60, 15, 1, 1),
        ("GLSZM", 272, 190, 190, 44, 22, 1, 1),
        ("shape", 14, 14, 12, 6, 3, 0, 0),
    )
    steps = ("measured", "reproducible", "varying", "mann_whitney", "spearman", "lasso", "eliminated")
    penalties = np.logspace(0, -3, 40)
    correlation = np.corrcoef(rng.normal(0, 1, (5, 40)))
    counts = np.arange(1, 17)
    return SelectionTrace(
        RecordTable(("feature_class", *steps), classes),
        lasso_penalties=tuple(penalties.tolist()),
        lasso_error=tuple((0.19 + 0.01 * (np.log10(penalties) + 1.35) ** 2).tolist()),
        lasso_error_spread=tuple(np.full(40, 0.008).tolist()),
        lasso_penalty=0.045,
        lasso_features=FEATURES,
        lasso_coefficients=tuple(
            tuple((sign * np.maximum(0, -np.log10(penalties / start)) * 0.05).tolist())
            for sign, start in zip((1, -1, 1, 1, -1), (0.3, 0.2, 0.1, 0.06, 0.02), strict=True)
        ),
        correlation_names=FEATURES,
        correlation=tuple(tuple(row) for row in correlation.tolist()),
        elimination_features=tuple(counts.tolist()),
        elimination_auc=tuple((0.6 + 0.1 * (1 - np.exp(-counts / 4))).tolist()),
        elimination_spread=tuple(np.full(16, 0.04).tolist()),
        importance_names=FEATURES,
        importance=(0.05, 0.03, 0.02, 0.01, -0.002),
    )


def cohort_table(frame: pd.DataFrame) -> RecordTable:
    """As training writes it: both sides of a split, here of the same cases."""
    columns = [
        Characteristic("maximum_diameter", "Maximum diameter", "mm"),
        Characteristic("rbc_count", "RBC count", "10¹²/L"),
        Characteristic("scc_antigen", "SCC antigen", "ng/mL"),
        Characteristic("parity", "Parity", kind="count"),
    ]
    sides = np.where(np.arange(len(frame)) % 3 == 0, "test", "training")
    table = table_one(frame, columns, frame["outcome"], group_names=("no metastasis", "metastasis"), split=sides)
    return RecordTable.from_frame(table.to_frame(), table.notes)


def cohort_odds(frame: pd.DataFrame) -> RecordTable:
    """As training writes it."""
    labels = {"maximum_diameter": "Maximum diameter", "rbc_count": "RBC count"}
    predictors = frame.drop(columns="outcome")
    table = odds_ratio_table(predictors, frame["outcome"], labels, multivariate=["maximum_diameter", "rbc_count"])
    return RecordTable.from_frame(table.to_frame(), table.warnings)
