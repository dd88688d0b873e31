"""A case with everything a report can tell, and the smallest one; no model is trained for them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
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
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.report.case_report import CaseReport, OtherContour, ReportedValue
from CervixRiskLib.statistics import Nomogram

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
