"""Train the lymph node model on a cohort: measure, validate honestly, fit, write the bundle."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timezone
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib
import numpy as np

from .. import __version__
from ..bundle import (
    BundleManifest,
    Calibration,
    ClinicalPredictor,
    IntervalInfo,
    Metric,
    RadiomicsInfo,
    TrainingSummary,
    check_destination,
    write_bundle,
)
from ..cohort import Cohort, ColumnDictionary, patient_split
from ..errors import SettingsError, TrainingError
from ..progress import SILENT, Progress
from ..radiomics import load_preset
from ..statistics import Nomogram, brier, calibration_slope_intercept
from .case_table import CaseTable, build_case_table
from .classifiers import LABELS, check_packages
from .clinical_design import label_of, source_column
from .fusion_model import FusionModel
from .model import SCORE, PlnmModel
from .paper_protocol import DEVIATIONS, run_paper_protocol
from .predictor import FUSION, MAXIMUM_DIAMETER, NETWORK_FILE, TASK
from .reproducibility import ReproducibilityFilter, read_icc_table
from .settings import FineTuning, TrainingProtocol, TrainingSettings
from .signature import SignatureRecipe
from .validation import (
    CrossValidation,
    baseline_scores,
    cross_validate,
    discrimination_metrics,
    permutation_test,
)

POSITIVE = "metastasis"
NEGATIVE = "no metastasis"
HONEST = "honest"
_FEWEST_CASES = 20
_VERSIONS_OF = ("numpy", "scipy", "scikit-learn", "skops", "torch", "torchvision", "timm", "xgboost", "lightgbm")


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
    notes
        Sentences for the person: what was left out, what was decided and why.
    """

    bundle_path: Path
    manifest: BundleManifest
    model: PlnmModel
    validation: CrossValidation | None
    notes: tuple[str, ...]

    @property
    def metrics(self) -> tuple[Metric, ...]:
        """Every number of the validation."""
        return self.manifest.metrics


