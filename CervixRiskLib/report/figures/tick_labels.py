"""Which of an axis' ticks get a number, so that no two numbers touch."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class TickLabel:
    """A label centred at ``position`` (inches); ``raised`` when it stands on the other side of its line."""

    value: float
    text: str
    position: float
    raised: bool = False


def number_text(value: float) -> str:
    """The shortest honest writing of a tick's value: ``0.5``, ``-2``, ``1200``."""
    text = f"{value:.6g}"
    return ("0" if text == "-0" else text).replace("-", "\N{MINUS SIGN}")


def evenly(
    candidates: Sequence[Sequence[float]],
    place: Callable[[float], float],
    width: Callable[[str], float],
    gap: float,
) -> list[TickLabel]:
    """The first of ``candidates`` (from fine to coarse) whose labels all fit; empty when none with two labels does.

    ``place`` gives a value's position and ``width`` a text's width, both in inches like ``gap``.
    """
    for values in candidates:
        labels = [TickLabel(value, number_text(value), place(value)) for value in values]
        if len(labels) >= 2 and _all_apart(labels, width, gap):
            return labels
    return []


def by_importance(labels: Sequence[TickLabel], width: Callable[[str], float], gap: float) -> list[TickLabel]:
    """Of ``labels``, the most important first, those that fit beside the ones already taken."""
    taken: list[TickLabel] = []
    for label in labels:
        if all(_apart(label, other, width, gap) for other in taken):
            taken.append(label)
    return sorted(taken, key=lambda label: label.position)


def on_two_sides(
    labels: Sequence[TickLabel], width: Callable[[str], float], gap: float, leftmost: float
) -> list[TickLabel]:
    """All ``labels`` of a categorical axis: under the line, else over it; those at one place share one label.

    Empty when one of them fits on neither side, or would begin left of ``leftmost`` (inches).
    """
    merged: dict[float, TickLabel] = {}
    for label in labels:
        key = round(label.position, 3)
        known = merged.get(key)
        merged[key] = label if known is None else TickLabel(known.value, f"{known.text}, {label.text}", known.position)
    under: list[TickLabel] = []
    over: list[TickLabel] = []
    for _, label in sorted(merged.items()):
        if label.position - width(label.text) / 2 < leftmost:
            return []
        if all(_apart(label, other, width, gap) for other in under):
            under.append(label)
        elif all(_apart(label, other, width, gap) for other in over):
            over.append(TickLabel(label.value, label.text, label.position, raised=True))
        else:
            return []
    return sorted((*under, *over), key=lambda label: label.position)


def in_order(labels: Sequence[TickLabel]) -> str:
    """A categorical axis in words, by growing points: ``"no < other = unknown < yes"``."""
    ordered = sorted(labels, key=lambda label: label.position)
    words = ordered[0].text
    for left, right in itertools.pairwise(ordered):
        words += f" {'=' if right.position - left.position < 1e-6 else '<'} {right.text}"
    return words


def _all_apart(labels: Sequence[TickLabel], width: Callable[[str], float], gap: float) -> bool:
    ordered = sorted(labels, key=lambda label: label.position)
    return all(_apart(left, right, width, gap) for left, right in itertools.pairwise(ordered))


def _apart(one: TickLabel, other: TickLabel, width: Callable[[str], float], gap: float) -> bool:
    return abs(one.position - other.position) >= (width(one.text) + width(other.text)) / 2 + gap
