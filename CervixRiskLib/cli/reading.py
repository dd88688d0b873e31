"""``cervixrisk reading``: reader studies, command by command. Each group of commands has a file of its own."""

from __future__ import annotations

import typer

from . import reading_agreement, reading_desk, reading_export, reading_import, reading_review, reading_study
from .options import examples

_WAY = """Let several readers delineate the same cases, blinded, and measure how far they agree.

The way of a study:

1. **create** makes a study of a cohort's images; **assign** gives every reader a list in random order.

2. Readers ask **next** for a case, draw it, and **submit** the contour; or the coordinator takes contours that were
drawn elsewhere in by **import**. The primary reader's repeat opens after the washout.

3. The reviewer decides with **review**; **status** tells who is how far, and whether any file is missing.

4. **agreement** computes overlap, limits of agreement and the ICC of every feature.

5. **export** writes a cohort table with the final contours. Train with it: *train plnm --reading STUDY* keeps the
features that both readers reproduce.

A reader sees the own list alone: no other reader's contour, no earlier round, no outcome, no prediction."""

app = typer.Typer(
    no_args_is_help=True,
    help=_WAY,
    short_help="Reader studies: who draws what, blinded; review; and how far the contours agree.",
    rich_markup_mode="markdown",
    epilog=examples(
        "cervixrisk reading create study --cohort cohort/cohort.csv",
        "cervixrisk reading assign study --primary 'Dr. A' --second 'Dr. B' --reviewer 'Dr. C'",
        "cervixrisk reading import study cohort/cohort.csv --reader 'Dr. A'",
        "cervixrisk reading status study",
        "cervixrisk reading agreement study --output agreement",
        "cervixrisk reading export study --cohort cohort/cohort.csv --output reviewed",
    ),
)

app.command("create", epilog=reading_study.CREATE_EXAMPLES)(reading_study.create)
app.command("assign", epilog=reading_study.ASSIGN_EXAMPLES)(reading_study.assign)
app.command("next", epilog=reading_desk.NEXT_EXAMPLES)(reading_desk.next_case)
app.command("submit", epilog=reading_desk.SUBMIT_EXAMPLES)(reading_desk.submit)
app.command("import", epilog=reading_import.IMPORT_EXAMPLES)(reading_import.import_drawn)
app.command("review", epilog=reading_review.REVIEW_EXAMPLES)(reading_review.review)
app.command("status", epilog=reading_study.STATUS_EXAMPLES)(reading_study.status)
app.command("agreement", epilog=reading_agreement.AGREEMENT_EXAMPLES)(reading_agreement.agreement)
app.command("export", epilog=reading_export.EXPORT_EXAMPLES)(reading_export.export)
