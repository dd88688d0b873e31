"""What a study of two outcomes found, in sentences made of its numbers."""

from __future__ import annotations

from ...bundle.study_file import Study
from ...bundle.study_record import PAPER_TEST, PAPER_TRAINING, TEST, TRAINING, ModelTable, StudyRecord
from .calibration_blocks import miscalibration
from .cells import Estimate, cell_text, interval_text
from .document import Block, BulletList, KeyNumber, KeyNumbers, WarningBlock
from .performance import HONEST, NOMOGRAM, PAPER, Judged, compare, informative, main_model, models_of, tested
from .required_cases import required_cases
from .sections_acquisition import acquisition_warning

_LEAST_OPTIMISM = 0.02
"""Below this a difference of two AUCs is not worth a word of its own."""
_SIGNIFICANT = 0.05
_CHANCE = 0.5
FUSION = "fusion"
_ALL_CASES = "selected on all cases"


def headline(study: Study) -> str:
    """The finding in one or two sentences: how good the model is, and where that number comes from."""
    record, model = study.record, main_model(study.record)
    if shuffled(study):
        return "The outcomes were shuffled before training, as a check: this model is meaningless. " + _finding(
            record, model
        )
    return _finding(record, model)


def summary(study: Study) -> tuple[Block, ...]:
    """What stands below the headline: key numbers, warnings, and the sentences a reader must not miss."""
    record = study.record
    blocks: list[Block] = []
    if study.manifest.simulated:
        blocks.append(WarningBlock("The cases are simulated: nothing here says anything about any patient."))
    if shuffled(study):
        blocks.append(
            WarningBlock(
                "The outcomes were shuffled before training. An AUC away from 0.5 would be a fault of the code."
            )
        )
    if main_model(record) is None:
        blocks.append(WarningBlock("Only the paper protocol was run: there is no honest estimate of this model."))
    blocks += acquisition_warning(study, main_model(record))
    numbers = _key_numbers(record)
    if numbers:
        blocks.append(KeyNumbers(tuple(numbers)))
    sentences = [
        *_test_sentence(record),
        *_beside_clinical(record),
        *_calibration(record),
        *paper_optimism(record),
        *_permutation(record),
        *required_cases(study).sentences(),
    ]
    if sentences:
        blocks.append(BulletList(tuple(sentences)))
    return tuple(blocks)


def shuffled(study: Study) -> bool:
    """Whether the outcomes were shuffled before training."""
    settings = study.manifest.details.get("settings")
    return isinstance(settings, dict) and settings.get("shuffle_outcome") is True


def cases_text(model: Judged) -> str:
    """``"300 patients"``, or ``"320 cases of 300 patients"``."""
    cases, patients = model.counts()
    return f"{patients} patients" if cases == patients else f"{cases} cases of {patients} patients"


def _finding(record: StudyRecord, model: Judged | None) -> str:
    if model is None:
        return "There is no honest estimate of how good this model is: only the paper protocol was run."
    auc, cases = model.auc(), cases_text(model)
    if auc.value is None:
        return f"How well the model discriminates is undefined: its {cases} hold fewer than two of one outcome."
    text = cell_text(auc_2(auc))
    if informative(auc):
        return f"Honest AUC {text}, cross-validated on {cases}."
    if auc.upper is not None and auc.upper < 0.5:
        return (
            f"Worse than chance: honest AUC {text}, cross-validated on {cases}. Check how the outcome is coded; a "
            "model fitted to noise in a small cohort can look like this too."
        )
    return f"No evidence of discrimination: the 95 % interval of the honest AUC, {text} on {cases}, includes 0.5."


def auc_2(auc: Estimate) -> Estimate:
    """With two digits, as words carry it."""
    return Estimate(auc.value, auc.lower, auc.upper, digits=2)


def _key_numbers(record: StudyRecord) -> list[KeyNumber]:
    model, test = main_model(record), tested(record)
    numbers = []
    if model is not None:
        repeats = len(model.model.scores)
        how = f"cross-validated{f', {repeats} repeats' if repeats > 1 else ''}, {cases_text(model)}"
        numbers.append(KeyNumber(f"Honest AUC, {model.model.name}", model.auc(), "honest_auc", how))
    if test is not None:
        numbers.append(
            KeyNumber(
                f"Held-out AUC, {test.model.name}", test.auc(), "held_out_auc", f"opened once, {cases_text(test)}"
            )
        )
    baseline = _baseline(record)
    if baseline is not None:
        numbers.append(KeyNumber(f"AUC, {baseline.model.name}", baseline.auc(), "baseline_auc", "cross-validated"))
    printed = _printed(record)
    if printed is not None:
        note = f"{printed.model.name}, test side of its split"
        numbers.append(KeyNumber("AUC, paper protocol", printed.auc(), "paper_auc", note))
    return numbers[:4]


def _test_sentence(record: StudyRecord) -> list[str]:
    test = tested(record)
    if test is None:
        return []
    auc = test.auc()
    if auc.value is None:
        return ["The AUC on the held-out cases is undefined: they hold fewer than two of one outcome."]
    evidence = "" if informative(auc) else "; its interval includes 0.5" if auc.upper and auc.upper >= 0.5 else ""
    return [f"On {cases_text(test)} held out and opened once, the AUC is {cell_text(auc_2(auc))}{evidence}."]


def _baseline(record: StudyRecord) -> Judged | None:
    """What a clinician has without the image: all clinical predictors, else the first plain one."""
    found = models_of(record, ModelTable.BASELINES, HONEST, TRAINING)
    return next((model for name, model in found.items() if "clinical" in name), next(iter(found.values()), None))


