"""A reporting checklist: its items, and who can fill them."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import yaml

CHECKLISTS = ("tripod_ai", "clear", "metrics")


@dataclass(frozen=True)
class ChecklistItem:
    """One item; ``filled_by`` names the answer that software can give, empty where only the authors can.

    ``weight`` is its share of the checklist's score, ``None`` where there is no score; ``task`` the only kind of study
    that it is about, ``""``: both.
    """

    number: str
    section: str
    item: str
    filled_by: str = ""
    weight: float | None = None
    task: str = ""


@dataclass(frozen=True)
class Checklist:
    """Items in the order of the publication; ``source`` cites it."""

    name: str
    source: str
    items: tuple[ChecklistItem, ...]


@cache
def load_checklist(name: str) -> Checklist:
    """One of :data:`CHECKLISTS`."""
    text = resources.files(__package__).joinpath("checklists").joinpath(f"{name}.yaml").read_text(encoding="utf-8")
    content = yaml.safe_load(text)
    items = tuple(ChecklistItem(**item) for item in content["items"])
    return Checklist(content["name"], content["source"], items)
