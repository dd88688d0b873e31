"""How many cases a model like the one that was built needs, beside how many there were."""

from __future__ import annotations

from dataclasses import dataclass

from ...bundle.study_file import Study
from ...errors import SettingsError
from ...statistics import SampleSize, sample_size
from .performance import main_model

ANTICIPATED_AUC = 0.764
"""Of the published nomogram on its test cases: an earlier study's, as Riley et al. ask for, not these cases' own."""


@dataclass(frozen=True)
class RequiredCases:
    """The sample size for the predictors that were kept, and for all candidates that were looked at.

    ``built`` is ``None`` where it is undefined, ``screened`` also where the record does not say how many there were.
    ``with_own_auc`` takes these cases' honest AUC as the anticipated one, luck included.
    """

    built: SampleSize | None
    screened: SampleSize | None
    with_own_auc: SampleSize | None
    cases: int

    @property
    def too_small(self) -> bool:
        """Fewer cases than even the predictors of the final model need."""
        needed = self.built.cases_needed if self.built is not None else None
        return needed is not None and self.cases < needed

    def sentences(self) -> list[str]:
        """For the summary: the need, and whether the cohort meets it."""
        if self.built is None:
            return ["How many cases such a model needs is undefined: there is one outcome only, or no predictor."]
        verdict = "The cohort is too small" if self.too_small else "The cohort is large enough for the predictors kept"
        sentence = f"{verdict}. {self.built.sentence()}"
        if self.screened is not None and self.screened.parameters > self.built.parameters:
            sentence += (
                f" That counts only the predictors kept: the {self.screened.parameters:,} that were screened would "
                f"need {self.screened.cases_needed:,}."
            )
        return [sentence]


def required_cases(study: Study) -> RequiredCases:
    """For the model of ``study``, with the published AUC as the anticipated one."""
    training = study.manifest.training
    kept = max(len(study.manifest.selected_features) + len(study.manifest.clinical), 1)
    model = main_model(study.record)
    own = model.auc().value if model is not None else None
    return RequiredCases(
        _size(study, kept),
        _size(study, _screened(study)),
        None if own is None or own <= 0.5 else _size(study, kept, own),
        training.cases,
    )


def _size(study: Study, parameters: int, auc: float = ANTICIPATED_AUC) -> SampleSize | None:
    training = study.manifest.training
    prevalence = training.positives / training.cases if training.cases else 0.0
    try:
        return sample_size(prevalence, parameters, c_statistic=auc, cases=training.cases)
    except SettingsError:
        return None


def _screened(study: Study) -> int:
    """Radiomic features that the selection chose from, 0 where the record does not say."""
    selection = study.record.selection
    if selection is None or len(selection.feature_classes.columns) < 2:
        return 0
    counts = [row[1] for row in selection.feature_classes.rows]
    return int(sum(counts)) if all(isinstance(count, int | float) for count in counts) else 0
