"""Contours compared by hand, features against a second formula and a known truth, and what does not count."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from CervixRiskLib.errors import Cancelled, CohortError, ReadingError, SettingsError
from CervixRiskLib.imaging import Roi
from CervixRiskLib.progress import Progress
from CervixRiskLib.radiomics import extract
from CervixRiskLib.reading import (
    AgreementSettings,
    ReaderDesk,
    ReproducibilityRule,
    ReviewDesk,
    Round,
    all_contours,
    assign,
    check_integrity,
    compare_readings,
    compared_readings,
    create_study,
    feature_agreement,
    reproducible_features,
    schema,
    study_agreement,
)
from CervixRiskLib.statistics.agreement_analyses import AgreementAnalysis

INTER, INTRA = AgreementAnalysis.INTER, AgreementAnalysis.INTRA
PRESET = """
setting: {force2D: true, binWidth: 25}
imageType: {Original: {}}
featureClass:
  shape2D: [PixelSurface, MaximumDiameter]
  firstorder: [Mean, Maximum, Minimum]
"""


@pytest.fixture
def preset(tmp_path):
    path = tmp_path / "few.yaml"
    path.write_text(PRESET)
    return str(path)


@pytest.fixture
def few(preset):
    return AgreementSettings(preset=preset)


def draw_all(study, reader, contour, round_=None):
    """Submit ``contour(number, round)`` for every open task; ``None`` leaves one out. Returns the numbers drawn."""
    desk, numbers = ReaderDesk(study, reader), []
    for task in desk.tasks():
        if task.state.value == "open" and round_ in (None, task.round):
            roi = contour(task.number, task.round)
            if roi is not None:
                desk.submit(task.number, roi, round_=task.round)
                numbers.append(task.number)
    return numbers


@pytest.fixture
def drawn(study, draw, clock):
    """A draws as given, B two pixels to the right, A again 57 days later one pixel to the left."""
    draw_all(study, "Reader A", lambda number, _: draw(number))
    draw_all(study, "Reader B", lambda number, _: draw(number, 2))
    clock.pass_days(57)
    draw_all(study, "Reader A", lambda number, _: draw(number, -1))
    return study


def shared_cases(study):
    return {contour.number for contour in all_contours(study) if contour.reader == "Reader B"}


def test_every_pair_is_compared_as_by_hand(drawn, draw):
    readings = compared_readings(drawn)
    found = compare_readings(drawn, readings)
    assert {(one.pair.analysis, one.pair.case.number) for one in found.pairs} == {
        (kind, number) for kind in (INTER, INTRA) for number in shared_cases(drawn)
    }
    for one in found.pairs:
        number = one.pair.case.number
        first, second = draw(number).mask, draw(number, 2 if one.pair.analysis is INTER else -1).mask
        dice = 2 * (first & second).sum() / (first.sum() + second.sum())
        assert one.agreement.dice == pytest.approx(dice)
        assert one.agreement.unit == "mm"
        assert one.agreement.first_area == pytest.approx(first.sum() * 0.25**2)
        assert one.pair.days_between == (None if one.pair.analysis is INTER else pytest.approx(57))
    assert readings.missing == ()
    inter, intra = found.summaries
    values = [one.agreement.dice for one in found.pairs if one.pair.analysis is INTER]
    assert inter.dice.median == pytest.approx(np.median(values))
    assert inter.dice.minimum == min(values)
    assert (inter.n, inter.days, intra.days.minimum, intra.identical) == (4, None, pytest.approx(57), ())
    # The same shape, moved: no size differs.
    assert inter.area.limits.bias == pytest.approx(0)
    assert inter.diameter.icc.value == pytest.approx(1)


def two_way_icc(ratings):
    """ICC(2,1) through the variance components of a two-way layout, one by one."""
    n, k = ratings.shape
    grand = ratings.mean()
    rows = sum(k * (row.mean() - grand) ** 2 for row in ratings) / (n - 1)
    columns = sum(n * (column.mean() - grand) ** 2 for column in ratings.T) / (k - 1)
    error = sum(
        (ratings[i, j] - ratings[i].mean() - ratings[:, j].mean() + grand) ** 2 for i in range(n) for j in range(k)
    ) / ((n - 1) * (k - 1))
    of_targets, of_raters = (rows - error) / k, (columns - error) / n
    return of_targets / (of_targets + of_raters + error)


def test_the_icc_of_every_feature_by_another_formula(drawn, draw, preset):
    found = feature_agreement(drawn, compared_readings(drawn), preset=preset)
    cases = {case.case_id: case for case in drawn.cases()}
    assert [analysis.kind for analysis in found.analyses] == [INTER, INTRA]
    table = found.table()
    for analysis, shift in zip(found.analyses, (2, -1), strict=True):
        assert {cases[case_id].number for case_id in analysis.case_ids} == shared_cases(drawn)
        for place, name in enumerate(found.names):
            ratings = np.array(
                [
                    [extract(drawn.image(case), draw(case.number, moved), preset)[name] for moved in (0, shift)]
                    for case in (cases[case_id] for case_id in analysis.case_ids)
                ]
            )
            np.testing.assert_allclose(analysis.ratings[:, :, place], ratings, rtol=1e-6)
            expected = two_way_icc(ratings)
            assert table.loc[name, f"{analysis.kind.value}_icc"] == pytest.approx(expected, abs=1e-6)
            assert table.loc[name, f"{analysis.kind.value}_lower"] <= expected + 1e-9
    assert found.pixel_size_known
    assert found.analysis(INTER).raters == ("Reader A", "Reader B")
    assert any("4 cases" in note for note in found.notes)


@pytest.fixture
def known_truth(tmp_path, clock, make_cohort_table):
    """Twelve cases whose brightest pixel every contour holds; the size of a contour has nothing to do with the case."""
    from PIL import Image

    table = make_cohort_table([f"truth {index}" for index in range(12)])
    for index, path in enumerate(sorted((table.parent / "images").iterdir())):
        pixels = np.random.default_rng(index).integers(0, 100, (40, 48)).astype(np.uint8)
        pixels[20, 24] = 120 + 10 * index
        Image.fromarray(pixels).save(path)
    study = create_study(tmp_path / "truth", table, clock=clock)
    assign(study, primary="A", seconds=["B", "C"], second_cases=12)
    random = np.random.default_rng(3)
    cases = {case.number: case for case in study.cases()}

    def circle(number, _):
        rows, columns = np.mgrid[:40, :48]
        radius = random.uniform(4, 15)
        return Roi.from_mask((rows - 20) ** 2 + (columns - 24) ** 2 < radius**2, study.image(cases[number]))

    for reader in "ABC":
        draw_all(study, reader, circle)
    clock.pass_days(57)
    draw_all(study, "A", circle)
    return study


def test_a_feature_all_agree_on_stays_and_one_of_pure_noise_goes(known_truth, few):
    found = study_agreement(known_truth, few)
    table = found.features.table()
    assert found.features.analysis(INTER).raters == ("A", "B", "C")
    for kind in ("inter", "intra"):
        assert table.loc["original_firstorder_Maximum", f"{kind}_icc"] == pytest.approx(1)
        assert table.loc["original_shape2D_PixelSurface", f"{kind}_icc"] < 0.5
    assert "original_firstorder_Maximum" in found.kept
    assert "original_shape2D_PixelSurface" not in found.kept
    assert found.decided_by == (INTER, INTRA)


def test_the_rule_joins_the_analyses(drawn, preset):
    agreement = feature_agreement(drawn, compared_readings(drawn), preset=preset)
    table = agreement.table()
    threshold = float(np.sort(table[["inter_icc", "intra_icc"]].min(axis=1))[2])
    inter, intra = (table[f"{kind}_icc"] >= threshold for kind in ("inter", "intra"))

    def kept(**rule):
        return list(reproducible_features(agreement, ReproducibilityRule(threshold, **rule)))

    assert kept() == list(table.index[inter & intra])
    assert kept(rule="both") == list(table.index[inter | intra])
    assert kept(analyses=(INTRA,)) == list(table.index[intra])
    assert kept(bound="lower") == list(table.index[(table[["inter_lower", "intra_lower"]] >= threshold).all(axis=1)])
    with pytest.raises(SettingsError, match="was not made"):
        kept(analyses=(AgreementAnalysis.PERTURBATION,))
    with pytest.raises(SettingsError, match="either"):
        kept(rule="any")


def test_what_comes_after_a_review_does_not_count(drawn, draw, few):
    before = study_agreement(drawn, few)
    number = min(shared_cases(drawn))
    desk = ReviewDesk(drawn, "Reviewer C")
    desk.return_to_reader(number, "Reader B", reason="too large")
    ReaderDesk(drawn, "Reader B").submit(number, draw(number, 6))
    other = max(shared_cases(drawn))
    desk.adjust(other, draw(other, 5))
    after = study_agreement(drawn, few)
    assert [one.agreement for one in after.contours.pairs] == [one.agreement for one in before.contours.pairs]
    np.testing.assert_array_equal(after.features.table(), before.features.table())


def test_a_correction_after_the_repeat_shortens_no_washout(drawn, draw, clock):
    number = sorted(shared_cases(drawn))[0]
    clock.pass_days(3)
    ReviewDesk(drawn, "Reviewer C").return_to_reader(number, "Reader A", reason="Too small.")
    ReaderDesk(drawn, "Reader A").submit(number, draw(number, 4))
    pair = next(
        pair for pair in compared_readings(drawn).pairs if pair.case.number == number and pair.analysis is INTRA
    )
    assert pair.first.version == 1
    assert pair.days_between == pytest.approx(57)


def test_a_better_second_thought_before_review_counts(drawn, draw):
    number = min(shared_cases(drawn))
    ReaderDesk(drawn, "Reader B").submit(number, draw(number))
    found = compare_readings(drawn, compared_readings(drawn))
    chosen = next(one for one in found.pairs if one.pair.case.number == number and one.pair.analysis is INTER)
    assert chosen.agreement.dice == 1
    assert found.summaries[0].identical == (chosen.pair.case.case_id,)


def test_what_is_missing_is_named(study, draw, clock, few):
    draw_all(study, "Reader A", lambda number, _: draw(number))
    draw_all(study, "Reader B", lambda number, _: draw(number, 1))
    clock.pass_days(57)
    left_out = []

    def all_but_one(number, round_):
        if not left_out:
            left_out.append(number)
            return None
        # The same contour as the first one, to the pixel.
        return draw(number)

    draw_all(study, "Reader A", all_but_one)
    found = study_agreement(study, few)
    missing = [(one.analysis, one.number, one.reader, one.round, one.reason) for one in found.missing]
    assert missing == [(INTRA, left_out[0], "Reader A", Round.REPEAT, "not drawn yet")]
    assert any("exactly the same pixels" in note for note in found.notes)
    assert any("is missing" in note for note in found.notes)
    assert len(found.features.analysis(INTRA).case_ids) == 3


def test_a_washout_that_was_cut_short_is_told(study, draw, clock, few):
    draw_all(study, "Reader A", lambda number, _: draw(number))
    clock.pass_days(57)
    repeated = draw_all(study, "Reader A", lambda number, _: draw(number, 1))
    # The desk keeps to the washout; what was drawn elsewhere need not have.
    repeats = [one for one in all_contours(study) if one.round is Round.REPEAT]
    table = schema.contours
    with study.store.writing() as connection:
        for contour, drawn_at in ((repeats[0], clock.now - timedelta(days=50)), (repeats[1], None)):
            connection.execute(table.update().where(table.c.id == contour.identifier).values(drawn_at=drawn_at))
    found = study_agreement(study, few)
    summary = found.contours.summaries[0]
    assert (summary.n, summary.days_unknown) == (len(repeated), 1)
    assert summary.days.minimum == pytest.approx(7)
    assert any("7.0 days" in note and "56 were planned" in note for note in found.notes)
    assert any("for 1 of 4 cases nobody said" in note for note in found.notes)
    assert any("no inter-observer analysis" in note for note in found.notes)


def test_too_little_is_an_error(study, draw, few):
    with pytest.raises(ReadingError, match="there are none"):
        study_agreement(study, few)
    with pytest.raises(ReadingError, match="two independent contours"):
        study_agreement(study, AgreementSettings(features=False))
    draw_all(study, "Reader A", lambda number, _: draw(number))
    first = []

    def only_one(number, round_):
        first.append(number)
        return draw(number, 1) if len(first) == 1 else None

    draw_all(study, "Reader B", only_one)
    with pytest.raises(ReadingError, match="there is 1"):
        study_agreement(study, few)
    # Two contours of one case are a comparison, without limits or ICC.
    found = study_agreement(study, AgreementSettings(features=False))
    assert (found.contours.summaries[0].n, found.contours.summaries[0].diameter.limits) == (1, None)


def test_a_study_without_readers_is_told(tmp_path, cohort_table):
    with pytest.raises(ReadingError, match="no primary reader"):
        study_agreement(create_study(tmp_path / "new", cohort_table))


def test_known_and_unknown_pixel_sizes_are_not_mixed(tmp_path, cohort_table, clock, few, make_roi):
    lines = cohort_table.read_text().splitlines()
    lines[1:4] = [line.replace(",0.25,", ",,") for line in lines[1:4]]
    cohort_table.write_text("\n".join(lines) + "\n")
    study = create_study(tmp_path / "mixed", cohort_table, clock=clock)
    assign(study, primary="A", seconds=["B"], second_cases=8)
    for reader, shift in (("A", 0), ("B", 1)):
        draw_all(study, reader, lambda number, _, moved=shift: make_roi(study, number, moved))
    with pytest.raises(ReadingError, match="3 of 8 images have no pixel size"):
        study_agreement(study, few)
    found = study_agreement(study, AgreementSettings(features=False))
    assert [(summary.unit, summary.n) for summary in sorted(found.contours.summaries, key=lambda one: one.unit)] == [
        ("mm", 5),
        ("px", 3),
    ]
    assert any("no pixel size" in note for note in found.notes)


def test_measurements_are_kept_beside_a_sound_study(drawn, few, monkeypatch):
    first = study_agreement(drawn, few)
    assert check_integrity(drawn).sound

    def measures(*_arguments, **_options):
        raise AssertionError("measured again")

    monkeypatch.setattr("CervixRiskLib.cohort.case_worker.measure_case", measures)
    monkeypatch.setattr("CervixRiskLib.cohort.extraction.measure_case", measures)
    again = study_agreement(drawn, few)
    np.testing.assert_array_equal(again.features.table(), first.features.table())


def test_changed_files_are_not_measured(drawn, few):
    contour = next(one for one in all_contours(drawn) if one.reader == "Reader B")
    path = drawn.folder / contour.file
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(ReadingError, match="changed outside the study"):
        study_agreement(drawn, few)


def test_a_changed_image_is_not_measured(drawn, preset):
    readings = compared_readings(drawn)
    case = readings.pairs[0].case
    path = drawn.folder / case.image_file
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(ReadingError, match=f"image of case {case.number}"):
        feature_agreement(drawn, readings, preset=preset)


def test_it_can_be_stopped(drawn, few):
    class Stop(Progress):
        steps = 0

        def cancelled(self):
            self.steps += 1
            return self.steps > 5

    with pytest.raises(Cancelled):
        study_agreement(drawn, few, progress=Stop())


@pytest.mark.parametrize("form", ["ICC(4,1)", "2,1"])
def test_forms_that_do_not_exist(drawn, preset, form):
    with pytest.raises(SettingsError, match="no form of the ICC"):
        study_agreement(drawn, AgreementSettings(preset=preset, form=form))


def test_a_contour_that_cannot_be_measured_is_named_or_left_out(drawn, few, tmp_path):
    (tmp_path / "few.yaml").write_text(PRESET.replace("binWidth: 25", "binWidth: 25, minimumROISize: 50"))
    number = min(shared_cases(drawn))
    image = drawn.image(next(case for case in drawn.cases() if case.number == number))
    mask = np.zeros(image.shape, dtype=bool)
    mask[20, 24] = True
    ReaderDesk(drawn, "Reader B").submit(number, Roi.from_mask(mask, image))
    with pytest.raises(CohortError, match=rf"case {number} \(.*\), Reader B, first"):
        study_agreement(drawn, few)
    found = study_agreement(drawn, few, skip_invalid=True)
    assert [len(found.features.analysis(kind).case_ids) for kind in (INTER, INTRA)] == [3, 4]
    assert any("Left out" in note and "Reader B" in note for note in found.notes)
    # The contours themselves are compared all the same.
    assert len(found.contours.pairs) == 8
