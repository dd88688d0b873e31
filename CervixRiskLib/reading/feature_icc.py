"""How far each radiomic feature agrees between readers, between a reader's two readings, and under perturbation.

Inter- and intra-observer agreement is ICC(2,1) unless told otherwise: readers stand for all readers, one reading is
what a prediction is made from, and a constant difference between readers counts as disagreement (Shrout & Fleiss 1979;
Koo & Li 2016). For perturbed contours it is ICC(1,1): version 1 of one case has nothing in common with version 1 of
another, so there is no rater whose offset a two-way model could estimate, and every difference within a case is error.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import ReadingError, SettingsError
from ..progress import SILENT, Progress
from ..statistics import IccForm, IccResult, icc
from ..statistics.agreement_analyses import AgreementAnalysis
from .contour_features import FEATURES_FOLDER, ContourFile, measure_contours
from .perturbed_contours import perturbed_contours
from .reading_pairs import ComparedReadings
from .records import Round, StoredContour

if TYPE_CHECKING:
    import pandas as pd

    from ..cohort import Extraction
    from .study import Study

FEWEST_CASES = 2
FEW_CASES = 20
MOST_PERTURBED = 100


@dataclass(frozen=True, eq=False)
class FeatureAnalysis:
    """One analysis of all features.

    Parameters
    ----------
    kind
        Readers, one reader twice, or perturbed contours.
    raters
        What the columns of ``ratings`` are: readers, ``"first"`` and ``"repeat"``, or ``"as drawn"`` and
        ``"perturbed 1"``, ….
    case_ids
        The rows.
    ratings
        ``(cases, raters, features)``.
    icc
        ``(features,)`` each.
    """

    kind: AgreementAnalysis
    raters: tuple[str, ...]
    case_ids: tuple[str, ...]
    ratings: np.ndarray
    icc: IccResult


@dataclass(frozen=True, eq=False)
class FeatureAgreement:
    """The agreement of every feature of a preset.

    Parameters
    ----------
    names
        Of the features.
    analyses
        Those that could be made, in the order of :class:`AgreementAnalysis`.
    pixel_size_known
        Whether the features are in millimetres (rather than in pixels).
    left_out
        Contours that could not be measured, with the reason; their cases are in no analysis that needs them.
    notes
        Sentences the person should know of.
    """

    names: tuple[str, ...]
    analyses: tuple[FeatureAnalysis, ...]
    preset: str
    preset_hash: str
    engine: str
    pixel_size_known: bool
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    def analysis(self, kind: AgreementAnalysis) -> FeatureAnalysis | None:
        return next((analysis for analysis in self.analyses if analysis.kind is kind), None)

    def table(self) -> pd.DataFrame:
        """One row a feature, index ``feature``: for each analysis ``inter_icc``, ``inter_lower``, ``inter_upper``, …"""
        import pandas as pd

        columns = {}
        for analysis in self.analyses:
            for part, values in (("icc", "value"), ("lower", "lower"), ("upper", "upper")):
                columns[f"{analysis.kind.value}_{part}"] = getattr(analysis.icc, values)
        return pd.DataFrame(columns, index=pd.Index(self.names, name="feature", dtype=object))


def feature_agreement(
    study: Study,
    readings: ComparedReadings,
    *,
    preset: str = "wang2025",
    engine: str = "cervixrisk",
    form: str | IccForm = IccForm.ICC_2_1,
    perturb: int = 0,
    perturbation_form: str | IccForm = IccForm.ICC_1_1,
    work_dir: Path | None = None,
    jobs: int | None = None,
    scheduler: str | None = None,
    skip_invalid: bool = False,
    progress: Progress = SILENT,
) -> FeatureAgreement:
    """Measure all contours that are compared and compute the ICC of every feature.

    Measurements are kept: the same call again only reads them.

    Parameters
    ----------
    form, perturbation_form
        Of the ICC for readers, and for perturbed contours.
    perturb
        Perturbed versions of each of the primary reader's first contours; 0 for no such analysis.
    work_dir
        Where measurements are kept; ``None`` for the folder ``.features`` of the study.
    skip_invalid
        Go on without contours that cannot be measured.

    Raises
    ------
    ReadingError
        No analysis has two cases, or pixel sizes are known for some images only.
    CohortError, SettingsError, FeatureError, StorageError, Cancelled
        As :func:`CervixRiskLib.cohort.extract_cohort`.
    """
    from ..radiomics import load_preset

    if not 0 <= perturb <= MOST_PERTURBED:
        raise SettingsError(f"The number of perturbed contours of a case must be between 1 and {MOST_PERTURBED}.")
    loaded = load_preset(preset)
    form, perturbation_form = _form(form), _form(perturbation_form)
    folder = work_dir or study.folder / FEATURES_FOLDER
    plans = _plans(study, readings, perturb, folder, jobs, progress)
    chosen = {contour.label: contour for plan in plans for row in plan.rows for contour in row}
    extraction = measure_contours(
        study,
        list(chosen.values()),
        preset=loaded,
        engine=engine,
        work_dir=folder / "cases",
        jobs=jobs,
        scheduler=scheduler,
        skip_invalid=skip_invalid,
        progress=progress,
    )
    notes: list[str] = []
    analyses = []
    for plan in plans:
        analysis = _analysed(plan, extraction, perturbation_form if plan.perturbed else form, notes)
        if analysis is not None:
            analyses.append(analysis)
    if not analyses:
        raise ReadingError("No comparison of two contours could be measured on at least two cases.")
    return FeatureAgreement(
        names=tuple(str(name) for name in extraction.features.columns),
        analyses=tuple(analyses),
        preset=loaded.name,
        preset_hash=loaded.content_hash,
        engine=engine,
        pixel_size_known=bool(extraction.diameters_mm.notna().any()),
        left_out=tuple(str(failure) for failure in extraction.failed),
        notes=tuple(notes),
    )


@dataclass(frozen=True)
class _Plan:
    """The contours of one analysis, cases by raters."""

    kind: AgreementAnalysis
    raters: tuple[str, ...]
    rows: tuple[tuple[ContourFile, ...], ...]

    @property
    def perturbed(self) -> bool:
        return self.kind is AgreementAnalysis.PERTURBATION


def _plans(
    study: Study, readings: ComparedReadings, perturb: int, folder: Path, jobs: int | None, progress: Progress
) -> list[_Plan]:
    plans = []
    for kind in (AgreementAnalysis.INTER, AgreementAnalysis.INTRA):
        rounds = readings.rounds_of(kind)
        names = [reader for reader, _ in rounds] if kind is AgreementAnalysis.INTER else ["first", "repeat"]
        rows = tuple(
            tuple(_contour_file(study, readings, contour) for contour in row) for row in readings.complete(kind)
        )
        plans.append(_Plan(kind, tuple(names), rows))
    if perturb:
        drawn = [(readings.cases[contour.number], contour) for contour in readings.primary_contours]
        files = perturbed_contours(study, drawn, perturb, folder=folder / "perturbed", jobs=jobs, progress=progress)
        rows = tuple(
            (
                _contour_file(study, readings, contour),
                *(ContourFile(case, f"perturbed {which}", path) for which, path in enumerate(places, start=1)),
            )
            for (case, contour), places in zip(drawn, files, strict=True)
        )
        raters = ("as drawn", *(f"perturbed {which}" for which in range(1, perturb + 1)))
        plans.append(_Plan(AgreementAnalysis.PERTURBATION, raters, rows))
    plans = [plan for plan in plans if plan.rows]
    if not any(len(plan.rows) >= FEWEST_CASES for plan in plans):
        raise _too_few(max((len(plan.rows) for plan in plans), default=0), perturb)
    return plans


def _too_few(found: int, perturb: int) -> ReadingError:
    are = "is 1" if found == 1 else "are none"
    if perturb:
        return ReadingError(
            f"Perturbation needs the primary reader's contours of at least {FEWEST_CASES} cases: there {are}."
        )
    return ReadingError(
        f"Agreement needs at least {FEWEST_CASES} cases with two independent contours: there {are}. Wait for the "
        "second reader or the repeat, or use perturbed contours instead (--perturb 10; in training --icc-perturb 10)."
    )


def _contour_file(study: Study, readings: ComparedReadings, contour: StoredContour) -> ContourFile:
    path = study.files.read(contour.file, contour.file_sha256)
    words = f"{contour.reader}, {'first' if contour.round is Round.INITIAL else contour.round.value}"
    return ContourFile(readings.cases[contour.number], words, path)


def _analysed(plan: _Plan, extraction: Extraction, form: IccForm, notes: list[str]) -> FeatureAnalysis | None:
    """The ICCs of one analysis over the cases whose contours could all be measured."""
    rows = [row for row in plan.rows if all(contour.label in extraction.features.index for contour in row)]
    title = plan.kind.heading
    if len(rows) < FEWEST_CASES:
        notes.append(f"{title}: {len(rows)} case is too few; this analysis was left out.")
        return None
    if len(rows) < FEW_CASES:
        notes.append(f"{title}: only {len(rows)} cases; the ICCs' confidence intervals are wide, read them.")
    flat = [contour.label for row in rows for contour in row]
    values = extraction.features.loc[flat].to_numpy(np.float64)
    ratings = values.reshape(len(rows), len(plan.raters), -1)
    return FeatureAnalysis(
        plan.kind, plan.raters, tuple(row[0].case.case_id for row in rows), ratings, icc(ratings, form)
    )


def _form(form: str | IccForm) -> IccForm:
    try:
        return IccForm(form)
    except ValueError:
        forms = ", ".join(member.value for member in IccForm)
        raise SettingsError(f"There is no form of the ICC called {form!r}; choose from {forms}.") from None
