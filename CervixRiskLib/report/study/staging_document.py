"""The report of a staging study: which treatment group, from MRI."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ...bundle.study_file import Study
from ...bundle.study_record import TEST
from .cells import Cell, Estimate, cell_text
from .checklist_sections import checklist_sections
from .document import Block, BulletList, KeyNumber, KeyNumbers, Section, StudyDocument, TableBlock, WarningBlock
from .headline import auc_2, cases_text, shuffled
from .performance import Judged, informative
from .published_staging import CHARACTERISTICS, CONTRADICTIONS, OPENING, PUBLISHED, PUBLISHED_SIDES
from .sections_acquisition import acquisition_sections, acquisition_warning
from .sections_cohort import cohort_sections
from .sections_deviations import deviations_sections
from .sections_heat_maps import heat_map_sections
from .sections_reproducing import provenance, reproducing_sections
from .staging_networks import (
    comparable,
    comparison_sentence,
    estimate,
    metrics_of,
    networks_sections,
    own_network,
    validation_words,
)
from .staging_probabilities import probability_sections

TITLE = "Treatment group of cervical cancer on MRI: study report"
_MISSING_VALUES = "The networks see images alone: clinical values describe the cohort and have no part in the answers."
_CALIBRATED_ON_THEM = "The bundle's calibration, which its probabilities went through, was fitted to these cases."


def staging_document(study: Study) -> StudyDocument:
    """Everything the report says, computed from the study's record.

    Parameters
    ----------
    study
        Of a staging bundle or run.
    """
    title, network = own_network(study)
    return StudyDocument(
        title=TITLE,
        subtitle=_subtitle(study, network),
        headline=_headline(study, title, network),
        summary=_summary(study, title, network),
        sections=_sections(study),
        simulated=study.manifest.simulated,
        provenance=provenance(study),
    )


def _subtitle(study: Study, network: Judged) -> str:
    """Who the network was judged on, and beside held-out cases, who it was trained on."""
    groups = ", ".join(
        f"{int(np.sum(network.outcomes == code))} {name}" for code, name in enumerate(study.manifest.class_names)
    )
    cases = f"{cases_text(network)} ({groups})"
    if network.cases.name == TEST:
        training = study.manifest.training
        trained = f"{training.cases} cases" if training.patients is None else f"{training.patients} patients"
        cases = f"Trained on {trained}, judged on {cases} held out"
    return f"{cases}; model of {study.manifest.created[:10]}"


def _sections(study: Study) -> tuple[Section, ...]:
    return (
        *_cohort(study),
        *acquisition_sections(study),
        *networks_sections(study),
        *probability_sections(study),
        *heat_map_sections(study, "", (_CALIBRATED_ON_THEM,)),
        *deviations_sections(study, contradictions=CONTRADICTIONS, opening=OPENING),
        *reproducing_sections(study),
        *checklist_sections(study),
    )


def _cohort(study: Study) -> tuple[Section, ...]:
    (section,) = cohort_sections(study, printed=_nothing_printed, missing_values=_MISSING_VALUES, figure="")
    if not comparable(study):
        return (section,)
    rows: list[tuple[Cell, ...]] = []
    for label, *sides in CHARACTERISTICS:
        row: list[Cell] = [label]
        for count, percent in sides:
            row += [count, None if percent is None else Estimate(percent, digits=1)]
        rows.append(tuple(row))
    table = TableBlock(
        "Characteristics of the published patients",
        ("Characteristic", "n", "%", "n", "%"),
        tuple(rows),
        "published_characteristics",
        ("As printed, with a p above 0.05 for each; percentages that do not follow from the counts are the paper's.",),
        "Table 1",
        (("", 1), *((f"{PUBLISHED}: {side}", 2) for side in PUBLISHED_SIDES)),
    )
    return (replace(section, blocks=(*section.blocks, table)),)


def _nothing_printed(label: str, side: int) -> None:
    """The paper's Table 1 has columns by side of the split alone, not by group: it stands by itself."""


