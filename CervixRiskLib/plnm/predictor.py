"""From one delineated slice to a calibrated probability with its reasons: the PLNM side of a bundle."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from ..bundle import Bundle, CaseInput, Prediction, PredictionWarning, WarningCode
from ..bundle.answer_warnings import bundle_warnings, image_warnings, roi_warnings
from ..bundle.trained_series import TrainedSeries
from ..errors import BundleError, RoiError
from ..imaging import Roi, SliceImage, crop_around_roi
from ..networks import CamMethod
from ..networks.bundle_files import GRAPH_FILE, NETWORK_FILE
from ..progress import SILENT, Progress
from .answering_model import AnsweringModel
from .bundle_manifest import MODALITY, PRESET_FILE
from .clinical_values import clinical_values
from .score_heat_map import DEFAULT_METHOD, NetworkView, ScoreHeatMap, score_heat_map

if TYPE_CHECKING:
    from ..networks import InferenceEngine


def load_predictor(bundle: Bundle, *, device: str = "auto", runtime: str = "auto") -> PlnmPredictor:
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
    return PlnmPredictor(bundle, device, runtime)


class PlnmPredictor:
    """Answers for one bundle; see :class:`CervixRiskLib.worker.predictors.StudyPredictor`.

    Attributes
    ----------
    columns
        Dictionary of the training cohort's clinical columns.
    nomogram
        The nomogram, for drawing.
    needs_roi, channels
        What a case must have: the tumour's contour, and one image.
    """

    needs_roi = True
    channels = ("image",)

    def __init__(self, bundle: Bundle, device: str = "auto", runtime: str = "auto") -> None:
        model = AnsweringModel.of(bundle)
        if model.features_given:
            raise BundleError(
                "This bundle was trained on features that were measured elsewhere, so it cannot measure an image: give "
                "a table of the same features (cervixrisk predict --features)."
            )
        self.bundle, self.manifest, self.model = bundle, model.manifest, model
        self.columns, self.nomogram, self.regression = model.columns, model.nomogram, model.regression
        self.fusion, self.network_name = model.fusion, model.network_name
        details: dict[str, Any] = self.manifest.details
        self.trained_on = TrainedSeries.of(details, self.channels, MODALITY)
        try:
            self.pixel_size_known = bool(details["pixel_size_known"])
            self.fewest_pixels = int(details["roi_pixels"][0])
            self.crop_size = int(self.manifest.preprocessing["crop_size"])
            self.crop_margin = float(self.manifest.preprocessing["crop_margin"])
        except (KeyError, TypeError, ValueError, AttributeError, IndexError) as error:
            raise BundleError("The bundle's description lacks what a lymph node model needs: get it again.") from error
        self._load_preset()
        self.network: InferenceEngine | None = None
        scorers = (self.fusion.scorer, *self.fusion.fold_scorers)
        if self.network_name and any(scorer.deep_names for scorer in scorers):
            from ..networks import load_engine

            graph = bundle.path_of(GRAPH_FILE) if bundle.has(GRAPH_FILE) else None
            self.network = load_engine(bundle.path_of(NETWORK_FILE), graph, device=device, runtime=runtime)

    def _load_preset(self) -> None:
        from ..radiomics import parse_preset

        recorded = self.manifest.radiomics
        if recorded is None:
            raise BundleError("The bundle does not say which radiomic features it uses: get it again.")
        self.engine = recorded.engine
        self.preset = parse_preset(self.bundle.read_bytes(PRESET_FILE), recorded.preset)
        if self.preset.content_hash != recorded.content_hash:
            raise BundleError(
                "This CervixRisk understands the bundle's radiomics preset differently from the one that trained it: "
                "use that version, or train again."
            )

    @property
    def clinical_predictors(self) -> tuple[str, ...]:
        """Names of the clinical columns the nomogram needs."""
        return tuple(predictor.name for predictor in self.manifest.clinical)

    def predict(
        self,
        case: CaseInput,
        *,
        heatmap: bool = True,
        heat_map_method: CamMethod | str = DEFAULT_METHOD,
        progress: Progress = SILENT,
    ) -> Prediction:
        """Answer for one case; see :class:`CervixRiskLib.bundle.Prediction`.

        Parameters
        ----------
        heat_map_method
            How the heat map is made of the score's slope: ``"gradcam"`` or ``"hirescam"``.

        Raises
        ------
        RoiError
            The case has no region of interest.
        FeatureError
            The region is too small to measure.
        ClinicalValueError
            A clinical value is missing, unknown, not a number or implausible.
        """
        from ..radiomics import extract

        method = CamMethod(heat_map_method)
        if case.roi is None:
            raise RoiError("Lymph node metastasis is judged from the tumour: delineate it first.")
        warnings = bundle_warnings(self.manifest, "nomogram")
        warnings += self.trained_on.warnings((case.image,))
        warnings += image_warnings(case.image, pixel_size_known=self.pixel_size_known)
        warnings += roi_warnings(case.roi, fewest_pixels=self.fewest_pixels)
        clinical, clinical_warnings = clinical_values(
            case.clinical, case.roi.max_diameter_mm, self.columns, self.manifest.clinical
        )
        warnings += clinical_warnings
        image, roi = self._in_training_units(case.image, case.roi)
        with progress.task("Answering", total=3) as task:
            vector = extract(image, roi, self.preset, engine=self.engine)
            radiomics = dict(zip(vector.names, vector.values, strict=True))
            task.advance(detail="radiomics")
            view = self.view(image, roi)
            embedding = None if view is None else view.embedding
            task.advance(detail="network")
            warnings += _undefined_warnings(vector.undefined, self.fusion.scorer.radiomics_names)
            answer = self.model.answer(case.case_id, radiomics, embedding, clinical, warnings)
            heat = ScoreHeatMap(None, "")
            if heatmap:
                standardised = self.model.standardise(radiomics, embedding)
                heat = score_heat_map(self.fusion.scorer, standardised, view, image.shape, method)
            task.advance(detail="score")
        return replace(
            answer,
            heatmap=heat.values,
            heatmap_target=heat.target,
            warnings=(*answer.warnings, *heat.warnings),
            mask_hash=case.roi.mask_hash,
        )

    def view(self, image: SliceImage, roi: Roi) -> NetworkView | None:
        """What the network sees of a case, ``None`` when the score uses no network."""
        if self.network is None:
            return None
        crop = crop_around_roi(image, roi, size=self.crop_size, margin=self.crop_margin)
        return NetworkView(self.network, crop, self.network.feature_maps(crop.pixels[None])[0])

    def _in_training_units(self, image: SliceImage, roi: Roi) -> tuple[SliceImage, Roi]:
        """A model trained on images without a pixel size measures every case in pixels."""
        if self.pixel_size_known:
            return image, roi
        return replace(image, spacing_mm=None, spacing_source=None), Roi(roi.mask, None)


def _undefined_warnings(undefined: Iterable[str], used: Iterable[str]) -> list[PredictionWarning]:
    """Features of the score that are not defined on this region."""
    lost = sorted(set(undefined) & set(used))
    if not lost:
        return []
    text = (
        f"{len(lost)} of the score's features are undefined on this region and were set by convention: "
        f"{', '.join(lost)}."
    )
    return [PredictionWarning(WarningCode.FEATURE_UNDEFINED, text)]
