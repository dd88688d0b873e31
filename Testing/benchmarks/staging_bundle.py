"""A staging bundle around any network, so that a benchmark can time the whole of an answer without a training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from CervixRiskLib.bundle import BundleManifest, CaseInput, Metric, TrainingSummary, write_bundle
from CervixRiskLib.cohort.simulation import simulate_mri_case
from CervixRiskLib.imaging import QualityLimits, Roi, SliceImage, SlicePreprocessing
from CervixRiskLib.networks import network_files
from CervixRiskLib.staging import GROUP_NAMES
from CervixRiskLib.staging.bundle_manifest import DOMAIN_FILE, TASK
from CervixRiskLib.staging.calibration import GroupCalibration
from CervixRiskLib.staging.domain import NetworkDomain

_FIELD_OF_VIEW_MM = 120.0


def preprocessing(size: int) -> SlicePreprocessing:
    """What ``train staging`` does to slices with contours and a known pixel size."""
    return SlicePreprocessing(size=size, centre="roi", field_of_view_mm=_FIELD_OF_VIEW_MM)


def write_staging_bundle(network: Any, folder: Path) -> Path:
    """A bundle that answers with ``network``; its calibration and domain are made up, its numbers mean nothing."""
    random = np.random.default_rng(42)
    logits = random.normal(size=(40, 2))
    labels = (logits[:, 1] + random.normal(size=40) > logits[:, 0]).astype(int)
    calibration = GroupCalibration.fit(logits, labels)
    entry, details = calibration.to_manifest()
    pooled = random.normal(size=(40, network.spec.pooled_channels)).astype(np.float32)
    domain = NetworkDomain.fit(pooled).with_limit(np.array([1e9]))
    manifest = BundleManifest(
        task=TASK,
        created="2026-01-01T00:00:00+00:00",
        library_versions={},
        simulated=True,
        positive_class=GROUP_NAMES[1],
        class_names=GROUP_NAMES,
        threshold=calibration.threshold,
        calibration=entry,
        training=TrainingSummary(40, int(labels.sum()), "", 1.0),
        preprocessing={**preprocessing(network.input_size).to_json(), "zscore": "each crop and channel by itself"},
        metrics=(Metric("auc", 0.8, 0.6, 0.9, "honest", 40, network.name),),
        details={
            "network": network.name,
            "channels": ["image"],
            "pixel_size_known": True,
            "fewest_roi_pixels": 1,
            "quality": QualityLimits().to_json(),
            "calibration": details,
        },
    )
    files, _ = network_files(network)
    return write_bundle(folder / "bundle", manifest, files={**files, DOMAIN_FILE: domain.to_bytes()})


def simulated_cases(count: int) -> list[CaseInput]:
    """Sections with a contour and a known pixel size, 320 x 320 pixels or less."""
    random = np.random.default_rng(7)
    cases = []
    for index in range(count):
        section = simulate_mri_case(random, ("IB2", "IIB", "IB3")[index % 3])
        image: SliceImage = section.image
        roi: Roi = section.roi
        cases.append(CaseInput(f"case {index}", image, roi))
    return cases
