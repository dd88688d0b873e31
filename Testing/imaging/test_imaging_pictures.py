"""PNG, JPEG, TIFF and BMP, and files that only look like them."""

from __future__ import annotations

import struct
import zlib

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from CervixRiskLib.errors import ImageError
from CervixRiskLib.imaging import SliceImage, read_image, write_image_png

GREY = np.arange(240, dtype=np.uint8).reshape(12, 20)
COLOUR = np.random.default_rng(5).integers(0, 256, (12, 20, 3)).astype(np.uint8)
LUMA = COLOUR @ [0.299, 0.587, 0.114]


def save(path, array, **options):
    Image.fromarray(array).save(path, **options)
    return path


@pytest.mark.parametrize("extension", ["png", "tiff", "bmp"])
def test_grey_is_exact_and_its_resolution_is_not_believed(tmp_path, extension):
    image = read_image(save(tmp_path / f"a.{extension}", GREY, dpi=(254, 254)))
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.pixels.dtype == np.float32
    assert (image.spacing_mm, image.spacing_source, image.notes, image.modality) == (None, None, (), None)


@pytest.mark.parametrize("extension", ["png", "tiff"])
def test_sixteen_bits(tmp_path, extension):
    values = (np.arange(240, dtype=np.uint16) * 273).reshape(12, 20)
    np.testing.assert_array_equal(read_image(save(tmp_path / f"a.{extension}", values)).pixels, values)


def test_float_tiff(tmp_path):
    values = np.linspace(-1, 1, 240, dtype=np.float32).reshape(12, 20)
    np.testing.assert_array_equal(read_image(save(tmp_path / "a.tif", values)).pixels, values)
    values[3, 4] = np.nan
    with pytest.raises(ImageError, match="not numbers"):
        read_image(save(tmp_path / "a.tif", values))


@pytest.mark.parametrize("extension", ["png", "tiff", "bmp"])
def test_equal_channels_are_grey_and_colour_is_luma_with_a_note(tmp_path, extension):
    image = read_image(save(tmp_path / f"a.{extension}", np.stack([GREY] * 3, axis=-1)))
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.notes == ()
    image = read_image(save(tmp_path / f"b.{extension}", COLOUR))
    np.testing.assert_allclose(image.pixels, LUMA, atol=1e-3)
    assert len(image.notes) == 1
    assert "BT.601" in image.notes[0]


def test_jpeg(tmp_path):
    smooth = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    image = read_image(save(tmp_path / "a.jpg", smooth, quality=98))
    np.testing.assert_allclose(image.pixels, smooth, atol=4)
    assert image.notes == ()
    cmyk = Image.fromarray(COLOUR).convert("CMYK")
    cmyk.save(tmp_path / "b.jpg", quality=98)
    assert read_image(tmp_path / "b.jpg").shape == (12, 20)


def test_palette_and_one_bit(tmp_path):
    picture = Image.fromarray(COLOUR).quantize(200)
    picture.save(tmp_path / "a.png")
    expected = np.array(picture.convert("RGB")) @ [0.299, 0.587, 0.114]
    np.testing.assert_allclose(read_image(tmp_path / "a.png").pixels, expected, atol=1e-3)
    Image.fromarray(GREY > 100).save(tmp_path / "b.png")
    np.testing.assert_array_equal(read_image(tmp_path / "b.png").pixels, np.where(GREY > 100, 255, 0))


def test_transparency(tmp_path):
    opaque = np.dstack([GREY, GREY, GREY, np.full_like(GREY, 255)])
    image = read_image(save(tmp_path / "a.png", opaque))
    np.testing.assert_array_equal(image.pixels, GREY)
    assert image.notes == ()
    half = opaque.copy()
    half[..., 3] = 51
    image = read_image(save(tmp_path / "b.png", half))
    np.testing.assert_allclose(image.pixels, GREY / 5, atol=1e-3)
    assert any("ransparen" in note for note in image.notes)
    image = read_image(save(tmp_path / "c.png", np.dstack([GREY, np.full_like(GREY, 255)])))
    np.testing.assert_array_equal(image.pixels, GREY)


def test_pages_of_a_tiff_are_slices(tmp_path):
    pages = [Image.fromarray(GREY + np.uint8(page)) for page in range(3)]
    pages[0].save(tmp_path / "a.tif", save_all=True, append_images=pages[1:])
    with pytest.raises(ImageError, match="3 pages"):
        read_image(tmp_path / "a.tif")
    image = read_image(tmp_path / "a.tif", slice_index=2)
    np.testing.assert_array_equal(image.pixels, GREY + 2)
    assert (image.slice_index, image.slice_count) == (2, 3)


