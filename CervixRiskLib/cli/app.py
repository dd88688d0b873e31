"""The commands of ``cervixrisk`` put together. Command bodies import what they need; this file stays fast."""

from __future__ import annotations

from typing import Annotated

import typer

from .. import RESEARCH_USE_NOTICE, __version__
from . import bundle, demo, doctor, extract, predict, reading, report, simulate, train, validate

app = typer.Typer(
    name="cervixrisk",
    help="From a delineated slice to a risk, and from a cohort to a validated model.\n\n"
    "Start with 'cervixrisk demo'. With images of your own: a cohort table, 'train plnm', then 'predict'. "
    f"{RESEARCH_USE_NOTICE}",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
    pretty_exceptions_show_locals=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


def _version(asked: bool) -> None:
    if asked:
        typer.echo(f"cervixrisk {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where in the program an error happened.")] = False,
) -> None:
    """``--debug`` is read before typer runs (see ``run.py``) and stands here for the help."""


app.add_typer(simulate.app, name="simulate")
app.command("extract", epilog=extract.EXAMPLES)(extract.extract)
app.add_typer(train.app, name="train")
app.add_typer(reading.app, name="reading")
app.command("predict", epilog=predict.EXAMPLES)(predict.predict)
app.command("validate", epilog=validate.EXAMPLES)(validate.validate)
app.add_typer(report.app, name="report")
app.add_typer(bundle.app, name="bundle")
app.command("doctor", epilog=doctor.EXAMPLES)(doctor.doctor)
app.command("demo", epilog=demo.EXAMPLES)(demo.demo)
