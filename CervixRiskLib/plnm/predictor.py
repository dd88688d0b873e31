"""From one delineated slice to a calibrated probability with its reasons: the PLNM side of a bundle."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy.special import expit

from ..bundle import (
    Bundle,
    CaseInput,
    Contribution,
    Prediction,
    PredictionWarning,
    PredictorPoints,
    WarningCode,
)
from ..cohort import ColumnDictionary
from ..errors import BundleError, ClinicalValueError, RoiError
from ..imaging import Crop, Roi, SliceImage, crop_around_roi
from ..progress import SILENT, Progress
from ..statistics import Nomogram
from .clinical_design import encode_case, source_column
from .fusion_model import FusionModel
from .fusion_scorer import FusionScorer
from .model import SCORE

TASK = "plnm"
NETWORK_FILE = "network.safetensors"
FUSION = "fusion"
MAXIMUM_DIAMETER = "maximum_diameter"
_NORMAL_QUANTILE = 1.959963984540054


def load_predictor(bundle: Bundle, *, device: str = "auto") -> PlnmPredictor:
    """Make a loaded bundle ready to answer.

    Parameters
    ----------
    device
        Where the network runs: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``.

    Raises
    ------
    BundleError
        The bundle is of another task or incomplete.
    MissingComponentError
        The bundle needs a package that is not installed.
    """
    if bundle.manifest.task != TASK:
        raise BundleError(f"This bundle answers another question ({bundle.manifest.task}), not lymph node metastasis.")
    return PlnmPredictor(bundle, device)


@dataclass(frozen=True)
class _Regression:
    """The nomogram's coefficients (intercept first) and their covariance, then the calibration's."""

    names: tuple[str, ...]
    coefficients: np.ndarray
    covariance: np.ndarray
    slope: float
    intercept: float
    calibration_covariance: np.ndarray

    def probability(self, values: np.ndarray, score_variance: float) -> tuple[float, tuple[float, float]]:
        """Calibrated probability and 95 % interval of one case ``values`` ``(predictors,)``.

        The variance of the log-odds is the sum of the regression's and the calibration's (delta method) and of the
        fusion score's own, times its squared coefficient.
        """
        x = np.concatenate([[1.0], values])
        raw = float(x @ self.coefficients)
        variance = float(x @ self.covariance @ x)
        variance += self.coefficients[1 + self.names.index(SCORE)] ** 2 * score_variance
        calibrated = self.intercept + self.slope * raw
        pair = np.array([1.0, raw])
        total = self.slope**2 * variance + float(pair @ self.calibration_covariance @ pair)
        half = _NORMAL_QUANTILE * np.sqrt(max(total, 0.0))
        return float(expit(calibrated)), (float(expit(calibrated - half)), float(expit(calibrated + half)))


class PlnmPredictor:
    """Answers for one bundle; see :class:`CervixRiskLib.bundle.Predictor`."""

    def __init__(self, bundle: Bundle, device: str = "auto") -> None:
        self.bundle = bundle
        self.manifest = bundle.manifest
        details: dict[str, Any] = self.manifest.details
        try:
            self.columns = ColumnDictionary.from_mapping(details["clinical_columns"])
            regression = details["regression"]
            calibration = self.manifest.calibration
            self.regression = _Regression(
                tuple(regression["names"]),
                np.array(regression["coefficients"], dtype=float),
                np.array(regression["covariance"], dtype=float),
                float(calibration.slope if calibration.slope is not None else 1.0),
                float(calibration.intercept or 0.0),
                np.array(regression["calibration_covariance"], dtype=float),
            )
            self.nomogram = Nomogram.from_dict(self.manifest.nomogram or {})
            self.ranges = {name: (float(low), float(high)) for name, (low, high) in regression["ranges"].items()}
            self.network_name = str(details["network"])
            self.whole_network_tuned = details["fine_tuning"] == "all"
            self.pixel_size_known = bool(details["pixel_size_known"])
            self.roi_pixels = tuple(int(value) for value in details["roi_pixels"])
            self.crop_size = int(self.manifest.preprocessing["crop_size"])
            self.crop_margin = float(self.manifest.preprocessing["crop_margin"])
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise BundleError("The bundle's description lacks what a lymph node model needs: get it again.") from error
        fusion = bundle.estimator(FUSION)
        if not isinstance(fusion, FusionModel):
            raise BundleError("The bundle's model is not a lymph node model: get it again.")
        self.fusion = fusion
        if self.manifest.radiomics is None:
            raise BundleError("The bundle does not say which radiomic features it uses: get it again.")
        from ..radiomics import load_preset

        self.engine = self.manifest.radiomics.engine
        self.preset = load_preset(
            (details["preset_file"] and bundle.path_of(details["preset_file"])) or self.manifest.radiomics.preset
        )
        if self.preset.content_hash != self.manifest.radiomics.content_hash:
            raise BundleError(
                "The bundle was trained with another version of its radiomics preset than this CervixRisk has: "
                "train it again, or use the version it was made with."
            )
        self.network = None
        self.device = "cpu"
        if self._needs_network:
            from ..networks import choose_device, load_network

            self.device = choose_device(device).device
            self.network = load_network(bundle.path_of(NETWORK_FILE))

    @property
    def _needs_network(self) -> bool:
        scorers = (self.fusion.scorer, *self.fusion.fold_scorers)
        return bool(self.network_name) and any(scorer.deep_names for scorer in scorers)

    @property
    def clinical_predictors(self) -> tuple[str, ...]:
        """Names of the clinical columns the nomogram needs."""
        names = [source_column(name, self.columns).name for name in self.regression.names if name != SCORE]
        return tuple(dict.fromkeys(names))

    def predict(self, case: CaseInput, *, heatmap: bool = True, progress: Progress = SILENT) -> Prediction:
        """Answer for one case; see :class:`CervixRiskLib.bundle.Prediction`.

        Raises
        ------
        RoiError
            The case has no region of interest, or one that is too small to measure.
        ClinicalValueError
            A clinical value is missing, unknown, not a number or implausible.
        """
        from ..radiomics import extract

        if case.roi is None:
            raise RoiError("Lymph node metastasis is judged from the tumour: delineate it first.")
        image, roi, warnings = self._prepared(case)
        clinical = self._clinical(case, warnings)
        with progress.task("Answering", total=3) as task:
            vector = extract(image, roi, self.preset, engine=self.engine)
            radiomics = dict(zip(vector.names, vector.values, strict=True))
            task.advance(detail="radiomics")
            feature_map, crop, embedding = self._embedding(image, roi)
            task.advance(detail="network")
            scorer = self.fusion.scorer
            standardised = scorer.standardise(radiomics, embedding)
            score = scorer.score(standardised)
            values = {SCORE: score, **encode_case(clinical, self.columns)}
            row = np.array([values[name] for name in self.regression.names])
            probability, interval = self.regression.probability(row, self.fusion.score_variance(radiomics, embedding))
            heat, target = (None, "")
            if heatmap:
                heat, target = self._heatmap(scorer, standardised, feature_map, crop, image, warnings)
            task.advance(detail="score")
        self._warn_of_domain(scorer, standardised, vector.undefined, warnings)
        points = tuple(
            PredictorPoints(
                axis.name,
                axis.label,
                float(values[axis.name]),
                axis.unit,
                float(self.nomogram.points(axis.name, values[axis.name])),
            )
            for axis in self.nomogram.axes
        )
        negative, positive = self.manifest.class_names
        return Prediction(
            case_id=case.case_id,
            task=TASK,
            probability=probability,
            interval=interval,
            threshold=self.manifest.threshold,
            label=positive if probability >= self.manifest.threshold else negative,
            positive_class=self.manifest.positive_class,
            score=score,
            points=points,
            total_points=float(sum(point.points for point in points)),
            contributions=self._contributions(scorer, standardised, radiomics),
            heatmap=heat,
            heatmap_target=target,
            warnings=tuple(warnings),
            simulated=self.manifest.simulated,
            bundle_hash=self.bundle.hash,
            mask_hash=case.roi.mask_hash,
        )

    # -- the case -----------------------------------------------------------------------------------------------------

    def _prepared(self, case: CaseInput) -> tuple[SliceImage, Roi, list[PredictionWarning]]:
        """The case in the units of the training, with the warnings that its image and contour deserve."""
        assert case.roi is not None
        image, roi = case.image, case.roi
        warnings: list[PredictionWarning] = []

        def warn(code: WarningCode, text: str) -> None:
            warnings.append(PredictionWarning(code, text))

        if self.manifest.simulated:
            warn(
                WarningCode.DEMO_BUNDLE,
                "This bundle was trained on simulated images: its answers mean nothing for a patient.",
            )
        auc = self.manifest.metric("auc", model="nomogram")
        if auc is None or auc.lower is None:
            warn(WarningCode.NO_DISCRIMINATION, "This bundle was not validated honestly: nobody knows how good it is.")
        elif auc.lower <= 0.5:
            warn(
                WarningCode.NO_DISCRIMINATION,
                f"In its validation this bundle showed no evidence of discrimination (AUC {auc.value:.2f}, 95 % CI "
                f"{auc.lower:.2f}-{auc.upper:.2f}).",
            )
        if self.pixel_size_known and image.spacing_mm is None:
            warn(
                WarningCode.UNKNOWN_PIXEL_SIZE,
                "The pixel size is unknown but the training images had one: shape features are in the wrong unit. "
                "Calibrate the image or give the pixel size.",
            )
        elif not self.pixel_size_known:
            if image.spacing_mm is None:
                warn(WarningCode.UNKNOWN_PIXEL_SIZE, "The pixel size is unknown, as in the training images.")
            image, roi = replace(image, spacing_mm=None, spacing_source=None), Roi(roi.mask, None)
        if roi.n_pixels < self.roi_pixels[0]:
            warn(
                WarningCode.SMALL_ROI,
                f"The contour holds {roi.n_pixels} pixels, fewer than any training case ({self.roi_pixels[0]}).",
            )
        if roi.touches_border:
            warn(
                WarningCode.ROI_TOUCHES_BORDER, "The contour touches the image's border: part of the tumour is missing."
            )
        for note in image.notes:
            warn(WarningCode.IMAGE_CONVERTED, note)
        return image, roi, warnings

    def _clinical(self, case: CaseInput, warnings: list[PredictionWarning]) -> dict[str, float]:
        """Parsed values of the nomogram's clinical columns."""
        needed = self.clinical_predictors
        given = {
            name: self.columns.check(name, value)
            for name, value in case.clinical.items()
            if name in needed and not _is_missing(value)
        }
        for name in case.clinical:
            if name not in self.columns:
                self.columns.check(name, 0)  # says which name was probably meant
        if MAXIMUM_DIAMETER in needed and MAXIMUM_DIAMETER not in given:
            measured = case.roi.max_diameter_mm if case.roi is not None else None
            if measured is not None:
                given[MAXIMUM_DIAMETER] = self.columns.check(MAXIMUM_DIAMETER, round(measured, 1))
                warnings.append(
                    PredictionWarning(
                        WarningCode.CLINICAL_MISSING,
                        f"The maximum diameter was not given; {measured:.1f} mm were measured on the contour.",
                    )
                )
        missing = [self.columns[name] for name in needed if name not in given]
        if missing:
            wanted = ", ".join(f"{column.name} ({column.unit})" if column.unit else column.name for column in missing)
            raise ClinicalValueError(f"This bundle's nomogram needs {wanted}: give a value for each.")
        for name in needed:
            low, high = self._training_range(name)
            if low is not None and high is not None and not low <= given[name] <= high:
                column = self.columns[name]
                warnings.append(
                    PredictionWarning(
                        WarningCode.CLINICAL_OUT_OF_RANGE,
                        f"{column.label} {given[name]:g} {column.unit} lies outside the training cases' range "
                        f"({low:g}-{high:g}).".replace("  ", " "),
                    )
                )
        return given

    def _training_range(self, name: str) -> tuple[float | None, float | None]:
        for predictor in self.manifest.clinical:
            if predictor.name == name:
                return predictor.observed_low, predictor.observed_high
        return None, None

    def _embedding(self, image: SliceImage, roi: Roi) -> tuple[np.ndarray | None, Crop | None, np.ndarray | None]:
        if self.network is None:
            return None, None, None
        crop = crop_around_roi(image, roi, size=self.crop_size, margin=self.crop_margin)
        feature_map = self.network.feature_maps(crop.pixels[None], device=self.device)[0]
        return feature_map, crop, feature_map.reshape(-1)

    # -- the reasons --------------------------------------------------------------------------------------------------

    def _heatmap(
        self,
        scorer: FusionScorer,
        standardised: np.ndarray,
        feature_map: np.ndarray | None,
        crop: Crop | None,
        image: SliceImage,
        warnings: list[PredictionWarning],
    ) -> tuple[np.ndarray | None, str]:
        from ..networks import grad_cam, head_grad_cam, score_grad_cam

        def unavailable(text: str) -> tuple[None, str]:
            warnings.append(PredictionWarning(WarningCode.HEATMAP_UNAVAILABLE, text))
            return None, ""

        if self.network is None or feature_map is None or crop is None:
            return unavailable("There is no heat map: this bundle's score does not use a network.")
        if self.network.weights.kind == "none" and self.network.weights.fine_tuned == "none":
            warnings.append(
                PredictionWarning(
                    WarningCode.UNTRAINED_NETWORK,
                    "The network's weights are random: the heat map shows where its random textures move the score, "
                    "not what a trained network looks at.",
                )
            )
        gradient = scorer.embedding_gradient(standardised)
        if gradient is not None:
            low_resolution = score_grad_cam(feature_map, gradient)
            target = "Grad-CAM of the fusion score"
            if not low_resolution.any():
                # Nothing speaks for the score: show what speaks against it, and say so.
                low_resolution = grad_cam(feature_map, -gradient.reshape(feature_map.shape))
                target = "Grad-CAM against the fusion score (nothing in the image speaks for it)"
        elif self.network.weights.fine_tuned != "none":
            low_resolution = head_grad_cam(self.network, crop.pixels, 1, device=self.device)
            target = "Grad-CAM of the network's own head (the fusion score has no gradient)"
        else:
            return unavailable(
                "There is no heat map: the fused score has no gradient back to the image (its classifier is piecewise "
                "constant, or no deep feature was retained), and the network has no trained head of its own."
            )
        return crop.to_image_grid(low_resolution, image.shape), target

    def _contributions(
        self, scorer: FusionScorer, standardised: np.ndarray, radiomics: dict[str, float]
    ) -> tuple[Contribution, ...]:
        effects = scorer.effects(standardised)
        found = []
        for index, name in enumerate(scorer.feature_names):
            deep = index >= len(scorer.radiomics_names)
            value = float(standardised[index]) if deep else float(radiomics[name])
            label = f"{self.network_name} {name}" if deep else name
            found.append(Contribution(label, "deep" if deep else "radiomics", value, float(effects[index])))
        return tuple(sorted(found, key=lambda contribution: -abs(contribution.effect)))

    def _warn_of_domain(
        self,
        scorer: FusionScorer,
        standardised: np.ndarray,
        undefined: tuple[str, ...],
        warnings: list[PredictionWarning],
    ) -> None:
        distance = self.fusion.domain.distance(standardised)
        if distance > self.fusion.domain.limit:
            warnings.append(
                PredictionWarning(
                    WarningCode.FAR_FROM_TRAINING,
                    f"The image's features lie far from the training cases (distance {distance:.1f}, 99 % of held-out "
                    f"training cases are below {self.fusion.domain.limit:.1f}): the answer is an extrapolation.",
                )
            )
        lost = sorted(set(undefined) & set(scorer.radiomics_names))
        if lost:
            warnings.append(
                PredictionWarning(
                    WarningCode.FEATURE_UNDEFINED,
                    f"{len(lost)} of the score's features are undefined on this region and were set by convention: "
                    f"{', '.join(lost)}.",
                )
            )


def _is_missing(value: object) -> bool:
    return value is None or value == "" or (isinstance(value, float) and bool(np.isnan(value)))
