"""Whether the recording tells the outcome: called where it does, not where it does not."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from CervixRiskLib.cohort import acquisition_check
from CervixRiskLib.cohort.acquisition_check import AcquisitionCheck, acquisition_frame, check_acquisition
from CervixRiskLib.cohort.acquisition_traits import AcquisitionTraits, acquisition_traits
from CervixRiskLib.cohort.one_tumour_size import alike_in_size, matched_auc, matched_auc_interval
from CervixRiskLib.imaging import Roi, SliceImage, read_image
from CervixRiskLib.statistics import auc

OUTCOMES = np.tile([0, 0, 1], 20)
PATIENTS = np.arange(OUTCOMES.size)


@pytest.fixture(autouse=True)
def once(monkeypatch: pytest.MonkeyPatch) -> None:
    """One cross-validation is enough to see what is asked here."""
    monkeypatch.setattr(acquisition_check, "REPEATS", 1)


def _slice(folder: Path, name: str, pixels: np.ndarray) -> tuple[Path, SliceImage]:
    path = folder / name
    Image.fromarray(pixels.astype(np.uint8)).save(path)
    return path, read_image(path)


def _traits(folder: Path, outcome: int, case: int, mischief: str) -> AcquisitionTraits:
    """A speckled slice with a dark tumour, larger in the positive outcome; ``mischief`` is what marks the scanner."""
    random = np.random.default_rng(case)
    rows, columns = 64, 80
    if mischief == "size" and outcome:
        rows, columns = 72, 96
    pixels = random.normal(100, 15, (rows, columns))
    if mischief == "brightness" and outcome:
        pixels += 12
    radius = random.normal(8 + 2 * outcome, 1.5)
    inside = np.hypot(*(np.indices(pixels.shape) - np.array([[[rows]], [[columns]]]) / 2)) < radius
    pixels[inside] *= 0.5 + 0.2 * outcome
    path, image = _slice(folder, f"{mischief}{case}.png", pixels.clip(0, 255))
    return acquisition_traits(path, image, Roi(inside))


def _checked(folder: Path, outcomes: np.ndarray, mischief: str) -> AcquisitionCheck:
    traits = [(_traits(folder, int(outcome), case, mischief),) for case, outcome in enumerate(outcomes)]
    return check_acquisition(acquisition_frame(traits, ("image",)), outcomes, PATIENTS)


@pytest.mark.parametrize("mischief", ["size", "brightness"])
def test_a_class_saved_otherwise_is_called(tmp_path: Path, mischief: str) -> None:
    found = _checked(tmp_path, OUTCOMES, mischief)
    assert found.lower is not None
    assert found.lower > 0.8
    best = max((trait for trait in found.traits if trait.kind != "contour"), key=lambda trait: trait.auc)
    assert best.kind == mischief
    assert best.auc > 0.95


def test_classes_that_differ_in_the_tumour_alone_are_not_called(tmp_path: Path) -> None:
    found = _checked(tmp_path, OUTCOMES, "")
    assert found.lower is not None
    assert found.lower < 0.5
    size = next(trait for trait in found.traits if trait.label.startswith("contour's size"))
    assert size.auc > 0.8  # it is told, and it has no part in the verdict
    assert {"rows", "columns", "pixel size (mm) (not known)", "file format", "scanner (not known)"} <= set(found.alike)


def _fitted_to_the_lesion(cases: int, seed: int) -> tuple[pd.DataFrame, np.ndarray]:
    """Larger lesions in the positive outcome, the depth set to fit each, and a frame that darkens with the depth."""
    random = np.random.default_rng(seed)
    outcomes = (np.arange(cases) % 3 == 0).astype(int)
    lesion = np.exp(random.normal(3.2 + 0.5 * outcomes, 0.4, cases))
    pixel = 0.01 * lesion**0.5 * np.exp(random.normal(0, 0.05, cases))
    frame = pd.DataFrame(
        {
            "rows": 600.0,
            "columns": 800.0,
            "pixel_mm": pixel,
            "brightness": 80 - 300 * pixel + random.normal(0, 4, cases),
            "contour_size": lesion / (pixel * np.sqrt(600 * 800)),
        }
    )
    return frame, outcomes


def test_a_depth_that_was_set_to_fit_the_lesion_is_not_called_but_a_scanner_beside_it_is() -> None:
    frame, outcomes = _fitted_to_the_lesion(150, 4)
    patients = np.arange(len(frame))
    found = check_acquisition(frame, outcomes, patients)
    assert found.lower is not None
    assert found.lower < 0.5
    assert check_acquisition(frame.drop(columns="contour_size"), outcomes, patients).lower > 0.6  # type: ignore[operator]
    other = check_acquisition(frame.assign(rows=600.0 + 40 * outcomes), outcomes, patients)
    assert other.lower is not None
    assert other.lower > 0.9
    assert (
        max((trait for trait in other.traits if trait.kind != "contour"), key=lambda trait: trait.auc).label == "rows"
    )


def test_the_matched_area_is_that_of_the_pairs_counted_by_hand() -> None:
    codes = np.array([0, 1, 0, 1, 1, 0])
    scores = np.column_stack([np.zeros(6), [0.1, 0.4, 0.4, 0.2, 0.9, 0.6]])
    alike = np.zeros((6, 6))
    alike[:3, :3] = alike[3:, 3:] = 1
    # 1 beats 0 and ties with 2; 3 loses to 5; 4 beats 5
    assert matched_auc(codes, scores, alike) == pytest.approx([2.5 / 4])
    everyone = np.ones((6, 6))
    assert matched_auc(codes, scores, everyone) == pytest.approx([auc(codes, scores[:, 1])])
    twice = np.array([[1, 1, 1, 1, 2, 1.0]])
    assert matched_auc(codes, scores, alike, twice) == pytest.approx([3.5 / 5])
    assert np.isnan(matched_auc(codes, scores, np.eye(6))).all()


def test_groups_with_hardly_a_size_in_common_cannot_be_checked() -> None:
    """Whoever has one case alone beside the other group's sizes is left without it in every third resample."""
    outcomes = np.repeat([0, 1], [30, 30])
    frame = _noise(60, 2).assign(columns=640.0, pixel_mm=np.nan, contour_size=np.arange(1.0, 61.0) / 100 / 20)
    frame["rows"] = 480.0
    alike = alike_in_size(frame)
    assert alike is not None
    frame["brightness"] = np.arange(60.0) % 11
    scores = np.column_stack([frame["brightness"], -frame["brightness"]])[np.newaxis].astype(float)
    far = np.zeros_like(alike)
    far[29, 30] = far[30, 29] = 1
    assert matched_auc_interval(outcomes, scores, PATIENTS, far) is None
    assert matched_auc_interval(outcomes, scores, PATIENTS, np.eye(60)) is None
    assert matched_auc_interval(outcomes, scores, PATIENTS, alike) is not None


