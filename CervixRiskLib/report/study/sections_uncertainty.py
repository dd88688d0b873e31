"""How sure the honest numbers are: chance, optimism, abstention, sample size, subgroups, centres."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from ...bundle.study_file import Study
from ...bundle.study_record import TRAINING, ModelTable, OptimismRecord
from ...statistics import SampleSize
from .cells import Cell, Estimate, PValue, cell_text
from .conformal_blocks import conformal_blocks
from .document import Absence, Block, FigureBlock, Paragraph, Section, TableBlock, WarningBlock
from .performance import HONEST, Judged, compare, main_model, models_of
from .required_cases import required_cases
from .subgroup_blocks import part_of, subgroup_blocks

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CENTRE = "Centre"
"""The grouping of a case set that names the centres."""


def uncertainty_sections(study: Study) -> tuple[Section, ...]:
    """What stands between these numbers and the next cohort."""
    return (
        Section("How sure this is", _comparisons(study)),
        Section("Could chance have done it? Permuted outcomes", _permutation(study), level=2),
        Section("Optimism of the whole pipeline", _optimism(study), level=2),
        Section("Was the cohort large enough?", _sample_size(study), level=2),
        Section("Prediction sets: when the model should abstain", _conformal(study), level=2),
        Section("Subgroups", _subgroups(study), level=2),
        Section("Centres", _centres(study), level=2),
    )


def _comparisons(study: Study) -> tuple[Block, ...]:
    """The main model against every other honest one of Table 6 and the baselines."""
    model = main_model(study.record)
    if model is None:
        return (Absence("There is no honest model to compare with others."),)
    others = {
        **models_of(study.record, ModelTable.MODELS, HONEST, TRAINING),
        **models_of(study.record, ModelTable.BASELINES, HONEST, TRAINING),
    }
    rows: list[tuple[Cell, ...]] = []
    for name, other in others.items():
        if name == model.model.name:
            continue
        test = compare(model, other)
        difference = Estimate(None) if test is None else Estimate(test.difference, test.lower, test.upper)
        rows.append((name, other.auc(), difference, PValue(None if test is None else test.p)))
    if not rows:
        return (Absence(f"There is no other model to compare the {model.model.name} with."),)
    return (
        TableBlock(
            f"The {model.model.name}, AUC {cell_text(model.auc())}, against the others, cross-validated",
            ("Other model", "its AUC", "difference of AUCs", "p"),
            tuple(rows),
            "comparisons",
            (
                f"{_test_words(model)}, not corrected for their number. They take the scores as fixed and do not know "
                "that another cohort would give other models: p is too small for the question which way of modelling "
                "is better.",
            ),
        ),
    )


def _test_words(model: Judged) -> str:
    cases, patients = model.counts()
    if cases == patients:
        return "Paired DeLong tests over the repeats"
    return "Paired tests over the repeats by a bootstrap of the patients, since some have several cases"


def _permutation(study: Study) -> tuple[Block, ...]:
    record = study.record.permutation
    if record is None:
        return (Absence("No permutation test was run: give --permutations 100, or --effort full."),)

    def draw() -> Figure:
        from ..figures.permutation import draw_permutation

        return draw_permutation(record, simulated=study.manifest.simulated)

    sentence = (
        f"Of {len(record.permuted)} permutations of the outcomes, {_reached(record.permuted, record.observed)} "
        f"reached the AUC of {record.observed:.3f} ({record.model}): p = {record.p_value:.3f}."
    )
    return (
        Paragraph(f"{sentence} The whole pipeline was refitted each time (Ojala & Garriga 2010)."),
        FigureBlock("AUC with permuted outcomes", draw, "permutation", sentence),
    )


def _reached(permuted: tuple[float, ...], observed: float) -> int:
    return int((np.asarray(permuted) >= observed).sum())


def _optimism(study: Study) -> tuple[Block, ...]:
    record = study.record.optimism
    if record is None:
        return (Absence("No optimism bootstrap was run: give --optimism 50, or --effort full."),)
    return (
        TableBlock(
            f"Bootstrap of the whole pipeline: {record.model}",
            ("apparent AUC", "optimism", "its Monte-Carlo error", "corrected AUC", "resamples"),
            (
                (
                    Estimate(record.apparent),
                    Estimate(record.optimism),
                    None if record.standard_error is None else Estimate(record.standard_error),
                    Estimate(record.corrected),
                    record.repeats,
                ),
            ),
            "optimism",
            (
                "Apparent: on the cases the model was fitted to. Optimism: what a bootstrap model gains on its own "
                "resample over all cases (Harrell 2015). A resample holds about 63 % of the cases it is then judged "
                "on, so after much selection the corrected AUC is still too high (Iba et al. 2021): cross-validation "
                "stays the number to quote.",
                *_monte_carlo(record),
            ),
        ),
    )


def _monte_carlo(record: OptimismRecord) -> tuple[str, ...]:
    if record.spread is None or record.standard_error is None:
        return ()
    return (
        f"One resample's optimism has a standard deviation of {record.spread:.3f}. The Monte-Carlo error is what the "
        "mean, and with it the corrected AUC, still owes to the number of resamples; more make it smaller. It "
        "says nothing about other cases.",
    )


def _sample_size(study: Study) -> tuple[Block, ...]:
    found = required_cases(study)
    blocks: list[Block] = []
    for sentence in found.sentences():
        blocks.append(WarningBlock(sentence) if found.too_small else Paragraph(sentence))
    if found.built is not None:
        blocks.append(_needed(found.built, found.with_own_auc, found.cases))
    return tuple(blocks)


def _needed(built: SampleSize, own: SampleSize | None, cases: int) -> TableBlock:
    rows: list[tuple[Cell, ...]] = [
        (title, getattr(built, name), None if own is None else getattr(own, name))
        for title, name in (
            ("expected shrinkage of at least 0.9", "cases_shrinkage"),
            ("optimism of at most 0.05 in Nagelkerke's R²", "cases_optimism"),
            ("overall risk within ± 0.05", "cases_risk"),
        )
    ]
    return TableBlock(
        f"Cases needed by criterion; {cases} there were",
        ("Criterion", "with the published AUC", "with this study's honest AUC"),
        tuple(rows),
        "sample_size",
        (
            "The anticipated C-statistic should come from an earlier study: the published nomogram's on its test "
            "cases, other data. These cases' own carries their luck with it.",
        ),
    )


def _conformal(study: Study) -> tuple[Block, ...]:
    model = main_model(study.record)
    if model is None:
        return (Absence("No prediction sets: there is no honest probability."),)
    names = study.manifest.class_names
    return conformal_blocks(model, (names[0], names[1]), simulated=study.manifest.simulated)


def _subgroups(study: Study) -> tuple[Block, ...]:
    model = main_model(study.record)
    if model is None:
        return (Absence("No subgroups: there is no honest model."),)
    return subgroup_blocks(model, simulated=study.manifest.simulated)


def _centres(study: Study) -> tuple[Block, ...]:
    left_out = models_of(study.record, ModelTable.LEFT_OUT_CENTRES, HONEST, TRAINING)
    harmonised = models_of(study.record, ModelTable.HARMONISED, HONEST, TRAINING)
    if not left_out and not harmonised:
        return (
            Absence(
                "Centres were not left out one by one, nor features harmonised: the cohort table has no column "
                '"center", or not two centres with twenty cases and five of each outcome. How the model does in '
                "another hospital is not known."
            ),
        )
    return (*_left_out(left_out), *_harmonised(study, harmonised))


def _left_out(models: dict[str, Judged]) -> tuple[Block, ...]:
    if not models:
        return (Absence("Centres were not left out one by one: too few cases outside one of them."),)
    first = next(iter(models.values()))
    centres = np.asarray(first.cases.subgroups.get(CENTRE, ()), dtype=object)
    rows: list[tuple[Cell, ...]] = [
        ("all centres together", first.counts()[0], *(one.auc() for one in models.values()))
    ]
    for centre in dict.fromkeys(sorted(name for name in centres if name)):
        members = centres == centre
        parts = [part_of(model, members).auc() for model in models.values()]
        rows.append((centre, int(members.sum()), *parts))
    notes = dict.fromkeys(model.model.note for model in models.values() if model.model.note)
    return (
        TableBlock(
            "AUC when each centre is answered by a model of the other centres",
            ("Cases of", "cases", *models),
            tuple(rows),
            "left_out_centres",
            (*notes, "The nearest to an external validation that one study can give; it is none."),
            strong=(0,),
        ),
    )


def _harmonised(study: Study, models: dict[str, Judged]) -> tuple[Block, ...]:
    if not models:
        return (Absence("Features were not harmonised between centres (ComBat): give --harmonise combat."),)
    plain = models_of(study.record, ModelTable.MODELS, HONEST, TRAINING)
    rows: list[tuple[Cell, ...]] = []
    for name, model in models.items():
        before = plain.get(name)
        test = compare(model, before) if before is not None else None
        difference = None if test is None else Estimate(test.difference, test.lower, test.upper)
        rows.append((name, None if before is None else before.auc(), model.auc(), difference))
    notes = list(dict.fromkeys(model.model.note for model in models.values() if model.model.note))
    return (
        TableBlock(
            "AUC with features harmonised between centres (ComBat)",
            ("Model", "as measured", "harmonised", "difference"),
            tuple(rows),
            "harmonised",
            (*notes, "ComBat: Johnson, Li & Rabinovic 2007."),
        ),
    )
