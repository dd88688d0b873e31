"""The validation of staging networks as a table on the screen, and the held-out answers as a file."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from .output import print_table, remark

if TYPE_CHECKING:
    import pandas as pd

    from ..staging import StagingResult, ValidatedNetwork

_PAPER = (
    "Published: Dai et al. 2025, Table 2, 33 test patients; its best network leads the next by one patient, and 23 of "
    "33 right has a 95 % interval of 0.51 to 0.84. A comparison, not a target."
)


def print_comparison(result: StagingResult) -> None:
    """Every network's measures with their intervals, the published value beside."""
    table = _table(result)
    print_table("Held-out cases", tuple(table.columns), table.itertuples(index=False))
    if _comparable(result):
        remark(_PAPER)


def _table(result: StagingResult) -> pd.DataFrame:
    from ..report import ComparedNetwork, comparison_table
    from ..staging.published_table import PUBLISHED_TABLE_2

    published = {
        row.network: {
            "accuracy": row.accuracy,
            "macro_precision": row.precision,
            "macro_recall": row.recall,
            "macro_f1": row.f1,
            "auc": row.auc,
        }
        for row in PUBLISHED_TABLE_2
    }
    beside = _comparable(result)
    return comparison_table(
        [
            ComparedNetwork(
                _title(network), network.evaluation.metrics, published.get(network.name, {}) if beside else {}
            )
            for network in result.networks
        ]
    )


def _comparable(result: StagingResult) -> bool:
    """Whether the cohort has the groups that the paper has."""
    from ..staging import GROUP_NAMES

    return result.class_names == GROUP_NAMES


def _title(network: ValidatedNetwork) -> str:
    from ..networks import network_spec

    return network_spec(network.name).title


def write_answers(result: StagingResult, path: Path) -> Path:
    """Every network's answer for every held-out case as a table; it names the cases.

    Raises
    ------
    StorageError
        The place cannot be written.
    """
    import pandas as pd

    from ..atomic import atomic_file

    rows = []
    for network in result.networks:
        found = network.evaluation
        for index, case_id in enumerate(network.case_ids):
            rows.append(
                {
                    "network": network.name,
                    "case_id": case_id,
                    "group": result.class_names[found.truth[index]],
                    "answered": result.class_names[found.predicted[index]],
                    **{
                        f"softmax_{name}": found.probabilities[index, code]
                        for code, name in enumerate(result.class_names)
                    },
                    "simulated": result.manifest.simulated,
                }
            )
    with atomic_file(path) as partial:
        pd.DataFrame(rows).to_csv(partial, index=False)
    return path
