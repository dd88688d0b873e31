"""What software knows of a checklist's items where a study of staging networks answers differently."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from ...bundle.study_file import Study
from ...bundle.study_record import TEST
from .cells import cell_text
from .headline import auc_2, cases_text
from .staging_networks import estimate, judged_networks, metrics_of, own_network

_AGAINST_IMBALANCE = {"oversample": "rarer groups were drawn more often", "class_weights": "groups were weighted"}


def _data_use(study: Study) -> str:
    _, network = own_network(study)
    training = study.manifest.training.cases
    if network.cases.name == TEST:
        text = f"{training} cases trained on, {cases_text(network)} held out by patient and opened once"
    else:
        text = f"{cases_text(network)} cross-validated by patient; the bundle's network learned from all of them"
    return f"{text}. The bundle's calibration was fitted to the judged cases."


def _performance(study: Study) -> str:
    title, network = own_network(study)
    auc = cell_text(auc_2(estimate(metrics_of(study, title).get("auc"))))
    groups = " Its subgroups are shown." if network.cases.subgroups and _two(study) else ""
    return f"{title}, AUC {auc} on {cases_text(network)}; all tables.{groups}"


def _subgroups(study: Study) -> str:
    _, network = own_network(study)
    if not network.cases.subgroups or not _two(study):
        return ""
    return f'"Subgroups": {", ".join(network.cases.subgroups)}. Which groups matter for fairness is for the authors.'


def _calibration(study: Study) -> str:
    if not _two(study):
        return ""
    return '"Calibration": curve, slope, intercept and Brier score of the networks, before the bundle\'s calibration.'


def _counts(study: Study) -> str:
    training = study.manifest.training
    names = study.manifest.class_names
    learned = training.class_counts or ()
    of_training = ", ".join(f"{count} {name}" for count, name in zip(learned, names, strict=False))
    _, network = own_network(study)
    judged = ", ".join(f"{int((network.outcomes == code).sum())} {name}" for code, name in enumerate(names))
    return f"Trained on {training.cases} cases ({of_training}); judged on {len(network.outcomes)} ({judged})."


def _comparison(study: Study) -> str:
    if len(judged_networks(study)) < 2:
        return ""
    return "The two best networks by paired tests (McNemar, and DeLong with two groups), not corrected for choosing."


def _missing_data(study: Study) -> str:
    return "The networks use no clinical values; cases without a readable image were left out and are counted."


def _performance_measures(study: Study) -> str:
    two = "; calibration, net benefit and prediction sets of the softmax share" if _two(study) else ""
    return f"Accuracy, macro precision, recall and F1, AUC{two}; paired tests of the best two networks."


def _class_imbalance(study: Study) -> str:
    training = study.manifest.training
    counts = training.class_counts or ()
    named = ", ".join(f"{count} {name}" for count, name in zip(counts, study.manifest.class_names, strict=False))
    plan = study.manifest.details.get("plan")
    if not named or not isinstance(plan, dict):
        return ""
    met = [words for key, words in _AGAINST_IMBALANCE.items() if plan.get(key)]
    return f"Training cases: {named}; {'; '.join((*met, 'probabilities are recalibrated'))}."


def _objectives(study: Study) -> str:
    _, network = own_network(study)
    judged = "evaluation on held-out cases" if network.cases.name == TEST else "internal validation"
    return f"Development with {judged}; headline. The clinical aim is for the authors."


def _model_building(study: Study) -> str:
    settings = study.manifest.details.get("settings")
    search = settings.get("search") if isinstance(settings, dict) else None
    tuned = "nothing was tuned" if search in (None, "none") else "tuned on inner splits of the training cases"
    return f'Networks learn by gradient descent, settings under "Making this again"; {tuned}.'


def _output(study: Study) -> str:
    return (
        "Probability of each group; the group that the network finds most probable is answered, no cut-off was chosen."
    )


def _explanation(study: Study) -> str:
    return "Heat maps of cases chosen by rule." if study.run is not None else ""


def _two(study: Study) -> bool:
    return len(study.manifest.class_names) == 2


STAGING_ANSWERS: Mapping[str, Callable[[Study], str]] = {
    "objectives": _objectives,
    "model_building": _model_building,
    "output": _output,
    "data_use": _data_use,
    "internal_testing": _data_use,
    "performance": _performance,
    "performance_measures": _performance_measures,
    "subgroups": _subgroups,
    "calibration": _calibration,
    "counts": _counts,
    "comparison": _comparison,
    "missing_data": _missing_data,
    "class_imbalance": _class_imbalance,
    "explanation": _explanation,
}
"""By the name that an item may be filled by; an empty answer: the software does not know it of this study."""
