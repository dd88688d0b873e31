"""An answer for a slice of 60 x 80 pixels, the nomogram behind it, and a worker in this process that gives it."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np

from CervixRiskLib.bundle import CaseInput, Contribution, Prediction, PredictionWarning, PredictorPoints, WarningCode
from CervixRiskLib.imaging import Roi
from CervixRiskLib.statistics import Nomogram
from CervixRiskLib.worker import FailureKind, StudyFacts, WorkerAnswer, WorkerEvent, WorkerFailure
from CervixRiskLib.workflow.case_answer import CaseAnswer

BUNDLE = Path("model")
SHAPE = (60, 80)
VALUES = {"fusion_score": 0.41, "maximum_diameter": 38.2}
NOMOGRAM = Nomogram.from_logistic(
    ["fusion_score", "maximum_diameter"],
    ["Fusion score", "Maximum diameter"],
    ["", "mm"],
    [4.0, 0.03],
    -3.0,
    [(0, 1), (5, 80)],
)
FACTS = StudyFacts("Lymph node metastasis", True, (), (), "CPU.", {"nomogram": NOMOGRAM.to_dict()}, {})


class FakeWorker:
    """Answers one question a poll; more lesion is more risk."""

    def __init__(self, own: int) -> None:
        self.own = own
        self.asked: list[CaseInput] = []
        self.waiting: list[tuple[int, CaseInput]] = []
        self.ended: list[WorkerEvent] = []

    def request(self, case: CaseInput, bundle: Path, options: Any) -> int:
        self.asked.append(case)
        self.waiting.append((len(self.asked), case))
        return len(self.asked)

    def poll(self) -> list[WorkerEvent]:
        events, self.ended = self.ended, []
        if self.waiting:
            ticket, case = self.waiting.pop(0)
            probability = 0.31 + 0.001 * (case.roi.n_pixels - self.own)
            events.append(WorkerAnswer(ticket, prediction_of(case.roi, probability), 0.1, "CPU."))
        return events

    def cancel(self, ticket: int) -> None:
        self.waiting = [entry for entry in self.waiting if entry[0] != ticket]
        self.ended.append(WorkerFailure(ticket, FailureKind.CANCELLED, "Cancelled", "Stopped."))

    def close(self) -> None:
        pass


def prediction_of(roi: Roi, probability: float = 0.31, **changes: Any) -> Prediction:
    points = tuple(
        PredictorPoints(
            axis.name, axis.label, VALUES[axis.name], axis.unit, NOMOGRAM.points(axis.name, VALUES[axis.name])
        )
        for axis in NOMOGRAM.axes
    )
    heat = np.zeros(SHAPE, dtype=np.float32)
    heat[20:40, 20:40] = 0.9
    made = Prediction(
        case_id="case",
        task="plnm",
        probability=probability,
        interval=(0.22, 0.42),
        threshold=0.35,
        label="metastasis" if probability >= 0.35 else "no metastasis",
        positive_class="metastasis",
        score=0.41,
        points=points,
        total_points=NOMOGRAM.total(VALUES),
        contributions=tuple(Contribution(f"feature_{n}", "deep", 1.0, (-1.0) ** n / (n + 1)) for n in range(8)),
        heatmap=heat,
        heatmap_target="Grad-CAM of the fusion score",
        warnings=(
            PredictionWarning(WarningCode.SMALL_ROI, "The region is small."),
            PredictionWarning(WarningCode.DEMO_BUNDLE, "Simulated."),
        ),
        simulated=True,
        mask_hash=roi.mask_hash,
    )
    return dataclasses.replace(made, **changes)


def box(rows: slice, columns: slice) -> Roi:
    mask = np.zeros(SHAPE, dtype=bool)
    mask[rows, columns] = True
    return Roi(mask, (0.5, 0.5))


OWN = box(slice(20, 30), slice(20, 30))


def answer(context: Any, **changes: Any) -> None:
    """The step that asks has got an answer about the contour ``OWN``."""
    prediction = prediction_of(OWN, **changes)
    context.session.show_answer(CaseAnswer(prediction, FACTS, BUNDLE, context.session.choice(), "CPU.", 0.41))
