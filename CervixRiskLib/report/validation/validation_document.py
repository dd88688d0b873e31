"""The report of a model on further patients, in the order in which a clinician asks."""

from __future__ import annotations

from ... import __version__
from ...bundle.json_record import Json
from ..study.cells import Estimate
from ..study.document import (
    Block,
    BulletList,
    KeyNumber,
    KeyNumbers,
    NamedValues,
    Section,
    StudyDocument,
    WarningBlock,
)
from .external_validation import ExternalValidation
from .internal_estimate import cell_of, internal_estimates
from .sections_cases import case_sections
from .sections_performance import class_section, performance_sections
from .sections_probabilities import class_subgroups, probability_sections
from .verdict import Findings, alike_words, findings, headline, spectrum_words, threshold_words

KIND = "external validation"
"""In the report's provenance: tells it from a study's."""
_TITLES = {
    "plnm": "Pelvic lymph node metastasis (PLNM) of cervical cancer: validation on further patients",
    "staging": "Treatment group of cervical cancer on MRI: validation on further patients",
}
NOT_KNOWN = "not known"


def validation_document(validation: ExternalValidation) -> StudyDocument:
    """Everything the report says."""
    found = findings(validation, internal_estimates(validation))
    several = found.judged is None
    return StudyDocument(
        title=_TITLES.get(validation.manifest.task, "Validation on further patients"),
        subtitle=_subtitle(validation),
        headline=headline(found),
        summary=_summary(found),
        sections=(
            *case_sections(found),
            *performance_sections(found),
            *(class_section(found) if several else ()),
            *probability_sections(found),
            *(class_subgroups(validation) if several else ()),
            *_reproducing(validation),
        ),
        simulated=validation.simulated,
        provenance=_provenance(validation),
    )


def _subtitle(validation: ExternalValidation) -> str:
    cases = validation.cases
    count, patients = len(cases.outcomes), len(set(cases.patients))
    who = f"{patients} patients" if count == patients else f"{count} cases of {patients} patients"
    groups = ", ".join(
        f"{int((cases.outcomes == code).sum())} {name}" for code, name in enumerate(validation.manifest.class_names)
    )
    return f"{who} ({groups}) of {validation.flow.rows} rows; model of {validation.manifest.created[:10]}"


def _summary(found: Findings) -> tuple[Block, ...]:
    validation, flow = found.validation, found.validation.flow
    blocks: list[Block] = [WarningBlock(text) for text in simulation_words(validation)]
    blocks += [WarningBlock(text) for text in validation.alarms]
    failed = sum(flow.failed.values())
    if failed:
        were, are = ("case was", "is") if failed == 1 else ("cases were", "are")
        blocks.append(WarningBlock(f"{failed} {were} not answered by the model and {are} in none of the numbers."))
    blocks.append(KeyNumbers(tuple(_key_numbers(found))))
    sentences = [alike_words(found), threshold_words(found), spectrum_words(found)]
    if found.size is not None:
        sentences.append(found.size.sentence())
    sentences = [sentence for sentence in sentences if sentence]
    return (*blocks, *((BulletList(tuple(sentences)),) if sentences else ()))


def simulation_words(validation: ExternalValidation) -> tuple[str, ...]:
    """What is simulated: the model's cohort, these cases, or both."""
    if validation.manifest.simulated and validation.cohort_simulated:
        return (
            "These cases are simulated, and so are those the model was made from: nothing here is about a patient.",
        )
    if validation.manifest.simulated:
        return ("The model was made from simulated cases: its answers mean nothing for a patient.",)
    if validation.cohort_simulated:
        return ("These cases are simulated: nothing here says how the model does on patients.",)
    return ()


def _key_numbers(found: Findings) -> list[KeyNumber]:
    cases = found.validation.cases
    right = int((cases.called == cases.outcomes).sum())
    note = f"{len(set(cases.patients))} patients, model unchanged"
    numbers = [KeyNumber("AUC here", found.auc, "auc", note)]
    if found.internal:
        one = found.internal[0]
        numbers.append(KeyNumber("AUC of its own validation", one.measures["AUC"], "internal_auc", one.title))
    summary = found.calibration
    if summary is None:
        share = Estimate(right / len(cases.outcomes))
        numbers.append(KeyNumber("Accuracy here", share, "accuracy", f"{right} of {len(cases.outcomes)}"))
    else:
        numbers.append(
            KeyNumber("Expected : observed", cell_of(summary.expected_observed), "expected_observed", "right: 1")
        )
        numbers.append(KeyNumber("Calibration slope", cell_of(summary.slope), "calibration_slope", "right: 1"))
    return numbers


def _reproducing(validation: ExternalValidation) -> tuple[Section, ...]:
    rows = (
        ("Bundle", validation.bundle_hash or NOT_KNOWN),
        ("Model made", validation.manifest.created),
        ("Training cohort's content (SHA-256)", validation.manifest.training.cohort_hash or NOT_KNOWN),
        ("These cases' content (SHA-256)", validation.cohort_hash or NOT_KNOWN),
        ("Report written by", f"cervixrisk {__version__}"),
    )
    return (Section("Making this again", (NamedValues(rows, "identity"),)),)


def _provenance(validation: ExternalValidation) -> dict[str, Json]:
    return {
        "kind": KIND,
        "task": validation.manifest.task,
        "bundle_hash": validation.bundle_hash,
        "model_created": validation.manifest.created,
        "model_simulated": validation.manifest.simulated,
        "cohort_simulated": validation.cohort_simulated,
        "cohort_hash": validation.cohort_hash,
        "training_cohort_hash": validation.manifest.training.cohort_hash,
        "report_version": __version__,
    }
