"""Two engines on one case: how their values compare, and the program that compares them."""

from __future__ import annotations

import importlib
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from CervixRiskLib.errors import MissingComponentError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.radiomics import FeatureVector, Preset, extract
from CervixRiskLib.workflow.comparison_job import (
    ComparisonFailed,
    ComparisonJob,
    comparison_command,
    pyradiomics_is_there,
)
from CervixRiskLib.workflow.engine_comparison import (
    CASE_FILE,
    MASK_FILE,
    PIXELS_FILE,
    RESULT_FILE,
    EngineComparison,
    compare_engines,
    main,
    relative_difference,
)


def case() -> tuple[SliceImage, Roi]:
    generator = np.random.default_rng(42)
    mask = np.zeros((48, 40), dtype=bool)
    mask[12:34, 10:30] = True
    return SliceImage(generator.normal(100, 30, mask.shape), spacing_mm=(0.5, 0.4)), Roi(mask)


def wait_for(job: ComparisonJob) -> EngineComparison | ComparisonFailed:
    end = time.monotonic() + 60
    while time.monotonic() < end:
        told = job.poll()
        if told is not None:
            return told
        time.sleep(0.02)
    raise TimeoutError


def test_the_largest_difference_is_found_with_its_feature() -> None:
    image, roi = case()
    asked: list[str] = []

    def extract_with(engine: str, preset: Preset) -> FeatureVector:
        asked.append(engine)
        own = extract(image, roi, preset)
        if engine == "cervixrisk":
            return own
        values = own.values.copy()
        values[own.names.index("original_glcm_Contrast")] *= 1.01
        values[own.names.index("original_firstorder_Mean")] *= 1.001
        # Rounding noise on one slice: differs between any two engines, and counts for nothing.
        values[own.names.index("wavelet-LLH_firstorder_Skewness")] += 5.0
        return FeatureVector(own.names, values, own.undefined, own.spacing_known, own.preset_hash, engine)

    compared = compare_engines(image, roi, extract_with)
    assert set(asked) == {"cervixrisk", "pyradiomics"}
    assert compared.feature == "original_glcm_Contrast"
    assert compared.largest_difference == pytest.approx(0.01 / 1.01)
    # 14 of shape and 91 of each of 14 images less 4 noise bands.
    assert compared.n_features == 14 + 10 * 91
    assert compared.own_seconds > 0


def test_equal_engines_do_not_differ() -> None:
    image, roi = case()
    compared = compare_engines(image, roi, lambda engine, preset: extract(image, roi, preset))
    assert compared.largest_difference == 0.0


def test_pyradiomics_is_looked_for_without_importing_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "radiomics"
    folder.mkdir()
    monkeypatch.setattr(sys, "path", [str(tmp_path)])
    monkeypatch.delitem(sys.modules, "radiomics", raising=False)
    assert not pyradiomics_is_there()
    (folder / "__init__.py").write_text("raise RuntimeError('imported')\n")
    importlib.invalidate_caches()
    sys.path_importer_cache.clear()
    assert pyradiomics_is_there()


def test_relative_differences() -> None:
    first, second = np.array([2.0, 0.0, 1e-15, -3.0, 0.0]), np.array([1.0, 0.0, -1e-15, 3.0, 4.0])
    np.testing.assert_allclose(relative_difference(first, second), [0.5, 0.0, 0.0, 2.0, 1.0])


def test_without_pyradiomics_the_program_says_how_to_get_it() -> None:
    if pyradiomics_is_there():
        pytest.skip("PyRadiomics is installed")
    job = ComparisonJob(*case(), comparison_command(sys.executable))
    assert job.start() is None
    told = wait_for(job)
    assert isinstance(told, ComparisonFailed)
    assert "needs PyRadiomics" in told.sentence
    with pytest.raises(MissingComponentError):
        compare_engines(*case())
    assert job.poll() is None


def test_the_program_gets_the_case_and_its_answer_is_read(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        "import json, sys, pathlib, numpy as np\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        "pixels, mask = np.load(folder / 'pixels.npy'), np.load(folder / 'mask.npy')\n"
        "spacing = json.loads((folder / 'case.json').read_text())['spacing_mm']\n"
        "told = dict(n_features=int(mask.sum()), largest_difference=float(pixels.max()), feature=str(spacing),\n"
        "            own_seconds=0.1, their_seconds=4.0, their_version='3.0.1')\n"
        "(folder / 'result.json').write_text(json.dumps(told))\n"
    )
    image, roi = case()
    job = ComparisonJob(image, roi, (sys.executable, str(program)))
    assert job.start() is None
    told = wait_for(job)
    assert told == EngineComparison(440, float(image.pixels.max()), "[0.5, 0.4]", 0.1, 4.0, "3.0.1")


def test_the_program_leaves_no_slice_behind(tmp_path: Path) -> None:
    image, roi = case()
    np.save(tmp_path / PIXELS_FILE, image.pixels)
    # Of another size, so that nothing is computed.
    np.save(tmp_path / MASK_FILE, roi.mask[:9])
    (tmp_path / CASE_FILE).write_text('{"spacing_mm": null}', encoding="utf-8")
    assert main(tmp_path) == 0
    assert sorted(path.name for path in tmp_path.iterdir()) == [CASE_FILE, RESULT_FILE]
    assert list(json.loads((tmp_path / RESULT_FILE).read_text(encoding="utf-8"))) == ["error"]


def test_a_crash_is_told_with_details(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text("raise RuntimeError('a fault')\n")
    job = ComparisonJob(*case(), (sys.executable, str(program)))
    job.start()
    told = wait_for(job)
    assert isinstance(told, ComparisonFailed)
    assert "exit code 1" in told.sentence
    assert "RuntimeError: a fault" in told.details


def test_a_program_that_is_not_there_is_told_at_once(tmp_path: Path) -> None:
    job = ComparisonJob(*case(), (str(tmp_path / "nothing"),))
    told = job.start()
    assert isinstance(told, ComparisonFailed)
    assert job.poll() is None


def test_closing_ends_the_program_and_takes_its_files_away(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    place = tmp_path / "place.json"
    program.write_text(
        f"import json, os, sys, time, pathlib\npathlib.Path({str(place)!r}).write_text(json.dumps([sys.argv[1], "
        "os.getpid()]))\ntime.sleep(60)\n"
    )
    job = ComparisonJob(*case(), (sys.executable, str(program)))
    job.start()
    end = time.monotonic() + 30
    while not (place.is_file() and place.read_text()) and time.monotonic() < end:
        time.sleep(0.02)
    folder, _ = json.loads(place.read_text())
    started = time.monotonic()
    job.close()
    assert time.monotonic() - started < 5
    assert not Path(folder).exists()
    assert job.poll() is None