def train(
    cohort: Cohort,
    settings: TrainingSettings,
    destination: str | Path,
    progress: Progress = SILENT,
) -> TrainingResult:
    """Train on a cohort and write a bundle, whole or not at all.

    Work in progress is kept in a hidden folder beside the destination, named by the content it depends on, so that the
    same call after a kill goes on where it stopped; it is removed once the bundle stands.

    Raises
    ------
    CohortError, TrainingError, SettingsError, MissingComponentError, StorageError, Cancelled
    """
    destination = Path(destination)
    check_destination(destination)
    if len(cohort) < _FEWEST_CASES:
        raise TrainingError(f"The cohort has {len(cohort)} usable cases; training needs at least {_FEWEST_CASES}.")
    check_packages(settings.plan.classifiers)
    for name in settings.clinical or ():
        if name not in cohort.columns:
            known = ", ".join(cohort.clinical_names) or "none"
            raise SettingsError(f"The cohort has no clinical column {name!r}; it has: {known}.")
    icc = read_icc_table(settings.icc_table) if settings.icc_table is not None else None
    reproducibility = ReproducibilityFilter.from_table(
        icc, threshold=settings.icc_threshold, rule=settings.icc_rule, bound=settings.icc_bound
    )
    device = _device(settings)
    work_dir = destination.with_name(f".{destination.name}.work")
    cases = build_case_table(cohort, settings, work_dir=work_dir / "cases", device=device, progress=progress)
    model = _unfitted(cases, settings, reproducibility, device)
    train_positions, test_positions, split_note = _split(cases, settings)
    notes = [*cohort.notes, *cases.notes, split_note]
    if icc is None:
        notes.append("No ICC table was given: features were not filtered for reproducibility.")

    X, y, groups = cases.X, cases.y, cases.groups
    X_train, y_train, groups_train = X.iloc[train_positions], y[train_positions], groups[train_positions]
    plan = settings.plan
    jobs = settings.jobs or joblib.cpu_count()
    metrics: list[Metric] = []
    deviations: list[str] = []
    details: dict[str, Any] = {}
    validation: CrossValidation | None = None
    with progress.task("Training", total=4) as task:
        if settings.protocol is not TrainingProtocol.PAPER:
            validation = cross_validate(
                model, X_train, y_train, groups_train, folds=plan.outer_folds, repeats=plan.repeats,
                seed=settings.seed, jobs=_fold_jobs(settings, jobs), work_dir=work_dir / "folds", progress=progress,
            )  # fmt: skip
            metrics += _honest_metrics(validation, cases, train_positions, settings)
            details["feature_frequency"] = validation.feature_frequency()
            details["winners"] = _counted([fold.classifier for fold in validation.folds])
            if plan.permutations:
                metrics.append(_permutation_metric(model, X_train, y_train, groups_train, settings, jobs, progress))
        else:
            deviations.append("Only the paper protocol was run: there is no honest estimate of how good this model is.")
        task.advance(detail="validation")

        model.fit(X_train, y_train, groups_train, progress=progress)
        task.advance(detail="final model")
        if test_positions.size and settings.protocol is not TrainingProtocol.PAPER:
            X_test, y_test = X.iloc[test_positions], y[test_positions]
            probability = model.predict_proba(X_test)[:, 1]
            metrics += discrimination_metrics(
                y_test, probability, probability >= model.threshold_, model="nomogram, held-out test", protocol=HONEST
            )
            metrics += discrimination_metrics(
                y_test, model.fusion_score(X_test), None, model="fusion, held-out test", protocol=HONEST
            )
        if settings.protocol is not TrainingProtocol.HONEST:
            if test_positions.size:
                sides = train_positions, test_positions
            else:
                sides = patient_split(y, groups, test_fraction=0.3, seed=settings.seed)
            printed = run_paper_protocol(model, X, y, *sides, progress=progress)
            metrics += printed.metrics
            deviations += DEVIATIONS
            details["paper_classifier"] = printed.chosen
        task.advance(detail="protocols")

        network, network_note = _final_network(model, cases, settings, train_positions, device, progress)
        notes += [network_note] if network_note else []
        manifest = _manifest(model, cases, train_positions, settings, metrics, deviations, {**details, "notes": notes})
        files: dict[str, Any] = {}
        if network is not None:
            from ..networks import save_network

            files[NETWORK_FILE] = lambda path: save_network(network, path)
        preset_file = manifest.details["preset_file"]
        if preset_file:
            files[preset_file] = Path(settings.preset)
        write_bundle(destination, manifest, files=files, estimators={FUSION: FusionModel.of(model)})
        task.advance(detail="bundle")
    shutil.rmtree(work_dir, ignore_errors=True)
    return TrainingResult(destination, manifest, model, validation, tuple(notes))


def _device(settings: TrainingSettings) -> str:
    if not settings.networks:
        return "cpu"
    from ..networks import choose_device

    return choose_device(settings.device).device


def _fold_jobs(settings: TrainingSettings, jobs: int) -> int:
    """Fine-tuning takes all cores, or the one GPU, by itself."""
    return 1 if settings.fine_tuning is FineTuning.ALL else jobs


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


def _honest_metrics(
    validation: CrossValidation, cases: CaseTable, positions: np.ndarray, settings: TrainingSettings
) -> list[Metric]:
    y, groups, plan = cases.y[positions], cases.groups[positions], settings.plan
    metrics = discrimination_metrics(y, validation.probability, validation.predicted, model="nomogram", protocol=HONEST)
    metrics += discrimination_metrics(y, validation.score, None, model="fusion", protocol=HONEST)
    for name, values in (
        ("brier", [brier(y, repeat) for repeat in validation.probability]),
        ("calibration_slope", [calibration_slope_intercept(y, repeat).slope for repeat in validation.probability]),
    ):
        mean = float(np.mean(values))
        metrics.append(Metric(name, mean if np.isfinite(mean) else None, None, None, HONEST, len(y), "nomogram"))
    baselines = {"clinical predictors alone": list(cases.clinical_columns)}
    if MAXIMUM_DIAMETER in cases.clinical_columns:
        baselines["maximum diameter alone"] = [MAXIMUM_DIAMETER]
    for label, columns in baselines.items():
        if columns:
            scores = baseline_scores(
                cases.X.iloc[positions], y, groups, columns, folds=plan.outer_folds, repeats=plan.repeats,
                seed=settings.seed,
            )  # fmt: skip
            metrics += discrimination_metrics(y, scores, None, model=label, protocol=HONEST)
    return metrics


