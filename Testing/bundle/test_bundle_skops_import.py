from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from CervixRiskLib.absent_modules import absent_modules

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "CervixRisk" / "Resources" / "SampleData" / "Demo-model-ultrasound.zip"


def test_a_models_estimators_are_loaded_without_the_libraries_of_scikit_learns_adapters() -> None:
    """PyTorch alone took a third of the time of a first answer."""
    code = (
        "import sys; from CervixRiskLib.bundle import load_bundle; "
        "bundle = load_bundle(sys.argv[1]); names = bundle.estimator_names; assert names; "
        "[bundle.estimator(name) for name in names]; "
        "heavy = {'torch', 'dask', 'cupy'} & set(sys.modules); sys.exit(str(heavy) if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code, MODEL], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_an_absent_module_cannot_be_imported_and_then_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "wave", raising=False)
    with absent_modules("wave"), pytest.raises(ModuleNotFoundError):
        import wave
    import wave

    with absent_modules("wave"):
        import wave as still_there
    assert still_there is wave
    assert sys.modules["wave"] is wave
