"""What the cells of a cohort table mean. Each function returns a value or raises ``ValueError`` with the reason."""

from __future__ import annotations

import re

from .columns import parse_number, parse_yes_no
from .shown_text import shown

_MISSING = frozenset({"", "na", "n/a", "n.a.", "nan", "null", "-", ".", "?", "#n/a"})
_SPLITS = {"train": "train", "training": "train", "test": "test", "testing": "test"}
_DECIMAL_COMMA = re.compile(r"[+-]?(?:\d+|\d{1,3}(?:\.\d{3})+),\d+(?:[eE][+-]?\d+)?")
_LONGEST_GROUP = 40
_SPACING_MM = re.compile(r"[\[(]?\s*([\d.]+)(?:\s*[x×;,/\s]\s*([\d.]+))?\s*[\])]?(?:\s*mm)?")


def is_missing(text: str) -> bool:
    """Whether a cell says that the value is not known."""
    return text.casefold() in _MISSING


def number_text(text: str, decimal_comma: bool) -> str:
    """A number's text with a decimal point; ``1.234,5`` loses the points of its thousands."""
    return text.replace(".", "").replace(",", ".") if decimal_comma and has_decimal_comma(text) else text


def has_decimal_comma(text: str) -> bool:
    """Whether a cell is a number with a decimal comma."""
    return _DECIMAL_COMMA.fullmatch(text) is not None


def parse_outcome(text: str, decimal_comma: bool = False) -> int:
    """0 or 1, from 0/1, yes/no, true/false, positive/negative."""
    if is_missing(text):
        raise ValueError("outcome is missing")
    value = parse_yes_no(number_text(text, decimal_comma))
    if value is None:
        raise ValueError(f"outcome is '{shown(text)}'; it must be 0 or 1 (or no or yes, negative or positive)")
    return int(value)


def parse_group(text: str, decimal_comma: bool) -> int | str:
    """A group of an outcome with several: a whole number from 0, or a name of at most 40 characters."""
    number = parse_number(number_text(text, decimal_comma))
    name = shown(text)
    if number is not None:
        return parse_index("outcome", text, decimal_comma)
    if is_missing(text) or not name or len(name) > _LONGEST_GROUP:
        raise ValueError(
            f"outcome is '{name}'; it must be a whole number from 0 or a name of at most {_LONGEST_GROUP} characters"
        )
    return name


def parse_split(text: str) -> str:
    """``"train"`` or ``"test"``."""
    split = _SPLITS.get(text.casefold())
    if split is None:
        raise ValueError(f"split is '{shown(text)}'; it must be train or test")
    return split


def parse_index(name: str, text: str, decimal_comma: bool) -> int:
    """A whole number from 0; spreadsheets write ``3`` as ``3.0``."""
    match = re.fullmatch(r"\+?(\d{1,9})(?:\.0+)?", number_text(text, decimal_comma))
    if match is None:
        raise ValueError(f"{name} is '{shown(text)}'; it must be a whole number from 0")
    return int(match.group(1))


def parse_spacing(text: str, decimal_comma: bool) -> tuple[float, float]:
    """``(row_mm, column_mm)`` from ``0.1`` (square pixels), ``0.1 x 0.12``, ``0.1;0.12`` or ``[0.1, 0.12]``.

    With a decimal comma ``0,1`` is one number and the two need another separator.
    """
    if decimal_comma:
        text = re.sub(r"(\d),(\d)", r"\1.\2", text)
    match = _SPACING_MM.fullmatch(text.strip())
    try:
        row_mm = float(match.group(1)) if match else 0.0
        column_mm = float(match.group(2)) if match and match.group(2) else row_mm
    except ValueError:
        row_mm = column_mm = 0.0
    if not (0.001 <= row_mm <= 10 and 0.001 <= column_mm <= 10):
        raise ValueError(f"spacing_mm is '{shown(text)}'; it must be the pixel size in mm, such as 0.1 or 0.1 x 0.12")
    return row_mm, column_mm
