"""From one slice to calibrated group probabilities with a heat map: the staging side of a bundle."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..bundle import (
    Bundle,
    CaseInput,
    ClassProbability,
    Prediction,
    PredictionWarning,
    WarningCode,
)
from ..bundle.answer_warnings import bundle_warnings, distance_warnings, image_warnings, roi_warnings
from ..bundle.trained_series import TrainedSeries
from ..cohort import ColumnDictionary
from ..errors import BundleError, ImageError, RoiError, SettingsError
from ..imaging import (
    Crop,
    QualityLimits,
    SliceImage,
    SlicePreprocessing,
    assess_slice,
    preprocess_channels,
    quality_problems,
)
from ..networks.bundle_files import GRAPH_FILE, NETWORK_FILE
from ..progress import SILENT, Progress
from .bundle_manifest import DOMAIN_FILE, MODALITY, TASK
from .calibration import GroupCalibration
from .domain import NetworkDomain
from .figo import GROUP_NAMES, GUIDELINE

BASIS = f"Groups by FIGO 2018 stage, {GUIDELINE}"
_FEW_CALIBRATION_CASES = 30
_LEAST_RELIEF = 0.02
"""A heat map whose parts differ less, of a largest value of 1, is one colour on the screen."""


def load_predictor(bundle: Bundle, *, device: str = "auto", runtime: str = "auto") -> StagingPredictor:
    """Make a loaded bundle ready to answer.

    Parameters
    ----------
    device
        Where the network runs: ``"auto"``, ``"cpu"``, ``"cuda"``, ``"mps"``.
    runtime
        What runs it: ``"auto"``, ``"openvino"``, ``"onnxruntime"``, ``"torch"``.

    Raises
    ------
    BundleError
        The bundle is of another task or incomplete.
    MissingComponentError
        The bundle needs a package that is not installed.
    """
    if bundle.manifest.task != TASK:
        raise BundleError(f"This bundle answers another question ({bundle.manifest.task}), not the treatment group.")
    return StagingPredictor(bundle, device, runtime)


class StagingPredictor:
    """Answers for one bundle; see :class:`CervixRiskLib.worker.predictors.StudyPredictor`.

    Attributes
    ----------
    channels
        Names of the images a case needs: ``("image",)``, or with further ones such as ``"image_t1"``.
    needs_roi
        Whether the square the network sees is centred on the tumour's contour.
    columns, clinical_predictors
        Empty: the treatment group is read from the image alone.
    """

    columns = ColumnDictionary()
    clinical_predictors: tuple[str, ...] = ()

    def __init__(self, bundle: Bundle, device: str = "auto", runtime: str = "auto") -> None:
        from ..networks import load_engine

        self.bundle = bundle
        self.manifest = bundle.manifest
        self.calibration = GroupCalibration.of(self.manifest)
        details: dict[str, Any] = self.manifest.details
        try:
            self.network_name = str(details["network"])
            self.channels = tuple(str(name) for name in details["channels"])
            self.pixel_size_known = bool(details["pixel_size_known"])
            fewest = details["fewest_roi_pixels"]
            self.fewest_roi_pixels = None if fewest is None else int(fewest)
            self.quality = None if details["quality"] is None else QualityLimits.from_json(details["quality"])
            settings = {name: value for name, value in self.manifest.preprocessing.items() if name != "zscore"}
            self.preprocessing = SlicePreprocessing.from_json(settings)
        except (KeyError, TypeError, ValueError, SettingsError) as error:
            raise BundleError("The bundle's description lacks what a staging model needs: get it again.") from error
        self.trained_on = TrainedSeries.of(details, self.channels, MODALITY)
        self.domain = NetworkDomain.from_bytes(bundle.read_bytes(DOMAIN_FILE))
        graph = bundle.path_of(GRAPH_FILE) if bundle.has(GRAPH_FILE) else None
        self.engine = load_engine(bundle.path_of(NETWORK_FILE), graph, device=device, runtime=runtime)
        shape = (self.engine.n_classes, self.engine.in_channels, self.engine.input_size)
        if shape != (len(self.manifest.class_names), len(self.channels), self.preprocessing.size):
            raise BundleError("The bundle's network does not fit its description: get the bundle again.")
        if len(self.domain.centre) != self.engine.spec.pooled_channels:
            raise BundleError("The bundle's network and its training cases do not fit: get the bundle again.")

    @property
    def needs_roi(self) -> bool:
        return self.preprocessing.centre == "roi"

    def predict(self, case: CaseInput, *, heatmap: bool = True, progress: Progress = SILENT) -> Prediction:
        """Answer for one case; see :class:`CervixRiskLib.bundle.Prediction`.

        Raises
        ------
        RoiError
            The network looks around the tumour's contour and the case has none.
        ImageError
            A channel is missing or given twice, or the pixel size that the crop needs is unknown.
        """
        images = (case.image, *case.further_images)
        if len(images) != len(self.channels):
            raise ImageError(
                f"This model looks at {len(self.channels)} image(s) of a case ({', '.join(self.channels)}); "
                f"{len(images)} came."
            )
        if self.needs_roi and case.roi is None:
            raise RoiError("This model looks around the tumour: delineate it first.")
        side = self.preprocessing.field_of_view_mm
        if side is not None and any(image.spacing_mm is None for image in images):
            raise ImageError(
                f"The pixel size is unknown, and this model looks at {side:g} mm around the tumour: calibrate the "
                "image, or give its pixel size."
            )
        for position, image in enumerate(images):
            if any(np.array_equal(image.pixels, other.pixels) for other in images[:position]):
                raise ImageError(
                    f"{self.channels[position]} is the same image as another of the case: give each its own."
                )
        warnings = self._warnings(case, images)
        with progress.task("Answering", total=2) as task:
            crops = preprocess_channels(images, case.roi if self.needs_roi else None, self.preprocessing)
            task.advance(detail="preprocessing")
            answer = self.engine.answer(np.stack([crop.pixels for crop in crops])[None])
            task.advance(detail="network")
        logits = answer.logits[0].astype(np.float64)
        if not np.isfinite(logits).all():
            raise BundleError("The network's answer is not a number: train the bundle again.")
        warnings += distance_warnings(float(self.domain.distances(answer.pooled[:1])[0]), self.domain.domain.limit)
        names = self.manifest.class_names
        probabilities = self.calibration.probabilities(logits)
        label = self.manifest.class_of(probabilities.tolist())
        shown = 1 if len(names) == 2 else names.index(label)
        probability = float(probabilities[shown])
        values, target = None, ""
        if heatmap and self.calibration.no_discrimination:
            text = "There is no heat map: the answer does not depend on the image."
            warnings.append(PredictionWarning(WarningCode.HEATMAP_UNAVAILABLE, text))
        elif heatmap:
            values, target, heat_warnings = _heat_map(answer, names.index(label), label, crops[0], case.image)
            warnings += heat_warnings
        return Prediction(
            case_id=case.case_id,
            task=TASK,
            probability=probability,
            interval=self.calibration.interval(logits, shown),
            threshold=self.manifest.threshold,
            label=label,
            positive_class=names[shown],
            score=float(answer.probabilities()[0, shown]),
            heatmap=values,
            heatmap_target=target,
            warnings=tuple(warnings),
            simulated=self.manifest.simulated,
            bundle_hash=self.bundle.hash,
            mask_hash="" if case.roi is None else case.roi.mask_hash,
            class_probabilities=tuple(
                ClassProbability(name, float(value)) for name, value in zip(names, probabilities, strict=True)
            ),
            basis=BASIS if names == GROUP_NAMES else "",
        )

    def _warnings(self, case: CaseInput, images: tuple[SliceImage, ...]) -> list[PredictionWarning]:
        warnings = bundle_warnings(self.manifest, self.network_name)
        if self.calibration.no_discrimination:
            text = (
                "The network did not tell its validation cases apart, so every image gets the same answer: the shares "
                f"of the groups among those {self.calibration.cases} cases."
            )
            warnings.append(PredictionWarning(WarningCode.NO_DISCRIMINATION, text))
        if self.calibration.cases < _FEW_CALIBRATION_CASES:
            text = f"The probability was calibrated on {self.calibration.cases} cases only: take it as a rough one."
            warnings.append(PredictionWarning(WarningCode.CALIBRATION_UNCERTAIN, text))
        warnings += self.trained_on.warnings(images)
        for name, image in zip(self.channels, images, strict=True):
            prefix = "" if name == "image" else f"{name}: "
            found = image_warnings(image, pixel_size_known=self.pixel_size_known)
            warnings += [PredictionWarning(warning.code, prefix + warning.text) for warning in found]
            if self.quality is not None:
                problems = quality_problems(assess_slice(image), self.quality)
                warnings += [
                    PredictionWarning(
                        WarningCode.POOR_IMAGE_QUALITY, f"{prefix}{problem} Such slices were left out in training."
                    )
                    for problem in problems
                ]
        if self.needs_roi and case.roi is not None and self.fewest_roi_pixels is not None:
            warnings += roi_warnings(case.roi, fewest_pixels=self.fewest_roi_pixels)
        return warnings


def _heat_map(
    answer: Any, group: int, label: str, crop: Crop, image: SliceImage
) -> tuple[np.ndarray | None, str, list[PredictionWarning]]:
    """Grad-CAM of the group that was answered, on the image's grid."""
    cells = answer.cam(0, group)
    if not cells.any():
        text = f"There is no heat map: nothing in what the network sees speaks for {label}."
        return None, "", [PredictionWarning(WarningCode.HEATMAP_UNAVAILABLE, text)]
    if float(cells.max()) - float(cells.min()) < _LEAST_RELIEF:
        text = f"There is no heat map: all of the square that the network sees speaks alike for {label}."
        if cells.size == 1:
            text = f"There is no heat map: at {crop.pixels.shape[0]} pixels the network's last layer has a single cell."
        return None, "", [PredictionWarning(WarningCode.HEATMAP_UNAVAILABLE, text)]
    return crop.to_image_grid(cells, image.shape), f"Grad-CAM for {label}, in the square that the network sees", []
