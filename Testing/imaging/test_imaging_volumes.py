"""NRRD, NIfTI and MetaImage against SimpleITK, which writes the files and says what is in them."""

from __future__ import annotations

import bz2
import gzip

import numpy as np
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import read_image

EXTENSIONS = (".nrrd", ".nii", ".nii.gz", ".mha", ".mhd", ".nhdr")
TYPES = (np.uint8, np.int8, np.int16, np.uint16, np.int32, np.uint32, np.float32, np.float64)


def oblique(angle):
    """A proper rotation about two axes."""
    cosine, sine = np.cos(angle), np.sin(angle)
    about_z = np.array([[cosine, -sine, 0], [sine, cosine, 0], [0, 0, 1]])
    about_x = np.array([[1, 0, 0], [0, cosine, -sine], [0, sine, cosine]])
    return about_z @ about_x


def volume(shape, dtype=np.int16, angle=0.0, seed=0):
    rng = np.random.default_rng(seed)
    image = sitk.GetImageFromArray((rng.random(shape) * 100).astype(dtype))
    image.SetSpacing((0.4, 0.7, 3.0))
    image.SetOrigin((-12.0, 34.0, 5.5))
    image.SetDirection(oblique(angle).ravel())
    return image


def check_slice(image, index, read):
    """The slice and where SimpleITK says it lies."""
    array = sitk.GetArrayFromImage(image)
    np.testing.assert_allclose(read.pixels, array[index].astype(np.float32), rtol=1e-6)
    assert read.spacing_mm == pytest.approx((0.7, 0.4), rel=1e-5)
    assert read.spacing_source == "file header"
    assert read.geometry.origin_mm == pytest.approx(image.TransformIndexToPhysicalPoint((0, 0, index)), abs=1e-3)
    right = np.subtract(image.TransformIndexToPhysicalPoint((1, 0, index)), read.geometry.origin_mm) / 0.4
    down = np.subtract(image.TransformIndexToPhysicalPoint((0, 1, index)), read.geometry.origin_mm) / 0.7
    assert read.geometry.column_direction == pytest.approx(tuple(right), abs=1e-3)
    assert read.geometry.row_direction == pytest.approx(tuple(down), abs=1e-3)


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize("compress", [True, False])
def test_slice_of_a_volume(tmp_path, extension, compress):
    image = volume((5, 12, 17), angle=0.3)
    path = tmp_path / f"volume{extension}"
    sitk.WriteImage(image, str(path), useCompression=compress)
    for index in (0, 3, 4):
        read = read_image(path, slice_index=index)
        check_slice(image, index, read)
        assert (read.slice_index, read.slice_count) == (index, 5)
    with pytest.raises(ImageError, match="5 slices"):
        read_image(path)
    with pytest.raises(ImageError, match="0 to 4"):
        read_image(path, slice_index=5)


@given(
    extension=st.sampled_from((".nrrd", ".nii.gz", ".mha")),
    dtype=st.sampled_from(TYPES),
    shape=st.tuples(st.integers(2, 4), st.integers(2, 9), st.integers(2, 9)),
    angle=st.floats(-0.7, 0.7),
    compress=st.booleans(),
    seed=st.integers(0, 1000),
)
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_type_and_orientation(tmp_path, extension, dtype, shape, angle, compress, seed):
    image = volume(shape, dtype, angle, seed)
    path = tmp_path / f"any{extension}"
    sitk.WriteImage(image, str(path), useCompression=compress)
    index = seed % shape[0]
    check_slice(image, index, read_image(path, slice_index=index))


@pytest.mark.parametrize("extension", EXTENSIONS)
@pytest.mark.parametrize(
    ("shape", "spacing"), [((1, 8, 9), (0.7, 0.4)), ((8, 1, 9), (3.0, 0.4)), ((8, 9, 1), (3.0, 0.7))]
)
def test_volume_one_voxel_thick_is_a_slice(tmp_path, extension, shape, spacing):
    image = volume(shape)
    path = tmp_path / f"thin{extension}"
    sitk.WriteImage(image, str(path))
    read = read_image(path)
    np.testing.assert_allclose(read.pixels, sitk.GetArrayFromImage(image).squeeze())
    assert read.spacing_mm == pytest.approx(spacing, rel=1e-5)
    assert (read.slice_index, read.slice_count) == (0, 1)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_two_dimensions(tmp_path, extension):
    array = np.arange(63, dtype=np.float32).reshape(7, 9)
    image = sitk.GetImageFromArray(array)
    image.SetSpacing((0.4, 0.7))
    path = tmp_path / f"flat{extension}"
    sitk.WriteImage(image, str(path))
    read = read_image(path)
    np.testing.assert_array_equal(read.pixels, array)
    assert read.spacing_mm == pytest.approx((0.7, 0.4), rel=1e-5)


