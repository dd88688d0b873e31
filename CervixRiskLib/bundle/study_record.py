"""What a training run knows about how good its model is: everything a study report is drawn from.

The record travels in the bundle as ``study.json``, so that a report can be made again at any time and on any machine.
It names no patient: cases are numbers in an order drawn at random. Clinical values appear in tables of the whole
cohort; of each case there are its outcome, its scores, and the groups that it is judged in (centre, categories, thirds
of the diameter), none of them of fewer than five cases of the cohort. Together these can still single somebody out to a
person who knows them: a bundle is no public data set.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

from .acquisition_record import AcquisitionRecord
from .json_record import Json

if TYPE_CHECKING:
    import pandas as pd

STUDY_NAME = "study.json"
STUDY_VERSION = 3
"""2: the optimism has its spread. 3: what the images' recording tells. Earlier records are read as they are."""

TRAINING = "training"
"""The case set that is cross-validated, or that a staging network learns from."""
TEST = "test"
"""The case set that was held out and opened once."""
PAPER_TRAINING = "paper training"
PAPER_TEST = "paper test"
"""The two sides of the paper protocol's split."""


class ModelTable(str, Enum):
    """Which table of the study a judged model belongs to."""

    MODELS = "models"
    """Table 6 of Wang et al.: radiomics, network, fusion, nomogram."""
    BASELINES = "baselines"
    """What a clinician has without any of it: one predictor, or the clinical predictors."""
    RADIOMICS_CLASSIFIERS = "radiomics classifiers"
    """Table 3 of Wang et al."""
    NETWORKS = "networks"
    """Table 4 of Wang et al.; Table 2 of Dai et al."""
    FUSION_CLASSIFIERS = "fusion classifiers"
    """Table 5 of Wang et al."""
    LEFT_OUT_CENTRES = "left-out centres"
    """Each centre answered by a model of the other centres."""
    HARMONISED = "harmonised"
    """Features harmonised between centres inside every resample."""


