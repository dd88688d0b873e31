"""A study report as one page that needs nothing else: no network, no script, no file beside it."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from importlib import resources
from typing import TYPE_CHECKING

from ... import __version__
from ...errors import MissingComponentError
from ..style import closing_line
from .cells import Estimate, cell_text, interval_text, value_text
from .document import Section, StudyDocument, TableBlock
from .drawn_figures import DrawnFigure
from .table_words import is_number_column, kept_together, unparted_signs

if TYPE_CHECKING:
    from markupsafe import Markup

# Signs that a table beside the contents has room for on a screen of 1280 pixels, in ordinary and in small type, and
# what each column needs around its words.
_ORDINARY, _SMALL, _PADDING = 110, 120, 2.5
# In brackets alone, or within other words.
_INTERVAL = re.compile(
    r"\([−\d][\d.,]*(?:–|[ \u00a0]to[ \u00a0])[−\d][\d.,]*(?:\u00a0%)?\)|(?<![\d.])\d+\.\d+–\d+\.\d+"
)


@dataclass(frozen=True)
class _Column:
    name: str
    style: str


def html_page(document: StudyDocument, pictures: Mapping[str, DrawnFigure]) -> str:
    """The page; the same document gives the same page.

    Parameters
    ----------
    pictures
        Every figure of the document by its name.

    Raises
    ------
    MissingComponentError
        Jinja2 is not installed.
    """
    try:
        from jinja2 import DictLoader, Environment, StrictUndefined
        from markupsafe import Markup
    except ImportError as error:
        raise MissingComponentError(
            "Writing the report's page needs Jinja2, which is not installed: pip install jinja2."
        ) from error
    closing = closing_line(document.simulated)
    # It stands at the foot of every printed page.
    style = _template("page.css").replace("CLOSING", closing)
    environment = Environment(
        loader=DictLoader({"page": _template("page.html")}),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {
        "cell_text": lambda cell: kept_together(cell_text(cell)),
        "value_text": value_text,
        "interval_text": interval_text,
        "unparted": _unparted,
    }
    page = environment.get_template("page").render(
        document=document,
        sections=list(zip(anchors(document.sections), document.sections, strict=True)),
        pictures=pictures,
        columns_of=_columns,
        width_of=_width,
        kind_of=lambda block: type(block).__name__,
        closing=closing,
        style=Markup(style),
        policy=_policy(style),
        version=__version__,
    )
    return page.lstrip() + "\n"


def anchors(sections: tuple[Section, ...]) -> list[str]:
    """A name for each section's place on the page, made of its title; unique."""
    found: list[str] = []
    for section in sections:
        name = "section-" + (re.sub(r"[^a-z0-9]+", "-", section.title.lower()).strip("-") or "untitled")
        found.append(name if name not in found else f"{name}-{len(found) + 1}")
    return found


def _unparted(words: str) -> Markup:
    """Running text in which an interval in brackets stays on one line, and no sign is parted from its number."""
    from markupsafe import Markup, escape

    text = unparted_signs(str(escape(words)))
    return Markup(_INTERVAL.sub(r'<span class="interval">\g<0></span>', text))


def _columns(table: TableBlock) -> list[_Column]:
    """Columns with the classes of their cells: numbers to the right, a line where a group of columns starts."""
    starts, place = set(), 0
    for _, span in table.groups:
        starts.add(place)
        place += span
    columns = []
    for index, name in enumerate(table.head):
        words = (cell_text(row[index]) for row in table.rows)
        styles = ["number" if is_number_column(table, index) else _word_style(words)]
        if index and index in starts:
            styles.append("starts")
        columns.append(_Column(kept_together(name), " ".join(filter(None, styles))))
    return columns


def _width(table: TableBlock) -> str:
    """Class of a table that would not fit beside the contents in ordinary type: intervals get a line of their own, and
    where that is not enough the type is smaller.
    """
    if _least_width(table, parted=False) <= _ORDINARY:
        return ""
    return "wide" if _least_width(table, parted=True) <= _SMALL else "wide widest"


def _least_width(table: TableBlock, parted: bool) -> float:
    """Signs of a line of the table, if every cell is parted wherever it may be; ``parted`` as wide tables part."""
    total = 0.0
    for index, head in enumerate(table.head):
        whole = is_number_column(table, index) and not parted
        lengths = [len(part) for part in _parts(kept_together(head), whole)]
        for row in table.rows:
            cell = row[index]
            if parted and isinstance(cell, Estimate) and interval_text(cell):
                lengths += [len(value_text(cell)), len(interval_text(cell)) + 2]
            else:
                lengths += [len(part) for part in _parts(kept_together(cell_text(cell)), whole)]
        total += max(lengths) + _PADDING
    return total


def _parts(words: str, whole: bool) -> list[str]:
    return [words] if whole else words.split(" ")


def _word_style(words: Iterable[str]) -> str:
    """Columns with sentences are given room."""
    return "words" if any(len(text) > 40 for text in words) else ""


def _policy(style: str) -> str:
    """Nothing is loaded and nothing runs: pictures lie in the page, and the one style sheet is known by its hash."""
    known = b64encode(sha256(style.encode("utf-8")).digest()).decode("ascii")
    return f"default-src 'none'; img-src data:; style-src 'sha256-{known}'; base-uri 'none'; form-action 'none'"


def _template(name: str) -> str:
    return resources.files(__package__).joinpath("templates").joinpath(name).read_text(encoding="utf-8")
