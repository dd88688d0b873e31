"""Damaged files of every format: whatever is in them, a person reads one sentence and nothing else breaks."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pydicom
import pytest
import SimpleITK as sitk  # noqa: N813 - its usual name
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.data import get_testdata_file

from CervixRiskLib.errors import CervixRiskError
from CervixRiskLib.imaging import SliceImage, read_image, read_roi

SETTINGS = settings(
    deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
)
MAGICS = (
    b"", b"NRRD0004\n", b"NRRD0005\ntype: uchar\ndimension: 2\nsizes: 4 3\nencoding: raw\n\n", b"\x89PNG\r\n\x1a\n",
    b"\xff\xd8\xff\xe0", b"II*\0", b"MM\0*", b"BM", bytes(128) + b"DICM", b"\x08\0\x05\0CS", b"\x08\0\0\0",
    b"ObjectType = Image\nNDims = 2\n", b"\x1f\x8b\x08\0", b"\\\x01\0\0" + bytes(340) + b"n+1\0", b"[[", b"{",
)  # fmt: skip


WORDS = (
    b"", b"-1", b"0", b"nan", b"inf", b"1e999", b"99999999999999999999", b"none", b"(", b"(1,2)", b"\xff", b"=", b"raw",
    b"gzip", b"2\n", b"|;|",
)  # fmt: skip


@pytest.fixture(scope="module")
def samples(tmp_path_factory):
    """A small valid file of each format."""
    folder = tmp_path_factory.mktemp("samples")
    flat = np.random.default_rng(3).integers(0, 255, (16, 16)).astype(np.uint8)
    contents = {}
    for extension, options in (
        ("png", {}), ("jpg", {}), ("bmp", {}), ("tif", {}), ("lzw.tif", {"compression": "tiff_lzw"}),
    ):  # fmt: skip
        buffer = io.BytesIO()
        kind = {"jpg": "JPEG", "tif": "TIFF"}.get(extension.rsplit(".", maxsplit=1)[-1], extension.upper())
        Image.fromarray(flat).save(buffer, format=kind, **options)
        contents[extension] = buffer.getvalue()
    for extension in ("nrrd", "nii", "nii.gz", "mha"):
        path = folder / f"a.{extension}"
        sitk.WriteImage(sitk.GetImageFromArray(np.stack([flat] * 2)), str(path), useCompression=extension != "nii")
        contents[extension] = path.read_bytes()
    contents["seg.nrrd"] = (Path(__file__).parent / "data" / "slicer_two_layers.seg.nrrd").read_bytes()
    contents["json"] = b"[[1, 1], [1, 9.5], [8, 9], [7, 2]]"
    for name in ("MR_small.dcm", "MR_small_RLE.dcm", "MR_small_jp2klossless.dcm", "SC_rgb_small_odd_jpeg.dcm"):
        contents[name] = Path(get_testdata_file(name, download=False)).read_bytes()
    calibrated = pydicom.dcmread(get_testdata_file("examples_palette.dcm", download=False))
    calibrated.Rows, calibrated.PixelData = 4, calibrated.PixelData[: 4 * calibrated.Columns]
    buffer = io.BytesIO()
    calibrated.save_as(buffer)
    contents["calibrated.dcm"] = buffer.getvalue()
    return contents


def check(folder, content, name="file.bin"):
    path = folder / name
    path.write_bytes(content)
    for read in (
        lambda: read_image(path),
        lambda: read_image(path, slice_index=1),
        lambda: read_roi(path, SliceImage(np.zeros((16, 16)), (1.0, 1.0))),
        lambda: read_roi(path, SliceImage(np.zeros((60, 80)), slice_index=2, slice_count=5), segment="tumour"),
    ):
        try:
            read()
        except CervixRiskError as error:
            sentence = str(error)
            assert sentence.endswith(".")
            assert str(folder) not in sentence
            assert len(sentence) < 400


@pytest.mark.filterwarnings("error")
@given(st.sampled_from(MAGICS), st.binary(max_size=600))
@SETTINGS
def test_random_bytes(tmp_path, magic, content):
    check(tmp_path, magic + content)


@pytest.mark.filterwarnings("error")
@given(st.data())
@SETTINGS
def test_truncated(tmp_path, samples, data):
    content = samples[data.draw(st.sampled_from(sorted(samples)))]
    check(tmp_path, content[: data.draw(st.integers(0, len(content)))])


@pytest.mark.filterwarnings("error")
@given(st.data())
@settings(SETTINGS, max_examples=250)
def test_flipped_bits(tmp_path, samples, data):
    content = bytearray(samples[data.draw(st.sampled_from(sorted(samples)))])
    # The header breaks in more interesting ways than the pixels.
    reach = data.draw(st.sampled_from([64, 400, 2000, len(content)]))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(reach, len(content)) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    check(tmp_path, bytes(content))


@pytest.mark.filterwarnings("error")
@given(st.data())
@settings(SETTINGS, max_examples=150)
def test_replaced_words_in_text_headers(tmp_path, samples, data):
    content = samples[data.draw(st.sampled_from(["nrrd", "seg.nrrd", "mha", "json"]))]
    words = content[:1500].split(b" ")
    position = data.draw(st.integers(0, len(words) - 1))
    words[position] = data.draw(st.sampled_from(WORDS))
    check(tmp_path, b" ".join(words) + content[1500:])


def test_samples_are_valid(tmp_path, samples):
    """Else the tests above would fuzz nothing."""
    read = 0
    for name, content in samples.items():
        if name != "json":
            (tmp_path / name).write_bytes(content)
            read_image(tmp_path / name, slice_index=0) if name != "seg.nrrd" else None
            read += 1
    assert read >= 14