@dataclass(frozen=True)
class CaseSet:
    """Cases that were judged together, in an order drawn at random.

    Parameters
    ----------
    name
        :data:`TRAINING`, :data:`TEST`, :data:`PAPER_TRAINING` or :data:`PAPER_TEST`.
    outcomes
        Codes ``(cases,)``: 0/1, or the position in the manifest's ``class_names``.
    patients
        A number for each case, the same for cases of one patient.
    subgroups
        Name of a grouping ("Centre", "Histology", "Diameter") to each case's group, ``""`` where unknown.
    """

    name: str
    outcomes: tuple[int, ...]
    patients: tuple[int, ...]
    subgroups: dict[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class JudgedModel:
    """One model's answers for a case set.

    Parameters
    ----------
    name
        For people: "nomogram", "MLP", "maximum diameter alone".
    table
        A value of :class:`ModelTable`.
    protocol
        ``"honest"`` or ``"paper"``.
    cases
        Name of the case set.
    scores
        ``(repeats, cases)``, higher for the positive outcome.
    predicted
        ``(repeats, cases)`` 0/1 at the cut-off that the resample's training side chose; empty without one.
    probability
        The scores are calibrated probabilities of the positive outcome.
    note
        A sentence that must stand beside the numbers; empty without one.
    """

    name: str
    table: str
    protocol: str
    cases: str
    scores: tuple[tuple[float, ...], ...]
    predicted: tuple[tuple[int, ...], ...] = ()
    probability: bool = False
    note: str = ""


@dataclass(frozen=True)
class RecordTable:
    """A table of the whole cohort; what its columns mean is said by the function that makes it."""

    columns: tuple[str, ...]
    rows: tuple[tuple[Json, ...], ...]
    notes: tuple[str, ...] = ()

    @classmethod
    def from_frame(cls, frame: pd.DataFrame, notes: tuple[str, ...] = ()) -> RecordTable:
        """The frame without its index; NaN becomes ``None``."""
        from .json_record import to_json

        rows = frame.astype(object).to_numpy().tolist()
        columns = tuple(str(name) for name in frame.columns)
        return cls(columns, tuple(tuple(to_json(cell) for cell in row) for row in rows), notes)

    def to_frame(self) -> pd.DataFrame:
        """A frame with the columns named, a row a row."""
        import pandas as pd

        return pd.DataFrame([list(row) for row in self.rows], columns=list(self.columns))


@dataclass(frozen=True)
class FlowStep:
    """A step in the flow of cases: how many remain after it, how many left at it, and why."""

    label: str
    remaining: int
    left: int = 0
    reasons: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class SelectionTrace:
    """How the final model's features were chosen on all training cases: it describes the model and estimates nothing.

    Parameters
    ----------
    feature_classes
        Columns ``feature_class``, then one a step (``measured``, ``reproducible``, ``varying``, ``mann_whitney``,
        ``spearman``, ``lasso``, ``eliminated`` …) with the number of features that remain after it.
    lasso_penalties, lasso_error, lasso_error_spread
        ``(penalties,)``: the path, its mean squared error in cross-validation and the standard error of that.
    lasso_penalty
        The chosen one.
    lasso_features, lasso_coefficients
        ``(features,)`` names and ``(features, penalties)`` coefficients of those that are ever non-zero.
    correlation_names, correlation
        ``(features,)`` and ``(features, features)``: Spearman among the final signature's features.
    elimination_features, elimination_auc, elimination_spread
        ``(steps,)``: number of features kept, cross-validated AUC there, standard deviation over the folds.
    importance_names, importance
        ``(features,)``: mean fall of the out-of-fold AUC when the feature is permuted.
    """

    feature_classes: RecordTable
    lasso_penalties: tuple[float, ...] = ()
    lasso_error: tuple[float, ...] = ()
    lasso_error_spread: tuple[float, ...] = ()
    lasso_penalty: float | None = None
    lasso_features: tuple[str, ...] = ()
    lasso_coefficients: tuple[tuple[float, ...], ...] = ()
    correlation_names: tuple[str, ...] = ()
    correlation: tuple[tuple[float, ...], ...] = ()
    elimination_features: tuple[int, ...] = ()
    elimination_auc: tuple[float, ...] = ()
    elimination_spread: tuple[float, ...] = ()
    importance_names: tuple[str, ...] = ()
    importance: tuple[float, ...] = ()


@dataclass(frozen=True)
class PermutationRecord:
    """The whole pipeline on permuted outcomes (Ojala & Garriga 2010): the model, its AUC, the permuted ones, p."""

    model: str
    observed: float
    permuted: tuple[float, ...]
    p_value: float


@dataclass(frozen=True)
class OptimismRecord:
    """The bootstrap of the whole pipeline (Harrell 2015): of ``model``, over ``repeats`` resamples of the patients.

    ``apparent`` is the AUC on the cases the model was fitted to; ``optimism`` the mean difference between a bootstrap
    model's AUC on its own resample and on all cases; ``corrected`` their difference. ``spread`` is the standard
    deviation of a resample's optimism, ``standard_error`` that of their mean; ``None`` of a single resample and in
    records of version 1.
    """

    model: str
    repeats: int
    apparent: float
    optimism: float
    corrected: float
    spread: float | None = None
    standard_error: float | None = None


@dataclass(frozen=True)
class StudyRecord:
    """Everything a study report needs beside the bundle's manifest.

    Parameters
    ----------
    case_sets, models
        What was judged on what.
    flow
        From the rows of the cohort table to the cases of each side.
    table_one
        Characteristics of the cohort, as :func:`CervixRiskLib.statistics.table_one` makes it.
    odds_ratios
        Clinical predictors, univariate and multivariate.
    selection
        How the final features were found.
    feature_frequency
        Share of the resamples in which a feature or predictor was selected.
    stability
        Of the selection over the resamples (Nogueira et al. 2018); ``None`` without resamples.
    winners
        Which classifier (and network) won how many resamples.
    training_curves
        Network name to its epochs, as the training keeps them.
    acquisition
        What the images' recording tells of the outcome; ``None`` in records of before version 3.
    details
        What only this task's report reads.
    """

    task: str
    case_sets: tuple[CaseSet, ...]
    models: tuple[JudgedModel, ...]
    flow: tuple[FlowStep, ...] = ()
    table_one: RecordTable | None = None
    odds_ratios: RecordTable | None = None
    selection: SelectionTrace | None = None
    feature_frequency: dict[str, float] = field(default_factory=dict)
    stability: float | None = None
    winners: dict[str, int] = field(default_factory=dict)
    permutation: PermutationRecord | None = None
    optimism: OptimismRecord | None = None
    training_curves: dict[str, Json] = field(default_factory=dict)
    acquisition: AcquisitionRecord | None = None
    notes: tuple[str, ...] = ()
    details: dict[str, Json] = field(default_factory=dict)
    version: int = STUDY_VERSION

    def case_set(self, name: str) -> CaseSet:
        """The case set of that name.

        Raises
        ------
        KeyError
        """
        for cases in self.case_sets:
            if cases.name == name:
                return cases
        raise KeyError(name)

    def models_of(self, table: ModelTable, protocol: str, cases: str) -> tuple[JudgedModel, ...]:
        """The models of a table, in the order in which they were judged."""
        return tuple(
            model
            for model in self.models
            if (model.table, model.protocol, model.cases) == (table.value, protocol, cases)
        )
