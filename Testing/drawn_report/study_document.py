"""A study report with every kind of block in it, and a tiny one."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from matplotlib.figure import Figure

from CervixRiskLib.errors import TrainingError
from CervixRiskLib.report.study.cells import Cell, Estimate, PValue, Share
from CervixRiskLib.report.study.document import (
    Absence,
    BulletList,
    Column,
    FigureBlock,
    KeyNumber,
    KeyNumbers,
    NamedValues,
    Paragraph,
    Section,
    SideBySide,
    StudyDocument,
    TableBlock,
    WarningBlock,
)
from CervixRiskLib.report.style import new_figure

NAMES = (
    "Universitätsklinikum Köln",
    "宫颈癌 复旦大学",
    "<script>alert(1)</script>",
    "wavelet-LHL_glszm_SmallAreaEmphasis",
)
SENTENCE = "Every fitted step lies inside the resample, so nothing of a held-out case is known when it is judged. "
REASON = "A ROC curve needs cases of both groups."


def draw(size: tuple[float, float] = (4.0, 3.0)) -> Figure:
    figure = new_figure(*size)
    axes = figure.add_subplot()
    axes.plot([0, 1], [0, 1], label="<script>")
    axes.set_title("<b>model</b>", gid="drawn")
    return figure


def fail() -> Figure:
    raise TrainingError(REASON)


def figure(name: str, title: str = "ROC curves", make: Any = draw) -> FigureBlock:
    return FigureBlock(title, make, name, 'Curves of "two" models', ("A note.",), "Figure 4")


def long_table() -> TableBlock:
    rows = tuple(
        (f"{NAMES[i % 4]} {i}", Share(i, 60), Estimate(i / 7, i / 8, i / 6), PValue(0.0001)) for i in range(60)
    )
    return TableBlock("Features", ("Feature", "Chosen", "Odds ratio", "p"), rows, "features", ("Below it.",), "Table 2")


def wide_table() -> TableBlock:
    cells = tuple(Estimate(0.8, 0.7, 0.9) for _ in range(11))
    return TableBlock(
        "Classifiers",
        ("Classifier", *(f"Measure {i}" for i in range(11))),
        (("Logistic regression", *cells), ("MLP", *cells[:-1], Estimate(math.nan, 0.1, 0.2))),
        "classifiers",
        groups=(("", 1), ("honest", 6), ("paper", 4), ("published, other data", 1)),
        strong=(1,),
    )


def small_table(name: str) -> TableBlock:
    rows: tuple[tuple[Cell, ...], ...] = (("Age", "52.1 ± 10.2", None), ("squamous", Share(2, 4), math.nan))
    return TableBlock("Characteristics", ("Name", "All", "SMD"), rows, name, indented=(1,))


DOCUMENT = StudyDocument(
    "Lymph node metastasis & more",
    "40 patients",
    "No evidence of discrimination: <0.5>.",
    (
        KeyNumbers((KeyNumber("AUC", Estimate(0.52, 0.45, 0.59), "auc_honest", "40 patients"),)),
        WarningBlock("Too few patients."),
    ),
    (
        Section("Cohort", (Paragraph(SENTENCE * 40), small_table("table_one"), Absence("No held-out test."))),
        Section("Missing values", (BulletList(("One.", SENTENCE)), figure("none_drawn", make=fail)), 2),
        Section("Cohort", (long_table(), figure("roc", "Before:"), wide_table())),
        Section(
            "Side by side",
            (
                SideBySide(
                    (
                        Column("paper", (figure("roc_paper", make=lambda: draw((12.0, 4.0))), small_table("left"))),
                        Column("honest", (figure("roc_honest"), small_table("right"))),
                    )
                ),
                TableBlock("One cell", ("Name", "Words"), (("long", SENTENCE * 110), ("", "end")), "one_cell"),
                TableBlock("Nothing", ("Name",), (), "nothing"),
            ),
        ),
        Section("Reproducing", (NamedValues((("SHA-256", "ab" * 32), ("Site", NAMES[1])), "hashes"),)),
        Section("Empty", (), 2),
    ),
    simulated=True,
    provenance={"seeds": {"numpy": 42}, "p": math.inf},
)


TINY = replace(DOCUMENT, summary=(), sections=(Section("A", (figure("roc"), figure("none_drawn", make=fail))),))
