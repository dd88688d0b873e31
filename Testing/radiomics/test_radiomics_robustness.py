"""A region has a value for every name, or a sentence; never a crash, a NaN or a warning."""

from __future__ import annotations

import subprocess
import sys
import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from CervixRiskLib.errors import FeatureError
from CervixRiskLib.imaging import Roi, SliceImage
from CervixRiskLib.radiomics import FeatureVector, extract, load_preset

NOISE = np.random.default_rng(1).integers(0, 256, (40, 50)).astype(np.float32)


def _rectangle(rows=slice(10, 30), columns=slice(12, 40)):
    mask = np.zeros((40, 50), dtype=bool)
    mask[rows, columns] = True
    return mask


def _extract(pixels, mask, preset="wang2025", spacing=None):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        vector = extract(SliceImage(pixels, spacing), Roi(mask, spacing), preset)
    assert np.isfinite(vector.values).all()
    assert vector.names == load_preset(preset).feature_names
    return vector


def test_flat_region():
    vector = _extract(np.full((40, 50), 7, dtype=np.float32), _rectangle())
    assert vector["original_firstorder_Kurtosis"] == 0
    assert vector["original_glcm_Correlation"] == 1
    assert vector["original_glcm_Imc2"] == 0
    assert vector["original_ngtdm_Coarseness"] == 1e6
    assert {
        "original_firstorder_Kurtosis",
        "original_firstorder_Skewness",
        "original_glcm_Correlation",
        "original_ngtdm_Coarseness",
    } <= set(vector.undefined)
    assert "original_firstorder_Mean" not in vector.undefined


def test_black_image_rests_on_conventions():
    vector = _extract(np.zeros((40, 50), dtype=np.float32), _rectangle())
    assert {"square_firstorder_Mean", "exponential_glcm_Contrast", "lbp-3D-k_firstorder_Mean"} <= set(vector.undefined)


def test_black_patch_has_a_kurtosis_by_convention_only_where_nothing_reaches():
    dark = np.zeros((40, 50), dtype=np.float32)
    dark[0, 0] = 255
    vector = _extract(dark, _rectangle())
    assert "original_firstorder_Kurtosis" in vector.undefined


@pytest.mark.parametrize("preset", ["wang2025", "slice2d"])
@pytest.mark.parametrize(
    "mask",
    [
        np.ones((40, 50), dtype=bool),
        _rectangle(slice(5, 6), slice(5, 6)),
        _rectangle(slice(0, 1), slice(0, 1)),
        _rectangle(slice(5, 6), slice(5, 20)),
        _rectangle(slice(5, 20), slice(5, 6)),
        np.indices((40, 50)).sum(axis=0) % 2 == 0,
        np.eye(40, 50, dtype=bool),
        _rectangle(slice(2, 3), slice(2, 3)) | _rectangle(slice(30, 31), slice(40, 41)),
    ],
    ids=[
        "fills the image",
        "one pixel",
        "one corner pixel",
        "one row",
        "one column",
        "checkered",
        "diagonal",
        "far pixels",
    ],
)
def test_odd_regions(mask, preset):
    vector = _extract(NOISE, mask, preset)
    if mask.sum() == 1:
        assert "original_glcm_Contrast" in vector.undefined
        assert vector["original_glcm_Contrast"] == 0


@pytest.mark.parametrize(
    "pixels",
    [
        -NOISE,
        NOISE * np.float32(1e-30),
        NOISE * np.float32(257),
        NOISE - np.float32(1000),
        (np.indices((40, 50)).sum(axis=0) % 2 * 100).astype(np.float32),
        np.where(NOISE > 250, NOISE, 0).astype(np.float32),
    ],
    ids=["negative", "tiny", "16 bit", "shifted", "checkerboard", "sparse"],
)
def test_odd_intensities(pixels):
    _extract(pixels, _rectangle())


@pytest.mark.parametrize("factor", [1e5, 1e20, 1e36])
def test_intensities_beyond_all_bins_are_told(factor):
    with pytest.raises(FeatureError, match=r"binWidth|Rescale"):
        _extract(NOISE * np.float32(factor), _rectangle())


