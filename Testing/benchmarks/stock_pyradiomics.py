"""Stock PyRadiomics 3.0.1 as a warm process of its own, for the benchmarks to measure against.

PyRadiomics needs packages that clash with this project's, so it lives in an environment of its own:

    python -m venv stock
    stock/bin/pip install "setuptools<70" wheel numpy "scipy<1.17" trimesh
    stock/bin/pip install --no-build-isolation pyradiomics==3.0.1

and is named by ``--stock-python stock/bin/python``. This file is both sides: imported, it gives
:class:`StockPyRadiomics`; run by the stock interpreter (``--serve``), it answers without anything of this project.
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any


class StockPyRadiomics:
    """A warm PyRadiomics; ``execute`` returns the features and the seconds that PyRadiomics itself took.

    Starting the process, building the extractor and carrying the arrays over are not counted. ``cpu_seconds`` holds the
    processor time of the last answer, which other programs on the machine disturb less.
    """

    cpu_seconds = 0.0

    def __init__(self, python: str | Path, parameter_file: str | Path) -> None:
        self._process = subprocess.Popen(
            # Isolated: the benchmark beside this file is called radiomics too.
            [str(python), "-I", str(Path(__file__).resolve()), "--serve", str(Path(parameter_file).resolve())],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._folder = tempfile.TemporaryDirectory()
        self.version = str(self._answer()["version"])

    def execute(self, image: Any, mask: Any, spacing_mm: tuple[float, float] | None) -> tuple[dict[str, float], float]:
        """Features by name of a slice ``(rows, columns)`` within ``mask``, and the seconds taken.

        Raises ``RuntimeError`` with PyRadiomics' own words where it fails.
        """
        import numpy as np

        folder = Path(self._folder.name)
        np.save(folder / "image.npy", np.asarray(image, dtype=np.float32))
        np.save(folder / "mask.npy", np.asarray(mask, dtype=np.uint8))
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({"folder": str(folder), "spacing_mm": spacing_mm or (1.0, 1.0)}) + "\n")
        self._process.stdin.flush()
        answer = self._answer()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        self.cpu_seconds = float(answer["cpu_seconds"])
        return answer["features"], answer["seconds"]

    def close(self) -> None:
        """End the process."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        self._process.wait(timeout=30)
        self._folder.cleanup()

    def __enter__(self) -> StockPyRadiomics:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise SystemExit(f"Stock PyRadiomics did not start or has died. How to install it:\n{__doc__}")
        answer: dict[str, Any] = json.loads(line)
        return answer


def _serve(parameter_file: str) -> None:
    """Answer requests, one JSON object a line, until the input ends."""
    # What PyRadiomics or a library prints must not get between the answers.
    answers, sys.stdout = sys.stdout, sys.stderr

    def tell(answer: dict[str, Any]) -> None:
        answers.write(json.dumps(answer) + "\n")
        answers.flush()

    import logging

    import numpy as np
    import radiomics
    import SimpleITK
    from radiomics import featureextractor

    radiomics.logger.setLevel(logging.CRITICAL)
    extractor = featureextractor.RadiomicsFeatureExtractor(parameter_file)
    tell({"version": radiomics.__version__})
    for line in sys.stdin:
        request = json.loads(line)
        folder = Path(request["folder"])
        row_mm, column_mm = request["spacing_mm"]
        image = SimpleITK.GetImageFromArray(np.load(folder / "image.npy")[np.newaxis])
        mask = SimpleITK.GetImageFromArray(np.load(folder / "mask.npy")[np.newaxis])
        for volume in (image, mask):
            volume.SetSpacing((column_mm, row_mm, 1.0))
        try:
            start, cpu_start = time.perf_counter(), time.process_time()
            result = extractor.execute(image, mask)
            seconds, cpu_seconds = time.perf_counter() - start, time.process_time() - cpu_start
        except Exception as error:  # whatever it trips over is the answer
            tell({"error": f"{type(error).__name__}: {error}"})
            continue
        features = {name: float(value) for name, value in result.items() if not name.startswith("diagnostics_")}
        tell({"features": features, "seconds": seconds, "cpu_seconds": cpu_seconds})


if __name__ == "__main__":
    if len(sys.argv) != 3 or sys.argv[1] != "--serve":
        raise SystemExit(__doc__)
    _serve(sys.argv[2])
