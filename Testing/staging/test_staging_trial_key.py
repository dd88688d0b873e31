"""Under what name a finished trial is kept: another code's answers are not those of today's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from CervixRiskLib.imaging import SlicePreprocessing
from CervixRiskLib.networks import TrainingPlan
from CervixRiskLib.staging import StagingSettings, load_staging_cohort, trial
from CervixRiskLib.staging.case_crops import build_case_crops

pytestmark = pytest.mark.torch


def test_an_update_begins_anew(tmp_path, write_disc_cohort, monkeypatch):
    plan = replace(TrainingPlan.published(), epochs=1, batch_size=8)
    settings = StagingSettings(
        networks=("shufflenet_v2_x1_0",),
        weights="none",
        plan=plan,
        preprocessing=SlicePreprocessing(size=32, clahe_clip=0.0),
        field_of_view_mm=60.0,
    )
    cases = build_case_crops(load_staging_cohort(write_disc_cohort(tmp_path / "discs", 24), settings), settings)
    training, judged = np.arange(16), np.arange(16, 24)

    def run():
        trial.run_trial(
            "shufflenet_v2_x1_0", cases, training, judged, plan, settings, device="cpu", work_dir=tmp_path / "work"
        )
        return {path.name for path in (tmp_path / "work").iterdir()}

    first = run()
    assert len(first) == 1
    assert run() == first
    monkeypatch.setattr(trial, "code_version", lambda rooms: "changed")
    assert len(run()) == 2