def test_permuted_outcomes_are_not_called_and_the_same_call_answers_the_same() -> None:
    frame = _noise(150, 3).assign(brightness=np.repeat([60.0, 120.0, 60.0], 50) + np.arange(150) % 7)
    outcomes = np.repeat([0, 1, 0], 50)
    told = check_acquisition(frame, outcomes, np.arange(150))
    assert told.lower is not None
    assert told.lower > 0.9
    assert check_acquisition(frame, outcomes, np.arange(150)) == told
    permuted = check_acquisition(frame, np.random.default_rng(1).permutation(outcomes), np.arange(150))
    assert permuted.lower is not None
    assert permuted.lower < 0.5


def _noise(cases: int, seed: int) -> pd.DataFrame:
    random = np.random.default_rng(seed)
    return pd.DataFrame(
        {"rows": random.choice([400.0, 480.0], cases), "brightness": random.normal(80, 20, cases), "scanner": ""}
    )


def test_patients_with_several_slices_are_not_recognised() -> None:
    """Slices of one patient share a brightness that no other patient has: split by case, that would tell."""
    random = np.random.default_rng(5)
    patients = np.repeat(np.arange(24), 6)
    outcomes = np.repeat(random.permutation(np.repeat([0, 1], 12)), 6)
    frame = pd.DataFrame({"brightness": patients + random.normal(0, 0.05, patients.size)})
    by_patient = check_acquisition(frame, outcomes, patients)
    by_case = check_acquisition(frame, outcomes, np.arange(patients.size))
    assert by_case.lower is not None
    assert by_patient.lower is not None
    assert by_case.lower > 0.5 > by_patient.lower


def test_three_groups_are_told_by_what_is_not_monotone() -> None:
    outcomes = np.repeat([0, 1, 2], 25)
    frame = _noise(75, 8).assign(
        pixel_mm=np.repeat([0.3, 0.1, 0.2], 25), file_kind=np.repeat(["PNG", "JPEG", "PNG"], 25)
    )
    found = check_acquisition(frame, outcomes, np.arange(75))
    assert found.auc is not None
    assert found.lower is not None
    assert found.auc > 0.95
    assert found.lower > 0.9
    assert all(len(trait.groups) == 3 for trait in found.traits)
    assert next(t for t in found.traits if t.kind == "pixel size").groups == (0.3, 0.1, 0.2)


def test_images_that_are_all_alike_tell_nothing() -> None:
    frame = pd.DataFrame({"rows": np.full(60, 480.0), "pixel_mm": np.full(60, np.nan), "scanner": [""] * 60})
    found = check_acquisition(frame, OUTCOMES, PATIENTS)
    assert (found.auc, found.traits, found.reason) == (None, (), "")
    assert found.alike == ("rows", "pixel size (mm) (not known)", "scanner (not known)")


def test_a_group_of_one_patient_cannot_be_checked() -> None:
    found = check_acquisition(
        _noise(30, 1), np.repeat([0, 1], [28, 2]), np.repeat([0, 1], [28, 2]) + np.r_[:28, 40, 40]
    )
    assert found.auc is None
    assert "fewer than two patients" in found.reason


