"""Intraclass correlations of features, and where they come from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pandas as pd

from ..errors import SettingsError
from ..statistics.agreement_analyses import AgreementAnalysis

ESTIMATES = {kind: f"{kind.value}_icc" for kind in AgreementAnalysis}
LOWER_BOUNDS = {kind: f"{kind.value}_lower" for kind in AgreementAnalysis}


@dataclass(frozen=True, eq=False)
class IccTable:
    """What is known of the features' agreement.

    Parameters
    ----------
    values
        Index: feature names. Columns among ``inter_icc``, ``intra_icc``, ``perturbation_icc`` and the lower bounds
        ``inter_lower``, ….
    origin
        Where the table comes from, for a sentence ("reader study 6f45…", "the table icc.csv").
    cases
        On how many cases each analysis was made, where that is known.
    simulated
        The contours or images were simulated.
    preset_hash, pixel_size_known
        What was measured and whether in millimetres; ``None`` where nobody said.
    """

    values: pd.DataFrame
    origin: str
    cases: Mapping[AgreementAnalysis, int] = field(default_factory=dict)
    simulated: bool = False
    preset_hash: str | None = None
    pixel_size_known: bool | None = None

    @property
    def analyses(self) -> tuple[AgreementAnalysis, ...]:
        """The analyses that the table has."""
        return analyses_of(self.values)

    @classmethod
    def read(cls, path: Path) -> IccTable:
        """Read a CSV file: a column ``feature``, columns as in ``values``, and ``simulated`` where it says so.

        Raises
        ------
        SettingsError
            The file is missing, is no table, or holds no usable column.
        """
        try:
            table = pd.read_csv(path)
        except FileNotFoundError:
            raise SettingsError(f"The ICC table {path.name} does not exist: check the path.") from None
        except (OSError, ValueError) as error:
            raise SettingsError(f"The ICC table {path.name} cannot be read as CSV: save it as CSV in UTF-8.") from error
        known = [name for name in (*ESTIMATES.values(), *LOWER_BOUNDS.values()) if name in table.columns]
        if "feature" not in table.columns or not known:
            raise SettingsError(
                f"The ICC table {path.name} needs a column 'feature' and at least one of "
                f"{', '.join(ESTIMATES.values())}."
            )
        if table["feature"].duplicated().any():
            raise SettingsError(f"The ICC table {path.name} names a feature twice: keep one.")
        try:
            values = table[known].astype(float)
        except ValueError:
            raise SettingsError(
                f"The ICC table {path.name} holds values that are not numbers: correct or empty those cells."
            ) from None
        if (values > 1 + 1e-9).to_numpy().any():
            raise SettingsError(f"The ICC table {path.name} holds ICCs above 1: no ICC is, so check its columns.")
        simulated = "simulated" in table.columns and bool(table["simulated"].astype(str).str.lower().eq("true").any())
        return cls(values.set_index(table["feature"].astype(str)), f"the table {path.name}", simulated=simulated)


def analyses_of(values: pd.DataFrame) -> tuple[AgreementAnalysis, ...]:
    """The analyses that a table's columns speak of."""
    return tuple(
        kind for kind in AgreementAnalysis if ESTIMATES[kind] in values.columns or LOWER_BOUNDS[kind] in values.columns
    )


def read_icc_table(path: Path) -> pd.DataFrame:
    """The values alone of a file; see :meth:`IccTable.read`."""
    return IccTable.read(path).values