@pytest.mark.parametrize("extension", [".nrrd", ".mha"])
def test_colour_volume_becomes_luma(tmp_path, extension):
    array = np.random.default_rng(1).integers(0, 255, (1, 6, 8, 3)).astype(np.uint8)
    path = tmp_path / f"colour{extension}"
    sitk.WriteImage(sitk.GetImageFromArray(array, isVector=True), str(path))
    read = read_image(path)
    np.testing.assert_allclose(read.pixels, array[0] @ [0.299, 0.587, 0.114], atol=1e-3)
    assert read.notes


def test_nifti_colour_becomes_luma(tmp_path):
    array = np.random.default_rng(1).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    path = tmp_path / "colour.nii"
    sitk.WriteImage(sitk.GetImageFromArray(np.zeros((1, 6, 8), np.uint8)), str(path))
    content = bytearray(path.read_bytes())
    content[70:74] = np.array([128, 24], "<i2").tobytes()  # datatype RGB24
    path.write_bytes(content[:352] + array.tobytes())
    np.testing.assert_allclose(read_image(path).pixels, array @ [0.299, 0.587, 0.114], atol=1e-3)


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii.gz"])
def test_four_dimensions_are_refused(tmp_path, extension):
    image = sitk.JoinSeries([volume((3, 5, 6)), volume((3, 5, 6))])
    path = tmp_path / f"film{extension}"
    sitk.WriteImage(image, str(path))
    with pytest.raises(ImageError, match="dimensions"):
        read_image(path, slice_index=0)


@pytest.mark.parametrize("extension", EXTENSIONS)
def test_not_a_number_is_refused(tmp_path, extension):
    array = np.ones((5, 6), np.float32)
    array[2, 3] = np.nan
    path = tmp_path / f"nan{extension}"
    sitk.WriteImage(sitk.GetImageFromArray(array), str(path))
    with pytest.raises(ImageError, match="not numbers"):
        read_image(path)


@pytest.mark.parametrize("extension", [".nrrd", ".mha", ".nii", ".nii.gz"])
def test_cut_off_file_is_refused(tmp_path, extension):
    path = tmp_path / f"cut{extension}"
    sitk.WriteImage(volume((4, 30, 30)), str(path), useCompression=True)
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])
    with pytest.raises(ImageError, match=r"header claims|cut off"):
        read_image(path, slice_index=3)


# --- NRRD by hand: what SimpleITK does not write --------------------------------------------------------------------


def nrrd(path, fields, data=b"", magic="NRRD0004"):
    lines = [magic, *(f"{key}: {value}" for key, value in fields.items())]
    path.write_bytes(("\n".join(lines) + "\n\n").encode() + data)
    return path


PLAIN = {"type": "uint8", "dimension": 2, "sizes": "4 3", "encoding": "raw"}
DATA = bytes(range(12))


def test_nrrd_without_spacing_is_of_unknown_size(tmp_path):
    """SimpleITK would say 1 mm here."""
    path = nrrd(tmp_path / "a.nrrd", PLAIN, DATA)
    read = read_image(path)
    np.testing.assert_array_equal(read.pixels, np.arange(12).reshape(3, 4))
    assert read.spacing_mm is None
    assert sitk.ReadImage(str(path)).GetSpacing() == (1.0, 1.0)
    assert read_image(nrrd(path, {**PLAIN, "spacings": "nan nan"}, DATA)).spacing_mm is None
    assert read_image(nrrd(path, {**PLAIN, "spacings": "0.5 0.25"}, DATA)).spacing_mm == (0.25, 0.5)


@pytest.mark.parametrize(
    ("encoding", "pack"),
    [
        ("raw", bytes),
        ("gzip", gzip.compress),
        ("bzip2", bz2.compress),
        ("ascii", lambda data: " ".join(map(str, data)).encode()),
    ],
)
def test_nrrd_encodings(tmp_path, encoding, pack):
    read = read_image(nrrd(tmp_path / "a.nrrd", {**PLAIN, "encoding": encoding}, pack(DATA)))
    np.testing.assert_array_equal(read.pixels, np.arange(12).reshape(3, 4))


def test_nrrd_byte_order_units_and_ras(tmp_path):
    fields = {
        "type": "short", "dimension": 3, "sizes": "4 3 1", "encoding": "raw", "endian": "big",
        "space": "right-anterior-superior", "space directions": "(-0.05,0,0) (0,-0.07,0) (0,0,0.3)",
        "space origin": "(1,2,3)", "space units": '"cm" "cm" "cm"',
    }  # fmt: skip
    read = read_image(nrrd(tmp_path / "a.nrrd", fields, np.arange(12, dtype=">i2").tobytes()))
    np.testing.assert_array_equal(read.pixels, np.arange(12).reshape(3, 4))
    assert read.spacing_mm == pytest.approx((0.7, 0.5))
    assert read.geometry.origin_mm == pytest.approx((-10, -20, 30))
    assert read.geometry.column_direction == pytest.approx((1, 0, 0))


