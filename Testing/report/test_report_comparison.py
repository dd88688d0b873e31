"""The table of several networks beside the published values."""

from __future__ import annotations

import io
from pathlib import Path

import pandas as pd
import pytest

from CervixRiskLib import RESEARCH_USE_NOTICE, SIMULATED_MARK
from CervixRiskLib.bundle import Metric
from CervixRiskLib.errors import SettingsError, TrainingError
from CervixRiskLib.report import ComparedNetwork, comparison_table, write_comparison


def metric(name: str, value: float | None) -> Metric:
    bounds = (None, None) if value is None else (value - 0.184, value + 0.147)
    return Metric(name, value, *bounds, "honest", 33, "x")


HRNET = ComparedNetwork(
    "hrnet_w32", [metric("accuracy", 0.697), metric("auc", 0.7778)], {"accuracy": 0.697, "auc": 0.7778}
)
RESNET = ComparedNetwork(
    "resnet50", [metric("accuracy", 0.6364), metric("auc", None)], {"accuracy": 0.6364, "auc": None}
)


def test_every_value_with_its_interval_and_the_published_one_beside() -> None:
    table = comparison_table([HRNET, RESNET])
    assert list(table.columns) == [
        "network", "n", "accuracy", "accuracy published", "macro precision", "macro precision published",
        "macro recall", "macro recall published", "macro F1", "macro F1 published", "AUC", "AUC published",
    ]  # fmt: skip
    first, second = table.iloc[0], table.iloc[1]
    assert first["accuracy"] == "0.697 (0.51-0.84)"
    assert (first["n"], first["AUC published"], second["AUC published"]) == ("33", "0.7778", "–")
    assert second["AUC"] == "undefined"
    assert first["macro F1"] == "–"


def test_no_empty_columns_of_published_values() -> None:
    table = comparison_table([ComparedNetwork("a", HRNET.metrics)], ["auc"])
    assert list(table.columns) == ["network", "n", "AUC"]


def test_markdown_reads_back_as_the_same_table(tmp_path: Path) -> None:
    table = comparison_table([HRNET, RESNET])
    path = write_comparison(table, tmp_path / "t.md", notes=["Held-out cases."], simulated=True)
    text = path.read_text(encoding="utf-8")
    rows = [line for line in text.splitlines() if line.startswith("|")]
    back = pd.read_csv(io.StringIO("\n".join([rows[0], *rows[2:]])), sep=r"\s*\|\s*", engine="python", dtype=str)
    pd.testing.assert_frame_equal(back.iloc[:, 1:-1], table, check_dtype=False)
    assert "Held-out cases." in text
    assert RESEARCH_USE_NOTICE in text
    assert SIMULATED_MARK in text
    assert SIMULATED_MARK not in write_comparison(table, tmp_path / "u.md").read_text(encoding="utf-8")


def test_csv_reads_back_as_the_same_table(tmp_path: Path) -> None:
    table = comparison_table([HRNET, RESNET])
    back = pd.read_csv(write_comparison(table, tmp_path / "t.csv", simulated=True), dtype=str)
    pd.testing.assert_frame_equal(back.drop(columns="simulated"), table, check_dtype=False)
    assert set(back["simulated"]) == {"True"}


def test_what_cannot_be_written(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="xlsx"):
        write_comparison(comparison_table([HRNET]), tmp_path / "t.xlsx")
    with pytest.raises(TrainingError):
        comparison_table([])
