"""An answering program whose study does what the case's clinical value ``do`` says; its bundle is any text file."""

from __future__ import annotations

import ctypes
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np

from CervixRiskLib.bundle import Contribution, Prediction, PredictionWarning, WarningCode
from CervixRiskLib.errors import DeviceError, RoiError
from CervixRiskLib.worker.child import main


class FakePredictor:
    """Its answer holds what came in, so that a test sees whether it came in whole."""

    needs_roi = True
    channels = ("image",)
    clinical_predictors = ()
    manifest = SimpleNamespace(to_json=lambda: {"task": "plnm"})
    columns = SimpleNamespace(to_mapping=dict)

    def __init__(self, path: Path) -> None:
        self.bundle = SimpleNamespace(hash=content_hash(path))
        self.loaded = time.monotonic()
        self.answers = 0

    def predict(self, case, *, heatmap=True, progress=None):
        self.answers += 1
        action = getattr(self, str(case.clinical.get("do", "answer")))
        with progress.task("Answering", total=3) as task:
            action(case, task)
        values = {name: value for name, value in case.clinical.items() if isinstance(value, float | int)}
        contributions = [Contribution(name, "radiomics", value, -0.0) for name, value in values.items()]
        contributions.append(Contribution("answers", "radiomics", self.answers, self.loaded))
        contributions.append(Contribution("process", "radiomics", os.getpid(), 0.0))
        further = sum(float(image.pixels.sum()) for image in case.further_images)
        return Prediction(
            case_id=case.case_id,
            task="plnm",
            probability=0.1 + 0.2,
            interval=(1e-300, np.float64(1 / 3)),
            threshold=None,
            label=str(case.image.notes),
            positive_class=repr(case.image.geometry),
            score=further,
            contributions=tuple(contributions),
            heatmap=np.where(case.roi.mask, case.image.pixels, np.float32("nan")) if heatmap else None,
            warnings=(PredictionWarning(WarningCode.SMALL_ROI, str(case.clinical.get("text", ""))),),
            bundle_hash=self.bundle.hash,
            mask_hash=case.roi.mask_hash,
        )

    def answer(self, case, task) -> None:
        pass

    def broken_card(self, case, task) -> None:
        raise DeviceError("The graphics card failed: start the program again.")

    def steps(self, case, task) -> None:
        for _ in range(3):
            time.sleep(0.06)
            task.advance(detail="half")

    def loop(self, case, task) -> None:
        while True:
            time.sleep(0.02)
            task.advance(0)

    def hang(self, case, task) -> None:
        time.sleep(600)

    def with_children(self, case, task) -> None:
        sleeper = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
        Path(str(case.clinical["file"])).write_text(str(sleeper.pid), encoding="utf-8")
        getattr(self, str(case.clinical["then"]))(case, task)

    def refuse(self, case, task) -> None:
        raise RoiError("The contour is too small.")

    def fault(self, case, task) -> None:
        raise KeyError(f"/home/{case.case_id}/scan.dcm")

    def memory(self, case, task) -> None:
        np.empty(1 << 62, dtype=np.uint8)

    def memory_limit(self, case, task) -> None:
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
        hoard = []
        while True:
            hoard.append(bytearray(64 << 20))

    def torch_memory(self, case, task) -> None:
        raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")

    def killed(self, case, task) -> None:
        os.kill(os.getpid(), 9)

    def segfault(self, case, task) -> None:
        print(f"patient {case.case_id}", file=sys.stderr, flush=True)
        ctypes.string_at(0)

    def leave(self, case, task) -> None:
        os._exit(3)

    def chatter(self, case, task) -> None:
        print('{"protocol":1,"kind":"stopped","ticket":1}')
        sys.stdout.flush()
        os.write(1, b"\xff\xfe printed by a C library\n" * 10_000)
        assert sys.stdin.read() == "" if sys.stdin else True
        assert os.read(0, 1) == b""

    def litter(self, case, task) -> None:
        Path(tempfile.mkdtemp(), "weights").write_bytes(b"x" * 1000)


def content_hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def open_fake(path: Path, *, device: str, runtime: str):
    if "slow" in path.read_text(encoding="utf-8"):
        time.sleep(600)
    return SimpleNamespace(title=f"Fake on {device} with {runtime}"), FakePredictor(path)


if __name__ == "__main__":
    sys.exit(main(open_fake, content_hash))
