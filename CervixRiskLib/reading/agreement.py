"""The agreement of a whole study: contours, features, and the list of features that a model may be built on."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from ..errors import ReadingError
from ..progress import SILENT, Progress
from ..statistics import IccForm
from ..statistics.agreement_analyses import AgreementAnalysis
from .contour_comparison import ContourComparison, PairSummary, compare_readings
from .feature_icc import FeatureAgreement, feature_agreement
from .reading_pairs import MissingReading, compared_readings
from .reproducibility_rule import ReproducibilityRule, deciding, reproducible_features

if TYPE_CHECKING:
    from .study import Study

NOT_READERS = "Perturbed contours are an alternative to readers, not agreement between people."


@dataclass(frozen=True)
class AgreementSettings:
    """What is computed, and by which rule features are kept.

    Parameters
    ----------
    features
        ``False``: contours alone.
    preset, engine, form, perturb, perturbation_form
        See :func:`.feature_icc.feature_agreement`.
    """

    features: bool = True
    preset: str = "wang2025"
    engine: str = "cervixrisk"
    form: str = IccForm.ICC_2_1.value
    perturb: int = 0
    perturbation_form: str = IccForm.ICC_1_1.value
    rule: ReproducibilityRule = field(default_factory=ReproducibilityRule)


@dataclass(frozen=True, eq=False)
class StudyAgreement:
    """What :func:`study_agreement` found.

    Parameters
    ----------
    contours
        Every comparison of two contours.
    missing
        Readings that the assignment promises and that are not there.
    features, kept
        Agreement of the features and the names of those that are reproducible; ``None`` and empty where they were not
        asked for.
    decided_by
        The analyses that decide about ``kept``.
    notes
        Sentences the person should know of.
    """

    settings: AgreementSettings
    study_id: str
    simulated: bool
    cases: int
    contours: ContourComparison
    missing: tuple[MissingReading, ...]
    features: FeatureAgreement | None
    decided_by: tuple[AgreementAnalysis, ...]
    kept: tuple[str, ...]
    notes: tuple[str, ...]


def study_agreement(
    study: Study,
    settings: AgreementSettings = AgreementSettings(),
    *,
    jobs: int | None = None,
    scheduler: str | None = None,
    skip_invalid: bool = False,
    progress: Progress = SILENT,
) -> StudyAgreement:
    """Compare everything in a study that can be compared.

    Raises
    ------
    ReadingError
        Too little was drawn for any agreement; a file is missing or was changed; pixel sizes are mixed.
    CohortError, SettingsError, FeatureError, StorageError, Cancelled
        As :func:`.feature_icc.feature_agreement`.
    """
    readings = compared_readings(study)
    contours = compare_readings(study, readings, progress=progress)
    features: FeatureAgreement | None = None
    decided_by: tuple[AgreementAnalysis, ...] = ()
    kept: tuple[str, ...] = ()
    if settings.features:
        features = feature_agreement(
            study,
            readings,
            preset=settings.preset,
            engine=settings.engine,
            form=settings.form,
            perturb=settings.perturb,
            perturbation_form=settings.perturbation_form,
            jobs=jobs,
            scheduler=scheduler,
            skip_invalid=skip_invalid,
            progress=progress,
        )
        decided_by = deciding(features, settings.rule)
        kept = reproducible_features(features, settings.rule)
    elif not contours.pairs:
        raise ReadingError("No case has two independent contours yet: wait for the second reader or the repeat.")
    notes = (
        *_contour_notes(study, contours),
        *_missing_notes(readings.missing),
        *(_feature_notes(features, settings, decided_by) if features is not None else ()),
    )
    return StudyAgreement(
        settings,
        study.settings.study_id,
        study.settings.simulated,
        len(readings.cases),
        contours,
        readings.missing,
        features,
        decided_by,
        kept,
        notes,
    )


def _contour_notes(study: Study, contours: ContourComparison) -> list[str]:
    notes = []
    planned = study.settings.washout.total_seconds() / 86400.0
    for summary in contours.summaries:
        notes += _washout_notes(summary, planned)
        if summary.identical:
            notes.append(
                f"{summary.words}: {len(summary.identical)} of {summary.n} pairs have exactly the same pixels, which "
                f"two drawings by hand hardly ever do; check that none was copied: {', '.join(summary.identical)}."
            )
    if len({summary.unit for summary in contours.summaries}) > 1:
        notes.append("Some images have no pixel size: their distances are in pixels, in rows of their own.")
    return notes


def _washout_notes(summary: PairSummary, planned: float) -> list[str]:
    if summary.analysis is not AgreementAnalysis.INTRA:
        return []
    notes = []
    if summary.days is not None and summary.days.minimum < planned:
        notes.append(
            f"{summary.words}: the shortest time between a case's two drawings is {summary.days.minimum:.1f} days; "
            f"{planned:g} were planned."
        )
    if summary.days_unknown:
        notes.append(
            f"{summary.words}: for {summary.days_unknown} of {summary.n} cases nobody said when both were drawn."
        )
    return notes


def _missing_notes(missing: tuple[MissingReading, ...]) -> list[str]:
    counts = Counter((one.analysis, one.reader, one.round, one.reason) for one in missing)
    return [
        f"{analysis.heading}: {count} {'contour' if count == 1 else 'contours'} of {reader} ({round_.value}) "
        f"{'is' if count == 1 else 'are'} missing: {reason}."
        for (analysis, reader, round_, reason), count in counts.items()
    ]


def _feature_notes(
    features: FeatureAgreement, settings: AgreementSettings, decided_by: tuple[AgreementAnalysis, ...]
) -> list[str]:
    from ..radiomics import feature_table

    notes = [*features.notes, *(f"Left out: {failure}" for failure in features.left_out)]
    made = [analysis.kind for analysis in features.analyses]
    if AgreementAnalysis.PERTURBATION in made:
        notes.append(NOT_READERS)
        if AgreementAnalysis.PERTURBATION not in decided_by:
            notes.append("Perturbed contours do not decide here, because readers do; name the analyses to change that.")
    elif {AgreementAnalysis.INTER, AgreementAnalysis.INTRA} - set(made):
        lacking = [
            kind.heading.lower() for kind in (AgreementAnalysis.INTER, AgreementAnalysis.INTRA) if kind not in made
        ]
        notes.append(f"There is no {' and no '.join(lacking)} analysis: the other one decides alone.")
    if settings.form.endswith("k)"):
        notes.append(
            f"{settings.form} is the agreement of the mean of all readings; a prediction is made from one contour, "
            "whose agreement is the form with 1."
        )
    if not features.pixel_size_known:
        notes.append("The images have no pixel size: sizes are in pixels.")
    noise = int(feature_table(settings.preset)["noise"].sum())
    if noise:
        notes.append(
            f"{noise} of the {len(features.names)} features hold rounding noise on a single slice (column noise): "
            "training leaves them out, whatever their ICC."
        )
    return notes