def _beside_clinical(record: StudyRecord) -> list[str]:
    model, baseline = main_model(record), _baseline(record)
    if model is None:
        return []
    if baseline is None:
        return ["There are no clinical predictors to compare with: whether the image adds to them is not known."]
    auc = baseline.auc()
    if auc.value is None:
        return []
    name = baseline.model.name
    first = f"{name[0].upper()}{name[1:]} reaches an AUC of {cell_text(auc_2(auc))} in the same cross-validation"
    if " predictors " in name:
        first = first.replace(" reaches ", " reach ")
    return [f"{first}; {difference_words(model, baseline)}"]


def _calibration(record: StudyRecord) -> list[str]:
    """Of a model that tells something: of another the headline has said enough."""
    model = main_model(record)
    return miscalibration(model) if model is not None and informative(model.auc()) else []


def difference_words(model: Judged, other: Judged) -> str:
    """How two models of the same cases differ, without a capital: ``"the nomogram lies 0.05 (…) above it, p = …"``."""
    test = compare(model, other)
    name = f"the {model.model.name}"
    if test is None or test.p != test.p:
        return f"whether {name} differs from it is undefined."
    interval = cell_text(Estimate(test.difference, test.lower, test.upper, digits=2))
    p = "p < 0.001" if test.p < 0.001 else f"p = {test.p:.3f}"
    cases, patients = model.counts()
    method = "DeLong" if cases == patients else "bootstrap over patients"
    tail = f"(difference {interval}, {p}, {method})"
    if test.p >= _SIGNIFICANT:
        return f"these cases do not show that {name} differs from it {tail}."
    return f"{name} {'lies above it' if test.difference > 0 else 'lies below it'} {tail}."


def _printed(record: StudyRecord) -> Judged | None:
    """The number that the printed protocol would have put first: its nomogram on its test side."""
    return main_model(record, PAPER_TEST, PAPER)


def paper_optimism(record: StudyRecord) -> list[str]:
    """Each number of the printed protocol beside the honest one of the same model, on the same cases where there are
    such: a difference between other models or other cases is no optimism.
    """
    sides = [
        (main_model(record, PAPER_TRAINING, PAPER), "on the cases it was fitted to", NOMOGRAM, TRAINING),
        (_printed(record), "on the test side of its split, where its classifier was chosen", NOMOGRAM, TEST),
        (
            _selected_on_all(record),
            "with features selected on all cases, those of the test side among them",
            FUSION,
            TEST,
        ),
    ]
    sentences = []
    for printed, where, name, cases in sides:
        auc = printed.auc() if printed is not None else Estimate(None)
        value, lower = auc.value, auc.lower
        if value is None or lower is None:
            continue
        sentence = f"The printed protocol would have reported {value:.2f} {where}"
        honest, words = _honest_counterpart(record, name, cases)
        if honest is None:
            sentences.append(f"{sentence}; how much of it is optimism is not known without the honest protocol.")
        elif value - honest >= _LEAST_OPTIMISM and lower <= honest:
            sentences.append(f"{sentence}; its interval, {_range(auc)}, holds the {words}.")
        elif value - honest >= _LEAST_OPTIMISM and lower <= _CHANCE:
            # An honest AUC below chance is noise: what the printed one lies above it is not all optimism.
            sentences.append(f"{sentence}; its interval, {_range(auc)}, includes 0.5 ({words}).")
        elif value - honest >= _LEAST_OPTIMISM:
            # The difference of the numbers as they are read, so that a reader who subtracts finds the same.
            optimism = round(value, 2) - round(honest, 2)
            sentences.append(f"{sentence}; {optimism:.2f} of it is optimism ({words}).")
        else:
            how = "hardly above" if value > honest else "not above"
            sentences.append(f"{sentence}, {how} the {words}.")
    return sentences


def _honest_counterpart(record: StudyRecord, name: str, cases: str) -> tuple[float | None, str]:
    """The honest AUC of the model of that name, and how it is told: ``"honest fusion 0.68 on the same cases"``.

    Without held-out cases the cross-validated one, which all cases of both sides are in; without a model of that name
    the main one.
    """
    main = main_model(record, cases) or main_model(record)
    if main is None:
        return None, ""
    found = models_of(record, ModelTable.MODELS, HONEST, main.cases.name).get(name, main)
    value = found.auc().value
    if value is None:
        return None, ""
    named = "" if name == NOMOGRAM else f"{found.model.name} "
    same = " on the same cases" if found.cases.name == TEST else ""
    return value, f"honest {named}{value:.2f}{same}"


def _range(auc: Estimate) -> str:
    return interval_text(auc_2(auc))


def _selected_on_all(record: StudyRecord) -> Judged | None:
    found = models_of(record, ModelTable.MODELS, PAPER, PAPER_TEST)
    return next((model for name, model in found.items() if _ALL_CASES in name), None)


def _permutation(record: StudyRecord) -> list[str]:
    test = record.permutation
    if test is None:
        return []
    runs = len(test.permuted)
    least = 1 / (1 + runs)
    if least >= _SIGNIFICANT:
        few = f"{runs} permutation{' of the outcomes is' if runs == 1 else 's of the outcomes are'} too few"
        return [f"{few} to rule chance out: p cannot be below {least:.2f}."]
    verdict = "could" if test.p_value >= _SIGNIFICANT else "could hardly"
    return [
        f"Outcomes drawn at random {verdict} have given the AUC of {test.observed:.2f} of the {test.model}: p = "
        f"{test.p_value:.3f} over {runs} permutations of the whole pipeline."
    ]
