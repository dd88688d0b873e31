"""A staging bundle answers on a computer that has no PyTorch, and refuses parts that do not fit."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from CervixRiskLib.errors import BundleError
from CervixRiskLib.staging.domain import NetworkDomain

ASK = """
import json, sys, time
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name.split(".")[0] in ("torch", "timm", "torchvision"):
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
        return None
    def find_distributions(self, *arguments, **keywords):
        return ()
sys.meta_path.insert(0, Absent())
import importlib.util
find_spec = importlib.util.find_spec
importlib.util.find_spec = lambda name, package=None: None if name == "torch" else find_spec(name, package)
from CervixRiskLib.bundle import CaseInput, load_bundle
from CervixRiskLib.imaging import read_image, read_roi
from CervixRiskLib.staging import load_predictor
bundle, image, roi = sys.argv[1:]
predictor = load_predictor(load_bundle(bundle))
slice_ = read_image(image, spacing_mm=(1.0, 1.0))
answer = predictor.predict(CaseInput("case", slice_, read_roi(roi, slice_)))
print(json.dumps([predictor.engine.name, answer.probability, answer.heatmap is not None, "torch" in sys.modules]))
"""


@pytest.mark.torch
def test_an_answer_needs_no_torch(disc_bundle):
    pytest.importorskip("openvino")
    from CervixRiskLib.bundle import CaseInput, load_bundle
    from CervixRiskLib.imaging import read_image, read_roi
    from CervixRiskLib.staging import load_predictor

    table, bundle = disc_bundle
    image, roi = table.parent / "c01.png", table.parent / "c01_roi.png"
    done = subprocess.run(
        [sys.executable, "-c", ASK, str(bundle), str(image), str(roi)], capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    runtime, probability, has_map, with_torch = json.loads(done.stdout.splitlines()[-1])
    assert runtime in ("openvino", "onnxruntime")
    assert not with_torch
    slice_ = read_image(image, spacing_mm=(1.0, 1.0))
    wanted = load_predictor(load_bundle(bundle), runtime="torch", device="cpu").predict(
        CaseInput("case", slice_, read_roi(roi, slice_))
    )
    assert probability == pytest.approx(wanted.probability, abs=1e-4)
    assert has_map == (wanted.heatmap is not None)


def _domain() -> NetworkDomain:
    rng = np.random.default_rng(0)
    pooled = rng.normal(size=(30, 12)).astype(np.float32)
    found = NetworkDomain.fit(pooled)
    return found.with_limit(found.distances(pooled))


def test_the_domain_comes_back_from_its_bytes():
    pytest.importorskip("safetensors")
    found = _domain()
    again = NetworkDomain.from_bytes(found.to_bytes())
    pooled = np.random.default_rng(1).normal(size=(5, 12)).astype(np.float32)
    np.testing.assert_allclose(again.distances(pooled), found.distances(pooled), rtol=1e-12)
    assert again.domain.limit == found.domain.limit


def test_damaged_bytes_are_refused():
    pytest.importorskip("safetensors")
    content = _domain().to_bytes()
    for damaged in (b"", content[:40], content[:-8], b"\x00" * 200):
        with pytest.raises(BundleError):
            NetworkDomain.from_bytes(damaged)
    found = _domain()
    crooked = replace(found, axes=found.axes[:-1])
    with pytest.raises(BundleError):
        NetworkDomain.from_bytes(crooked.to_bytes())


@pytest.mark.torch
@pytest.mark.parametrize("spoil", ["channels", "preprocessing", "calibration", "network"])
def test_a_description_that_does_not_fit_the_network_is_refused(disc_bundle, spoil):
    from CervixRiskLib.bundle import load_bundle
    from CervixRiskLib.staging import load_predictor

    _, bundle = disc_bundle
    loaded = load_bundle(bundle)
    details = json.loads(json.dumps(loaded.manifest.to_json()["details"]))
    manifest = loaded.manifest
    if spoil == "channels":
        details["channels"] = ["image", "image_t1"]
    elif spoil == "preprocessing":
        manifest = replace(manifest, preprocessing={**manifest.preprocessing, "size": 48})
    elif spoil == "calibration":
        del details["calibration"]["shares"]
    else:
        del details["network"]
    object.__setattr__(loaded, "manifest", replace(manifest, details=details))
    with pytest.raises(BundleError):
        load_predictor(loaded, device="cpu")
