"""Arguments and options that the commands of ``cervixrisk reading`` share."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from ..reading import Study

StudyArgument = Annotated[Path, typer.Argument(metavar="STUDY", help="The study's folder.")]
DatabaseOption = Annotated[
    str | None,
    typer.Option(
        "--database",
        metavar="URL",
        envvar="CERVIXRISK_DATABASE",
        show_envvar=True,
        show_default=False,
        help="postgresql://user@host/name where the study's database is PostgreSQL; the password in PGPASSWORD.",
    ),
]


def opened(folder: Path, database: str | None) -> Study:
    """The study in ``folder``."""
    from ..reading import open_study

    return open_study(folder, database=database)