def _permutation_metric(
    model: PlnmModel,
    X: Any,
    y: np.ndarray,
    groups: np.ndarray,
    settings: TrainingSettings,
    jobs: int,
    progress: Progress,
) -> Metric:
    """The permutation p value of the pipeline with logistic regression, whose refitting is affordable."""
    light = PlnmModel(**{**model.get_params(deep=False), "classifiers": ("logistic_regression",), "wide_grid": False,
                         "inner_folds": 5})  # fmt: skip
    _, p_value, _ = permutation_test(
        light, X, y, groups, permutations=settings.plan.permutations, folds=5, seed=settings.seed,
        jobs=_fold_jobs(settings, jobs), progress=progress,
    )  # fmt: skip
    return Metric("permutation_p", p_value, None, None, HONEST, len(y), "nomogram with logistic regression")


def _final_network(
    model: PlnmModel,
    cases: CaseTable,
    settings: TrainingSettings,
    positions: np.ndarray,
    device: str,
    progress: Progress,
) -> tuple[Any, str]:
    """The network that goes into the bundle, with its head trained when asked for."""
    name = model.winner_.network
    if not name:
        return None, ""
    if settings.fine_tuning is FineTuning.ALL:
        blocks = model.signature_.named_steps["blocks"].transformers_
        return blocks["deep"].named_steps["embedding"].network_, "The network was fine-tuned on the training cases."
    network = cases.networks[name]
    if settings.fine_tuning is FineTuning.HEAD:
        from ..networks import fine_tune

        assert cases.crops is not None
        result = fine_tune(
            network, cases.crops[positions], cases.y[positions], mode="head", epochs=settings.fine_tuning_epochs,
            seed=settings.torch_seed, groups=cases.groups[positions], progress=progress, device=device,
        )  # fmt: skip
        return result.network, "The network's head was trained; its embeddings are those of the frozen network."
    note = (
        ""
        if settings.weights != "none"
        else ("The network's weights are random (--weights none): its features are random textures, not learned ones.")
    )
    return network, note


def _counted(names: list[str]) -> dict[str, int]:
    return {name: names.count(name) for name in sorted(set(names))}


# -- the manifest -----------------------------------------------------------------------------------------------------


