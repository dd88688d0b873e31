"""The list of reproducible features of one training, and what is to be said about where it comes from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import SettingsError, TrainingError
from ..radiomics import load_preset
from ..statistics.agreement_analyses import AgreementAnalysis, deciding_analyses
from .icc_table import IccTable
from .reproducibility import ReproducibilityFilter
from .settings import TrainingSettings

_PAPER_THRESHOLD = 0.75
_PAPER_CASES = 50
_READERS = (AgreementAnalysis.INTER, AgreementAnalysis.INTRA)


@dataclass(frozen=True, eq=False)
class ReproducibleList:
    """Which features may be used, and why.

    Parameters
    ----------
    filter
        Keeps them in every resample; keeps everything where there is no table.
    table
        ``None``: features are not filtered.
    decided_by
        The analyses that decide.
    """

    filter: ReproducibilityFilter
    settings: TrainingSettings
    table: IccTable | None = None
    decided_by: tuple[AgreementAnalysis, ...] = ()

    @classmethod
    def of(cls, settings: TrainingSettings, table: IccTable | None, *, simulated: bool) -> ReproducibleList:
        """Judge the features of ``table``, or of the file that the settings name.

        Raises
        ------
        SettingsError
            Both are given; the file cannot be used; the table is of another preset or of simulated readers while the
            cohort is not ``simulated``; the rule needs what the table has not.
        """
        if settings.icc_table is not None:
            if table is not None:
                raise SettingsError("A table of ICCs (--icc) and a reader study (--reading) contradict: give one.")
            table = IccTable.read(settings.icc_table)
        if table is None:
            return cls(ReproducibilityFilter(), settings)
        if table.simulated and not simulated:
            raise SettingsError(
                "The agreement comes from simulated readers or images and the cohort does not: features for patients "
                "need readings of patients."
            )
        if table.preset_hash not in (None, load_preset(settings.preset).content_hash):
            raise SettingsError("The agreement was measured with another preset than the training's: use the same one.")
        decided_by = deciding_analyses(table.analyses, settings.icc_analyses)
        kept = ReproducibilityFilter.from_table(
            table.values,
            threshold=settings.icc_threshold,
            rule=settings.icc_rule,
            bound=settings.icc_bound,
            analyses=decided_by,
        )
        return cls(kept, settings, table, decided_by)

    def check_pixel_size(self, known: bool) -> None:
        """Raise ``TrainingError`` where agreement and cohort were measured in different units (decision 0006)."""
        if self.table is not None and self.table.pixel_size_known not in (None, known):
            raise TrainingError(
                "The cohort and the readings of the agreement differ: only one of them has pixel sizes. Features in "
                "pixels and in millimetres cannot be mixed."
            )

    def kept(self, columns: Sequence[str]) -> int:
        """How many of the radiomic ``columns`` stay."""
        names = set(columns)
        return len(names if self.filter.keep is None else names.intersection(self.filter.keep))

    def sentence(self, columns: Sequence[str]) -> str:
        """What was done, for the person, the manifest and the model card."""
        if self.table is None:
            return "No agreement of readers was given: features were not filtered for reproducibility."
        settings = self.settings
        judged = "ICC" if settings.icc_bound == "estimate" else "lower 95 % bound of the ICC"
        joined = ""
        if len(self.decided_by) > 1:
            joined = " in each of" if settings.icc_rule == "either" else " in at least one of"
        return (
            f"{self.kept(columns)} of {len(columns)} radiomic features are reproducible: {judged} of at least "
            f"{settings.icc_threshold:g}{joined or ','} {self._analyses()}; from {self.table.origin}."
        )

    def deviations(self) -> list[str]:
        """Where the list departs from the paper's."""
        if self.table is None:
            return ["Features were not filtered for reproducibility (paper: ICC of at least .75)."]
        settings, found = self.settings, []
        readers = [kind for kind in self.decided_by if kind in _READERS]
        if not readers:
            found.append(
                "Reproducible features come from perturbed contours, not from readers (paper: a second reader and a "
                "repeat)."
            )
        elif len(readers) == 1:
            found.append(f"Features were filtered by the {readers[0].heading.lower()} analysis alone (paper: both).")
        if readers and AgreementAnalysis.PERTURBATION in self.decided_by:
            found.append("Perturbed contours, which are not readers, decide about features too (paper: readers alone).")
        few = {
            kind: self.table.cases[kind] for kind in readers if self.table.cases.get(kind, _PAPER_CASES) < _PAPER_CASES
        }
        if few:
            told = " and ".join(f"{kind.value} {count}" for kind, count in few.items())
            found.append(f"Agreement of readers on fewer cases than the paper's 50: {told}.")
        if settings.icc_bound == "lower":
            found.append("Features are judged by the ICC's lower confidence bound (paper: by the estimate).")
        if settings.icc_threshold != _PAPER_THRESHOLD:
            found.append(f"The ICC threshold is {settings.icc_threshold:g} (paper: .75).")
        return found

    def details(self, columns: Sequence[str]) -> dict[str, Any]:
        """Plain values for the manifest."""
        if self.table is None:
            return {"origin": None, "kept": len(columns), "of": len(columns)}
        settings = self.settings
        return {
            "origin": self.table.origin,
            "analyses": [kind.value for kind in self.decided_by],
            "between_people": all(kind in _READERS for kind in self.decided_by),
            "cases": {kind.value: self.table.cases[kind] for kind in self.decided_by if kind in self.table.cases},
            "rule": settings.icc_rule,
            "bound": settings.icc_bound,
            "threshold": settings.icc_threshold,
            "kept": self.kept(columns),
            "of": len(columns),
        }

    def _analyses(self) -> str:
        assert self.table is not None
        words = []
        for kind in self.decided_by:
            what = "perturbed contours, not readers" if kind is AgreementAnalysis.PERTURBATION else kind.heading.lower()
            count = self.table.cases.get(kind)
            words.append(what if count is None else f"{what} ({count} cases)")
        return " and ".join(words)
