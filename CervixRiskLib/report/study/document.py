"""What a study report says, free of how it looks: blocks in sections, which every renderer writes in its own way.

All words are plain text without markup; renderers escape them. Names (``name``) are the keys of ``report.json`` and of
the figures' files: lower case, words parted by underscores, unique in the document.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, is_dataclass
from typing import TYPE_CHECKING

from ...bundle.json_record import Json
from ...errors import SettingsError
from .cells import Cell, Estimate

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_NAME = re.compile(r"[a-z0-9]+(_[a-z0-9]+)*")


@dataclass(frozen=True)
class Paragraph:
    """Words."""

    text: str


@dataclass(frozen=True)
class WarningBlock:
    """What a reader must not miss: set apart and marked."""

    text: str


@dataclass(frozen=True)
class Absence:
    """What the report would show here and cannot, with the reason and how to get it."""

    text: str


@dataclass(frozen=True)
class BulletList:
    """Sentences below each other."""

    items: tuple[str, ...]


@dataclass(frozen=True)
class NamedValues:
    """Names with their words, such as versions and hashes; ``name`` is the key in ``report.json``."""

    rows: tuple[tuple[str, str], ...]
    name: str


@dataclass(frozen=True)
class KeyNumber:
    """A number that is read from afar, its interval below it.

    ``note`` says in a few words what it is of: "5 × 10-fold cross-validation, 300 patients".
    """

    label: str
    value: Estimate
    name: str
    note: str = ""


@dataclass(frozen=True)
class KeyNumbers:
    """Up to four key numbers beside each other."""

    items: tuple[KeyNumber, ...]


@dataclass(frozen=True)
class TableBlock:
    """A table with a head.

    Parameters
    ----------
    title
        What it shows; one line.
    head
        A column's name each.
    rows
        As many cells as the head has names.
    notes
        Sentences below it.
    number
        "Table 3"; empty for a table without a counterpart in the papers.
    name
        The key in ``report.json``.
    groups
        Names over columns, each with the number of columns that it spans, from the first column on; ``""`` over none.
        ``(("", 2), ("honest", 3), ("paper", 3), ("published, other data", 1))``
    strong, indented
        Positions of the rows in bold type, and of those that belong to one above.
    repeats
        Name of the figure that shows all of these numbers: the table is folded on the page, and printed only where that
        figure could not be drawn.
    """

    title: str
    head: tuple[str, ...]
    rows: tuple[tuple[Cell, ...], ...]
    name: str
    notes: tuple[str, ...] = ()
    number: str = ""
    groups: tuple[tuple[str, int], ...] = ()
    strong: tuple[int, ...] = ()
    indented: tuple[int, ...] = ()
    repeats: str = ""

    def __post_init__(self) -> None:
        if not self.head or any(len(row) != len(self.head) for row in self.rows):
            raise SettingsError(f'Every row of the table "{self.title}" needs a cell for each column.')
        if self.groups and sum(span for _, span in self.groups) != len(self.head):
            raise SettingsError(f'The groups of the table "{self.title}" must span all of its columns.')


@dataclass(frozen=True)
class FigureBlock:
    """A figure.

    Parameters
    ----------
    title
        What it shows; one line.
    draw
        Called once without arguments. A ``TrainingError`` says why these data cannot be drawn; its sentence stands in
        the figure's place.
    name
        Of its files, without suffix.
    alternative_text
        What the figure shows, for who cannot see it.
    notes
        Sentences below it.
    number
        "Figure 3"; empty for a figure without a counterpart in the papers.
    """

    title: str
    draw: Callable[[], Figure]
    name: str
    alternative_text: str
    notes: tuple[str, ...] = ()
    number: str = ""


@dataclass(frozen=True)
class Column:
    """One side of :class:`SideBySide`."""

    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True)
class SideBySide:
    """Columns to be compared, such as ``paper`` and ``honest``; below each other where there is no room."""

    columns: tuple[Column, ...]


Block = (
    Paragraph | WarningBlock | Absence | BulletList | NamedValues | KeyNumbers | TableBlock | FigureBlock | SideBySide
)


@dataclass(frozen=True)
class Section:
    """A title and what stands below it; ``level`` 2 belongs to the section of level 1 before it."""

    title: str
    blocks: tuple[Block, ...]
    level: int = 1


@dataclass(frozen=True)
class StudyDocument:
    """The whole report.

    Parameters
    ----------
    title, subtitle
        The question, and the cohort in one line.
    headline
        What was found, in one sentence.
    summary
        What stands directly below it, before the table of contents.
    simulated
        Said on every page and figure.
    provenance
        Versions, seeds, hashes, settings, for ``report.json``.
    """

    title: str
    subtitle: str
    headline: str
    summary: tuple[Block, ...]
    sections: tuple[Section, ...]
    simulated: bool
    provenance: dict[str, Json] = field(default_factory=dict)

    def __post_init__(self) -> None:
        names = [block.name for block in self.blocks() if isinstance(block, TableBlock | FigureBlock | NamedValues)]
        names += [item.name for block in self.blocks() if isinstance(block, KeyNumbers) for item in block.items]
        for name in names:
            if not _NAME.fullmatch(name):
                raise SettingsError(f'"{name}" cannot be a name in a report: use small letters, digits and "_".')
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise SettingsError(f"A report names each table, figure and number once: {', '.join(twice)}.")

    def blocks(self) -> Iterator[Block]:
        """All blocks in the order of the page, those of columns among them."""
        for blocks in (self.summary, *(section.blocks for section in self.sections)):
            yield from _flat(blocks)

    def figures(self) -> tuple[FigureBlock, ...]:
        return tuple(block for block in self.blocks() if isinstance(block, FigureBlock))


def _flat(blocks: tuple[Block, ...]) -> Iterator[Block]:
    for block in blocks:
        yield block
        if isinstance(block, SideBySide):
            for column in block.columns:
                yield from _flat(column.blocks)


def words_of(value: object) -> Iterator[str]:
    """Every word of a document or a part of one, for the choice of fonts."""
    if isinstance(value, str):
        yield value
    elif is_dataclass(value) and not isinstance(value, type):
        for part in vars(value).values():
            yield from words_of(part)
    elif isinstance(value, tuple):
        for part in value:
            yield from words_of(part)
