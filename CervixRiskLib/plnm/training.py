"""Train the lymph node model on a cohort: measure, validate honestly, fit, write the bundle."""

from __future__ import annotations

import shutil
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..bundle import BundleManifest, Metric, check_destination, write_bundle
from ..bundle.acquisition_record import NOT_CHECKED, AcquisitionRecord
from ..bundle.example_choice import ChosenExample
from ..bundle.study_file import study_bytes
from ..bundle.study_record import STUDY_NAME, TEST, StudyRecord
from ..cohort import Cohort, GivenFeatures, patient_split
from ..cohort.acquisition_check import check_acquisition
from ..cohort.cohort_checks import check_split_outcomes
from ..errors import SettingsError, TrainingError
from ..progress import SILENT, Progress
from ..radiomics import preset_content
from .build_record import build_record
from .bundle_manifest import FUSION, PRESET_FILE, build_manifest
from .case_table import CaseTable, build_case_table, given_case_table
from .classifiers import check_packages
from .comparisons import Answer, compare, judged
from .examples import choose_training_examples
from .final_network import final_network, network_files_of
from .fusion_model import FusionModel
from .honest_protocol import HonestResult, honest_deviations, honest_metrics, run_honest_protocol
from .icc_table import IccTable
from .model import PlnmModel
from .paper_protocol import DEVIATIONS, PaperResult, run_paper_protocol
from .reproducibility import ReproducibilityFilter
from .reproducible_list import ReproducibleList
from .settings import FineTuning, TrainingProtocol, TrainingSettings
from .signature import SignatureRecipe
from .study_description import describe_study
from .validation import CrossValidation

_FEWEST_CASES = 20


