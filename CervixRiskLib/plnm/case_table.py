"""From a cohort to the one table that the model is fitted on: radiomics, embeddings, clinical predictors."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from ..cohort import Cohort, GivenFeatures, clinical_frame, extract_cohort, shuffle_outcome
from ..cohort.first_lines import first_lines
from ..cohort.image_twins import image_twins
from ..cohort.shown_text import shown
from ..errors import CohortError, SettingsError, TrainingError
from ..progress import SILENT, Progress
from ..radiomics import feature_table, load_preset
from .clinical_design import encode_clinical
from .settings import FineTuning, TrainingSettings

if TYPE_CHECKING:
    from ..networks import Network


@dataclass(frozen=True, eq=False)
class CaseTable:
    """All cases, one row each.

    Parameters
    ----------
    cohort
        The cases that could be measured, in the order of the rows.
    X
        Columns: radiomics, per network its embedding (or crop pixels when the network is fitted as well), clinical.
    y, groups
        Outcome 0/1 and patient, ``(cases,)``.
    radiomics_columns, deep_columns, clinical_columns
        Names of the blocks' columns.
    published_columns
        All radiomic columns, those that hold rounding noise included: what the paper's protocol selects from.
    networks
        Built networks by name.
    crops
        ``(cases, size, size)`` float32, ``None`` without networks.
    roi_pixels
        ``(cases,)``; ``None`` where features were given and no image was seen.
    pixel_size_known
        Whether all (rather than no) images had a pixel size; ``None`` where nobody said.
    notes
        Sentences for the person.
    given
        The features, where they were measured elsewhere.
    acquisition
        How the slices were recorded, as :func:`CervixRiskLib.cohort.acquisition_check.acquisition_frame` makes it.
    """

    cohort: Cohort
    X: pd.DataFrame
    y: np.ndarray
    groups: np.ndarray
    radiomics_columns: tuple[str, ...]
    published_columns: tuple[str, ...]
    deep_columns: Mapping[str, tuple[str, ...]]
    clinical_columns: tuple[str, ...]
    networks: Mapping[str, Network]
    crops: np.ndarray | None
    roi_pixels: np.ndarray | None
    pixel_size_known: bool | None
    notes: tuple[str, ...]
    given: GivenFeatures | None = None
    acquisition: pd.DataFrame | None = None


def build_case_table(
    cohort: Cohort, settings: TrainingSettings, *, work_dir: Path, device: str, progress: Progress = SILENT
) -> CaseTable:
    """Measure every case (resuming from ``work_dir``) and lay the blocks side by side.

    Raises
    ------
    CohortError
        A case cannot be read, or has the image of another patient's, and ``settings.skip_invalid`` is false.
    TrainingError
        Some images have a pixel size and some have none.
    """
    networks = build_networks(settings)
    cohort, notes = _one_patient_an_image(cohort, skip=settings.skip_invalid)
    extraction = extract_cohort(
        cohort,
        preset=settings.preset,
        engine=settings.engine,
        work_dir=work_dir,
        jobs=settings.jobs,
        scheduler=settings.scheduler,
        progress=progress,
        crop_size=settings.crop_size if networks else None,
        crop_margin=settings.crop_margin,
        skip_invalid=settings.skip_invalid,
    )
    cohort = cohort.select([str(name) for name in extraction.features.index])
    known = extraction.diameters_mm.notna().to_numpy()
    if known.any() and not known.all():
        raise TrainingError(
            f"{int((~known).sum())} of {known.size} images have no pixel size and the others have one: features in "
            "pixels and in millimetres cannot be mixed. Add a spacing_mm column, or train on one kind."
        )
    y = _outcomes(cohort, settings)
    noisy = feature_table(load_preset(settings.preset)).set_index("name")["noise"]
    radiomics = extraction.features
    usable = np.ones(radiomics.shape[1], dtype=bool)
    if not settings.keep_noise_features and noisy.any():
        usable = ~noisy.reindex(radiomics.columns).to_numpy(bool)
        notes.append(
            f"{int(noisy.sum())} of the preset's {noisy.size} features hold rounding noise on a single slice and were "
            "left out."
        )
    blocks = [radiomics]
    deep_columns: dict[str, tuple[str, ...]] = {}
    for name, network in networks.items():
        assert extraction.crops is not None
        block = _deep_block(name, network, extraction.crops, settings, device, cohort, progress)
        deep_columns[name] = tuple(block.columns)
        blocks.append(block)
    clinical = _clinical_block(cohort, settings)
    blocks.append(clinical)
    return CaseTable(
        cohort,
        pd.concat(blocks, axis=1),
        y,
        cohort.patients,
        tuple(radiomics.columns[usable]),
        tuple(radiomics.columns),
        deep_columns,
        tuple(clinical.columns),
        networks,
        extraction.crops,
        extraction.pixel_counts.to_numpy(int),
        bool(known.all()),
        tuple(notes),
        acquisition=extraction.acquisition,
    )


def _one_patient_an_image(cohort: Cohort, *, skip: bool) -> tuple[Cohort, list[str]]:
    """The cohort without copies of an image under another patient, and a sentence where there were any.

    In training and test at once such a case would be recognised, not judged.
    """
    twins = image_twins(cohort)
    if not twins:
        return cohort, []
    if not skip:
        found = (
            f"{shown(case)}: its image is that of case {shown(twin)}, and they count as two patients."
            for case, twin in twins.items()
        )
        raise CohortError(
            "\n".join(
                (
                    f"{len(twins)} of {len(cohort)} cases have the image of another patient's:",
                    *first_lines(list(found)),
                    "Give both cases one patient_id, or go on without the second (--skip-invalid).",
                )
            )
        )
    case = "One case was" if len(twins) == 1 else f"{len(twins)} cases were"
    note = f"{case} left out for having the image of another patient's case."
    return cohort.select([case_id for case_id in cohort.case_ids if case_id not in twins]), [note]


def given_case_table(cohort: Cohort, features: GivenFeatures, settings: TrainingSettings) -> CaseTable:
    """The table of a cohort whose features were measured elsewhere; no image is opened.

    Parameters
    ----------
    cohort, features
        As :func:`CervixRiskLib.cohort.load_given_features` or :func:`CervixRiskLib.cohort.load_features_cohort` joins
        them: the same cases in the same order.

    Raises
    ------
    SettingsError
        The settings ask for networks, which need images.
    CohortError
        All cases have the same outcome.
    """
    if settings.networks:
        raise SettingsError("A network needs images: with a table of features train without one (--no-deep).")
    clinical = _clinical_block(cohort, settings)
    names = tuple(str(name) for name in features.values.columns)
    taken = [name for name in clinical.columns if name in features.values.columns]
    if taken:
        raise CohortError(f"The column {taken[0]} is a feature and a clinical predictor: name one of them otherwise.")
    return CaseTable(
        cohort=cohort,
        X=pd.concat([features.values.loc[list(cohort.case_ids)], clinical], axis=1),
        y=_outcomes(cohort, settings),
        groups=cohort.patients,
        radiomics_columns=names,
        published_columns=names,
        deep_columns={},
        clinical_columns=tuple(clinical.columns),
        networks={},
        crops=None,
        roi_pixels=None,
        pixel_size_known=None,
        notes=(
            f"{len(names)} features of {len(cohort)} cases come from {features.file_name}; no image was measured.",
            *features.notes,
        ),
        given=features,
    )


def build_networks(settings: TrainingSettings) -> dict[str, Network]:
    """The networks of the settings with their weights, before any case is read: a missing file should not wait."""
    if not settings.networks:
        return {}
    from ..networks import build_network

    return {
        name: build_network(name, weights=settings.weights, seed=settings.torch_seed, input_size=settings.crop_size)
        for name in settings.networks
    }


def _deep_block(
    name: str,
    network: Network,
    crops: np.ndarray,
    settings: TrainingSettings,
    device: str,
    cohort: Cohort,
    progress: Progress,
) -> pd.DataFrame:
    if settings.fine_tuning is FineTuning.ALL:
        values = crops.reshape(len(crops), -1)
        kind = "pixel"
    else:
        parts = []
        with progress.task(f"Looking with {network.spec.title}", total=len(crops)) as task:
            for start in range(0, len(crops), 16):
                parts.append(network.embed(crops[start : start + 16], device=device))
                task.advance(len(parts[-1]))
        network.to("cpu")
        values = np.concatenate(parts)
        kind = "embedding"
    columns = [f"{name}_{kind}_{index:05d}" for index in range(values.shape[1])]
    return pd.DataFrame(values, index=list(cohort.case_ids), columns=columns)


def _outcomes(cohort: Cohort, settings: TrainingSettings) -> np.ndarray:
    y = cohort.outcomes.astype(int)
    if len(np.unique(y)) < 2:
        raise CohortError("All usable cases have the same outcome; a model needs both.")
    if settings.shuffle_outcome:
        return shuffle_outcome(y, cohort.patients, np.random.default_rng(settings.seed))
    return y


def _clinical_block(cohort: Cohort, settings: TrainingSettings) -> pd.DataFrame:
    columns = cohort.columns if settings.clinical is None else cohort.columns.subset(settings.clinical)
    return encode_clinical(clinical_frame(cohort), columns)
