"""A study report for programs: every table, key number and sentence with its name, as strict JSON.

``null`` in an estimate is a number that is undefined, or an end of an interval that has none (an infinite one).
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields

from ... import RESEARCH_USE_NOTICE, __version__
from ...bundle.json_record import Json, to_json
from .cells import cell_json, cell_text
from .document import (
    Block,
    Column,
    FigureBlock,
    KeyNumbers,
    NamedValues,
    SideBySide,
    StudyDocument,
    TableBlock,
)
from .drawn_figures import DrawnFigure

FORMAT = "cervixrisk-study-report"
SCHEMA_VERSION = 1


def report_json(document: StudyDocument, figures: Mapping[str, DrawnFigure], files: Sequence[str]) -> str:
    """The document as JSON text.

    Parameters
    ----------
    figures
        Every figure of the document by its name.
    files
        All files of the report, relative to its folder.
    """
    content: dict[str, Json] = {
        "format": FORMAT,
        "schema_version": SCHEMA_VERSION,
        "cervixrisk": __version__,
        "notice": RESEARCH_USE_NOTICE,
        "simulated": document.simulated,
        "title": document.title,
        "subtitle": document.subtitle,
        "headline": document.headline,
        "provenance": to_json(document.provenance),
        "key_numbers": _key_numbers(document),
        "tables": {block.name: _table(block) for block in document.blocks() if isinstance(block, TableBlock)},
        "figures": {block.name: _figure(block, figures[block.name], files) for block in document.figures()},
        "named_values": {
            block.name: [{"name": name, "value": words} for name, words in block.rows]
            for block in document.blocks()
            if isinstance(block, NamedValues)
        },
        "summary": [_block(block) for block in document.summary],
        "sections": [
            {"title": section.title, "level": section.level, "blocks": [_block(block) for block in section.blocks]}
            for section in document.sections
        ],
        "files": list(files),
    }
    return json.dumps(content, allow_nan=False, ensure_ascii=False, indent=1) + "\n"


def _key_numbers(document: StudyDocument) -> dict[str, Json]:
    return {
        item.name: {"label": item.label, "note": item.note, **cell_json(item.value)}
        for block in document.blocks()
        if isinstance(block, KeyNumbers)
        for item in block.items
    }


def _table(block: TableBlock) -> Json:
    groups = [name for name, span in block.groups for _ in range(span)] or [""] * len(block.head)
    return {
        "number": block.number,
        "title": block.title,
        "columns": [{"name": name, "group": group} for name, group in zip(block.head, groups, strict=True)],
        "rows": [[{"text": cell_text(cell), "value": cell_json(cell)} for cell in row] for row in block.rows],
        "notes": list(block.notes),
    }


def _figure(block: FigureBlock, drawn: DrawnFigure, files: Sequence[str]) -> Json:
    return {
        "number": block.number,
        "title": block.title,
        "files": [name for name in files if name.rsplit(".", 1)[0] == f"figures/{block.name}"],
        "not_drawn": drawn.reason or None,
        "alternative_text": block.alternative_text,
        "notes": list(block.notes),
    }


def _block(block: Block) -> Json:
    """Words as they are; what has a name of its own by that name."""
    kind = _KINDS.get(type(block).__name__, type(block).__name__.lower())
    if isinstance(block, TableBlock | FigureBlock | NamedValues):
        return {"kind": kind, "name": block.name}
    if isinstance(block, KeyNumbers):
        return {"kind": kind, "names": [item.name for item in block.items]}
    if isinstance(block, SideBySide):
        return {"kind": kind, "columns": [_column(column) for column in block.columns]}
    return {"kind": kind, **{part.name: to_json(getattr(block, part.name)) for part in fields(block)}}


def _column(column: Column) -> Json:
    return {"title": column.title, "blocks": [_block(block) for block in column.blocks]}


_KINDS = {
    "WarningBlock": "warning",
    "BulletList": "list",
    "NamedValues": "named_values",
    "KeyNumbers": "key_numbers",
    "TableBlock": "table",
    "FigureBlock": "figure",
    "SideBySide": "side_by_side",
}