def test_nifti_slope_units_and_qform(tmp_path):
    image = volume((2, 4, 5), np.int16, 0.4)
    path = tmp_path / "a.nii"
    sitk.WriteImage(image, str(path))
    header = bytearray(path.read_bytes())
    header[112:120] = np.array([2.0, 10.0], "<f4").tobytes()
    header[254:256] = b"\0\0"  # no sform: the quaternion says where it lies
    path.write_bytes(header)
    read = read_image(path, slice_index=1)
    np.testing.assert_allclose(read.pixels, sitk.GetArrayFromImage(image)[1] * 2.0 + 10)
    assert read.geometry.origin_mm == pytest.approx(image.TransformIndexToPhysicalPoint((0, 0, 1)), abs=1e-3)
    assert read.geometry.row_direction == pytest.approx(tuple(oblique(0.4)[:, 1]), abs=1e-4)
    header[123] = 3  # micrometres
    path.write_bytes(header)
    assert read_image(path, slice_index=1).spacing_mm == pytest.approx((0.0007, 0.0004), rel=1e-4)


# --- hostile headers ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "data_file", ["/etc/passwd", "../secret.raw", "..\\secret.raw", "sub/secret.raw", "LIST", "d%03d.raw 1 3 1", ".."]
)
def test_detached_data_elsewhere_is_refused(tmp_path, data_file):
    (tmp_path / "secret.raw").write_bytes(DATA)
    (tmp_path / "in").mkdir()
    for path in (
        nrrd(tmp_path / "in" / "a.nhdr", {**PLAIN, "data file": data_file}),
        nrrd(tmp_path / "in" / "b.nrrd", {**PLAIN, "datafile": data_file, "byte skip": "-1"}),
        metaimage(tmp_path / "in" / "c.mhd", ElementDataFile=data_file),
    ):
        with pytest.raises(ImageError, match=r"elsewhere|not beside") as caught:
            read_image(path)
        assert "passwd" not in str(caught.value)


def test_detached_data_through_a_link_is_refused(tmp_path):
    (tmp_path / "secret").write_bytes(DATA)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / "a.raw").symlink_to(tmp_path / "secret")
    with pytest.raises(ImageError, match="not beside"):
        read_image(nrrd(tmp_path / "in" / "a.nhdr", {**PLAIN, "data file": "a.raw"}))


def metaimage(path, data=b"", **fields):
    header = {"ObjectType": "Image", "NDims": 2, "DimSize": "4 3", "ElementType": "MET_UCHAR"} | fields
    header.setdefault("ElementDataFile", "LOCAL")
    path.write_bytes("".join(f"{key} = {value}\n" for key, value in header.items()).encode() + data)
    return path


@pytest.mark.parametrize(
    "fields",
    [
        {"sizes": "1000000 1000000"}, {"sizes": "4 0"}, {"sizes": "4 -3"}, {"sizes": "4"}, {"sizes": "four three"},
        {"sizes": "4 4"}, {"sizes": "9" * 5000 + " 3"}, {"dimension": "x"}, {"dimension": 99}, {"type": "block"},
        {"type": "complex"}, {"encoding": "hex"}, {"encoding": "zrl"}, {"encoding": "gzip"}, {"encoding": "bzip2"},
        {"encoding": "ascii"}, {"line skip": 3}, {"byte skip": -5}, {"byte skip": 10**30}, {"byte skip": "many"},
        {"space directions": "(a,b) (c,d)"},
        {"dimension": 4, "sizes": "2 2 3 5"},
    ],
)  # fmt: skip
def test_nrrd_headers_that_lie(tmp_path, fields):
    with pytest.raises(ImageError, match=r"^“a.nrrd”"):
        read_image(nrrd(tmp_path / "a.nrrd", {**PLAIN, **fields}, DATA))


@pytest.mark.parametrize(
    "fields",
    [
        {"DimSize": "100000 100000"}, {"DimSize": "4"}, {"DimSize": "5 3"}, {"NDims": 0}, {"ElementType": "MET_OTHER"},
        {"CompressedData": "True"}, {"ObjectType": "Tube"}, {"ElementNumberOfChannels": 0},
        {"ElementNumberOfChannels": 10**12}, {"BinaryData": "False"}, {"HeaderSize": "x"},
    ],
)  # fmt: skip
def test_metaimage_headers_that_lie(tmp_path, fields):
    assert read_image(metaimage(tmp_path / "a.mha", DATA)).shape == (3, 4)
    with pytest.raises(ImageError, match=r"^“a.mha”"):
        read_image(metaimage(tmp_path / "a.mha", DATA, **fields))


def test_metaimage_without_spacing_is_of_unknown_size(tmp_path):
    assert read_image(metaimage(tmp_path / "a.mha", DATA)).spacing_mm is None


def test_gzip_bomb_is_refused(tmp_path):
    bomb = gzip.compress(bytes(1 << 24))
    path = nrrd(tmp_path / "a.nrrd", {**PLAIN, "sizes": "4 3", "encoding": "gzip"}, bomb)
    assert read_image(path).shape == (3, 4)  # only what the header needs is unpacked
    huge = {**PLAIN, "dimension": 3, "sizes": "8000 8000 1000000", "encoding": "gzip"}
    with pytest.raises(ImageError, match="GiB"):
        read_image(nrrd(tmp_path / "b.nrrd", huge, bomb), slice_index=999_999)
