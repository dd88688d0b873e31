"""Many rows or cases with something wrong, as lines of an error."""

from __future__ import annotations

from collections.abc import Iterable

_MOST = 10


def first_lines(problems: Iterable[object]) -> list[str]:
    """An indented line for each of the first ten, and one that counts the rest."""
    listed = [f"  {problem}" for problem in problems]
    more = [f"  and {len(listed) - _MOST} more"] if len(listed) > _MOST else []
    return [*listed[:_MOST], *more]
