from __future__ import annotations

import pickle
from collections import Counter

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import FeatureError
from CervixRiskLib.radiomics import SHIPPED_PRESETS, feature_table, load_preset
from CervixRiskLib.radiomics.parameter_file import parse_preset


def _preset_from(text: str, tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(text, encoding="utf-8")
    return load_preset(path)


def test_wang2025_has_the_paper_s_1561_features():
    names = load_preset("wang2025").feature_names
    assert len(names) == len(set(names)) == 1561
    table = feature_table("wang2025")
    assert tuple(table["name"]) == names
    assert Counter(table["feature_class"]) == {
        "shape": 14,
        "firstorder": 18 * 17,
        "glcm": 22 * 17,
        "glrlm": 16 * 17,
        "glszm": 16 * 17,
        "gldm": 14 * 17,
        "ngtdm": 5 * 17,
    }
    assert table["image_type"].nunique() == 17
    assert table["noise"].sum() == 364
    noisy = set(table.loc[table["noise"], "image_type"])
    assert noisy == {"wavelet-LLH", "wavelet-LHH", "wavelet-HLH", "wavelet-HHH"}


def test_slice2d_has_no_noise():
    table = feature_table("slice2d")
    assert len(table) == 9 + 14 * 91
    assert not table["noise"].any()
    assert {"log-sigma-2-0-mm-3D", "wavelet-HH", "lbp-2D"} < set(table["image_type"])


def test_the_hash_follows_the_content_not_the_name(tmp_path):
    original = load_preset("wang2025")
    from importlib import resources

    text = resources.files("CervixRiskLib.radiomics").joinpath("presets/wang2025.yaml").read_text(encoding="utf-8")
    copy = _preset_from(text, tmp_path)
    assert copy.name == "mine"
    assert copy.content_hash == original.content_hash
    assert copy == original
    changed = _preset_from(text.replace("binWidth: 25", "binWidth: 20"), tmp_path)
    assert changed.content_hash != original.content_hash
    assert changed.feature_names == original.feature_names


@pytest.mark.parametrize("name", SHIPPED_PRESETS)
def test_presets_travel_to_other_processes(name):
    preset = load_preset(name)
    assert pickle.loads(pickle.dumps(preset)) == preset


def test_presets_cannot_be_changed():
    preset = load_preset("wang2025")
    with pytest.raises(TypeError):
        preset.settings["binWidth"] = 5  # type: ignore[index]


def test_an_empty_file_is_pyradiomics_default(tmp_path):
    preset = _preset_from("setting:\n", tmp_path)
    assert tuple(preset.image_types) == ("Original",)
    assert len(preset.feature_names) == 14 + 18 + 24 + 16 + 16 + 14 + 5


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("setting: {binwidth: 25}", "binwidth"),
        ("setting: {normalize: true}", "normalize"),
        ("setting: {resampledPixelSpacing: [1, 1, 1]}", "resampledPixelSpacing"),
        ("setting: {resegmentRange: [0, 100]}", "resegmentRange"),
        ("setting: {distances: [1, 2]}", "distances"),
        ("setting: {weightingNorm: euclidean}", "weightingNorm"),
        ("setting: {symmetricalGLCM: false}", "symmetricalGLCM"),
        ("setting: {preCrop: true}", "preCrop"),
        ("setting: {force2Ddimension: 1}", "force2Ddimension"),
        ("setting: {minimumROIDimensions: 3}", "minimumROIDimensions"),
        ("setting: {binWidth: 0}", "binWidth"),
        ("setting: {binWidth: .nan}", "binWidth"),
        ("setting: {binWidth: ten}", "binWidth"),
        ("setting: {binCount: true}", "binCount"),
        ("imageType: {Wavelet: {level: 2}}", "level"),
        ("imageType: {Wavelet: {wavelet: morl}}", "wavelet"),
        ("imageType: {LBP3D: {lbp3DLevels: 3}}", "lbp3DLevels"),
        ("setting: {force2D: true}\nimageType: {LBP2D: {lbp2DMethod: ror}}", "lbp2DMethod"),
        ("setting: {force2D: true}\nimageType: {LBP3D: }", "LBP3D"),
        ("imageType: {LoG: {sigma: [1.0]}}", "LoG"),
        ("setting: {force2D: true}\nimageType: {LoG: }", "sigma"),
        ("setting: {force2D: true}\nimageType: {LoG: {sigma: [1, 1]}}", "sigma"),
        ("imageType: {Original: {gldm_a: 1}}", "gldm_a"),
        ("imageType: {Sobel: }", "Sobel"),
        ("featureClass: {glcm: [Contrst]}", "Contrst"),
        ("featureClass: {glcm: Contrast}", "glcm"),
        ("featureClass: {gabor: }", "gabor"),
        ("featureClass: {shape2D: }", "shape2D"),
        ("setting: {force2D: true}\nfeatureClass: {shape: }", "shape"),
        ("voxelSetting: {kernelRadius: 2}", "voxelSetting"),
        ("settings: {binWidth: 25}", "settings"),
    ],
)
def test_what_the_engine_does_not_do_is_named(text, named, tmp_path):
    with pytest.raises(FeatureError, match=named):
        _preset_from(text, tmp_path)


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"just words",
        b"- a\n- list",
        b"\x00\xff\xfe\x80",
        b"setting: [",
        b"!!python/object/apply:os.system ['echo owned']",
        b"setting: !!python/name:os.system ",
        b"a: &a [x, x]\nb: &b [*a, *a]\nsetting: *b",
        b"setting: {? [1, 2] : 3}",
        b"setting: {1: 2}",
        b"{" * 50 + b"}" * 50,
        b"# " + b"x" * 200_000,
        b"setting: {binWidth: 1e999}",
        b"setting: 2001-99-99",
    ],
)
def test_hostile_files_are_refused_in_a_sentence(content):
    if content == b"":
        assert len(parse_preset(content, "empty").feature_names) == 107
        return
    with pytest.raises(FeatureError) as caught:
        parse_preset(content, "hostile")
    assert str(caught.value).endswith(".")


_NAMES = st.sampled_from(
    ["setting", "imageType", "featureClass", "binWidth", "Wavelet", "LoG", "sigma", "glcm", "force2D", "Original", "x"]
)
_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _NAMES, st.text(max_size=5))
_TREES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=4), max_leaves=12
)


@given(_TREES)
@settings(deadline=None, max_examples=150)
def test_any_file_is_a_preset_or_a_sentence(tree):
    content = yaml.safe_dump(tree).encode()
    try:
        preset = parse_preset(content, "any")
    except FeatureError:
        return
    assert preset.feature_names


@given(st.binary(max_size=60))
@settings(deadline=None, max_examples=150)
def test_any_bytes_are_a_preset_or_a_sentence(content):
    try:
        parse_preset(content, "any")
    except FeatureError:
        return


@pytest.mark.parametrize("name", ["wang", "", "no/such/file.yaml", "bad\0name", "."])
def test_a_missing_preset_is_told(name):
    with pytest.raises(FeatureError, match="wang2025, slice2d"):
        load_preset(name)
