"""Several images a case, on one grid."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from CervixRiskLib.cohort import load_case, load_cohort, load_slices
from CervixRiskLib.errors import CohortError, ImageError

Write = Callable[..., Path]
HEADER = "case_id,image,roi,outcome"


# Further images -------------------------------------------------------------------------------------------------------


def _write_volume(path: Path, shape: tuple[int, ...], spacing: tuple[float, ...] = (1.0, 1.0), value: int = 0) -> None:
    image = SimpleITK.GetImageFromArray(np.full(shape, value, dtype=np.int16))
    image.SetSpacing(spacing)
    SimpleITK.WriteImage(image, str(path))


@pytest.fixture
def two_channels(tmp_path: Path) -> Path:
    """Two cases with T2, T1 and a diffusion image of 20 x 30 pixels; the second has no region."""
    for number, case in enumerate("AB"):
        for place, channel in enumerate(("t2", "t1", "adc")):
            _write_volume(tmp_path / f"{case}-{channel}.nrrd", (20, 30), (0.5, 0.6), 10 * number + place)
    mask = np.zeros((20, 30), dtype=np.uint8)
    mask[5:9, 6:12] = 1
    roi = SimpleITK.GetImageFromArray(mask)
    roi.SetSpacing((0.5, 0.6))
    SimpleITK.WriteImage(roi, str(tmp_path / "A-roi.nrrd"))
    table = tmp_path / "cohort.csv"
    table.write_text(
        "case_id,IMAGE_T1,image,outcome,image_adc,roi,age\n"
        "A,A-t1.nrrd,A-t2.nrrd,0,A-adc.nrrd,A-roi.nrrd,50\n"
        "B,B-t1.nrrd,B-t2.nrrd,1,B-adc.nrrd,,60\n",
        encoding="utf-8",
    )
    return table


def test_channels_are_read_in_the_order_of_the_table(two_channels: Path) -> None:
    cohort = load_cohort(two_channels, require_roi=False)
    assert cohort.channels == ("image", "image_t1", "image_adc")
    assert cohort.clinical_names == ("age",)
    assert cohort.table["image_t1"].tolist() == ["A-t1.nrrd", "B-t1.nrrd"]
    assert cohort.image_path("B", "image_adc").name == "B-adc.nrrd"
    first, second = load_slices(cohort, "A"), load_slices(cohort, "B")
    assert [image.pixels.max() for image in first.images] == [0, 1, 2]
    assert [image.pixels.max() for image in second.images] == [10, 11, 12]
    assert first.roi is not None
    assert first.roi.n_pixels == 24
    assert second.roi is None
    image, roi = load_case(cohort, "A")
    assert image.pixels.max() == 0
    assert roi.n_pixels == 24
    assert cohort.select(["B"]).channels == cohort.channels


def test_channels_count_in_the_hash(two_channels: Path) -> None:
    before = load_cohort(two_channels, require_roi=False).content_hash
    two_channels.write_text(
        two_channels.read_text(encoding="utf-8").replace("B-t1.nrrd,B-t2.nrrd,1,B-adc", "A-t1.nrrd,B-t2.nrrd,1,B-adc"),
        encoding="utf-8",
    )
    assert load_cohort(two_channels, require_roi=False).content_hash != before


def test_a_table_without_further_images_has_one_channel(make_cohort: Callable[..., Path]) -> None:
    cohort = load_cohort(make_cohort(2))
    slices = load_slices(cohort, "C001")
    image, roi = load_case(cohort, "C001")
    assert len(slices.images) == 1
    np.testing.assert_array_equal(slices.images[0].pixels, image.pixels)
    assert slices.roi is not None
    np.testing.assert_array_equal(slices.roi.mask, roi.mask)


def test_rows_without_their_further_image_are_refused(write_table: Write) -> None:
    path = write_table(
        f"{HEADER},image_t1\nA,a.png,a-roi.png,0,c.png\nB,b.png,b-roi.png,1,\nC,c.png,c-roi.png,1,none.png\n"
        "D,d.png,d-roi.png,1,d.png\nE,e.png,e-roi.png,1,f.png\n"
    )
    with pytest.raises(CohortError) as caught:
        load_cohort(path)
    assert "row 3 (B): image_t1 is empty" in str(caught.value)
    assert "row 4 (C): image_t1 (a further image of the case): file 'none.png' does not exist" in str(caught.value)
    assert "row 5 (D): image and image_t1 are the same file" in str(caught.value)
    assert load_cohort(path, skip_invalid=True).case_ids == ("A", "E")


def test_channels_on_other_grids_are_refused(two_channels: Path) -> None:
    cohort = load_cohort(two_channels, require_roi=False)
    _write_volume(two_channels.parent / "B-t1.nrrd", (20, 31), (0.5, 0.6))
    with pytest.raises(
        ImageError, match=r"image_t1 has 20 rows and 31 columns .* has 20 and 30: resample it .*T1 onto T2"
    ):
        load_slices(cohort, "B")
    _write_volume(two_channels.parent / "B-t1.nrrd", (20, 30), (0.5, 0.602))
    with pytest.raises(ImageError, match=r"pixels of image_t1 are 0.602 × 0.5 mm and those of the image 0.6 × 0.5 mm"):
        load_slices(cohort, "B")
    # What is read here is cut to one square afterwards: there the same rule holds.
    _write_volume(two_channels.parent / "B-t1.nrrd", (20, 30), (0.5, 0.6005))
    assert len(load_slices(cohort, "B").images) == 3


def test_slice_and_spacing_hold_for_all_channels(tmp_path: Path) -> None:
    for case in "AB":
        for channel in ("t2", "t1"):
            volume = np.arange(4, dtype=np.int16)[:, None, None] + np.zeros((4, 16, 16), dtype=np.int16)
            SimpleITK.WriteImage(
                SimpleITK.GetImageFromArray(volume + 100 * (channel == "t1")), str(tmp_path / f"{case}-{channel}.nrrd")
            )
    table = tmp_path / "cohort.csv"
    table.write_text(
        "case_id,image,image_t1,slice,spacing_mm,outcome\n"
        "A,A-t2.nrrd,A-t1.nrrd,3,0.4 x 0.5,0\nB,B-t2.nrrd,B-t1.nrrd,1,,1\n",
        encoding="utf-8",
    )
    cohort = load_cohort(table, require_roi=False)
    first, second = load_slices(cohort, "A").images, load_slices(cohort, "B").images
    assert [image.pixels[0, 0] for image in (*first, *second)] == [3, 103, 1, 101]
    assert [image.spacing_mm for image in first] == [(0.4, 0.5)] * 2
    assert [image.spacing_mm for image in second] == [(1.0, 1.0)] * 2
    with pytest.raises(CohortError, match="no case 'Z'"):
        load_slices(cohort, "Z")
