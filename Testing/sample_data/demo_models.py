"""The two demo models: what ``cervixrisk demo`` trains, smaller as files and better at what they show.

Each network is first taught on simulated slices that take no part in anything else, then rounded, and then used as any
hospital's weights file would be: frozen for the lymph nodes, with a head of its own for the treatment group. Training,
validation and calibration happen after that, on another simulated cohort.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from rounded_weights import save_rounded

from CervixRiskLib.progress import SILENT, Progress

if TYPE_CHECKING:
    from CervixRiskLib.networks import TrainingPlan

TEACHING_SEED = 7
TRAINING_SEED = 42

ULTRASOUND_NETWORK = "densenet121"
ULTRASOUND_TAUGHT_CASES, ULTRASOUND_EPOCHS, ULTRASOUND_TRAINING_CASES = 300, 14, 360
# Where the classes' pictures lie twice as far apart, a network learns sooner what to look for.
ULTRASOUND_TAUGHT_EFFECT = 2.0
CLINICAL = ("maximum_diameter", "rbc_count")
"""The two that remained in the published nomogram."""
_CROP_SIZE, _CROP_MARGIN = 128, 0.1

MR_NETWORK = "shufflenet_v2_x1_0"
MR_TAUGHT_CASES, MR_EPOCHS, MR_TRAINING_CASES, MR_HEAD_EPOCHS = 300, 40, 240, 15
_MR_SIZE = 96


def make_ultrasound_model(work: Path, destination: Path, progress: Progress = SILENT) -> None:
    """Simulate, teach DenseNet121, train the lymph node model and write its bundle to ``destination``."""
    from CervixRiskLib.cohort import load_cohort
    from CervixRiskLib.cohort.simulation import simulate_ultrasound
    from CervixRiskLib.plnm import Effort, TrainingSettings, train

    weights = work / f"{ULTRASOUND_NETWORK}.safetensors"
    if not weights.is_file():
        _teach_ultrasound(work / "ultrasound-teaching", weights, progress)
    settings = TrainingSettings(
        networks=(ULTRASOUND_NETWORK,),
        weights=str(weights),
        preset="slice2d",
        effort=Effort.QUICK,
        clinical=CLINICAL,
        # Few features, so that intervals are narrow, and the network's main axes among them, so that the map speaks.
        principal_components=4,
        selected_features=6,
        # Every case trains, and every number is cross-validated: the narrower intervals are worth it here.
        test_fraction=0.0,
        device="cpu",
    )
    table = simulate_ultrasound(work / "ultrasound-cohort", ULTRASOUND_TRAINING_CASES, TRAINING_SEED, progress=progress)
    train(load_cohort(table), settings, destination, progress)


def make_mr_model(work: Path, destination: Path, progress: Progress = SILENT) -> None:
    """Simulate, teach ShuffleNet V2, train the treatment group's model and write its bundle to ``destination``."""
    from CervixRiskLib.cohort.simulation import simulate_mri
    from CervixRiskLib.imaging import SlicePreprocessing
    from CervixRiskLib.networks import TrainingPlan
    from CervixRiskLib.staging import StagingSettings, load_staging_cohort, train

    plan = replace(TrainingPlan.published(), epochs=MR_HEAD_EPOCHS, learning_rate=0.003, mode="head")
    weights = work / f"{MR_NETWORK}.safetensors"
    settings = StagingSettings(
        networks=(MR_NETWORK,),
        weights=str(weights),
        plan=plan,
        preprocessing=SlicePreprocessing(size=_MR_SIZE),
        device="cpu",
    )
    if not weights.is_file():
        _teach_mr(work / "mr-teaching", weights, settings, progress)
    table = simulate_mri(work / "mr-cohort", MR_TRAINING_CASES, TRAINING_SEED, progress=progress)
    train(load_staging_cohort(table, settings), settings, destination, progress)


def _teaching_plan(epochs: int) -> TrainingPlan:
    from CervixRiskLib.networks import TrainingPlan

    return replace(TrainingPlan.published(), epochs=epochs, learning_rate=0.02, precision="float32")


def _teach_ultrasound(folder: Path, weights: Path, progress: Progress) -> None:
    from CervixRiskLib.cohort import load_case, load_cohort
    from CervixRiskLib.cohort.simulation import simulate_ultrasound
    from CervixRiskLib.imaging import crop_around_roi
    from CervixRiskLib.networks import Augmentation, build_network, train_network

    cohort = load_cohort(
        simulate_ultrasound(
            folder,
            ULTRASOUND_TAUGHT_CASES,
            TEACHING_SEED,
            prevalence=0.5,
            effect=ULTRASOUND_TAUGHT_EFFECT,
            progress=progress,
        )
    )
    crops = np.stack(
        [
            crop_around_roi(*load_case(cohort, case_id), size=_CROP_SIZE, margin=_CROP_MARGIN).pixels
            for case_id in cohort.case_ids
        ]
    )
    # Much faster here than the published plan of the other study: 0.97 instead of 0.94 on cases kept apart.
    plan = replace(
        _teaching_plan(ULTRASOUND_EPOCHS), optimizer="adamw", learning_rate=5e-4, augmentation=Augmentation()
    )
    network = build_network(ULTRASOUND_NETWORK, weights="none", input_size=_CROP_SIZE)
    taught = train_network(network, crops, cohort.outcomes.astype(int), plan, device="cpu", progress=progress)
    save_rounded(taught.network, weights)


def _teach_mr(folder: Path, weights: Path, settings, progress: Progress) -> None:
    from CervixRiskLib.cohort.simulation import simulate_mri
    from CervixRiskLib.networks import build_network, train_network
    from CervixRiskLib.staging import load_staging_cohort
    from CervixRiskLib.staging.case_crops import build_case_crops

    table = simulate_mri(folder, MR_TAUGHT_CASES, TEACHING_SEED, progress=progress)
    settings = replace(settings, weights="none")
    cases = build_case_crops(load_staging_cohort(table, settings), settings, progress=progress)
    # Shown in millimetres, so its size is not varied; see StagingSettings.vary_size.
    plan = _teaching_plan(MR_EPOCHS)
    plan = replace(plan, augmentation=replace(plan.augmentation, scale=0.0, crop=0.0))
    network = build_network(MR_NETWORK, weights="none", input_size=_MR_SIZE)
    taught = train_network(
        network, cases.crops, cases.labels, plan, groups=cases.patients, device="cpu", progress=progress
    )
    save_rounded(taught.network, weights)
