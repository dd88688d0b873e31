"""Cases in an order drawn at random, so that a record's rows are not a cohort table's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from hashlib import sha256
from typing import TypeVar

import numpy as np

from .study_record import CaseSet, JudgedModel

Item = TypeVar("Item")


def order_seed(seed: int, *measured: np.ndarray) -> int:
    """A seed that only those who hold the cohort can make: of the run's seed and all that was measured of the cases.

    The run's own seed stands in the bundle, and with it anyone could put the rows back into the table's order, which
    may be that of dates or of names. The same run on the same cohort still gives the same order.
    """
    digest = sha256(f"order of the cases {seed}".encode())
    for array in measured:
        digest.update(np.ascontiguousarray(array).tobytes())
    return int.from_bytes(digest.digest()[:16], "big")


def in_random_order(
    cases: CaseSet, models: Sequence[JudgedModel], seed: int
) -> tuple[CaseSet, tuple[JudgedModel, ...], np.ndarray]:
    """The case set with the models that answered it, all in one new order; models of other case sets stay as they are.

    Patients are numbered anew in that order. ``seed`` is that of :func:`order_seed`.

    Returns
    -------
    tuple
        The case set, the models, and the order: ``(cases,)`` old positions.
    """
    order = np.random.default_rng([seed, *cases.name.encode()]).permutation(len(cases.outcomes))

    def ordered(values: Sequence[Item]) -> tuple[Item, ...]:
        return tuple(values[place] for place in order)

    numbers: dict[int, int] = {}
    drawn = CaseSet(
        cases.name,
        ordered(cases.outcomes),
        tuple(numbers.setdefault(patient, len(numbers)) for patient in ordered(cases.patients)),
        {label: ordered(groups) for label, groups in cases.subgroups.items()},
    )
    answered = tuple(
        replace(
            model,
            scores=tuple(ordered(row) for row in model.scores),
            predicted=tuple(ordered(row) for row in model.predicted),
        )
        if model.cases == cases.name
        else model
        for model in models
    )
    return drawn, answered, order