def test_slice_of_a_single_picture(tmp_path):
    path = save(tmp_path / "a.png", GREY)
    assert read_image(path, slice_index=0).slice_count == 1
    with pytest.raises(ImageError, match="only slice 0"):
        read_image(path, slice_index=1)


def test_turned_photograph_has_a_note(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(GREY).save(tmp_path / "a.jpg", exif=exif)
    image = read_image(tmp_path / "a.jpg")
    assert image.shape == GREY.shape
    assert any("turn" in note for note in image.notes)


def test_spacing_by_hand(tmp_path):
    path = save(tmp_path / "a.png", GREY)
    image = read_image(path, spacing_mm=(0.1, 0.2))
    assert (image.spacing_mm, image.spacing_source) == ((0.1, 0.2), "given by hand")
    for spacing in ((0.0, 0.1), (-1, 1), (float("nan"), 1), (1, float("inf"))):
        with pytest.raises(ImageError, match="positive"):
            read_image(path, spacing_mm=spacing)


# --- what a person may hand in by mistake, or an attacker on purpose -----------------------------------------------


def test_text_named_png(tmp_path):
    path = tmp_path / "a.png"
    path.write_text("not a picture")
    with pytest.raises(ImageError, match=r"“a.png” is not an image"):
        read_image(path)


def test_missing_folder_empty_and_forbidden(tmp_path):
    with pytest.raises(ImageError, match=r"no file “a.png”") as caught:
        read_image(tmp_path / "a.png")
    assert str(tmp_path) not in str(caught.value)
    with pytest.raises(ImageError, match="folder"):
        read_image(tmp_path)
    (tmp_path / "b.png").touch()
    with pytest.raises(ImageError, match="empty"):
        read_image(tmp_path / "b.png")
    with pytest.raises(ImageError, match="cannot be opened"):
        read_image("a\0b.png")
    with pytest.raises(ImageError, match="cannot be opened"):
        read_image("x" * 5000)


def test_pipe_does_not_hang(tmp_path):
    import os

    os.mkfifo(tmp_path / "pipe.png")
    with pytest.raises(ImageError, match="not a file"):
        read_image(tmp_path / "pipe.png")


def png_chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


@pytest.mark.parametrize("side", [9000, 60000, 2**31 - 1])
def test_decompression_bomb(tmp_path, side):
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    path = tmp_path / "bomb.png"
    path.write_bytes(
        b"\x89PNG\r\n\x1a\n" + png_chunk(b"IHDR", header) + png_chunk(b"IDAT", zlib.compress(bytes(1 << 20)))
        + png_chunk(b"IEND", b"")
    )  # fmt: skip
    with pytest.raises(ImageError, match="pixels"):
        read_image(path)


@pytest.mark.parametrize("extension", ["png", "jpg", "tif", "bmp"])
def test_cut_off(tmp_path, extension):
    path = save(tmp_path / f"a.{extension}", np.random.default_rng(0).integers(0, 255, (80, 80)).astype(np.uint8))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    with pytest.raises(ImageError, match="damaged"):
        read_image(path)


# --- the slice itself ----------------------------------------------------------------------------------------------


def test_slice_is_frozen_and_owns_its_pixels():
    pixels = np.zeros((3, 4))
    image = SliceImage(pixels)
    pixels[:] = 1
    assert image.pixels.max() == 0
    assert image.shape == (3, 4)
    with pytest.raises(ValueError, match="read-only"):
        image.pixels[0, 0] = 1


@pytest.mark.parametrize("pixels", [np.zeros(3), np.zeros((2, 2, 2)), np.zeros((0, 4)), np.full((2, 2), np.inf)])
def test_slice_refuses(pixels):
    with pytest.raises(ImageError):
        SliceImage(pixels)


@given(st.integers(1, 30), st.integers(1, 30), st.integers(0, 2**32 - 1))
@settings(deadline=None, max_examples=20)
def test_written_picture_comes_back(tmp_path_factory, rows, columns, seed):
    pixels = np.random.default_rng(seed).integers(0, 256, (rows, columns))
    path = tmp_path_factory.mktemp("png") / "a.png"
    write_image_png(path, SliceImage(pixels))
    np.testing.assert_array_equal(read_image(path).pixels, pixels)


def test_picture_is_not_rescaled_silently(tmp_path):
    with pytest.raises(ImageError, match="0 to 255"):
        write_image_png(tmp_path / "a.png", SliceImage(np.array([[0.0, 1000.0]])))
    assert not list(tmp_path.iterdir())
