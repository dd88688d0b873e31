"""The agreement of a reader study as a folder of tables and figures, whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..atomic import atomic_folder
from ..errors import StorageError
from ..progress import SILENT, Progress
from ..statistics.agreement_analyses import AgreementAnalysis
from .agreement_summary import FORMAT, summary_json, summary_markdown
from .tables.agreement import bland_altman_frame, icc_frame, overlap_frame, reproducible_frame

if TYPE_CHECKING:
    import pandas as pd

    from ..imaging import Roi, SliceImage
    from ..reading import ComparedPair, Study, StudyAgreement

WORST_CASES = 5
_MOST_READINGS = 6
_SUMMARY = "summary.json"


def check_report_folder(folder: str | os.PathLike[str]) -> None:
    """Raise ``StorageError`` where the folder holds anything but an earlier report of agreement, before long work."""
    folder = Path(folder)
    if not folder.exists():
        return
    if not folder.is_dir():
        raise StorageError("A file stands where the folder of the report belongs: choose another name.")
    if any(folder.iterdir()) and not _is_report(folder):
        raise StorageError("The folder for the report already holds something else: choose a new or empty one.")


def write_agreement_report(
    study: Study, agreement: StudyAgreement, folder: str | os.PathLike[str], *, progress: Progress = SILENT
) -> tuple[str, ...]:
    """Write everything into ``folder``, in place of an earlier report; returns the files' names.

    ``summary.json`` and ``summary.md``, ``overlap.csv``, ``bland_altman.csv``, ``icc.csv`` and
    ``reproducible_features.csv``, and as far as there is something to draw ``overlap.png``, ``bland_altman.png``,
    ``icc_histogram.png``, ``worst_inter.png`` and ``worst_intra.png``.

    Raises
    ------
    StorageError
        The folder holds something else, the disk is full or the place cannot be written.
    ReadingError
        A file of the study is missing or was changed.
    """
    check_report_folder(folder)
    with atomic_folder(folder) as partial:
        writers = _writers(study, agreement)
        with progress.task("Writing tables and figures", total=len(writers)) as task:
            for name, write in writers.items():
                write(partial / name)
                task.advance(detail=name)
    return tuple(writers)


def _is_report(folder: Path) -> bool:
    """Whether every file is one of a report's."""
    names = {path.name for path in folder.iterdir()}
    if not names <= set(_ALL_FILES) or _SUMMARY not in names:
        return False
    try:
        content = json.loads((folder / _SUMMARY).read_bytes())
    except (OSError, ValueError):
        return False
    return isinstance(content, dict) and content.get("format") == FORMAT


def _writers(study: Study, agreement: StudyAgreement) -> dict[str, Callable[[Path], object]]:
    """How each file is written, by its name."""
    writers: dict[str, Callable[[Path], object]] = {
        _SUMMARY: lambda path: path.write_text(_json(agreement), encoding="utf-8"),
        "summary.md": lambda path: path.write_text(summary_markdown(agreement), encoding="utf-8"),
    }
    if agreement.features is not None:
        writers["icc.csv"] = lambda path: _csv(icc_frame(agreement), path)
        writers["reproducible_features.csv"] = lambda path: _csv(reproducible_frame(agreement), path)
        writers["icc_histogram.png"] = lambda path: _draw_icc(agreement, path)
    if agreement.contours.pairs:
        writers["overlap.csv"] = lambda path: _csv(overlap_frame(agreement), path)
        writers["bland_altman.csv"] = lambda path: _csv(bland_altman_frame(agreement), path)
        writers["overlap.png"] = lambda path: _draw_overlap(agreement, path)
    if any(summary.diameter.limits is not None for summary in agreement.contours.summaries):
        writers["bland_altman.png"] = lambda path: _draw_limits(agreement, path)
    for analysis in (AgreementAnalysis.INTER, AgreementAnalysis.INTRA):
        worst = worst_cases(agreement, analysis)
        if worst:
            writers[f"worst_{analysis.value}.png"] = _worst_writer(study, agreement, analysis, worst)
    return writers


_ALL_FILES = (
    _SUMMARY, "summary.md", "icc.csv", "reproducible_features.csv", "icc_histogram.png", "overlap.csv",
    "bland_altman.csv", "overlap.png", "bland_altman.png", "worst_inter.png", "worst_intra.png",
)  # fmt: skip


