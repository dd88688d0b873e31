"""An answering program: what it does is the name of the case (``"hang"``, ``"killed"``, ...), else it answers.

Its models are zips with a ``bundle.json`` alone.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
import zipfile
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from CervixRiskLib.bundle import Contribution, Prediction
from CervixRiskLib.bundle.contents import BundleContents
from CervixRiskLib.bundle.load import read_manifest
from CervixRiskLib.cohort import ColumnDictionary
from CervixRiskLib.errors import BundleError, RoiError
from CervixRiskLib.networks import CamMethod
from CervixRiskLib.worker.child import main
from CervixRiskLib.worker.predictors import STUDIES


class FakeStudy:
    """Answers 0.31 with a heat map over the contour; the score is the contour's pixels and the further images' sum."""

    def __init__(self, path: Path, device: str) -> None:
        with zipfile.ZipFile(path) as archive:
            self.manifest = read_manifest(BundleContents({"bundle.json": archive.read("bundle.json")}))[0]
        self.bundle = SimpleNamespace(hash=content_hash(path))
        self.engine = SimpleNamespace(reason=f"Computed on {device}.")
        self.needs_roi = self.manifest.task == "plnm"
        self.channels = tuple(self.manifest.details.get("channels", ["image"]))
        self.clinical_predictors = tuple(predictor.name for predictor in self.manifest.clinical)
        entries = {
            predictor.name: {
                "label": predictor.label,
                "unit": predictor.unit,
                "kind": "continuous",
                "low": 0,
                "high": 100,
            }
            for predictor in self.manifest.clinical
        }
        self.columns = ColumnDictionary.from_mapping({"columns": entries}) if entries else ColumnDictionary()
        if path.stem == "refused":
            raise BundleError("The bundle's file 'x' was changed after the bundle was made: get the bundle again.")

    def predict(self, case, *, heatmap=True, heat_map_method="hirescam", progress=None):
        with progress.task("Answering", total=5) as task:
            getattr(self, f"do_{case.case_id}", self.do_nothing)(task)
        mask = np.zeros(case.image.shape, bool) if case.roi is None else case.roi.mask
        return Prediction(
            case_id=case.case_id,
            task=self.manifest.task,
            probability=0.31,
            interval=(0.22, 0.42),
            threshold=0.35,
            label=self.manifest.class_names[0],
            positive_class=self.manifest.positive_class,
            score=float(mask.sum()) + sum(float(image.pixels.sum()) for image in case.further_images),
            contributions=(Contribution("process", "radiomics", os.getpid(), 0.1),),
            heatmap=np.where(mask, 0.8, 0.1).astype(np.float32) if heatmap else None,
            heatmap_target=f"{CamMethod(heat_map_method).caption} of a fake",
            simulated=self.manifest.simulated,
            bundle_hash=self.bundle.hash,
            mask_hash="" if case.roi is None else case.roi.mask_hash,
        )

    def do_nothing(self, task) -> None:
        pass

    def do_steps(self, task) -> None:
        for name in ("radiomics", "network", "score", "map"):
            time.sleep(0.13)
            task.advance(detail=name)

    def do_hang(self, task) -> None:
        time.sleep(600)

    def do_killed(self, task) -> None:
        os.kill(os.getpid(), 9)

    def do_crash(self, task) -> None:
        os._exit(3)

    def do_memory(self, task) -> None:
        raise MemoryError

    def do_refuse(self, task) -> None:
        raise RoiError("The contour is too small to measure.")

    def do_fault(self, task) -> None:
        raise KeyError("patient")


def content_hash(path: Path) -> str:
    with zipfile.ZipFile(path) as archive:
        return hashlib.sha256(archive.read("bundle.json")).hexdigest()


def open_fake(path: Path, *, device: str, runtime: str):
    if path.stem == "slow":
        time.sleep(600)
    study = FakeStudy(path, device)
    return STUDIES.get(study.manifest.task, STUDIES["staging"]), study


if __name__ == "__main__":
    sys.exit(main(open_fake, content_hash))
