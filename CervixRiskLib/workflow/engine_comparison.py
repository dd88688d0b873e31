"""Our radiomics engine beside PyRadiomics on one slice: how far the values differ, and how long each takes.

``python -m CervixRiskLib.workflow.engine_comparison FOLDER`` compares the case that lies there; see
:mod:`.comparison_job`.
"""

from __future__ import annotations

import contextlib
import json
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from ..errors import CervixRiskError

if TYPE_CHECKING:
    from ..imaging import Roi, SliceImage
    from ..radiomics import FeatureVector, Preset

PRESET = "wang2025"
# PyRadiomics needs further packages for them, which its extension for Slicer does not bring.
_LEFT_OUT = ("LBP3D", "LBP2D")
# Where both values are smaller than this, both are zero with rounding noise.
_ZERO = 1e-12
_SLOW_SECONDS = 3.0
PIXELS_FILE, MASK_FILE, CASE_FILE, RESULT_FILE = "pixels.npy", "mask.npy", "case.json", "result.json"


@dataclass(frozen=True)
class EngineComparison:
    """How two engines' values of the same features compare.

    Parameters
    ----------
    n_features
        How many were compared.
    largest_difference
        The largest relative difference, ``|a - b| / max(|a|, |b|)``.
    feature
        The feature that has it.
    own_seconds, their_seconds
        Of our engine and of PyRadiomics.
    their_version
        Of PyRadiomics.
    """

    n_features: int
    largest_difference: float
    feature: str
    own_seconds: float
    their_seconds: float
    their_version: str


def compare_engines(
    image: SliceImage, roi: Roi, extract_with: Callable[[str, Preset], FeatureVector] | None = None
) -> EngineComparison:
    """Compute the features of ``wang2025`` with both engines and compare them.

    Local binary patterns are left out, and so are the wavelet bands that hold only rounding noise on one slice.

    Parameters
    ----------
    extract_with
        Gives the values of an engine; by default :func:`CervixRiskLib.radiomics.extract`.

    Raises
    ------
    FeatureError
        An engine cannot compute features of this contour.
    MissingComponentError
        PyRadiomics is not installed.
    """
    from ..radiomics import extract, feature_table

    preset = _compared_preset()

    def default(engine: str, wanted: Preset) -> FeatureVector:
        return extract(image, roi, wanted, engine)

    measured = extract_with or default
    own, own_seconds = _timed(lambda: measured("cervixrisk", preset))
    theirs, their_seconds = _timed(lambda: measured("pyradiomics", preset))
    counted = ~feature_table(preset)["noise"].to_numpy(dtype=bool)
    difference = np.where(counted, relative_difference(own.values, theirs.values), -1.0)
    worst = int(np.argmax(difference))
    return EngineComparison(
        int(counted.sum()),
        float(difference[worst]),
        preset.feature_names[worst],
        own_seconds,
        their_seconds,
        _their_version(),
    )


def relative_difference(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """``|a - b| / max(|a|, |b|)``, and 0 where both are zero but for rounding."""
    size = np.maximum(np.abs(first), np.abs(second))
    return np.where(size < _ZERO, 0.0, np.abs(first - second) / np.maximum(size, _ZERO))


def _compared_preset() -> Preset:
    from ..radiomics import Preset, load_preset

    full = load_preset(PRESET)
    image_types = {kind: own for kind, own in full.image_types.items() if kind not in _LEFT_OUT}
    return Preset(f"{PRESET} without local binary patterns", full.settings, image_types, full.feature_classes)


def _timed(measure: Callable[[], FeatureVector]) -> tuple[FeatureVector, float]:
    """The values and the seconds they took; the first run may also import packages, so a quick engine runs twice."""
    for _ in range(2):
        start = time.perf_counter()
        values = measure()
        seconds = time.perf_counter() - start
        if seconds > _SLOW_SECONDS:
            break
    return values, seconds


def _their_version() -> str:
    from ..bundle.library_versions import library_versions

    return library_versions(["pyradiomics"]).get("pyradiomics", "")


def main(folder: Path) -> int:
    """Compare the case in ``folder`` and write the result in its place; what the person can mend is told there too."""
    from ..imaging import Roi, SliceImage

    case = json.loads((folder / CASE_FILE).read_text(encoding="utf-8"))
    spacing = case["spacing_mm"]
    pixels, mask = (np.load(folder / name, allow_pickle=False) for name in (PIXELS_FILE, MASK_FILE))
    for name in (PIXELS_FILE, MASK_FILE):
        # Who asked may be killed and then removes nothing; one that is held open goes with the folder.
        with contextlib.suppress(OSError):
            (folder / name).unlink()
    try:
        image = SliceImage(pixels, None if spacing is None else (spacing[0], spacing[1]))
        told = asdict(compare_engines(image, Roi(mask)))
    except CervixRiskError as error:
        told = {"error": str(error)}
    except ModuleNotFoundError as error:
        told = {"error": f"The package {error.name} is missing: asking for an answer in step 3 offers to install it."}
    (folder / RESULT_FILE).write_text(json.dumps(told), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
