"""Train the staging networks on a cohort: crop, search, train, judge on held-out cases, calibrate, write the bundle."""

from __future__ import annotations

import shutil
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ..bundle import BundleManifest, check_destination, write_bundle
from ..bundle.example_choice import ChosenExample
from ..bundle.study_file import study_bytes
from ..bundle.study_record import STUDY_NAME, TEST, StudyRecord
from ..cohort import Cohort
from ..errors import TrainingError
from ..progress import SILENT, Progress
from .acquisition import recording_of
from .bundle_manifest import DOMAIN_FILE, build_manifest
from .calibration import GroupCalibration
from .case_crops import FEWEST_CASES, CaseCrops, build_case_crops
from .choices import Validation
from .domain import NetworkDomain
from .evaluation import NetworkEvaluation, PairedComparison, compare_best_two, evaluate
from .examples import choose_judged_examples
from .plan_search import SearchedPlan, search_plan
from .resamples import draw_resamples
from .settings import StagingSettings
from .study_record import build_record
from .trial import Trial, run_trial

if TYPE_CHECKING:
    from ..networks import Network, TrainingPlan


@dataclass(frozen=True, eq=False)
class ValidatedNetwork:
    """One network with its held-out answers.

    Parameters
    ----------
    evaluation
        How good it was.
    case_ids
        The held-out cases in the order of the evaluation's arrays.
    trials
        One for a hold-out, one a fold for cross-validation.
    searched
        What was tried in the nested search, by trial; empty without a search.
    """

    evaluation: NetworkEvaluation
    case_ids: tuple[str, ...]
    trials: tuple[Trial, ...]
    searched: tuple[tuple[SearchedPlan, ...], ...]

    @property
    def name(self) -> str:
        return self.evaluation.network

    @property
    def answered_by(self) -> np.ndarray:
        """``(cases,)``: the number of the trial that answered each case."""
        positions = np.concatenate([trial.positions for trial in self.trials])
        numbers = np.repeat(np.arange(len(self.trials)), [len(trial.positions) for trial in self.trials])
        return np.asarray(numbers[np.argsort(positions)])


@dataclass(frozen=True, eq=False)
class StagingResult:
    """What a training run made.

    Parameters
    ----------
    bundle_path, manifest
        The bundle and what it says of itself.
    networks
        Every network that was compared, the bundle's first.
    comparison
        The paired tests between the best two; ``None`` for one network.
    class_names
        The groups in the order of their codes.
    notes
        Sentences for the person; they name the cases that were left out, which the bundle does not.
    record
        What a report is drawn from; it lies in the bundle, too.
    """

    bundle_path: Path
    manifest: BundleManifest
    networks: tuple[ValidatedNetwork, ...]
    comparison: PairedComparison | None
    class_names: tuple[str, ...]
    notes: tuple[str, ...]
    record: StudyRecord

    @property
    def examples(self) -> tuple[ChosenExample, ...]:
        """Cases to show with their heat map; they are named here and nowhere in the bundle."""
        network = self.networks[0]
        held_out = self.record.case_sets[0].name == TEST
        return choose_judged_examples(network.evaluation, network.case_ids, self.class_names, held_out=held_out)


def train(
    cohort: Cohort, settings: StagingSettings, destination: str | Path, progress: Progress = SILENT
) -> StagingResult:
    """Train on a cohort and write a bundle, whole or not at all.

    Every epoch is kept in a hidden folder beside the destination, named by the content it depends on, so that the same
    call after a kill goes on where it stopped; the folder is removed once the bundle stands.

    Raises
    ------
    CohortError, TrainingError, SettingsError, MissingComponentError, StorageError, Cancelled
    """
    from ..networks import choose_device

    destination = Path(destination)
    check_destination(destination)
    if len(cohort) < FEWEST_CASES:
        raise TrainingError(f"The cohort has {len(cohort)} usable cases; training needs at least {FEWEST_CASES}.")
    device = choose_device(settings.device)
    _check_weights(settings)
    cases = build_case_crops(cohort, settings, progress=progress)
    settings = _keep_size(settings, cases)
    notes = [*cohort.notes, *cases.notes, f"Training on {device.device}. {device.reason}"]
    work_dir = destination.with_name(f".{destination.name}.work")
    resamples, split_note = draw_resamples(cases, settings)
    notes.append(split_note)
    acquisition = recording_of(cases, resamples, settings)
    notes.append(acquisition.sentence())
    holdout = settings.validation is Validation.HOLDOUT

    validated = []
    with progress.task("Training networks", total=len(settings.networks)) as task:
        for index, name in enumerate(settings.networks):
            validated.append(
                _validate(
                    name, cases, resamples, settings, device=device.device, work_dir=work_dir,
                    keep=holdout and index == 0, progress=progress,
                )
            )  # fmt: skip
            task.advance(detail=name)
        chosen = validated[0]
        if holdout:
            final, trained_on = chosen.trials[0], resamples[0][0]
        else:
            final, trained_on = _refit(chosen.name, cases, settings, device.device, work_dir, progress)
            notes.append("The bundle's network was trained on all cases; its numbers are those of the folds' networks.")
    assert final.trained is not None
    assert final.domain is not None
    if len(validated) > 1:
        notes.append(
            f"The bundle holds {chosen.name}, the network named first: picking the one with the best held-out result "
            "would make that result too good."
        )
    evaluation = chosen.evaluation
    calibration = GroupCalibration.fit(evaluation.logits, evaluation.truth, chosen.answered_by)
    if calibration.no_discrimination:
        notes.append(
            f"{chosen.name} did not rank the held-out cases better than chance, or answered them all but alike: the "
            "bundle answers every case with the shares of the groups."
        )
    domain = final.domain.with_limit(np.concatenate([trial.distances for trial in chosen.trials]))
    of_case = dict(zip(cases.cohort.case_ids, cases.patients, strict=True))
    patients = np.array([of_case[case_id] for case_id in chosen.case_ids])
    comparison = compare_best_two([item.evaluation for item in validated], patients)
    if comparison is not None:
        notes.append(comparison.sentence())
    manifest = build_manifest(
        chosen.name,
        calibration,
        cases,
        trained_on,
        settings,
        [metric for item in validated for metric in item.evaluation.metrics],
        {**_details(validated, final), "notes": list(notes), **acquisition.details()},
    )
    record = build_record(validated, comparison, cohort, cases, settings, notes, acquisition)
    graph_note = _write(destination, manifest, final.trained, domain, record, progress)
    notes += [graph_note] if graph_note else []
    shutil.rmtree(work_dir, ignore_errors=True)
    told = (*cases.left_out, *notes)
    return StagingResult(destination, manifest, tuple(validated), comparison, cohort.class_names, told, record)


