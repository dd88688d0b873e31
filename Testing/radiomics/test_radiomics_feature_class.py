"""The class of a feature is read from its name, whoever wrote it."""

from __future__ import annotations

import pytest

from CervixRiskLib.radiomics import feature_table, load_preset
from CervixRiskLib.radiomics.feature_class import feature_class_of


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("wavelet-LHL_glcm_Contrast", "glcm"),
        ("original_shape2D_Elongation", "shape2D"),
        ("ADC_original_firstorder_Mean", "firstorder"),
        ("T2_Original_GLRLM_RunEntropy", "glrlm"),
        ("ADC_general_info_VolumeNum", "other"),
        ("tumour_volume", "other"),
        ("", "other"),
    ],
)
def test_names_from_many_hands(name, expected):
    assert feature_class_of(name) == expected


def test_every_feature_of_the_presets_has_its_class():
    for preset in ("wang2025", "slice2d"):
        table = feature_table(load_preset(preset))
        assert [feature_class_of(name) for name in table["name"]] == list(table["feature_class"])
