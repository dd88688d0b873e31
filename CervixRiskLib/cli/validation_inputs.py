"""From answers to what a validation's report takes, and to the table of answers, which names cases."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from .answer import prediction_row

if TYPE_CHECKING:
    from ..bundle import Bundle, BundleManifest, Prediction
    from ..report.validation.external_validation import ExternalValidation
    from .validation_answers import Answered


def external_validation(
    bundle: Bundle, answered: Answered, overlap: tuple[str, ...], alarms: tuple[str, ...]
) -> ExternalValidation:
    """What the report is made of.

    Raises
    ------
    BundleError
        The bundle's study record is damaged.
    """
    import numpy as np
    import pandas as pd

    from ..bundle.study_file import study_of
    from ..bundle.study_record import STUDY_NAME
    from ..cohort import exclusion_reasons, subgroups
    from ..report.validation.external_validation import CaseFlow, ExternalValidation, FurtherCases

    manifest, cohort = bundle.manifest, answered.cohort
    cases = cohort.select(list(answered.answers))
    found = list(answered.answers.values())
    further = FurtherCases(
        outcomes=cases.outcomes.astype(int),
        called=np.array([manifest.class_names.index(answer.label) for answer in found]),
        patients=pd.factorize(pd.Series(cases.patients).astype(str))[0],
        probabilities=np.array([_probabilities(answer, manifest) for answer in found]),
        subgroups=subgroups(cases),
    )
    carried = Counter(code for answer in found for code in {warning.code.value for warning in answer.warnings})
    return ExternalValidation(
        manifest=manifest,
        record=study_of(bundle).record if bundle.has(STUDY_NAME) else None,
        bundle_hash=bundle.hash,
        cases=further,
        flow=CaseFlow(
            len(cohort) + len(cohort.excluded),
            exclusion_reasons(cohort.excluded),
            dict(Counter(answered.failures.values()).most_common()),
        ),
        warnings={name.replace("_", " "): count for name, count in carried.most_common()},
        overlap=overlap,
        alarms=alarms,
        cohort_hash=cohort.content_hash,
        cohort_simulated=cohort.simulated,
    )


def answers_table(answered: Answered, validation: ExternalValidation) -> bytes:
    """``answers.csv``: a row a case, with outcome and patient; those without an answer say why under ``problem``."""
    import pandas as pd

    cohort, names = answered.cohort, validation.manifest.class_names
    rows: list[dict[str, Any]] = []
    for case_id, patient, code in zip(cohort.case_ids, cohort.patients, cohort.outcomes, strict=True):
        answer = answered.answers.get(case_id)
        known = {"case_id": case_id, "patient_id": patient, "outcome": int(code), "outcome_name": names[int(code)]}
        if answer is None:
            rows.append({**known, "problem": answered.failures.get(case_id, "not answered")})
        else:
            rows.append({**known, **prediction_row(answer), "problem": ""})
    rows += [{"case_id": problem.case_id, "problem": problem.reason} for problem in cohort.excluded]
    # A bundle of real cases asked about simulated ones gives simulated answers too.
    table = pd.DataFrame(rows).assign(simulated=validation.simulated)
    return table.to_csv(index=False, lineterminator="\n").encode("utf-8")


def _probabilities(answer: Prediction, manifest: BundleManifest) -> tuple[float, ...]:
    if answer.class_probabilities:
        return tuple(one.probability for one in answer.class_probabilities)
    positive = manifest.class_names.index(answer.positive_class)
    pair = [1.0 - answer.probability, 1.0 - answer.probability]
    pair[positive] = answer.probability
    return tuple(pair)
