"""What a staging bundle says of itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timezone
from typing import Any

import numpy as np

from ..bundle import BundleManifest, IntervalInfo, Metric, TrainingSummary
from ..bundle.library_versions import library_versions
from ..bundle.trained_series import SERIES
from ..cohort.stated_series import stated_series
from .calibration import GroupCalibration
from .case_crops import CaseCrops
from .choices import Search, Validation
from .settings import StagingSettings

TASK = "staging"
MODALITY = "MR"
"""DICOM's code of the images that the study is about."""
DOMAIN_FILE = "domain.safetensors"
_VERSIONS_OF = ("numpy", "scipy", "scikit-learn", "skops", "torch", "torchvision", "timm", "onnx")
_INTERVAL = (
    "delta method on the calibration's parameters, fitted on held-out cases; what another training of the network "
    "would have answered is not in it"
)


def build_manifest(
    network: str,
    calibration: GroupCalibration,
    cases: CaseCrops,
    trained_on: np.ndarray,
    settings: StagingSettings,
    metrics: Sequence[Metric],
    details: Mapping[str, Any],
) -> BundleManifest:
    """Everything a bundle's reader and its predictor need besides the network.

    Parameters
    ----------
    trained_on
        Rows of the cases that the bundle's network has learned.
    metrics
        Of every network that was compared.
    details
        Of the validation.
    """
    cohort = cases.cohort
    names = cohort.class_names
    labels = cases.labels[trained_on]
    entry, calibration_details = calibration.to_manifest()
    stated = stated_series(cohort)
    centers = cohort.table["center"].iloc[trained_on].dropna()
    return BundleManifest(
        task=TASK,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        library_versions=library_versions(_VERSIONS_OF),
        simulated=cohort.simulated,
        positive_class=names[-1],
        class_names=names,
        threshold=calibration.threshold if len(names) == 2 else None,
        calibration=entry,
        training=TrainingSummary(
            cases=int(trained_on.size),
            positives=int(np.count_nonzero(labels == len(names) - 1)),
            cohort_hash=cohort.content_hash,
            known_pixel_size_share=float(cases.pixel_size_known),
            patients=len(np.unique(cases.patients[trained_on].astype(str))),
            excluded=len(cohort.excluded) + len(cases.culled),
            centers=int(centers.nunique()) if len(centers) else None,
            class_counts=tuple(int(count) for count in np.bincount(labels, minlength=len(names))),
        ),
        preprocessing={**cases.preprocessing.to_json(), "zscore": "each crop and channel by itself"},
        interval=IntervalInfo(_INTERVAL),
        metrics=tuple(metrics),
        seeds={"numpy": settings.seed, "torch": settings.torch_seed},
        deviations=tuple(deviations(cases, settings)),
        details={
            **details,
            "network": network,
            "channels": list(cohort.channels),
            "pixel_size_known": cases.pixel_size_known,
            "fewest_roi_pixels": cases.fewest_roi_pixels,
            "quality": None if settings.quality is None else settings.quality.to_json(),
            "calibration": calibration_details,
            "settings": settings.to_json(),
            **({SERIES: stated} if stated else {}),
        },
    )


def deviations(cases: CaseCrops, settings: StagingSettings) -> list[str]:
    """Where this training departs from Dai et al. 2025, a sentence each."""
    from ..networks import TrainingPlan

    published = TrainingPlan.published()
    found = []
    if settings.weights == "none":
        found.append("The network was trained from random weights; the paper's started from ImageNet.")
    elif settings.weights != "imagenet":
        found.append("The network was trained from the weights in a file; the paper's started from ImageNet.")
    changed = [
        f"{title} {getattr(settings.plan, name):g} instead of {getattr(published, name):g}"
        for name, title in (
            ("epochs", "epochs"),
            ("learning_rate", "learning rate"),
            ("batch_size", "batch size"),
            ("weight_decay", "weight decay"),
            ("momentum", "momentum"),
        )
        if getattr(settings.plan, name) != getattr(published, name)
    ]
    if changed:
        found.append(f"Trained with {', '.join(changed)}.")
    if settings.plan.patience is not None:
        found.append("Training was stopped early, on cases held out of the training cases.")
    if settings.search is not Search.NONE:
        found.append(
            "Learning rate, batch size and weight decay were searched inside the training cases; the paper does not "
            "print its ranges or on which cases it searched."
        )
    if settings.validation is Validation.CROSS_VALIDATION:
        found.append(f"Validated by {settings.folds}-fold cross-validation; the paper has one 70:30 split.")
    if cases.preprocessing.field_of_view_mm is not None and not settings.vary_size:
        found.append(
            "Augmentation does not scale or zoom: the slices are shown in millimetres, and the stage depends on the "
            "tumour's size. The paper scales."
        )
    if cases.preprocessing.centre == "slice":
        found.append("The network sees whole slices; the paper's contours were not used.")
    found.append("The paper prints no filter settings, crop or augmentation strengths; those used are this program's.")
    found.append("Probabilities were calibrated on held-out cases; the paper's were not calibrated.")
    if settings.shuffle_outcome:
        found.append("The groups were shuffled before training (a check): the model is meaningless.")
    return found
