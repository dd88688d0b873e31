"""What software knows of a checklist's items: short answers that point to the report's sections."""

from __future__ import annotations

from collections.abc import Callable

from ... import __version__
from ...bundle.study_file import Study
from ...bundle.study_record import TEST, TRAINING, CaseSet, ModelTable
from .cells import Estimate, cell_text
from .checklist_fixed import FIXED, PAPER_ALONE
from .checklist_staging import STAGING_ANSWERS
from .performance import HONEST, main_model, tested
from .required_cases import required_cases

Answer = Callable[[Study], str]
"""An empty answer: the software does not know it of this study."""


_BETWEEN_CENTRES = {
    ModelTable.LEFT_OUT_CENTRES.value: "each centre left out",
    ModelTable.HARMONISED.value: "features harmonised",
}


def answer(key: str, study: Study) -> str:
    """The answer that an item's ``filled_by`` names; empty where this study has none."""
    if study.record.task == "staging" and key in STAGING_ANSWERS:
        return STAGING_ANSWERS[key](study)
    if key == "poor_input" and study.manifest.details.get("given_features"):
        # What was measured elsewhere was also checked elsewhere.
        return ""
    if key in PAPER_ALONE and study.record.task == "plnm" and main_model(study.record) is None:
        return PAPER_ALONE[key]
    if key in FIXED:
        return FIXED[key].get(study.record.task, FIXED[key].get("", ""))
    return _ANSWERS[key](study)


def answer_keys() -> frozenset[str]:
    """Every name that an item may be filled by."""
    return frozenset((*FIXED, *_ANSWERS))


def _cases(study: Study, name: str) -> CaseSet | None:
    return next((cases for cases in study.record.case_sets if cases.name == name), None)


def _objectives(study: Study) -> str:
    held_out = " and evaluation on held-out cases" if tested(study.record) is not None else ""
    return f"Development with internal validation{held_out}; headline. The clinical aim is for the authors."


def _data_hash(study: Study) -> str:
    return (
        f"Cohort content SHA-256 {study.manifest.training.cohort_hash[:16]}…; sources are for the authors to describe."
    )


def _centres(study: Study) -> str:
    centres = study.manifest.training.centers
    return "" if centres is None else f"{centres} centre{'' if centres == 1 else 's'} in the training cases."


def _preprocessing(study: Study) -> str:
    if not study.manifest.preprocessing:
        return ""
    return 'Settings under "Making this again".'


def _candidates(study: Study) -> str:
    selection = study.record.selection
    if selection is None or len(selection.feature_classes.columns) < 2:
        return ""
    total = sum(int(row[1] or 0) for row in selection.feature_classes.rows)
    return f'{total} features were measured; "The features" has the numbers after each step.'


def _predictors(study: Study) -> str:
    kept = ", ".join(f"{one.label} ({one.unit})" if one.unit else one.label for one in study.manifest.clinical)
    return (
        f"Clinical predictors with units and ranges: {kept}. How they were measured is for the authors." if kept else ""
    )


def _sample_size(study: Study) -> str:
    # The rules are for regression on counted predictors, not for the weights of a network.
    return " ".join(required_cases(study).sentences()) if study.record.task == "plnm" else ""


def _missing_data(study: Study) -> str:
    if study.record.table_one is None:
        return ""
    return '"Missing values" counts them; the median of each training side replaced them.'


def _data_use(study: Study) -> str:
    training, test = _cases(study, TRAINING), _cases(study, TEST)
    found = (model for model in study.record.models if (model.protocol, model.cases) == (HONEST, TRAINING))
    repeats = max((len(model.scores) for model in found), default=0)
    if training is None or not repeats:
        return ""
    text = f"{len(training.outcomes)} cases cross-validated by patient, {repeats} repeat{'' if repeats == 1 else 's'}"
    held_out = f"{len(test.outcomes)} held out and opened once" if test is not None else "none held out"
    return f"{text}; {held_out}. Every step fitted to outcomes lies inside the resamples."


def _model_building(study: Study) -> str:
    return (
        '"The features" and "Making this again": selection, classifiers tuned in inner folds, nomogram, Platt scaling.'
    )


def _heterogeneity(study: Study) -> str:
    tables = {model.table for model in study.record.models}
    done = [words for table, words in _BETWEEN_CENTRES.items() if table in tables]
    return f'"Centres": {", ".join(done)}.' if done else ""


def _confounders(study: Study) -> str:
    centres = _heterogeneity(study)
    return f"{centres} Other confounders are for the authors." if centres else ""