def worst_cases(
    agreement: StudyAgreement, analysis: AgreementAnalysis, count: int = WORST_CASES
) -> list[list[ComparedPair]]:
    """The comparisons of the ``count`` cases with the lowest Dice, worst first; so are those of a case."""
    by_case: dict[int, list[ComparedPair]] = {}
    for compared in agreement.contours.pairs:
        if compared.pair.analysis is analysis:
            by_case.setdefault(compared.pair.case.number, []).append(compared)
    ranked = [sorted(pairs, key=lambda one: one.agreement.dice) for pairs in by_case.values()]
    return sorted(ranked, key=lambda pairs: pairs[0].agreement.dice)[:count]


def _json(agreement: StudyAgreement) -> str:
    from ..bundle.json_record import to_json

    content = to_json(summary_json(agreement))
    return json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def _csv(table: pd.DataFrame, path: Path) -> None:
    table.to_csv(path, index=False, lineterminator="\n")


def _draw_icc(agreement: StudyAgreement, path: Path) -> None:
    from ..radiomics import feature_table
    from .figures.icc_histogram import draw_icc_histogram

    features, rule = agreement.features, agreement.settings.rule
    assert features is not None
    classes = feature_table(agreement.settings.preset).set_index("name")["feature_class"].loc[list(features.names)]
    lower = rule.bound == "lower"
    values: dict[str, np.ndarray] = {}
    forms: dict[str, None] = {}
    for analysis in features.analyses:
        values[f"{analysis.kind.heading} (n = {len(analysis.case_ids)})"] = np.asarray(
            analysis.icc.lower if lower else analysis.icc.value
        )
        perturbed = analysis.kind is AgreementAnalysis.PERTURBATION
        forms[analysis.icc.form.value + (" of perturbed contours (not readers)" if perturbed else "")] = None
    draw_icc_histogram(
        values,
        classes.tolist(),
        threshold=rule.threshold,
        path=path,
        title=f"{'Lower 95 % bounds of ' if lower else ''}{', '.join(forms)}; preset {features.preset}",
        simulated=agreement.simulated,
    )


def _draw_overlap(agreement: StudyAgreement, path: Path) -> None:
    from .figures.overlap import CaseOverlap, draw_overlap_per_case

    rows = [
        CaseOverlap(
            one.pair.case.case_id, one.pair.words, one.agreement.dice, one.agreement.hausdorff95, one.agreement.unit
        )
        for one in agreement.contours.pairs
    ]
    draw_overlap_per_case(rows, path=path, title="Overlap of independent contours", simulated=agreement.simulated)


def _draw_limits(agreement: StudyAgreement, path: Path) -> None:
    from .figures.bland_altman import draw_bland_altman

    panels, labels = [], []
    for summary in agreement.contours.summaries:
        cases = [
            one.pair.case.case_id
            for one in agreement.contours.pairs
            if (one.pair.analysis, one.pair.words, one.agreement.unit)
            == (summary.analysis, summary.words, summary.unit)
        ]
        sizes = (("largest diameter", summary.diameter, summary.unit), ("area", summary.area, f"{summary.unit}²"))
        for name, size, unit in sizes:
            if size.limits is not None:
                panels.append((f"{summary.words}: {name}", unit, size.limits))
                labels.append(cases)
    draw_bland_altman(
        panels, labels=labels, path=path, title="Limits of agreement of the sizes", simulated=agreement.simulated
    )


def _worst_writer(
    study: Study, agreement: StudyAgreement, analysis: AgreementAnalysis, worst: Sequence[Sequence[ComparedPair]]
) -> Callable[[Path], object]:
    def write(path: Path) -> None:
        from .figures.contour_pairs import draw_contour_pairs

        draw_contour_pairs(
            [_drawn(study, pairs) for pairs in worst],
            path=path,
            title=f"{analysis.heading}: the cases with the lowest Dice",
            simulated=agreement.simulated,
        )

    return write


def _drawn(study: Study, pairs: Sequence[ComparedPair]) -> tuple[str, SliceImage, list[tuple[str, Roi]]]:
    """The case's slice with the primary reader's first contour and the others', the worst first."""
    case = pairs[0].pair.case
    image = study.image(case)
    readings = [pairs[0].pair.first, *(one.pair.second for one in pairs)][:_MOST_READINGS]
    repeated = pairs[0].pair.analysis is AgreementAnalysis.INTRA
    names = ["first", "repeat"] if repeated else [reading.reader for reading in readings]
    return (
        case.case_id,
        image,
        [(name, study.roi(reading, image)) for name, reading in zip(names, readings, strict=True)],
    )
