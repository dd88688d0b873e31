"""``cervixrisk report``: what is handed on, on paper and as a page."""

from __future__ import annotations

import typer

from . import report_case, report_study

app = typer.Typer(no_args_is_help=True, help="Reports to read and to hand on.")
app.command("case", epilog=report_case.EXAMPLES)(report_case.case)
app.command("study", epilog=report_study.EXAMPLES)(report_study.study)