def _keep_size(settings: StagingSettings, cases: CaseCrops) -> StagingSettings:
    """Settings whose augmentation neither scales nor zooms what is shown in millimetres, unless asked to."""
    if settings.vary_size or cases.preprocessing.field_of_view_mm is None:
        return settings
    kept = replace(settings.plan.augmentation, scale=0.0, crop=0.0)
    return replace(settings, plan=replace(settings.plan, augmentation=kept))


def _check_weights(settings: StagingSettings) -> None:
    """Find out that weights cannot be had before hours of work, not in the middle of it."""
    if settings.weights == "none":
        return
    from ..networks import build_network

    for name in settings.networks:
        build_network(name, weights=settings.weights, input_size=settings.preprocessing.size)


def _validate(
    name: str,
    cases: CaseCrops,
    resamples: list[tuple[np.ndarray, np.ndarray]],
    settings: StagingSettings,
    *,
    device: str,
    work_dir: Path,
    keep: bool,
    progress: Progress,
) -> ValidatedNetwork:
    trials, searched = [], []
    with progress.task(f"Validating {name}", total=len(resamples)) as task:
        for training, judged in resamples:
            plan, tried = search_plan(
                name, cases, training, settings, device=device, work_dir=work_dir, progress=progress
            )
            trials.append(
                run_trial(
                    name, cases, training, judged, plan, settings,
                    device=device, work_dir=work_dir, keep=keep, progress=progress,
                )
            )  # fmt: skip
            searched.append(tried)
            task.advance()
    positions = np.concatenate([trial.positions for trial in trials])
    order = np.argsort(positions)
    logits = np.concatenate([trial.logits for trial in trials])[order]
    positions = positions[order]
    evaluation = evaluate(
        name, cases.labels[positions], logits, np.asarray(cases.patients)[positions], seed=settings.seed
    )
    ids = cases.cohort.case_ids
    return ValidatedNetwork(evaluation, tuple(ids[position] for position in positions), tuple(trials), tuple(searched))


def _refit(
    name: str, cases: CaseCrops, settings: StagingSettings, device: str, work_dir: Path, progress: Progress
) -> tuple[Trial, np.ndarray]:
    """After cross-validation the bundle's network learns from all cases."""
    everything = np.arange(len(cases.labels))
    plan: TrainingPlan
    plan, _ = search_plan(name, cases, everything, settings, device=device, work_dir=work_dir, progress=progress)
    trial = run_trial(
        name, cases, everything, everything[:0], plan, settings,
        device=device, work_dir=work_dir, keep=True, progress=progress,
    )  # fmt: skip
    return trial, everything


def _details(validated: list[ValidatedNetwork], final: Trial) -> dict[str, Any]:
    """What a report needs of the validation, without anything about one case."""
    return {
        "plan": final.plan.to_json(),
        "history": list(final.history),
        "best_epoch": final.best_epoch,
        "device": final.device,
        "precision": final.precision,
        "confusion_matrices": {item.name: item.evaluation.matrix.tolist() for item in validated},
        "searched": {
            item.name: [[asdict(candidate) for candidate in tried] for tried in item.searched]
            for item in validated
            if any(item.searched)
        },
    }


def _write(
    destination: Path,
    manifest: BundleManifest,
    network: Network,
    domain: NetworkDomain,
    record: StudyRecord,
    progress: Progress,
) -> str:
    """Write the bundle; returns a note where it goes without a graph for inference runtimes."""
    from ..networks import network_files

    files, note = network_files(network)
    with progress.task("Writing the bundle"):
        more = {DOMAIN_FILE: domain.to_bytes(), STUDY_NAME: study_bytes(record)}
        write_bundle(destination, manifest, files={**files, **more})
    return note