def _headline(study: Study, title: str, network: Judged) -> str:
    found = metrics_of(study, title)
    auc, accuracy = estimate(found.get("auc")), estimate(found.get("accuracy"))
    finding = _finding(study, title, network, auc, accuracy)
    if shuffled(study):
        return "The groups were shuffled before training, as a check: this model is meaningless. " + finding
    return finding


def _finding(study: Study, title: str, network: Judged, auc: Estimate, accuracy: Estimate) -> str:
    cases = f"{cases_text(network)}, {validation_words(study)}"
    if auc.value is None:
        return f"How well {title} tells the groups apart is undefined on {cases}."
    text = cell_text(auc_2(auc))
    if auc.upper is not None and auc.upper < 0.5:
        return (
            f"Worse than chance: {title}'s AUC is {text} on {cases}. Check how the groups are coded; a network fitted "
            "to noise in a small cohort can look like this too."
        )
    if not informative(auc):
        return f"No evidence of discrimination: the 95 % interval of {title}'s AUC, {text} on {cases}, includes 0.5."
    if auc.lower == auc.upper:
        # Neither DeLong's variance nor the bootstrap knows of any error where none was made.
        return (
            f"{title} ranked every one of {cases}, rightly: an AUC of {auc.value:.2f} whose interval cannot be told "
            f"from them; accuracy {cell_text(auc_2(accuracy))}."
        )
    return f"{title} tells the groups apart with an AUC of {text} on {cases}; accuracy {cell_text(auc_2(accuracy))}."


def _summary(study: Study, title: str, network: Judged) -> tuple[Block, ...]:
    blocks: list[Block] = []
    if study.manifest.simulated:
        blocks.append(WarningBlock("The cases are simulated: nothing here says anything about any patient."))
    if shuffled(study):
        blocks.append(
            WarningBlock("The groups were shuffled before training. An AUC away from 0.5 would be a fault of the code.")
        )
    found = metrics_of(study, title)
    blocks += acquisition_warning(study, network, estimate(found.get("auc")))
    note = f"{cases_text(network)}, {validation_words(study)}"
    blocks.append(
        KeyNumbers(
            (
                KeyNumber(f"AUC, {title}", estimate(found.get("auc")), "network_auc", note),
                KeyNumber(f"Accuracy, {title}", estimate(found.get("accuracy")), "network_accuracy", note),
            )
        )
    )
    sentences = [_beside_largest_group(study, network, estimate(found.get("accuracy")))]
    called = set(network.model.predicted[0]) if network.model.predicted else set()
    if len(called) == 1:
        name = study.manifest.class_names[called.pop()]
        sentences.append(f"{title} called every one of these cases {name}: only the size of its scores differs.")
    sentence = comparison_sentence(study)
    if sentence:
        sentences.append(sentence)
        sentences.append(
            f"The bundle holds {title}, the network named first: picking the one with the best result on these cases "
            "would make that result too good."
        )
    return (*blocks, BulletList(tuple(sentences)))


def _beside_largest_group(study: Study, network: Judged, accuracy: Estimate) -> str:
    """Is the accuracy more than always naming the larger group would give?"""
    counts = np.bincount(network.outcomes, minlength=len(study.manifest.class_names))
    share = counts.max() / counts.sum()
    name = study.manifest.class_names[int(counts.argmax())]
    larger = "larger" if len(counts) == 2 else "largest"
    always = f"Always naming the {larger} group, {name}, is right in {share:.2f} of the cases"
    if accuracy.value is None or accuracy.lower is None:
        return f"{always}."
    if accuracy.lower > share:
        return f"{always}: the accuracy is above it."
    if accuracy.upper is not None and accuracy.upper < share:
        return f"{always}: the network is right less often than that."
    return f"{always}: these cases do not show that the network does better than that."
