"""Compute the frozen reference values with PyRadiomics 3.0.1, and the table of local binary patterns.

    python -m venv stock
    stock/bin/pip install "setuptools<70" wheel numpy "scipy<1.17" trimesh scikit-image
    stock/bin/pip install --no-build-isolation pyradiomics==3.0.1
    stock/bin/python Testing/reference/radiomics/make_reference.py values
    stock/bin/python Testing/reference/radiomics/make_reference.py patterns

``values`` writes ``pyradiomics_3.0.1.npz`` beside this file: per preset the feature names and a table of cases by
features (float64, NaN in a row where PyRadiomics fails), the cases' names and the SHA-256 of their pixels and masks.
``patterns`` writes ``lbp3d_patterns.json`` into the package: m1 and m2 of the 512 patterns that one slice can have.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import logging
from pathlib import Path
from typing import Any

import numpy as np
from reference_cases import ReferenceCase, reference_cases

HERE = Path(__file__).resolve().parent
PACKAGE = HERE.parents[2] / "CervixRiskLib" / "radiomics"
PARAMETER_FILES = {
    "wang2025": PACKAGE / "presets" / "wang2025.yaml",
    "slice2d": PACKAGE / "presets" / "slice2d.yaml",
    "own_parameters": HERE / "own_parameters.yaml",
}


def write_values() -> None:
    cases = reference_cases()
    arrays: dict[str, Any] = {
        "cases": np.array([case.name for case in cases]),
        "sha256": np.array([_checksum(case) for case in cases]),
    }
    for preset, path in PARAMETER_FILES.items():
        results = [_features(case, path) for case in cases]
        names = list(next(result for result in results if result))
        arrays[f"{preset}_names"] = np.array(names)
        arrays[f"{preset}_values"] = np.array([[result.get(name, np.nan) for name in names] for result in results])
    np.savez_compressed(HERE / "pyradiomics_3.0.1.npz", **arrays)


def _features(case: ReferenceCase, parameter_file: Path) -> dict[str, float]:
    import SimpleITK
    from radiomics.featureextractor import RadiomicsFeatureExtractor
    from ruamel.yaml import YAML

    logging.getLogger("radiomics").setLevel(logging.CRITICAL)
    parameters = YAML(typ="safe").load(parameter_file)
    # Forced into the plane, PyRadiomics leaves the Laplacian of Gaussian out; given an image in the plane, it does not.
    in_plane = parameters["setting"].pop("force2D", False)
    parameters["setting"].pop("force2Ddimension", None)
    image = SimpleITK.GetImageFromArray(case.pixels if in_plane else case.pixels[None])
    mask = SimpleITK.GetImageFromArray((case.mask if in_plane else case.mask[None]).astype(np.uint8))
    spacing = (case.spacing[1], case.spacing[0])
    for one in (image, mask):
        one.SetSpacing(spacing if in_plane else (*spacing, 1.0))
    try:
        result = RadiomicsFeatureExtractor(parameters).execute(image, mask)
    except Exception as error:  # what it cannot do is part of the reference
        print(f"{case.name}, {parameter_file.stem}: {type(error).__name__}: {error}")
        return {}
    return {name: float(value) for name, value in result.items() if not name.startswith("diagnostics_")}


def _checksum(case: ReferenceCase) -> str:
    return hashlib.sha256(case.pixels.tobytes() + case.mask.tobytes()).hexdigest()


def write_patterns() -> None:
    """From the definition (Banerjee et al. 2013) as PyRadiomics evaluates it: see its documentation of LBP3D."""
    from scipy.special import sph_harm
    from trimesh.creation import icosphere

    sphere = np.array(icosphere(1, 1).vertices)
    in_plane = np.flatnonzero(sphere[:, 0] == 0)
    # PyRadiomics exchanges azimuth and polar angle.
    azimuth, polar = np.arccos(sphere[:, 2]), np.arctan2(sphere[:, 1], sphere[:, 0])
    codes = np.arange(512)
    bits = np.repeat((codes >> 8)[:, None], len(sphere), axis=1)
    for shift, position in zip(range(7, -1, -1), in_plane, strict=True):
        bits[:, position] = codes >> shift & 1
    rebuilt = []
    for degree in range(2):
        harmonics = np.column_stack([sph_harm(m, degree, azimuth, polar) for m in range(-degree, degree + 1)])
        coefficients = (bits[:, :, None] * harmonics[None]).sum(axis=1)
        rebuilt.append((coefficients[:, None, :] * harmonics[None]).sum(axis=2))
    m1, m2 = np.real(np.sqrt((np.stack(rebuilt, axis=-1) ** 2).sum(axis=1))).T
    table = ",\n".join(f' "{name}": [\n{_rows(values)}\n ]' for name, values in (("m1", m1), ("m2", m2)))
    text = f"{{\n{table}\n}}\n"
    json.loads(text)
    (PACKAGE / "lbp3d_patterns.json").write_text(text, encoding="ascii")


def _rows(values: np.ndarray) -> str:
    lines = ["  " + ", ".join(repr(float(value)) for value in values[i : i + 6]) for i in range(0, len(values), 6)]
    return ",\n".join(lines)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=("values", "patterns"))
    {"values": write_values, "patterns": write_patterns}[parser.parse_args().what]()
