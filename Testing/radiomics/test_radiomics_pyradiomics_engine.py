from __future__ import annotations

import sys
from types import ModuleType

import numpy as np
import pytest

from CervixRiskLib.errors import FeatureError, MissingComponentError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.radiomics import extract, load_preset

PIXELS = np.random.default_rng(2).integers(0, 256, (40, 50)).astype(np.float32)
MASK = np.zeros((40, 50), dtype=bool)
MASK[10:30, 12:40] = True


def _extract(preset="wang2025"):
    return extract(SliceImage(PIXELS, (0.2, 0.3)), Roi(MASK, (0.2, 0.3)), preset, engine="pyradiomics")


@pytest.fixture
def pretended(monkeypatch):
    """A stand-in for PyRadiomics; what it is asked and what it answers."""
    seen = {"answer": {}}

    class RadiomicsFeatureExtractor:
        def __init__(self, parameters):
            seen["parameters"] = parameters

        def execute(self, image, mask):
            seen["image"], seen["mask"] = image, mask
            if isinstance(seen["answer"], Exception):
                raise seen["answer"]
            return {"diagnostics_Versions": "x", **seen["answer"]}

    package, module = ModuleType("radiomics"), ModuleType("radiomics.featureextractor")
    module.RadiomicsFeatureExtractor = RadiomicsFeatureExtractor
    package.featureextractor = module
    monkeypatch.setitem(sys.modules, "radiomics", package)
    monkeypatch.setitem(sys.modules, "radiomics.featureextractor", module)
    return seen


def test_missing_package_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "radiomics", None)
    monkeypatch.setitem(sys.modules, "radiomics.featureextractor", None)
    with pytest.raises(MissingComponentError, match=r"pyradiomics==3\.0\.1"):
        _extract()


def test_it_is_handed_float32_on_one_slice(pretended):
    pretended["answer"] = dict.fromkeys(load_preset("wang2025").feature_names, 1.5)
    vector = _extract()
    assert (vector.values == 1.5).all()
    assert vector.engine == "pyradiomics"
    assert pretended["image"].GetPixelIDTypeAsString() == "32-bit float"
    assert pretended["image"].GetSize() == (50, 40, 1)
    assert pretended["image"].GetSpacing() == (0.3, 0.2, 1.0)
    assert pretended["parameters"]["setting"]["binWidth"] == 25
    assert list(pretended["parameters"]["imageType"])[-1] == "LBP3D"


def test_a_preset_in_the_plane_is_handed_over_in_the_plane(pretended):
    pretended["answer"] = dict.fromkeys(load_preset("slice2d").feature_names, 0.0)
    _extract("slice2d")
    assert pretended["image"].GetDimension() == 2
    assert pretended["parameters"]["setting"]["force2D"] is False
    assert pretended["parameters"]["imageType"]["LoG"]["sigma"] == [1.0, 2.0, 3.0]


@pytest.mark.parametrize(
    ("preset", "prefix", "needs"), [("wang2025", "lbp-3D", "scipy<1.17"), ("slice2d", "lbp-2D", "scikit-image")]
)
def test_an_image_type_left_out_in_silence_is_noticed(pretended, preset, prefix, needs):
    names = load_preset(preset).feature_names
    pretended["answer"] = {name: 1.0 for name in names if not name.startswith(prefix)}
    with pytest.raises(MissingComponentError, match=needs):
        _extract(preset)


def test_any_other_missing_value_is_noticed(pretended):
    pretended["answer"] = dict.fromkeys(load_preset("wang2025").feature_names[1:], 1.0)
    with pytest.raises(FeatureError, match="original_shape_Elongation"):
        _extract()


def test_what_it_refuses_is_told(pretended):
    pretended["answer"] = ValueError("mask has too few dimensions")
    with pytest.raises(FeatureError, match="cervixrisk"):
        _extract()


def test_a_value_that_is_not_a_number_is_told(pretended):
    pretended["answer"] = dict.fromkeys(load_preset("wang2025").feature_names, float("nan"))
    with pytest.raises(FeatureError, match="no finite value"):
        _extract()


def test_the_installed_package_agrees():
    pytest.importorskip("radiomics", reason="PyRadiomics is not installed")
    own = extract(SliceImage(PIXELS), Roi(MASK), "wang2025")
    try:
        theirs = extract(SliceImage(PIXELS), Roi(MASK), "wang2025", engine="pyradiomics")
    except MissingComponentError as error:
        pytest.skip(str(error))
    np.testing.assert_allclose(own.values, theirs.values, rtol=1e-9, atol=1e-12)
