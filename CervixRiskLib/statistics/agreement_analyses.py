"""The analyses that an intraclass correlation of features can come from, and which of them decide."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from enum import Enum

from ..errors import SettingsError


class AgreementAnalysis(str, Enum):
    """Where repeated measurements of the same tumours come from.

    ``INTER``: several readers. ``INTRA``: one reader twice. ``PERTURBATION``: perturbed versions of one contour, an
    alternative where there are no further readings; it says nothing about agreement between people.
    """

    INTER = "inter"
    INTRA = "intra"
    PERTURBATION = "perturbation"

    @property
    def heading(self) -> str:
        """For headings."""
        return {"inter": "Inter-observer", "intra": "Intra-observer", "perturbation": "Perturbed contours"}[self.value]


def deciding_analyses(
    available: Collection[AgreementAnalysis], asked: Iterable[AgreementAnalysis | str] | None = None
) -> tuple[AgreementAnalysis, ...]:
    """The analyses that decide which features are reproducible, in the order of :class:`AgreementAnalysis`.

    Parameters
    ----------
    available
        Those that were made.
    asked
        Exactly these. ``None``: the readers' analyses, and perturbed contours only where there is none of readers.

    Raises
    ------
    SettingsError
        There is no analysis at all, none is asked for, or one is asked for that does not exist or was not made.
    """
    if asked is None:
        if not available:
            raise SettingsError("There is no agreement analysis (inter, intra or perturbation) to judge by.")
        made_by_readers = tuple(
            kind for kind in (AgreementAnalysis.INTER, AgreementAnalysis.INTRA) if kind in available
        )
        return made_by_readers or (AgreementAnalysis.PERTURBATION,)
    names = [kind.value for kind in AgreementAnalysis]
    wanted = [str(getattr(kind, "value", kind)) for kind in asked]
    for name in wanted:
        if name not in names:
            raise SettingsError(f"There is no agreement analysis {name!r}: choose from {', '.join(names)}.")
        if AgreementAnalysis(name) not in available:
            made = ", ".join(kind.value for kind in AgreementAnalysis if kind in available) or "none"
            raise SettingsError(f"The analysis {name!r} was asked for and was not made; made: {made}.")
    if not wanted:
        raise SettingsError("No agreement analysis was named: choose inter, intra or perturbation.")
    return tuple(kind for kind in AgreementAnalysis if kind.value in wanted)
