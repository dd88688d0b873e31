"""What staging networks answered to each case they had not seen: a table that names cases and stays beside the run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..staging import StagingResult

HELD_OUT_NAME = "held_out.csv"


def write_held_out_answers(result: StagingResult, folder: Path) -> Path:
    """Write :data:`HELD_OUT_NAME`: a row for each network and case, with the group, the answer and the softmax shares.

    Raises
    ------
    StorageError
        The folder cannot be made or written.
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
    path = folder / HELD_OUT_NAME
    with atomic_file(path) as partial:
        pd.DataFrame(rows).to_csv(partial, index=False)
    return path
