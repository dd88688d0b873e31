"""Make ``CervixRisk/Resources/SampleData``: two simulated slices, and the demo model that answers for each.

    python Testing/sample_data/make_sample_data.py [--work FOLDER]

Everything is simulated and seeded. The trainings take about ten minutes on two cores; what they made stays in the work
folder and is taken again by the next run, so delete it to begin anew. Needs the extras ``train`` and ``cpu``. The same
library versions give the same slices, and models that answer alike; the models' files differ by their times and names.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import shutil
import sys
from pathlib import Path
from typing import Any

from demo_models import make_mr_model, make_ultrasound_model
from sample_slices import SampleSlice, mr_slice, ultrasound_slice, write_slice, write_thumbnail

ROOT = Path(__file__).resolve().parents[2]
DESTINATION = ROOT / "CervixRisk" / "Resources" / "SampleData"
MODELS = {
    "ultrasound": ("Demo-model-ultrasound.zip", make_ultrasound_model),
    "mr": ("Demo-model-MR.zip", make_mr_model),
}
NOTICE = "Everything in this folder is simulated: it shows how the program works and says nothing about any patient."


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--work", type=Path, default=ROOT / "build" / "sample_data", help="Cohorts and weights.")
    parser.add_argument("--output", type=Path, default=DESTINATION, help="Where the samples go.")
    options = parser.parse_args()
    # The library of this checkout, whichever is installed.
    sys.path.insert(0, str(ROOT))
    make(options.work, options.output)


def make(work: Path, output: Path) -> None:
    """Make everything, slices last: the list of files is written once all of them are there."""
    from CervixRiskLib.cli.progress_bar import ProgressBar

    for folder in (work, output):
        folder.mkdir(parents=True, exist_ok=True)
    with ProgressBar() as progress:
        for name, make_model in MODELS.values():
            if not (work / name).is_file():
                make_model(work, work / name, progress)
            shutil.copyfile(work / name, output / name)
    listed = [write_sample(sample, output) for sample in (ultrasound_slice(), mr_slice())]
    content = {"version": 1, "notice": NOTICE, "samples": listed}
    (output / "samples.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")


def write_sample(sample: SampleSlice, output: Path) -> dict[str, Any]:
    """Write slice, contour and thumbnail into ``output``, and return the entry of ``samples.json``."""
    from CervixRiskLib.imaging import Roi, read_image, write_roi

    paths = {
        "image": output / f"{sample.key}.nrrd",
        "contour": output / f"{sample.key}.seg.nrrd",
        "thumbnail": output / f"{sample.key}.png",
        "model": output / MODELS[sample.key][0],
    }
    write_slice(paths["image"], sample.image)
    written = read_image(paths["image"])
    write_roi(paths["contour"], Roi.from_mask(sample.roi.mask, written), written)
    write_thumbnail(paths["thumbnail"], sample)
    files = {role: {"file": path.name, "sha256": _sha256(path)} for role, path in paths.items()}
    return {
        "key": sample.key,
        "title": sample.title,
        "modality": sample.modality,
        **files,
        "clinical": sample.clinical,
        "truth": sample.truth,
    }


def _sha256(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


if __name__ == "__main__":
    main()