def _manifest(
    model: PlnmModel,
    cases: CaseTable,
    positions: np.ndarray,
    settings: TrainingSettings,
    metrics: list[Metric],
    deviations: list[str],
    details: Mapping[str, Any],
) -> BundleManifest:
    preset = load_preset(settings.preset)
    own_preset = Path(settings.preset).suffix.lower() in (".yaml", ".yml")
    regression = model.nomogram_
    names = tuple(str(name) for name in model.design_ranges_)
    columns = cases.cohort.columns
    used = tuple(dict.fromkeys(source_column(name, columns).name for name in names if name != SCORE))
    coefficients = [float(regression.intercept_), *(float(value) for value in regression.coef_)]
    pixels = cases.roi_pixels[positions]
    everything: dict[str, Any] = {
        **details,
        "clinical_columns": columns.to_mapping(),
        "regression": {
            "names": list(names),
            "coefficients": coefficients,
            "covariance": np.asarray(regression.covariance_).tolist(),
            "penalty": str(regression.penalty_used_),
            "ranges": {name: list(limits) for name, limits in model.design_ranges_.items()},
            "calibration_covariance": np.asarray(model.platt_.covariance_).tolist(),
        },
        "network": model.winner_.network,
        "fine_tuning": settings.fine_tuning.value,
        "classifier": model.winner_.classifier,
        "candidates": [
            {
                "network": candidate.network,
                "classifier": LABELS[candidate.classifier],
                "parameters": {key: str(value) for key, value in candidate.parameters.items()},
                "inner_auc": candidate.auc,
                "inner_balanced_accuracy": candidate.balanced_accuracy,
            }
            for candidate in model.candidates_
        ],
        "pixel_size_known": cases.pixel_size_known,
        "roi_pixels": [int(pixels.min()), int(pixels.max())],
        "preset_file": "radiomics.yaml" if own_preset else "",
        "sign_flips": model.clinical_selection_.sign_flips(),
        "settings": settings.to_json(),
    }
    shuffled = ["The outcomes were shuffled before training (a check): the model is meaningless."]
    training = cases.cohort
    return BundleManifest(
        task=TASK,
        created=datetime.now(timezone.utc).isoformat(timespec="seconds"),
        library_versions=_versions(),
        simulated=training.simulated,
        positive_class=POSITIVE,
        class_names=(NEGATIVE, POSITIVE),
        threshold=model.threshold_,
        calibration=Calibration("platt", float(model.platt_.slope_), float(model.platt_.intercept_)),
        training=TrainingSummary(
            cases=int(positions.size),
            positives=int(cases.y[positions].sum()),
            cohort_hash=training.content_hash,
            known_pixel_size_share=float(cases.pixel_size_known),
            patients=len(np.unique(cases.groups[positions])),
            excluded=len(training.excluded),
        ),
        preprocessing={"crop_size": settings.crop_size, "crop_margin": settings.crop_margin},
        radiomics=RadiomicsInfo(preset.name, preset.content_hash, settings.engine),
        selected_features=model.scorer_.feature_names,
        clinical=tuple(_clinical_predictor(name, cases, positions) for name in used),
        nomogram=_nomogram(model, cases, names).to_dict(),
        interval=IntervalInfo(
            "delta method over nomogram and calibration, plus the delete-group jackknife of the fusion score"
            if model.fold_scorers_
            else "delta method over nomogram and calibration; the fine-tuned network's own variance is not in it"
        ),
        metrics=tuple(metrics),
        seeds={"numpy": settings.seed, "torch": settings.torch_seed},
        deviations=(*deviations, *(shuffled if settings.shuffle_outcome else [])),
        details=everything,
    )


def _clinical_predictor(name: str, cases: CaseTable, positions: np.ndarray) -> ClinicalPredictor:
    column = cases.cohort.columns[name]
    values = cases.cohort.table[name].to_numpy(float)[positions]
    return ClinicalPredictor(
        name=name,
        label=column.label,
        unit=column.unit,
        kind=column.kind,
        observed_low=float(np.nanmin(values)),
        observed_high=float(np.nanmax(values)),
        plausible_low=column.low,
        plausible_high=column.high,
        levels=column.levels,
    )


def _nomogram(model: PlnmModel, cases: CaseTable, names: tuple[str, ...]) -> Nomogram:
    columns = cases.cohort.columns
    labels = ["Fusion score" if name == SCORE else label_of(name, columns) for name in names]
    units = ["" if name == SCORE else source_column(name, columns).unit for name in names]
    return Nomogram.from_logistic(
        names,
        labels,
        units,
        model.nomogram_.coef_,
        model.nomogram_.intercept_,
        [model.design_ranges_[name] for name in names],
        levels={name: {"no": 0.0, "yes": 1.0} for name in names if _is_yes_no(name, columns)},
        calibration=(float(model.platt_.slope_), float(model.platt_.intercept_)),
    )


def _is_yes_no(name: str, columns: ColumnDictionary) -> bool:
    return name != SCORE and source_column(name, columns).kind in ("binary", "category")


def _versions() -> dict[str, str]:
    found = {"cervixrisk": __version__}
    for name in _VERSIONS_OF:
        for distribution in (name, f"{name}-cpu"):
            try:
                found[name] = version(distribution)
                break
            except PackageNotFoundError:
                continue
    return found