def _class_imbalance(study: Study) -> str:
    training = study.manifest.training
    share = 100 * training.positives / training.cases if training.cases else 0.0
    text = f"{training.positives} of {training.cases} training cases are positive ({share:.0f} %)"
    return f"{text}; none was oversampled, and the probabilities are recalibrated by Platt scaling."


def _subgroups(study: Study) -> str:
    training = _cases(study, TRAINING)
    if training is None or not training.subgroups:
        return ""
    return f'"Subgroups": {", ".join(training.subgroups)}. Which groups matter for fairness is for the authors.'


def _output(study: Study) -> str:
    manifest = study.manifest
    if manifest.threshold is None:
        return "Probability of each class; the most probable one is answered."
    return (
        f"Probability of {manifest.positive_class}; cut-off {100 * manifest.threshold:.1f} %, from the training side."
    )


def _sides(study: Study) -> str:
    if _cases(study, TEST) is None or study.record.table_one is None:
        return ""
    return 'Table 1 compares both sides ("Are both sides alike?").'


def _code(study: Study) -> str:
    return f'CervixRisk {__version__}, Apache-2.0; versions, seeds and settings under "Making this again".'


def _flow(study: Study) -> str:
    if not study.record.flow:
        return ""
    return (
        f'"Flow of cases": {study.record.flow[0].remaining} rows of the table. Who never entered it is for the authors.'
    )


def _characteristics(study: Study) -> str:
    return "" if study.record.table_one is None else "Table 1."


def _counts(study: Study) -> str:
    sets = [f"{cases.name}: {len(cases.outcomes)} cases" for cases in study.record.case_sets]
    positives = study.manifest.training.positives
    return f"{'; '.join(sets)}; {positives} positive in training."


def _specification(study: Study) -> str:
    if study.manifest.nomogram is not None:
        return '"The nomogram"; coefficients and fitted estimators are in the bundle.'
    return "The fitted model is in the bundle."


def _performance(study: Study) -> str:
    model = main_model(study.record)
    if model is None:
        return ""
    auc = model.auc()
    text = cell_text(Estimate(auc.value, auc.lower, auc.upper, digits=2))
    return f"{model.model.name.capitalize()}, honest AUC {text}; all tables."


def _intended_use(study: Study) -> str:
    return f"{study.manifest.intended_use} The place in care is for the authors."


def _preset(study: Study) -> str:
    radiomics = study.manifest.radiomics
    if radiomics is None:
        return ""
    return (
        f"Preset {radiomics.preset}, engine {radiomics.engine}, SHA-256 {radiomics.content_hash[:16]}…; in the bundle."
    )


def _feature_classes(study: Study) -> str:
    selection = study.record.selection
    return "" if selection is None or not selection.feature_classes.rows else '"The features": counts after each step.'


def _reliability(study: Study) -> str:
    kept = study.manifest.preprocessing.get("reproducible_features")
    return str(kept) if kept else ""


def _reduction(study: Study) -> str:
    if study.record.task != "plnm":
        return ""
    return '"The features": tests, correlation filter, LASSO, components, elimination; refitted in every resample.'


def _baselines(study: Study) -> str:
    names = [model.name for model in study.record.models if model.table == "baselines" and model.protocol == HONEST]
    return f"Beside {', '.join(dict.fromkeys(names))} in the same resamples." if names else ""


def _explanation(study: Study) -> str:
    parts = ["nomogram"] if study.manifest.nomogram is not None else []
    parts += ["feature importances"] if study.record.selection is not None else []
    parts += ["heat maps"] if study.run is not None else []
    return f"{', '.join(parts).capitalize()}." if parts else ""


def _calibration(study: Study) -> str:
    model = main_model(study.record)
    return '"Calibration": curve, slope, intercept, Brier score.' if model and model.model.probability else ""


_ANSWERS: dict[str, Answer] = {
    "objectives": _objectives,
    "data_hash": _data_hash,
    "centres": _centres,
    "preprocessing": _preprocessing,
    "candidates": _candidates,
    "predictors": _predictors,
    "sample_size": _sample_size,
    "missing_data": _missing_data,
    "data_use": _data_use,
    "model_building": _model_building,
    "heterogeneity": _heterogeneity,
    "confounders": _confounders,
    "class_imbalance": _class_imbalance,
    "subgroups": _subgroups,
    "output": _output,
    "sides": _sides,
    "code": _code,
    "flow": _flow,
    "characteristics": _characteristics,
    "counts": _counts,
    "specification": _specification,
    "performance": _performance,
    "intended_use": _intended_use,
    "preset": _preset,
    "feature_classes": _feature_classes,
    "reliability": _reliability,
    "reduction": _reduction,
    "baselines": _baselines,
    "explanation": _explanation,
    "calibration": _calibration,
    "internal_testing": _data_use,
}
