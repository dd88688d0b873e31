"""Clinical predictors: Table 2 and its forest, signs that flip, events per variable."""

from __future__ import annotations

from typing import Any

from ...bundle.prediction_text import readable_unit
from ...bundle.study_file import Study
from ...bundle.study_record import RecordTable
from .cells import Cell, Estimate, PValue
from .document import Absence, Block, BulletList, Paragraph, Section, TableBlock, WarningBlock
from .odds_ratios_per_range import SIDES, Row, number_in, per_range_blocks, ratio
from .published_names import published_odds_ratio
from .published_plnm import COLUMN, SOURCE

_LEAST_EVENTS = 10.0


def clinical_sections(study: Study) -> tuple[Section, ...]:
    """Odds ratios of the clinical predictors on the training cases."""
    table = study.record.odds_ratios
    if table is None or not table.rows:
        absent = Absence("No Table 2: there are no clinical predictors, or none that could be judged.")
        return (Section("Clinical predictors", (absent, *_kept(study))),)
    rows = [dict(zip(table.columns, row, strict=True)) for row in table.rows]
    blocks: list[Block] = [
        Paragraph(
            "All training cases together, every regression with an intercept. This describes the cohort; in the honest "
            "protocol the predictors are chosen anew in every resample."
        ),
        _table(study, rows, table),
        *per_range_blocks(rows, _units(study), simulated=study.manifest.simulated),
        *_events(rows),
        *_flips(study, table),
        *_kept(study),
    ]
    return (Section("Clinical predictors", tuple(blocks)),)


def _units(study: Study) -> dict[str, str]:
    """Labels of the clinical columns to units: an odds ratio per centimetre is not one per millimetre."""
    found = study.manifest.details.get("clinical_columns")
    columns = found.get("columns") if isinstance(found, dict) else None
    described = columns.values() if isinstance(columns, dict) else ()
    return {
        str(one["label"]): str(one["unit"])
        for one in described
        if isinstance(one, dict) and one.get("label") and one.get("unit")
    }


def _table(study: Study, rows: list[dict[str, Any]], table: RecordTable) -> TableBlock:
    cells: list[tuple[Cell, ...]] = []
    labels = [str(row.get("label") or row.get("name")) for row in rows]
    units = _units(study)
    headings = {label: f"{label} ({units[label]})" if label in units else label for label in labels}
    found = {label: published_odds_ratio(headings[label]) for label in labels}
    printed_any = any(found.values())
    for label, row in zip(labels, rows, strict=True):
        line: list[Cell] = [readable_unit(headings[label])]
        for side in SIDES:
            line += [_wald(row, side), _profile(row, side), _p(row, side)]
        if printed_any:
            printed = found[label]
            for values in (printed.univariate, printed.multivariate) if printed else (None, None):
                line.append(Estimate(*values[:3]) if values else None)
        cells.append(tuple(line))
    heads = ("OR (Wald)", "OR (profile likelihood)", "p")
    groups: tuple[tuple[str, int], ...] = (("", 1), ("univariate", 3), ("multivariate", 3))
    notes = [
        "Odds ratios per one unit of the predictor, as named (per one more where there is no unit), a category's level "
        "against its reference; with 95 % intervals of both kinds, the p that of the method that applies."
    ]
    notes += [f"{row.get('label')}: Firth's estimate, since it separates the outcomes." for row in rows if _firth(row)]
    if printed_any:
        groups = (*groups, (COLUMN, 2))
        notes.append(f"Published: {SOURCE}; its univariate odds ratios can be rebuilt only without an intercept.")
    return TableBlock(
        "Odds ratios of the clinical predictors",
        ("Predictor", *heads, *heads, *(("univariate", "multivariate") if printed_any else ())),
        tuple(cells),
        "odds_ratios",
        tuple(notes),
        "Table 2",
        groups,
    )


def _wald(row: Row, side: str) -> Cell:
    value = number_in(row, f"{side}_odds_ratio")
    return None if value is None else ratio(value, number_in(row, f"{side}_lower"), number_in(row, f"{side}_upper"))


def _profile(row: Row, side: str) -> Cell:
    value = number_in(row, f"{side}_odds_ratio")
    if value is None:
        return None
    return ratio(value, number_in(row, f"{side}_profile_lower"), number_in(row, f"{side}_profile_upper"))


def _p(row: Row, side: str) -> Cell:
    if number_in(row, f"{side}_odds_ratio") is None:
        return None
    name = "likelihood_ratio_p_value" if row.get(f"{side}_method") == "Firth" else "p_value"
    return PValue(number_in(row, f"{side}_{name}"))


def _firth(row: Row) -> bool:
    return any(row.get(f"{side}_method") == "Firth" for side in SIDES)


def _events(rows: list[dict[str, Any]]) -> tuple[Block, ...]:
    """Events per variable of the multivariate regression."""
    together = [row for row in rows if number_in(row, "multivariate_odds_ratio") is not None]
    if not together:
        return (Absence("No multivariate regression: no predictor entered it."),)
    cases, events = number_in(together[0], "multivariate_cases"), number_in(together[0], "multivariate_events")
    if cases is None or events is None:
        return ()
    rarer = min(events, cases - events)
    per_variable = rarer / len(together)
    sentence = (
        f"The multivariate regression has {rarer:.0f} cases of the rarer outcome for {len(together)} "
        f"predictor{'' if len(together) == 1 else 's'}: "
        f"{per_variable:.1f} events per variable"
    )
    if per_variable < _LEAST_EVENTS:
        return (WarningBlock(f"{sentence}; with fewer than 10 its odds ratios are unreliable (Peduzzi et al. 1996)."),)
    return (Paragraph(f"{sentence} (at least 10 are asked for; Peduzzi et al. 1996)."),)


def _flips(study: Study, table: RecordTable) -> tuple[Block, ...]:
    flips = study.manifest.details.get("sign_flips")
    found = [str(sentence) for sentence in flips] if isinstance(flips, list | tuple) else []
    # Events per variable have a sentence of their own.
    notes = [note for note in table.notes if "Peduzzi" not in note]
    sentences = tuple(dict.fromkeys((*notes, *found)))
    if not sentences:
        return (Paragraph("No predictor changes direction beside the others."),)
    return (BulletList(sentences),)


def _kept(study: Study) -> tuple[Block, ...]:
    kept = study.manifest.clinical
    if not kept:
        return (Absence("The final model uses no clinical predictor."),)
    names = ", ".join(f"{one.label} ({one.unit})" if one.unit else one.label for one in kept)
    return (Paragraph(f"The final model uses: {names}."),)
