"""Whether the probabilities can be believed here: calibration, decisions, prediction sets, subgroups, size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...errors import MissingComponentError, TrainingError
from ...statistics import ConformalSummary, patient_proportion, transferred_sets
from ...statistics.calibration_smoothing import smooth_calibration
from ...statistics.patient_weights import patient_numbers
from ...statistics.small_groups import FEWEST_CASES
from ...statistics.validation_size import FEWEST_OF_AN_OUTCOME
from ..study.calibration_blocks import calibration_blocks
from ..study.cells import Cell, Estimate
from ..study.conformal_blocks import COVERAGES
from ..study.decision_blocks import decision_blocks
from ..study.document import Absence, Block, BulletList, FigureBlock, Paragraph, Section, TableBlock
from ..study.performance import Judged
from ..study.subgroup_blocks import subgroup_blocks
from .external_validation import MODEL, ExternalValidation
from .internal_estimate import STAGING, InternalEstimate, cell_of
from .sections_performance import HERE
from .verdict import Findings, calibration_words, threshold_words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_SAID = 0.9
"""The coverage that the sentence is about."""
_RISKS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 0.95)
_CENTRE = "Centre"
_ONE_OUTCOME = "all of these cases have the same outcome."


def probability_sections(found: Findings) -> tuple[Section, ...]:
    """For two classes; with more, each class against the rest."""
    judged, validation = found.judged, found.validation
    if judged is None:
        return (
            Section("Calibration", _calibration_of_classes(validation)),
            Section(
                "What was left out",
                (Absence("Decision curves and prediction sets are for one probability, that of two groups."),),
                level=2,
            ),
        )
    if len(np.unique(judged.outcomes)) < 2:
        return (Section("Calibration", (Absence(f"Calibration and decision curve are undefined: {_ONE_OUTCOME}"),)),)
    curve = decision_blocks({MODEL: judged}, main=MODEL, simulated=validation.simulated)
    threshold = threshold_words(found)
    return (
        Section("Calibration", _calibration(found, judged)),
        Section("A recalibration that these patients would suggest", _recalibration(found, judged), level=2),
        Section("Decision curve", (*((Paragraph(threshold),) if threshold else ()), *curve)),
        Section("Prediction sets: does the coverage hold here?", _sets(found, judged)),
        Section("Centres and other subgroups", _subgroups(validation, judged)),
        Section("How many patients a validation takes", _size(found)),
    )


def _calibration(found: Findings, judged: Judged) -> tuple[Block, ...]:
    negative, positive = found.validation.manifest.class_names
    return (
        Paragraph(calibration_words(found)),
        *calibration_blocks({f"the model, {HERE}": judged}, (negative, positive), simulated=found.validation.simulated),
    )


def _calibration_of_classes(validation: ExternalValidation) -> tuple[Block, ...]:
    models = {
        f"{name} against the rest": validation.judged(code) for code, name in enumerate(validation.manifest.class_names)
    }
    return calibration_blocks(models, ("another group", "this group"), simulated=validation.simulated)


def _recalibration(found: Findings, judged: Judged) -> tuple[Block, ...]:
    summary = found.calibration
    probabilities = judged.scores[0]
    numbers = patient_numbers(judged.patients, probabilities.size)
    line = smooth_calibration(judged.outcomes == 1, probabilities, 0, numbers)
    if summary is None or line is None:
        return (
            Absence(
                "No recalibration can be suggested: the model's probabilities hardly vary here, or part the outcomes."
            ),
        )
    low, high = np.quantile(probabilities, [0.01, 0.99])
    risks = [risk for risk in _RISKS if low <= risk <= high] or [float(np.median(probabilities))]
    observed = line.observed(np.array(risks))
    rows: list[tuple[Cell, ...]] = [
        (f"{100 * risk:.0f} %", Estimate(100 * value, 100 * lower, 100 * upper, digits=0, unit="%"))
        for risk, value, lower, upper in zip(risks, *observed, strict=True)
    ]
    formula: tuple[tuple[Cell, ...], ...] = (
        ("Intercept", cell_of(summary.intercept)),
        ("Slope", cell_of(summary.slope)),
        ("Intercept alone, slope left at 1", cell_of(summary.in_the_large)),
    )
    advice = (
        "A suggestion and nothing more: the bundle is not changed, and every number of this report is of the model as "
        "it is. What is fitted to these patients has to be judged on others."
    )
    if found.size is not None and found.size.is_tiny:
        advice += (
            f" With fewer than {FEWEST_OF_AN_OUTCOME} patients of an outcome the intercept alone is the steadier "
            "correction (Vergouwe et al. 2017)."
        )
    return (
        Paragraph(advice),
        TableBlock(
            "Logistic recalibration, with 95 % intervals",
            ("Parameter", "on the log-odds"),
            formula,
            "recalibration",
            notes=("log-odds of the recalibrated probability = intercept + slope × log-odds of the model's.",),
        ),
        TableBlock(
            "What it would make of the model's answer",
            ("The model says", "recalibrated"),
            tuple(rows),
            "recalibrated_risks",
            notes=("Within the range of the probabilities that these patients were given.",),
        ),
    )


def _sets(found: Findings, judged: Judged) -> tuple[Block, ...]:
    known = next((one for one in found.internal if one.judged is not None and one.judged.model.probability), None)
    if known is None or known.judged is None:
        return (Absence("The bundle holds no scores of its own validation that thresholds could be found on."),)
    try:
        summaries = _transferred(judged, known)
    except (TrainingError, MissingComponentError) as error:
        return (Absence(f"No prediction sets. {error}"),)

    def draw() -> Figure:
        from ..figures.conformal import draw_conformal

        negative, positive = found.validation.manifest.class_names
        return draw_conformal(summaries, class_names=(negative, positive), simulated=found.validation.simulated)

    said = next(one for one in summaries if one.asked == _SAID and not one.class_conditional)
    sentence = coverage_words(said)
    return (
        Paragraph(sentence),
        FigureBlock("Prediction sets on these patients", draw, "sets_further_patients", sentence),
        _sets_table(summaries, found.validation, known),
    )


def _transferred(judged: Judged, known: InternalEstimate) -> list[ConformalSummary]:
    assert known.judged is not None
    asked = [(coverage, False) for coverage in COVERAGES] + [(_SAID, True)]
    return [
        transferred_sets(
            judged.outcomes,
            judged.scores[0],
            judged.patients,
            known_y=known.judged.outcomes,
            known_probability=known.judged.scores,
            coverage=coverage,
            class_conditional=conditional,
        ).summary
        for coverage, conditional in asked
    ]


def coverage_words(summary: ConformalSummary) -> str:
    """Does the stated coverage hold for these patients?"""
    found = summary.coverage
    text = f"{100 * found.value:.0f} % ({100 * found.lower:.0f}–{100 * found.upper:.0f} %)"
    opening = (
        f"With the thresholds of the model's own validation, sets that should hold the true outcome in "
        f"{100 * summary.asked:.0f} % of the cases hold it in {text}"
    )
    if found.upper < summary.asked:
        return f"{opening}: the coverage does not hold here."
    if found.lower > summary.asked:
        return f"{opening}: it is exceeded, at the price of more abstentions ({100 * summary.abstains.value:.0f} %)."
    return f"{opening}: these patients do not show that it fails."


def _sets_table(
    summaries: list[ConformalSummary], validation: ExternalValidation, known: InternalEstimate
) -> TableBlock:
    class_names, task = validation.manifest.class_names, validation.manifest.task
    rows: list[tuple[Cell, ...]] = []
    for one in summaries:
        asked = f"{100 * one.asked:.0f} %" + (" in each outcome" if one.class_conditional else "")
        parts = (one.coverage, one.coverage_negative, one.coverage_positive, one.right_of_single, one.abstains)
        rows.append(
            (asked, *(Estimate(100 * p.value, 100 * p.lower, 100 * p.upper, digits=0, unit="%") for p in parts))
        )
    fitted = " The bundle's calibration was fitted to that validation's cases." if task == STAGING else ""
    return TableBlock(
        "Prediction sets, shares with 95 % intervals",
        (
            "Coverage asked for", "coverage", f"coverage, {class_names[0]}", f"coverage, {class_names[1]}",
            "right among single answers", "abstains",
        ),
        tuple(rows),
        "sets_further_patients_numbers",
        notes=(
            f"Thresholds: the model's own validation, {known.title}. None of these patients took part in them, so a "
            f"coverage that falls short is seen.{fitted}",
            "The 95 % interval of a single probability is about that patient's risk, which nobody observes: its "
            "coverage cannot be counted.",
        ),
    )  # fmt: skip


def _subgroups(validation: ExternalValidation, judged: Judged) -> tuple[Block, ...]:
    blocks = subgroup_blocks(judged, simulated=validation.simulated, positive=validation.positive_name)
    return (*blocks, *_centres(judged))


def _centres(judged: Judged) -> tuple[Block, ...]:
    """Predicted and observed in each centre that has enough cases of either outcome to be told."""
    labels = np.array(judged.cases.subgroups.get(_CENTRE, ()), dtype=object)
    rows: list[tuple[Cell, ...]] = []
    for label in sorted(set(labels) - {""}):
        members = labels == label
        outcomes = judged.outcomes[members]
        if min(int(outcomes.sum()), int((1 - outcomes).sum())) < FEWEST_CASES:
            continue
        seen = patient_proportion(outcomes, judged.patients[members])
        given = Estimate(100 * float(judged.scores[0][members].mean()), digits=0, unit="%")
        observed = Estimate(100 * seen.value, 100 * seen.lower, 100 * seen.upper, digits=0, unit="%")
        rows.append((label, int(members.sum()), given, observed))
    if not rows:
        return ()
    head = ("Centre", "cases", "predicted on average", "observed")
    return (TableBlock("Calibration on average in each centre", head, tuple(rows), "centres_calibration"),)


def class_subgroups(validation: ExternalValidation) -> tuple[Section, ...]:
    """The accuracy in each subgroup, where there are more than two classes."""
    cases = validation.cases
    right = cases.called == cases.outcomes
    rows: list[tuple[Cell, ...]] = []
    for grouping, labels in cases.subgroups.items():
        column = np.array(labels, dtype=object)
        for label in sorted(set(labels) - {""}):
            members = column == label
            share = patient_proportion(right[members], cases.patients[members])
            rows.append((f"{grouping}: {label}", int(members.sum()), cell_of(share)))
    if not rows:
        return ()
    table = TableBlock("Accuracy in subgroups", ("Subgroup", "cases", "accuracy"), tuple(rows), "subgroups_numbers")
    return (Section("Centres and other subgroups", (table,)),)


def _size(found: Findings) -> tuple[Block, ...]:
    size = found.size
    if size is None:
        return (Absence(f"How many patients are needed cannot be said: {_ONE_OUTCOME}"),)
    rows: tuple[tuple[Cell, ...], ...] = (
        ("Observed : expected, 0.2 wide", size.for_ratio),
        ("Calibration slope, 0.2 wide", size.for_slope),
        ("AUC, 0.1 wide", size.for_c_statistic),
    )
    expected = "" if size.c_statistic is None else f", an AUC of {size.c_statistic:.2f}"
    return (
        BulletList((size.sentence(),)),
        TableBlock(
            "Patients for a 95 % interval of a stated width",
            ("Measure and width", "patients"),
            rows,
            "required_patients",
            notes=(
                f"For an outcome in {100 * size.prevalence:.0f} %{expected}, risks spread as here, and a model that is "
                "calibrated (Riley et al., Stat Med 2021;40:4230-4251).",
            ),
        ),
    )
