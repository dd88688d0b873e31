"""Which cases are shown is decided by rank alone, and what is shown of them is the tumour's surroundings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from CervixRiskLib.bundle import Prediction, PredictionWarning, WarningCode
from CervixRiskLib.bundle.example_choice import choose_examples, examples_notes
from CervixRiskLib.bundle.example_picture import picture_example
from CervixRiskLib.errors import TrainingError
from CervixRiskLib.imaging import Roi, SliceImage

CLASSES = ("no metastasis", "metastasis")


def names(n: int) -> list[str]:
    return [f"case {index}" for index in range(n)]


def test_the_percentiles_of_each_outcome() -> None:
    probability = np.random.default_rng(2).permutation(22) / 22
    outcomes = np.arange(22) % 2
    chosen = choose_examples(names(22), outcomes, probability, CLASSES, held_out=True)
    assert [(one.outcome, one.reason) for one in chosen] == [
        (name, f"{percentile}th percentile of {name}") for name in CLASSES for percentile in (10, 50, 90)
    ]
    for code in (0, 1):
        members = probability[outcomes == code]
        # Eleven cases each: NumPy's percentiles fall on cases.
        wanted = np.percentile(members, (10, 50, 90))
        shown = [probability[int(one.candidates[0].split()[1])] for one in chosen[3 * code : 3 * code + 3]]
        np.testing.assert_allclose(shown, wanted)
    assert all(one.held_out for one in chosen)


def test_repeats_count_by_their_mean() -> None:
    first = np.linspace(0, 1, 12)
    repeats = np.stack([first, first[::-1] * 3])
    once = choose_examples(names(12), np.zeros(12), repeats.mean(axis=0), CLASSES, held_out=False)
    assert choose_examples(names(12), np.zeros(12), repeats, CLASSES, held_out=False) == once


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 3)), min_size=0, max_size=15))
def test_any_cohort(cases: list[tuple[int, int]]) -> None:
    outcomes = np.array([code for code, _ in cases], dtype=int)
    probability = np.array([level / 3 for _, level in cases])
    chosen = choose_examples(names(len(cases)), outcomes, probability, ("a", "b", "c"), held_out=False)
    for code, name in enumerate("abc"):
        of_outcome = [one for one in chosen if one.outcome == name]
        members = {f"case {index}" for index in np.flatnonzero(outcomes == code)}
        assert len(of_outcome) == min(3, len(members))
        assert len({one.candidates[0] for one in of_outcome}) == len(of_outcome)
        assert all(set(one.candidates) <= members for one in of_outcome)


@pytest.mark.parametrize("probability", [np.array([0.1, np.nan]), np.array([0.1])])
def test_cases_without_an_answer_cannot_be_chosen(probability: np.ndarray) -> None:
    with pytest.raises(TrainingError):
        choose_examples(names(2), np.zeros(2), probability, CLASSES, held_out=False)


def answered(image: SliceImage, **more: object) -> Prediction:
    heat_map = np.linspace(0, 1, image.pixels.size, dtype=np.float32).reshape(image.shape)
    made = Prediction("x", "plnm", 0.4, (0.2, 0.6), 0.5, "no metastasis", "metastasis", 0.3, heatmap=heat_map)
    return replace(made, **more)  # type: ignore[arg-type]


def slice_with(shape: tuple[int, int], box: tuple[int, int, int, int], spacing: tuple[float, float] | None):
    pixels = np.random.default_rng(4).normal(size=shape).astype(np.float32)
    mask = np.zeros(shape, bool)
    mask[box[0] : box[2], box[1] : box[3]] = True
    return SliceImage(pixels, spacing, None, "US"), Roi(mask, spacing)


def test_the_contour_stands_in_a_square_of_tissue() -> None:
    image, roi = slice_with((300, 300), (100, 120, 140, 160), (0.1, 0.2))
    example = picture_example(image, roi, answered(image), outcome="metastasis", reason="r", held_out=True)
    rows, columns = example.image.shape
    # The box is 4 by 8 mm; its longer side with 45 % on either side is 15.2 mm.
    assert rows * 0.1 == pytest.approx(15.2, abs=0.21)
    assert columns * 0.2 == pytest.approx(15.2, abs=0.41)
    assert example.mask is not None
    assert example.heat_map is not None
    assert example.mask.sum() == roi.mask.sum()
    top, left = (int(place[0]) for place in np.nonzero(example.mask))
    np.testing.assert_array_equal(
        example.image, image.pixels[100 - top : 100 - top + rows, 120 - left : 120 - left + columns]
    )
    assert example.heat_map[top, left] == answered(image).heatmap[100, 120]  # type: ignore[index]
    assert (example.probability, example.probability_of, example.spacing_mm) == (0.4, "metastasis", (0.1, 0.2))


def test_at_the_border_without_a_pixel_size_and_without_a_map() -> None:
    image, roi = slice_with((64, 80), (0, 70, 10, 80), None)
    warning = PredictionWarning(WarningCode.HEATMAP_UNAVAILABLE, "There is no heat map: no network.")
    prediction = answered(image, heatmap=None, warnings=(warning,))
    example = picture_example(image, roi, prediction, outcome="metastasis", reason="r", held_out=False)
    assert example.heat_map is None
    assert example.heat_map_target == "There is no heat map: no network."
    assert example.spacing_mm is None
    assert example.mask is not None
    assert example.mask.sum() == 100


def test_large_slices_are_thinned_and_keep_their_size_in_mm() -> None:
    image, _ = slice_with((1300, 900), (0, 0, 9, 9), (0.1, 0.1))
    example = picture_example(image, None, answered(image), outcome="surgery", reason="r", held_out=False)
    assert example.mask is None
    assert example.image.shape == (434, 300)
    assert example.spacing_mm == pytest.approx((0.3, 0.3))


def test_the_notes_say_what_the_model_knew() -> None:
    image, roi = slice_with((64, 80), (10, 10, 30, 30), None)
    seen = picture_example(image, roi, answered(image), outcome="metastasis", reason="r", held_out=False)
    unseen = replace(seen, held_out=True)
    assert examples_notes(()) == ()
    assert "not by looks" in examples_notes((unseen,))[0]
    assert "was not fitted on these" in examples_notes((unseen, unseen))[1]
    assert "seen in training" in examples_notes((seen, unseen))[1]
