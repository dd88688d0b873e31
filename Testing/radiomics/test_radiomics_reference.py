"""Every value against PyRadiomics 3.0.1, frozen by ``Testing/reference/radiomics/make_reference.py``."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from CervixRiskLib.radiomics import extract, load_preset

CASES = (
    "lesion",
    "anisotropic",
    "edge",
    "corner",
    "l_shape",
    "parts",
    "flat_areas",
    "negative",
    "fractions",
    "scattered",
    "many_levels",
    "checkerboard",
    "sliver",
)
PRESETS = ("wang2025", "slice2d", "own_parameters")
RELATIVE = 1e-9


def _preset(name, folder):
    return load_preset(folder / "own_parameters.yaml" if name == "own_parameters" else name)


def test_cases_are_those_of_the_reference(reference_cases, frozen):
    assert tuple(reference_cases) == CASES == tuple(frozen["cases"])
    for case, checksum in zip(reference_cases.values(), frozen["sha256"], strict=True):
        assert hashlib.sha256(case.pixels.tobytes() + case.mask.tobytes()).hexdigest() == checksum


@pytest.mark.parametrize("name", PRESETS)
def test_names_are_those_of_the_reference(name, frozen, reference_folder):
    assert set(_preset(name, reference_folder).feature_names) == set(frozen[f"{name}_names"].tolist())


@pytest.mark.parametrize("name", PRESETS)
@pytest.mark.parametrize("case_name", CASES)
def test_values_equal_the_reference(name, case_name, reference_cases, frozen, reference_folder, as_slice):
    case = reference_cases[case_name]
    preset = _preset(name, reference_folder)
    image, roi = as_slice(case.pixels, case.mask, case.spacing)
    own = extract(image, roi, preset)
    row = frozen[f"{name}_values"][CASES.index(case_name)]
    reference = dict(zip(frozen[f"{name}_names"].tolist(), row.tolist(), strict=True))
    assert np.isfinite(row).all()
    # Beyond the image's edge the order in which PyWavelets adds decides what the noise bands hold.
    noise = ("H_",) if case_name in ("edge", "corner") and not preset.force_2d else ()
    compared = [
        (feature, value)
        for feature, value in zip(own.names, own.values, strict=True)
        if not (noise and feature.startswith("wavelet-") and feature.split("_")[0].endswith("H"))
    ]
    assert len(compared) >= len(own) - 364
    wrong = {
        feature: (value, reference[feature])
        for feature, value in compared
        if abs(value - reference[feature]) > RELATIVE * max(abs(value), abs(reference[feature]), 1e-12)
    }
    assert not wrong


def test_names_of_wang2025_stand_in_pyradiomics_order(frozen):
    """Shape first, then image by image, class by class: the order PyRadiomics itself gives the values in."""
    assert load_preset("wang2025").feature_names == tuple(frozen["wang2025_names"].tolist())
