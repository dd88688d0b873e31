"""The validation of staging networks as tables on the screen and files in a folder."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

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


def write_report(result: StagingResult, folder: Path) -> dict[str, Path]:
    """Comparison table, ROC curves, confusion matrices, training curves and held-out answers in ``folder``.

    Raises
    ------
    StorageError
        The folder cannot be made or written.
    """
    from ..atomic import storage_errors
    from ..report import draw_confusion_matrices, draw_training_curves, write_comparison

    with storage_errors():
        folder.mkdir(parents=True, exist_ok=True)
    simulated = result.manifest.simulated
    notes = [*result.notes, *([_PAPER] if _comparable(result) else [])]
    table = _table(result)
    names = [_title(network) for network in result.networks]
    files = {
        "Comparison": write_comparison(table, folder / "comparison.md", notes=notes, simulated=simulated),
        "Comparison table": write_comparison(table, folder / "comparison.csv", simulated=simulated),
        "Confusion matrices": folder / "confusion_matrices.png",
        "Training curves": folder / "training_curves.png",
        "Held-out answers": _write_answers(result, folder / "held_out.csv"),
    }
    draw_confusion_matrices(
        [(name, network.evaluation.matrix) for name, network in zip(names, result.networks, strict=True)],
        result.class_names,
        path=files["Confusion matrices"],
        title="Held-out cases",
        simulated=simulated,
    )
    draw_training_curves(
        {
            name if len(network.trials) == 1 else f"{name}, fold {fold}": [_epoch(epoch) for epoch in trial.history]
            for name, network in zip(names, result.networks, strict=True)
            for fold, trial in enumerate(network.trials, start=1)
        },
        path=files["Training curves"],
        title="Training",
        simulated=simulated,
    )
    return files | _write_roc(result, folder)


def _write_roc(result: StagingResult, folder: Path) -> dict[str, Path]:
    """One file; with more than two groups one for each group against the others."""
    from ..report import RocCurve, draw_roc

    groups = result.class_names
    files: dict[str, Path] = {}
    for code, group in enumerate(groups):
        if len(groups) == 2 and code == 0:
            continue
        curves = [_curve(RocCurve, network, code) for network in result.networks]
        several = len(groups) > 2
        path = folder / (f"roc_{code}.png" if several else "roc.png")
        title = f"Held-out cases: {group} against the others" if several else f"Held-out cases: {group}"
        draw_roc(curves, path=path, title=title, simulated=result.manifest.simulated)
        files[f"ROC curves, {group}" if several else "ROC curves"] = path
    return files


def _curve(kind: Any, network: ValidatedNetwork, code: int) -> Any:
    from ..statistics import delong_interval

    found = network.evaluation
    truth = (found.truth == code).astype(int)
    score = found.logits[:, 1] - found.logits[:, 0] if found.logits.shape[1] == 2 else found.probabilities[:, code]
    if found.logits.shape[1] == 2:
        area = found.metric("auc")
        text = "undefined" if area.value is None else f"{area.value:.3f} ({area.lower:.2f}-{area.upper:.2f})"
    else:
        interval = delong_interval(truth, score)
        text = f"{interval.auc:.3f} ({interval.lower:.2f}-{interval.upper:.2f})"
    return kind(_title(network), truth, score, text)


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


def _epoch(content: dict[str, Any]) -> SimpleNamespace:
    """An epoch of a trial's history with the names that the figure reads; ``None`` becomes NaN where it must draw."""
    import math

    required = ("training_loss", "training_auc")
    return SimpleNamespace(
        **{name: math.nan if value is None and name in required else value for name, value in content.items()}
    )


def _write_answers(result: StagingResult, path: Path) -> Path:
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
