"""What commands print: answers on stdout (for people, or JSON with ``--json``), everything else on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from .streams import abandon_stdout, takes_unicode

if TYPE_CHECKING:
    from rich.console import Console

    from ..bundle.json_record import Json


def stdout() -> Console:
    """A console for answers; without markup or highlighting, since file names and labels are not ours."""
    from rich.console import Console

    return Console(highlight=False, markup=False, emoji=False, soft_wrap=not sys.stdout.isatty())


def stderr() -> Console:
    """A console for progress and remarks."""
    from rich.console import Console

    return Console(stderr=True, highlight=False, markup=False, emoji=False, soft_wrap=not sys.stderr.isatty())


def print_json(content: Json) -> None:
    """One JSON document; numbers that are not finite are ``null``."""
    from ..bundle.json_record import to_json

    escaped = not takes_unicode(sys.stdout)
    sys.stdout.write(json.dumps(to_json(content), indent=2, ensure_ascii=escaped, allow_nan=False) + "\n")


def print_lines(lines: Iterable[str]) -> None:
    """Plain lines on stdout."""
    console = stdout()
    for line in lines:
        console.print(line)


def print_table(title: str, head: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """A table on stdout; columns keep their full text when the output is not a screen."""
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(title=title or None, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD)
    for column in head:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console = stdout()
    if not console.is_terminal:
        console.width = max(console.width, 160)
    console.print(table, soft_wrap=False)


def print_panel(title: str, lines: Iterable[str]) -> None:
    """Lines in a frame on stdout."""
    from rich.panel import Panel
    from rich.text import Text

    panel = Panel(Text("\n".join(lines)), title=Text(title), title_align="left", expand=False, padding=(1, 2))
    stdout().print(panel, soft_wrap=False)


def remark(text: str) -> None:
    """A line on stderr."""
    stderr().print(text)


def report_error(kind: str, sentence: str, *, as_json: bool) -> None:
    """The sentence on stderr; with ``--json`` as JSON on stdout instead, where that can be written."""
    if as_json:
        try:
            print_json({"error": {"type": kind, "message": sentence}})
            sys.stdout.flush()
            return
        except OSError:  # a full disk: the sentence itself may be about it
            abandon_stdout()
    sys.stderr.write(f"{sentence}\n")