def test_image_smaller_than_a_filter():
    assert len(_extract(NOISE[:2, :2], np.ones((2, 2), dtype=bool))) == 1561
    with pytest.raises(FeatureError, match="too small for a Laplacian of Gaussian"):
        _extract(NOISE[:3, :], np.ones((3, 50), dtype=bool), "slice2d")


@st.composite
def _cases(draw):
    shape = draw(hnp.array_shapes(min_dims=2, max_dims=2, min_side=1, max_side=14))
    elements = draw(
        st.sampled_from([st.integers(0, 255), st.integers(-3, 3), st.integers(0, 1), st.floats(-1e4, 1e4, width=32)])
    )
    pixels = draw(hnp.arrays(np.float32, shape, elements=elements))
    mask = draw(hnp.arrays(bool, shape, elements=st.booleans()))
    mask[draw(st.integers(0, shape[0] - 1)), draw(st.integers(0, shape[1] - 1))] = True
    spacing = draw(st.none() | st.tuples(st.floats(0.02, 4), st.floats(0.02, 4)))
    return pixels, mask, spacing


@given(_cases(), st.sampled_from(["wang2025", "slice2d"]))
@settings(deadline=None, max_examples=120)
def test_any_region_has_values_or_a_sentence(case, preset):
    pixels, mask, spacing = case
    try:
        vector = _extract(pixels, mask, preset, spacing)
    except FeatureError:
        return
    assert vector.spacing_known == (spacing is not None)
    assert set(vector.undefined) <= set(vector.names)


def test_unknown_spacing_counts_pixels():
    unknown = _extract(NOISE, _rectangle())
    known = _extract(NOISE, _rectangle(), spacing=(1.0, 1.0))
    assert not unknown.spacing_known
    assert known.spacing_known
    np.testing.assert_array_equal(unknown.values, known.values)
    assert unknown["original_shape_VoxelVolume"] == 20 * 28


def test_spacing_moves_only_what_has_a_length():
    small, large = (_extract(NOISE, _rectangle(), spacing=spacing) for spacing in ((1.0, 1.0), (0.5, 0.5)))
    moved = {
        name.split("_")[1] for name in small.names if small[name] != large[name] and not name.startswith("gradient")
    }
    assert moved == {"shape", "firstorder"}
    assert large["original_shape_VoxelVolume"] == pytest.approx(small["original_shape_VoxelVolume"] / 4)
    assert large["original_firstorder_TotalEnergy"] == pytest.approx(small["original_firstorder_TotalEnergy"] / 4)


def test_region_of_another_size_is_told():
    with pytest.raises(FeatureError, match="differ in size"):
        _extract(NOISE, np.ones((10, 10), dtype=bool))


def test_region_below_the_preset_s_size_is_told(tmp_path):
    path = tmp_path / "large_only.yaml"
    path.write_text("setting: {minimumROISize: 600}", encoding="utf-8")
    with pytest.raises(FeatureError, match="560 pixels"):
        _extract(NOISE, _rectangle(), str(path))


def test_unknown_engine_is_told():
    with pytest.raises(FeatureError, match="There is no engine"):
        extract(SliceImage(NOISE), Roi(_rectangle()), engine="fastest")  # type: ignore[arg-type]


def test_vector_cannot_be_changed_and_becomes_a_series():
    vector = _extract(NOISE, _rectangle())
    assert isinstance(vector, FeatureVector)
    with pytest.raises(ValueError, match="read-only"):
        vector.values[0] = 1
    series = vector.to_series()
    assert series.dtype == np.float64
    assert series["original_firstorder_Mean"] == vector["original_firstorder_Mean"]
    assert vector["original_firstorder_Mean"] == pytest.approx(NOISE[_rectangle()].mean(dtype=np.float64))


def test_importing_the_engine_is_light():
    program = (
        "import sys; from CervixRiskLib.radiomics import extract, load_preset; load_preset('wang2025').feature_names; "
        "print(sorted({'torch', 'sklearn', 'SimpleITK', 'pandas', 'matplotlib', 'radiomics'} & set(sys.modules)))"
    )
    finished = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert finished.stdout.strip() == "[]"
