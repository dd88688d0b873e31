"""Text from a foreign file, made fit for a sentence."""

from __future__ import annotations


def printable(text: str, length: int = 80) -> str:
    """``text`` on one line, without control characters, at most ``length`` characters long.

    What a stranger's file calls its parts must neither fill the screen nor move the cursor.
    """
    clean = "".join(character if character.isprintable() else "?" for character in text)
    return clean if len(clean) <= length else clean[: length - 3] + "..."
