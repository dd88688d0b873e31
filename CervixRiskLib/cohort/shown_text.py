"""What stands in a table or was typed, made fit for a sentence: a stranger's text must not move the cursor."""

from __future__ import annotations


def one_line(text: str) -> str:
    """A cell's text on one line, of signs that can be printed."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())


def shown(text: str) -> str:
    """A cell's text, cut where it would flood the screen."""
    text = one_line(text)
    return text if len(text) <= 60 else f"{text[:57]}..."


def shown_value(value: object) -> str:
    """The value as it was typed, cut where it would flood the screen."""
    text = one_line(str(value))
    return "empty" if not text else text if len(text) <= 40 else f"{text[:37]}..."
