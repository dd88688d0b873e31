"""Tables 3 to 6 of Wang et al. for this cohort: both protocols side by side, the published values beside them."""

from __future__ import annotations

from dataclasses import dataclass

from ...bundle.study_file import Study
from ...bundle.study_record import PAPER_TEST, PAPER_TRAINING, TEST, TRAINING, ModelTable
from .cells import Cell
from .document import Absence, Block, Paragraph, Section, TableBlock
from .performance import AT_THE_CUT_OFF, HONEST, PAPER, Judged, models_of
from .published_names import published_rows
from .published_plnm import COLUMN, SOURCE
from .roc_figures import roc_figures

_MEASURES = {
    "accuracy": "accuracy",
    "sensitivity": "sensitivity",
    "specificity": "specificity",
    "ppv": "PPV",
    "npv": "NPV",
}


@dataclass(frozen=True)
class _Table:
    """One of the paper's tables: what it is called, its name in ``report.json``, and the figure of its curves."""

    table: ModelTable
    number: str
    title: str
    name: str
    figure: str
    without: str


_TABLES = (
    _Table(ModelTable.MODELS, "Table 6", "Radiomics, network, fusion and nomogram", "models", "Figure 13",
           "No model was judged."),
    _Table(ModelTable.RADIOMICS_CLASSIFIERS, "Table 3", "Classifiers on the radiomic features alone",
           "radiomics_classifiers", "Figure 6", "The classifiers were not compared on the radiomic features alone."),
    _Table(ModelTable.NETWORKS, "Table 4", "Networks alone", "networks", "Figure 7",
           "No network was used, so there is none to compare."),
    _Table(ModelTable.FUSION_CLASSIFIERS, "Table 5", "Classifiers on the fused features", "fusion_classifiers",
           "Figure 11", "The classifiers were not compared on the fused features."),
)  # fmt: skip

_SIDES = (
    (HONEST, TRAINING, "cross-validated"),
    (HONEST, TEST, "held-out test"),
    (PAPER, PAPER_TRAINING, "training"),
    (PAPER, PAPER_TEST, "test"),
)


def models_sections(study: Study) -> tuple[Section, ...]:
    """How good each model is."""
    record = study.record
    opening: list[Block] = [
        Paragraph(
            "Honest: every step that is fitted to outcomes is refitted in every resample, and each number is about "
            "cases that the fit had not seen. Paper: the printed protocol repeated on these cases, with its "
            f"optimism. Intervals are 95 %. Published: {SOURCE}; other patients, so neither a target nor a comparison."
        )
    ]
    present = {(model.protocol, model.cases) for model in record.models}
    if (HONEST, TEST) not in present:
        opening.append(
            Absence(
                "No held-out test: every honest number is cross-validated on all cases. Training holds 30 % out by "
                'itself where they hold enough cases of each outcome, or follows the cohort table\'s column "split".'
            )
        )
    if not any(protocol == PAPER for protocol, _ in present):
        opening.append(Absence("The paper protocol was not run: give --protocol both to see it beside the honest one."))
    if not any(protocol == HONEST for protocol, _ in present):
        opening.append(Absence("The honest protocol was not run: give --protocol both."))
    sections = [Section("How good the models are", tuple(opening))]
    sections += [_section(study, each) for each in _TABLES]
    return tuple(sections)


def _section(study: Study, asked: _Table) -> Section:
    sides = {(protocol, cases): models_of(study.record, asked.table, protocol, cases) for protocol, cases, _ in _SIDES}
    names = tuple(dict.fromkeys(name for side in sides.values() for name in side))
    if not names:
        return Section(f"{asked.number}: {asked.title}", (Absence(asked.without),), level=2)
    blocks: list[Block] = [
        _auc_table(asked, sides, names),
        *roc_figures(study, asked.table, asked.name, asked.figure),
        _cut_off_table(asked, sides, names),
    ]
    return Section(f"{asked.number}: {asked.title}", tuple(blocks), level=2)


_Sides = dict[tuple[str, str], dict[str, Judged]]


def _columns(sides: _Sides) -> list[tuple[str, str, str]]:
    return [side for side in _SIDES if sides[side[:2]]]


def _groups(first: int, columns: list[tuple[str, str, str]], published: bool) -> tuple[tuple[str, int], ...]:
    groups = [("", first)]
    for protocol in (HONEST, PAPER):
        span = sum(column[0] == protocol for column in columns)
        if span:
            groups.append((protocol, span))
    if published:
        groups.append((COLUMN, 2))
    return tuple(groups)


def _auc_table(asked: _Table, sides: _Sides, names: tuple[str, ...]) -> TableBlock:
    columns = _columns(sides)
    published = any(published_rows(asked.table, name) for name in names)
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        found = [sides[column[:2]].get(name) for column in columns]
        row: list[Cell] = [name, *(model.auc() if model is not None else None for model in found)]
        if published:
            printed = published_rows(asked.table, name)
            row += [side.cell("auc") for side in printed] if printed else [None, None]
        rows.append(tuple(row))
    return TableBlock(
        title="AUC with 95 % interval",
        head=("Model", *(column[2] for column in columns), *(("training", "testing") if published else ())),
        rows=tuple(rows),
        name=f"{asked.name}_auc",
        notes=(*_notes(sides), *_size_notes(sides)),
        number=asked.number,
        groups=_groups(1, columns, published),
    )


def _cut_off_table(asked: _Table, sides: _Sides, names: tuple[str, ...]) -> Block:
    columns = _columns(sides)
    published = any(published_rows(asked.table, name) for name in names)
    rows: list[tuple[Cell, ...]] = []
    for name in names:
        found = [sides[column[:2]].get(name) for column in columns]
        if not any(model is not None and model.model.predicted for model in found):
            continue
        printed = published_rows(asked.table, name)
        for measure in AT_THE_CUT_OFF:
            row: list[Cell] = [name, _MEASURES.get(measure, measure)]
            row += [model.at_cut_off(measure) if model is not None else None for model in found]
            if published:
                row += [side.cell(measure) for side in printed] if printed else [None, None]
            rows.append(tuple(row))
    if not rows:
        return Absence("No cut-off was chosen for these models, so there is no accuracy, sensitivity or specificity.")
    return TableBlock(
        title="At the cut-off that each training side chose (Youden)",
        head=("Model", "Measure", *(column[2] for column in columns), *(("training", "testing") if published else ())),
        rows=tuple(rows),
        name=f"{asked.name}_cut_off",
        notes=(
            "Intervals of shares are Clopper and Pearson's; where patients have several cases, of the effective number "
            "of cases (Korn & Graubard 1998).",
        ),
        number=asked.number,
        groups=_groups(2, columns, published),
    )


def _notes(sides: _Sides) -> list[str]:
    """What must stand beside the numbers, with the models it is about."""
    about: dict[tuple[str, str], list[str]] = {}
    for (protocol, _), models in sides.items():
        for name, model in models.items():
            if model.model.note:
                about.setdefault((protocol, model.model.note), []).append(name)
    return [f"{protocol}, {' and '.join(dict.fromkeys(names))}: {note}" for (protocol, note), names in about.items()]


def _size_notes(sides: _Sides) -> list[str]:
    notes = []
    for protocol, cases, title in _columns(sides):
        model = next(iter(sides[protocol, cases].values()))
        n, patients = model.counts()
        positives = int(model.outcomes.sum())
        of = "" if patients == n else f" of {patients} patients"
        notes.append(f"{protocol}, {title}: {n} cases{of}, {positives} positive.")
    return notes