@dataclass(frozen=True, eq=False)
class TrainingResult:
    """What a training run made.

    Parameters
    ----------
    bundle_path, manifest
        The bundle and what it says of itself.
    model
        The fitted model behind it.
    validation
        Out-of-fold answers, ``None`` when only the paper protocol was asked for.
    record
        All that was judged, as the bundle's ``study.json`` keeps it.
    notes
        Sentences for the person: what was left out, what was decided and why.
    examples
        Cases to show with their heat map; they are named here and nowhere in the bundle.
    """

    bundle_path: Path
    manifest: BundleManifest
    model: PlnmModel
    validation: CrossValidation | None
    record: StudyRecord
    notes: tuple[str, ...]
    examples: tuple[ChosenExample, ...] = ()

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every number of the validation."""
        return self.manifest.metrics


def train(
    cohort: Cohort,
    settings: TrainingSettings,
    destination: str | Path,
    progress: Progress = SILENT,
    *,
    icc: IccTable | None = None,
    features: GivenFeatures | None = None,
) -> TrainingResult:
    """Train on a cohort and write a bundle, whole or not at all.

    Work in progress is kept in a hidden folder beside the destination, named by the content it depends on, so that the
    same call after a kill goes on where it stopped; it is removed once the bundle stands.

    Parameters
    ----------
    icc
        Agreement of the features, instead of a file of it (``settings.icc_table``).
    features
        Of the cohort's cases, where they were measured elsewhere: no image is opened then.

    Raises
    ------
    CohortError, TrainingError, SettingsError, MissingComponentError, StorageError, Cancelled
    """
    destination = Path(destination)
    check_destination(destination)
    _check_cohort(cohort, settings)
    check_packages(settings.plan.classifiers)
    reproducible = ReproducibleList.of(settings, icc, simulated=cohort.simulated)
    device = _device(settings)
    work_dir = destination.with_name(f".{destination.name}.work")
    if features is None:
        cases = build_case_table(cohort, settings, work_dir=work_dir / "cases", device=device, progress=progress)
    else:
        cases = given_case_table(cohort, features, settings)
    if cases.pixel_size_known is not None:
        reproducible.check_pixel_size(cases.pixel_size_known)
    model = _unfitted(cases, settings, reproducible.filter, device)
    train_positions, test_positions, split_note = _split(cases, settings)
    notes = [*cohort.notes, *cases.notes, split_note, reproducible.sentence(cases.radiomics_columns)]

    X, y, groups = cases.X, cases.y, cases.groups
    X_train, y_train, groups_train = X.iloc[train_positions], y[train_positions], groups[train_positions]
    acquisition = _acquisition(cases, train_positions, settings.seed)
    notes.append(acquisition.sentence())
    metrics: list[Metric] = []
    deviations = honest_deviations(settings, cases, reproducible)
    details: dict[str, Any] = {}
    honest: HonestResult | None = None
    held_out: tuple[Answer, ...] = ()
    printed: PaperResult | None = None
    with progress.task("Training", total=4) as task:
        if settings.protocol is not TrainingProtocol.PAPER:
            honest = run_honest_protocol(
                model, cases, train_positions, settings, work_dir=work_dir / "folds", progress=progress
            )
            metrics += honest.metrics
            notes += honest.notes
            details["feature_frequency"] = honest.validation.feature_frequency()
            details["winners"] = dict(Counter(fold.classifier for fold in honest.validation.folds))
        else:
            deviations.append("Only the paper protocol was run: there is no honest estimate of how good this model is.")
        task.advance(detail="validation")

        model.fit(X_train, y_train, groups_train, progress=progress)
        notes += model.clinical_selection_.sign_flips()
        task.advance(detail="final model")
        if test_positions.size and settings.protocol is not TrainingProtocol.PAPER:
            held_out = compare(model, X_train, y_train, groups_train, X.iloc[test_positions])
            metrics += honest_metrics(y[test_positions], groups[test_positions], held_out, suffix=", held-out test")
        if settings.protocol is not TrainingProtocol.HONEST:
            printed = _run_printed(model, cases, train_positions, test_positions, progress)
            metrics += printed.metrics
            deviations += DEVIATIONS
            details["paper_classifier"] = printed.chosen
        task.advance(detail="protocols")

        network, network_note = final_network(model, cases, settings, train_positions, device, progress)
        written, graph_note = network_files_of(network)
        notes += [note for note in (network_note, graph_note) if note]
        manifest = build_manifest(
            model,
            cases,
            train_positions,
            settings,
            reproducible,
            metrics,
            deviations,
            {**details, "notes": notes, **acquisition.details()},
        )
        record = build_record(
            cases,
            train_positions,
            test_positions,
            seed=settings.seed,
            honest=honest,
            held_out=judged(held_out, TEST),
            paper=printed,
            description=describe_study(model, cohort, cases, train_positions, test_positions, seed=settings.seed),
            notes=notes,
            acquisition=acquisition,
        )
        files = {STUDY_NAME: study_bytes(record), **written}
        if features is None:
            files[PRESET_FILE] = preset_content(settings.preset)
        write_bundle(destination, manifest, files=files, estimators={FUSION: FusionModel.of(model)})
        task.advance(detail="bundle")
    shutil.rmtree(work_dir, ignore_errors=True)
    validation = None if honest is None else honest.validation
    examples = choose_training_examples(cases, model, validation, train_positions, test_positions, manifest.class_names)
    return TrainingResult(destination, manifest, model, validation, record, tuple(notes), examples)


def _acquisition(cases: CaseTable, positions: np.ndarray, seed: int) -> AcquisitionRecord:
    """Of the cases that the model may learn from: those held out for testing stay closed."""
    if cases.acquisition is None:
        return AcquisitionRecord(positions.size, reason=NOT_CHECKED)
    found = check_acquisition(cases.acquisition.iloc[positions], cases.y[positions], cases.groups[positions], seed=seed)
    return AcquisitionRecord.of(found)


def _check_cohort(cohort: Cohort, settings: TrainingSettings) -> None:
    """Find out before hours of work what the table alone tells."""
    if len(cohort) < _FEWEST_CASES:
        raise TrainingError(f"The cohort has {len(cohort)} usable cases; training needs at least {_FEWEST_CASES}.")
    check_split_outcomes(cohort.table)
    for name in settings.clinical or ():
        if name not in cohort.columns:
            known = ", ".join(cohort.clinical_names) or "none"
            raise SettingsError(f"The cohort has no clinical column {name!r}; it has: {known}.")


def _device(settings: TrainingSettings) -> str:
    if not settings.networks:
        return "cpu"
    from ..networks import choose_device

    return choose_device(settings.device).device


def _unfitted(
    cases: CaseTable, settings: TrainingSettings, reproducibility: ReproducibilityFilter, device: str
) -> PlnmModel:
    embeddings = None
    if settings.fine_tuning is FineTuning.ALL and cases.networks:
        from ..networks import FineTunedEmbedding

        embeddings = {
            name: FineTunedEmbedding(
                name, weights=settings.weights, mode="all", size=settings.crop_size,
                epochs=settings.fine_tuning_epochs, cv=settings.fine_tuning_folds,
                seed=settings.torch_seed, device=device,
            )
            for name in cases.networks
        }  # fmt: skip
    plan = settings.plan
    return PlnmModel(
        radiomics_columns=cases.radiomics_columns,
        deep_columns=dict(cases.deep_columns),
        clinical_columns=cases.clinical_columns,
        recipe=SignatureRecipe(
            settings.significance, settings.correlation, settings.principal_components, settings.selected_features,
            settings.seed,
        ),
        reproducibility=reproducibility,
        embeddings=embeddings,
        classifiers=plan.classifiers,
        wide_grid=plan.wide_grid,
        inner_folds=plan.inner_folds,
        select_clinical=settings.clinical is None,
        seed=settings.seed,
    )  # fmt: skip


def _split(cases: CaseTable, settings: TrainingSettings) -> tuple[np.ndarray, np.ndarray, str]:
    """Training and test positions with the reason in a sentence."""
    everything = np.arange(len(cases.y))
    if cases.cohort.has_split:
        training, test = patient_split(cases.cohort)
        return training, test, f"The table's own split was followed: {test.size} cases were held out."
    fraction = 0.3 if settings.test_fraction is None else settings.test_fraction
    if fraction == 0:
        return everything, everything[:0], "No test cases were held out, as asked."
    training, test = patient_split(cases.y, cases.groups, test_fraction=fraction, seed=settings.seed)
    smallest = int(np.bincount(cases.y[test], minlength=2).min())
    if settings.test_fraction is None and smallest < settings.minimum_test_class:
        return (
            everything,
            everything[:0],
            f"No test cases were held out: 30 % would hold {smallest} cases of the rarer outcome, too few to say "
            "anything. Every number is cross-validated on all cases.",
        )
    return training, test, f"{test.size} cases ({fraction:.0%}) were held out for testing and opened once."


def _run_printed(
    model: PlnmModel, cases: CaseTable, training: np.ndarray, test: np.ndarray, progress: Progress
) -> PaperResult:
    """The printed protocol on all cases, with a split of its own where none were held out."""
    sides = (training, test) if test.size else patient_split(cases.y, cases.groups, test_fraction=0.3, seed=model.seed)
    published = PlnmModel(**{**model.get_params(deep=False), "radiomics_columns": cases.published_columns})
    return run_paper_protocol(published, cases.X, cases.y, *sides, progress=progress)
