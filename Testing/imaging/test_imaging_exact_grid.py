"""A slice written as NRRD and read again is the same slice, to the last digit of pixels, pixel size and place."""

from __future__ import annotations

import json

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.imaging import Roi, SliceGeometry, SliceImage, read_image, read_roi, write_map, write_roi

KEY = b"CervixRisk_SliceGrid"
LENGTHS = st.floats(0.01, 20, allow_subnormal=False)
ORIGINS = st.tuples(*[st.floats(-500, 500)] * 3)


@st.composite
def slices(draw):
    rows, columns = draw(st.integers(1, 6)), draw(st.integers(1, 7))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    pixels = (rng.normal(0, 1, (rows, columns)) * 10.0 ** rng.integers(-30, 30)).astype(np.float32)
    spacing = draw(st.none() | st.tuples(LENGTHS, LENGTHS) | st.just((1.0, 1.0)))
    kind = draw(st.sampled_from(["none", "axial", "oblique", "rounded", "planar"]))
    if kind == "none":
        return SliceImage(pixels, spacing)
    axes = np.linalg.qr(rng.normal(size=(3, 3)))[0].T
    if kind == "axial":
        axes = np.eye(3)
    elif kind == "planar":
        angle = rng.uniform(0, 6)
        axes = np.array([[np.cos(angle), np.sin(angle), 0.0], [-np.sin(angle), np.cos(angle), 0.0]])
    elif kind == "rounded":
        axes = axes.round(4)  # as DICOM writers do
    right, down = (tuple(float(value) for value in axis) for axis in axes[:2])
    return SliceImage(pixels, spacing, geometry=SliceGeometry(draw(ORIGINS), right, down, kind == "planar"))


def same(one, other):
    np.testing.assert_array_equal(one.pixels, other.pixels)
    assert one.spacing_mm == other.spacing_mm
    assert one.geometry == other.geometry


@settings(deadline=None, max_examples=150)
@given(slices())
def test_written_and_read_again(tmp_path_factory, image):
    path = tmp_path_factory.mktemp("grid") / "slice.nrrd"
    write_map(path, image.pixels, image)
    again = read_image(path)
    same(again, image)
    # And once more, as a study does with what it has read.
    write_map(path, again.pixels, again)
    same(read_image(path), image)


@settings(deadline=None, max_examples=50)
@given(slices())
def test_regions_written_on_a_slice_belong_to_it_and_to_its_copy(tmp_path_factory, image):
    folder = tmp_path_factory.mktemp("grid")
    write_map(folder / "copy.nrrd", image.pixels, image)
    mask = np.zeros(image.shape, bool)
    mask[-1, : image.shape[1] // 2 + 1] = True
    for name in ("roi.nrrd", "roi.seg.nrrd"):
        write_roi(folder / name, Roi(mask, image.spacing_mm), image)
        for slice_ in (image, read_image(folder / "copy.nrrd")):
            np.testing.assert_array_equal(read_roi(folder / name, slice_).mask, mask)


@settings(deadline=None, max_examples=40)
@given(slices())
def test_other_software_sees_the_same_place(tmp_path_factory, image):
    path = tmp_path_factory.mktemp("grid") / "slice.nrrd"
    write_map(path, image.pixels, image)
    seen = sitk.ReadImage(str(path))
    np.testing.assert_array_equal(sitk.GetArrayFromImage(seen)[0], image.pixels)
    if image.spacing_mm is None:
        return
    np.testing.assert_allclose(seen.GetSpacing()[:2], image.spacing_mm[::-1], rtol=1e-9)
    if image.geometry is not None:
        np.testing.assert_allclose(seen.GetOrigin(), image.geometry.origin_mm, rtol=1e-9, atol=1e-9)
        direction = np.array(seen.GetDirection()).reshape(3, 3)
        np.testing.assert_allclose(direction[:, 0], image.geometry.column_direction, atol=1e-3)
        np.testing.assert_allclose(direction[:, 1], image.geometry.row_direction, atol=1e-3)


@pytest.fixture
def written(tmp_path):
    right = (0.6, 0.8, 0.0)
    geometry = SliceGeometry((1.1, 2.2, 3.3), right, (-0.8, 0.6, 0.0), planar=True)
    image = SliceImage(np.zeros((4, 5)), (0.3, 0.7), geometry=geometry)
    write_map(tmp_path / "a.nrrd", image.pixels, image)
    return tmp_path / "a.nrrd", image


def changed(path, **values):
    """The file with another grid in its key, as if the header had been changed and the key passed on."""
    head, data = path.read_bytes().split(b"\n\n", 1)
    lines = head.split(b"\n")
    place = next(index for index, line in enumerate(lines) if line.startswith(KEY))
    grid = json.loads(lines[place].split(b":=")[1])
    lines[place] = KEY + b":=" + json.dumps({**grid, **values}).encode()
    path.write_bytes(b"\n".join(lines) + b"\n\n" + data)
    return path


@pytest.mark.parametrize(
    "values",
    [
        {"spacing_mm": [0.3, 0.8]},
        {"spacing_mm": None},
        {"spacing_mm": [0.3]},
        {"spacing_mm": "wide"},
        {"origin_mm": [1.1, 2.2, 4.3]},
        {"origin_mm": [float("nan")] * 3},
        {"column_direction": [0.0, 1.0, 0.0]},
        {"row_direction": [0.8, -0.6, 0.0]},
        {"row_direction": [10**400, 0, 0]},
        {"row_direction": {}},
    ],
)
def test_a_key_that_contradicts_the_header_does_not_count(written, values):
    path, image = written
    again = read_image(changed(path, **values))
    assert again.spacing_mm == pytest.approx((0.3, 0.7))
    assert again.geometry.origin_mm == pytest.approx((1.1, 2.2, 3.3))
    assert again.geometry.row_direction == pytest.approx(image.geometry.row_direction)
    assert not again.geometry.planar


@pytest.mark.parametrize("text", [b"", b"[", b"[1]", b"null", b"{}", b"[" * 5000, b"\xff\xfe"])
def test_a_key_that_is_no_grid_does_not_count(written, text):
    path, image = written
    head, data = path.read_bytes().split(b"\n\n", 1)
    lines = [KEY + b":=" + text if line.startswith(KEY) else line for line in head.split(b"\n")]
    path.write_bytes(b"\n".join(lines) + b"\n\n" + data)
    again = read_image(path)
    assert again.spacing_mm == pytest.approx(image.spacing_mm)
    assert not again.geometry.planar


def test_resampled_by_other_software(written):
    """SimpleITK passes foreign keys on when it writes."""
    path, _ = written
    volume = sitk.ReadImage(str(path))
    volume.SetSpacing((0.5, 0.6, 1.0))
    sitk.WriteImage(volume, str(path))
    assert KEY in path.read_bytes()
    assert read_image(path).spacing_mm == pytest.approx((0.6, 0.5))