@pytest.mark.parametrize("few", [2, 4])
def test_a_scanner_of_few_cases_is_named_nowhere(few: int) -> None:
    scanner = np.full(60, "MR Common One", dtype=object)
    scanner[:few] = "MR Rare Two"
    scanner[40:] = "MR Other Three"
    found = check_acquisition(
        _noise(60, 2).assign(scanner=scanner, coloured=(scanner == "MR Rare Two") * 1.0), OUTCOMES, PATIENTS
    )
    assert not [trait for trait in found.traits if "Rare" in trait.label or trait.label == "colour picture"]
    assert [trait.label for trait in found.traits if trait.kind == "scanner"] == [
        "scanner: MR Common One",
        "scanner: MR Other Three",
    ]


def test_a_value_that_nobody_has_in_a_fold_is_no_error() -> None:
    frame = _noise(60, 4)
    frame["pixel_mm"] = np.nan
    frame.loc[3, "pixel_mm"] = 0.2
    frame["file_kind"] = ["TIFF", *["PNG"] * 59]
    assert check_acquisition(frame, OUTCOMES, PATIENTS).auc is not None


def test_further_channels_have_traits_of_their_own() -> None:
    first = AcquisitionTraits(*np.arange(14.0).tolist(), file_kind="PNG", scanner="")
    second = replace(first, brightness=99.0, file_kind="JPEG")
    frame = acquisition_frame([(first, second)], ("image", "image_t1"))
    assert frame["image_t1: brightness"].tolist() == [99.0]
    assert frame["brightness"].tolist() == [first.brightness]
    assert not {"image_t1: rows", "image_t1: contour_size"} & set(frame.columns)
    bright = np.where(OUTCOMES == 1, 90.0, 50.0) + np.arange(60) % 5
    found = check_acquisition(
        pd.DataFrame({"brightness": np.arange(60.0) % 9, "image_t1: brightness": bright}), OUTCOMES, PATIENTS
    )
    assert max(found.traits, key=lambda trait: trait.auc).label == "image_t1: brightness of the frame"
    assert found.lower is not None
    assert found.lower > 0.8


def test_the_frame_is_measured_without_the_contours_neighbourhood(tmp_path: Path) -> None:
    pixels = np.full((100, 100), 50.0)
    pixels[:10] = 0  # padding
    pixels[95:, :40] = 255  # burnt-in text
    mask = np.zeros((100, 100), dtype=bool)
    mask[40:60, 84:100] = True
    pixels[36:64, 81:] = 200  # the tumour and its halo, which lie in the frame
    path, image = _slice(tmp_path, "a.png", pixels)
    traits = acquisition_traits(path, image, Roi(mask))
    clean = acquisition_traits(*_slice(tmp_path, "b.png", np.where(pixels == 200, 50, pixels)), Roi(mask))
    assert traits.brightness == clean.brightness == 50.0
    outside = 100 * 100 - 70 * 70 - 30 * 15
    assert traits.dark_share == pytest.approx(1000 / outside)
    assert traits.bright_share == pytest.approx(200 / outside)
    assert (traits.rows, traits.columns, traits.highest_grey, traits.file_kind) == (100.0, 100.0, 255.0, "PNG")
    assert traits.contour_size == pytest.approx(np.sqrt(20 * 16 / 1e4))
    assert (traits.contour_row, traits.contour_column, traits.contour_at_border) == (0.5, 0.92, 1.0)
    everything = acquisition_traits(path, image, Roi(np.ones((100, 100), dtype=bool)))
    assert np.isnan(everything.brightness)
    tiny = acquisition_traits(*_slice(tmp_path, "c.png", np.zeros((1, 1))), None)
    assert np.isnan(tiny.contour_size)


def test_colour_and_a_dicom_files_scanner_are_seen(tmp_path: Path) -> None:
    from pydicom.data import get_testdata_file

    colour = np.zeros((20, 20, 3))
    colour[..., 0] = 200
    assert acquisition_traits(*_slice(tmp_path, "a.png", colour), None).coloured == 1.0
    path = get_testdata_file("MR_small.dcm")
    assert isinstance(path, str)
    traits = acquisition_traits(path, read_image(path), None)
    assert traits.scanner == "MR TOSHIBA_MEC MRT50H1"
    assert traits.file_kind == "DICOM"
    assert traits.coloured == 0.0


def test_the_forest_is_fitted_to_the_training_side_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[set[int], set[int]]] = []
    made = acquisition_check._small_model

    def watched(names: Sequence[str], seed: int) -> object:
        model = made(list(names), seed)
        fit, answer = model.fit, model.predict_proba

        class Watched:
            classes_ = np.array([0, 1])

            def fit(self, frame: pd.DataFrame, codes: np.ndarray) -> Watched:
                seen.append((set(frame.index), set()))
                fit(frame, codes)
                return self

            def predict_proba(self, frame: pd.DataFrame) -> np.ndarray:
                seen[-1][1].update(frame.index)
                return np.asarray(answer(frame))

        return Watched()

    monkeypatch.setattr(acquisition_check, "_small_model", watched)
    patients = np.repeat(np.arange(30), 2)
    check_acquisition(_noise(60, 6), np.repeat(np.tile([0, 1], 15), 2), patients)
    assert len(seen) == 5
    for training, judged in seen:
        assert not set(patients[list(training)]) & set(patients[list(judged)])
