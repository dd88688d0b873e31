"""The nomogram: ticks and marks against the arithmetic, and words that never touch."""

from __future__ import annotations

import itertools
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from PIL import Image

from CervixRiskLib.errors import ClinicalValueError, SettingsError, StorageError
from CervixRiskLib.report import draw_nomogram
from CervixRiskLib.statistics import Nomogram

VALUES = {"fusion_score": 0.48, "max_diameter": 38.2, "rbc": 3.9}


@pytest.fixture(scope="module")
def nomogram() -> Nomogram:
    return Nomogram.from_logistic(
        ["fusion_score", "max_diameter", "rbc"],
        ["Fusion score", "Maximum diameter", "RBC count"],
        ["", "mm", "10¹²/L"],
        [4.2, 0.03, -0.35],
        -3.0,
        [(0, 1), (5, 80), (2, 7)],
    )


@pytest.fixture(scope="module")
def crowded() -> Nomogram:
    """Ten predictors: long names, tiny and no effect, levels at one place, a risk axis pressed into a corner."""
    return Nomogram.from_logistic(
        [f"p{index}" for index in range(10)],
        ["Fusion score", "Maximum diameter", "RBC count", "FIGO stage", "Histological type as read by two pathologists",
         "Tiny effect", "No effect", "Age", "Squamous cell carcinoma antigen", "Parametrial invasion"],
        ["", "mm", "10¹²/L", "", "", "g/L", "", "years", "ng/mL", ""],
        [4.2, 0.03, -0.35, 0.6, 1.0, 0.001, 0.0, -0.04, 0.02, 1.1],
        -9.0,
        [(0, 1), (5, 80), (2, 7), (0, 0), (0, 0), (10, 17), (0, 1), (22, 79), (0.3, 70.2), (0, 1)],
        levels={
            "p3": {"I": 0, "II": 1, "III": 2, "IV": 3},
            "p4": {"squamous": 0, "adenocarcinoma": 0.1, "adenosquamous": 0.1, "other": 0.15},
            "p9": {"no": 0, "yes": 1},
        },
        calibration=(0.8, -0.2),
    )  # fmt: skip


CROWDED_VALUES = dict(
    zip([f"p{index}" for index in range(10)], [0.9, 120, 1.1, "III", 0.1, 12, 0.5, 44, 90, "yes"], strict=True)
)


def artists(figure: Figure) -> dict[str, object]:
    """Everything on the sheet that has a name."""
    sheet = figure.axes[0]
    return {artist.get_gid(): artist for artist in (*sheet.lines, *sheet.texts) if artist.get_gid()}


def x_of(figure: Figure, name: str) -> float:
    artist = artists(figure)[name]
    return artist.get_position()[0] if hasattr(artist, "get_text") else artist.get_xdata()[0]


def on_points_axis(figure: Figure, name: str) -> float:
    """Points at the place of an artist, read off the points axis like a person does."""
    left, right = x_of(figure, "label:points:0"), x_of(figure, "label:points:100")
    return 100 * (x_of(figure, name) - left) / (right - left)


def word_boxes(figure: Figure) -> dict[str, object]:
    renderer = figure.canvas.get_renderer()
    return {
        f"{text.get_gid()}={text.get_text()}": matplotlib.text.Text.get_window_extent(text, renderer)
        for text in figure.axes[0].texts
    }


def assert_words_apart_and_inside(figure: Figure) -> None:
    boxes = word_boxes(figure)
    width, height = figure.get_size_inches() * figure.dpi
    for name, box in boxes.items():
        assert box.x0 >= 0, name
        assert box.y0 >= 0, name
        assert box.x1 <= width, name
        assert box.y1 <= height, name
    for (one, box), (other, other_box) in itertools.combinations(boxes.items(), 2):
        assert not box.overlaps(other_box), f"{one} touches {other}"


@pytest.mark.parametrize(("axis", "value"), [("fusion_score", 0.5), ("max_diameter", 40.0), ("rbc", 3.0)])
def test_numbers_stand_at_their_points(nomogram, axis, value):
    figure = draw_nomogram(nomogram)
    # By hand: 0 points at the weaker end; the fusion score's 4.2 log-odds are 100 points.
    by_hand = {"fusion_score": 100 * 0.5, "max_diameter": 100 * 0.03 * 40 / 4.2, "rbc": 100 * 0.35 * (7 - 3) / 4.2}
    assert on_points_axis(figure, f"label:{axis}:{value:g}") == pytest.approx(by_hand[axis], abs=0.01)


def test_falling_effect_runs_the_other_way(nomogram):
    figure = draw_nomogram(nomogram)
    assert x_of(figure, "label:rbc:7") < x_of(figure, "label:rbc:2")
    assert x_of(figure, "label:max_diameter:0") < x_of(figure, "label:max_diameter:80")


@pytest.mark.parametrize("risk", [0.05, 0.5, 0.9])
def test_risks_stand_under_their_total(nomogram, risk):
    figure = draw_nomogram(nomogram)
    left, right = x_of(figure, "label:total:0"), x_of(figure, "label:total:200")
    total = 200 * (x_of(figure, f"label:risk:{risk:g}") - left) / (right - left)
    log_odds = -3.0 - 0.35 * 7 + total * 4.2 / 100
    assert 1 / (1 + np.exp(-log_odds)) == pytest.approx(risk, abs=1e-3)


def test_marks_follow_the_patient(nomogram):
    figure = draw_nomogram(nomogram, VALUES)
    for name, value in VALUES.items():
        expected = nomogram.points(name, value)
        assert on_points_axis(figure, f"mark:{name}") == pytest.approx(expected, abs=0.01)
        assert on_points_axis(figure, f"mark:{name}:end") == pytest.approx(expected, abs=0.01)
    words = [text.get_text() for text in figure.axes[0].texts]
    assert "38.2: 27 points" in words
    total = sum(nomogram.points(name, value) for name, value in VALUES.items())
    assert f"{total:.0f} points" in words
    log_odds = -3.0 + 4.2 * 0.48 + 0.03 * 38.2 - 0.35 * 3.9
    assert f"{100 / (1 + np.exp(-log_odds)):.0f} %" in words
    assert x_of(figure, "mark:total") == x_of(figure, "mark:total:end")


def test_without_a_patient_there_are_no_marks(nomogram):
    assert not [name for name in artists(draw_nomogram(nomogram)) if name.startswith("mark")]


def test_interval_lies_on_the_risk_axis(nomogram):
    figure = draw_nomogram(nomogram, VALUES, interval=(0.1, 0.5))
    ends = artists(figure)["mark:interval"].get_xdata()
    assert ends[0] == pytest.approx(x_of(figure, "label:risk:0.1"))
    assert ends[1] == pytest.approx(x_of(figure, "label:risk:0.5"))
    assert "95 % interval 10 to 50 %" in [text.get_text() for text in figure.axes[0].texts]


def test_value_beyond_its_axis_is_open_and_said(nomogram):
    figure = draw_nomogram(nomogram, {**VALUES, "max_diameter": 120.0})
    named = artists(figure)
    assert named["mark:max_diameter"].get_markerfacecolor() == "white"
    assert named["mark:fusion_score"].get_markerfacecolor() != "white"
    assert "beyond the range" in named["note:0"].get_text()
    assert "Maximum diameter" in named["note:0"].get_text()


def test_value_off_the_sheet_becomes_an_arrow(nomogram):
    figure = draw_nomogram(nomogram, {**VALUES, "fusion_score": 3.0, "rbc": 20.0})
    named = artists(figure)
    assert named["mark:fusion_score"].get_marker() == ">"
    assert named["mark:rbc"].get_marker() == "<"
    # An arrow points at no place on the points axis.
    assert "mark:fusion_score:line" not in named
    assert_words_apart_and_inside(figure)


def test_missing_value_means_no_total(nomogram):
    figure = draw_nomogram(nomogram, {"rbc": 3.9})
    named = artists(figure)
    assert "mark:rbc" in named
    assert "mark:total" not in named
    assert "missing for Fusion score, Maximum diameter" in named["note:0"].get_text()


def test_words_are_apart(nomogram, crowded):
    assert_words_apart_and_inside(draw_nomogram(nomogram, VALUES, title="PLNM", interval=(0.1, 0.5), simulated=True))
    assert_words_apart_and_inside(draw_nomogram(nomogram))
    assert_words_apart_and_inside(draw_nomogram(crowded, CROWDED_VALUES, title="Ten", interval=(0.3, 0.5)))


def test_short_axes_say_their_range(crowded):
    named = artists(draw_nomogram(crowded))
    assert named["label:p5:range"].get_text() == "10 to 17"
    assert named["label:p6:range"].get_text() == "0 to 1, no effect"
    assert named["label:p4:range"].get_text() == "squamous < adenocarcinoma = adenosquamous < other"


def test_levels_are_named(crowded):
    figure = draw_nomogram(crowded, CROWDED_VALUES)
    assert on_points_axis(figure, "label:p3:2") == pytest.approx(100 * 1.2 / 4.2, abs=0.01)
    assert "III: 29 points" in [text.get_text() for text in figure.axes[0].texts]


def test_unknown_level(crowded):
    with pytest.raises(ClinicalValueError, match="FIGO stage"):
        draw_nomogram(crowded, {**CROWDED_VALUES, "p3": "V"})


@pytest.mark.parametrize(
    ("intercept", "calibration"), [(-12.0, (1.0, 0.0)), (9.0, (1.0, 0.0)), (0.0, (0.0, -0.5)), (0.0, (60.0, -30.0))]
)
def test_risk_axis_of_any_skew(intercept, calibration):
    skewed = Nomogram.from_logistic(["a"], ["A"], [""], [1.0], intercept, [(0, 1)], calibration=calibration)
    figure = draw_nomogram(skewed, {"a": 0.4})
    assert_words_apart_and_inside(figure)
    risk_words = [name for name in artists(figure) if name.startswith("label:risk")]
    assert len(risk_words) >= 2 or risk_words == ["label:risk:range"]


EFFECTS = st.floats(-5, 5).filter(lambda effect: abs(effect) > 1e-3)
RANGES = st.tuples(st.floats(-1000, 1000), st.floats(0.01, 1000)).map(lambda pair: (pair[0], pair[0] + pair[1]))


@settings(deadline=None, max_examples=10)
@given(st.data(), st.integers(1, 6), st.floats(-8, 8))
def test_words_are_apart_for_any_model(data, count, intercept):
    effects = [data.draw(EFFECTS) for _ in range(count)]
    ranges = [data.draw(RANGES) for _ in range(count)]
    # Effects per range, so that no axis makes the others vanish.
    weights = [effect / (high - low) for effect, (low, high) in zip(effects, ranges, strict=True)]
    names = [f"predictor {index}" for index in range(count)]
    drawn = Nomogram.from_logistic(names, names, ["mm"] * count, weights, intercept, ranges)
    marks = {name: data.draw(st.floats(low, high)) for name, (low, high) in zip(names, ranges, strict=True)}
    assert_words_apart_and_inside(draw_nomogram(drawn, marks))


def test_svg_keeps_words_as_words(nomogram, tmp_path):
    draw_nomogram(nomogram, VALUES, path=tmp_path / "n.svg", simulated=True)
    tree = ElementTree.parse(tmp_path / "n.svg")
    words = {"".join(node.itertext()) for node in tree.iter("{http://www.w3.org/2000/svg}text")}
    assert {"Fusion score", "Maximum diameter, mm", "RBC count, 10¹²/L", "Total points", "Risk of PLNM, %"} <= words
    assert "Demo bundle: trained on simulated data. For research use. Not a medical device." in words


def test_files_are_the_same_every_time(nomogram, tmp_path):
    for suffix in (".svg", ".png"):
        first, second = tmp_path / f"a{suffix}", tmp_path / f"b{suffix}"
        draw_nomogram(nomogram, VALUES, path=first)
        draw_nomogram(nomogram, VALUES, path=second)
        assert first.read_bytes() == second.read_bytes(), suffix
    assert Image.open(tmp_path / "a.png").text["Disclaimer"] == "For research use. Not a medical device."


@pytest.mark.parametrize("simulated", [True, False])
def test_research_use_is_always_said(nomogram, simulated):
    closing = artists(draw_nomogram(nomogram, simulated=simulated))["closing"].get_text()
    assert closing.endswith("For research use. Not a medical device.")
    assert ("simulated" in closing) == simulated


def test_signs_in_a_label_are_not_read_as_formulas():
    drawn = Nomogram.from_logistic(["a"], ["Cost $x_1$ & <b>"], ["$"], [1.0], 0.0, [(0, 1)])
    titles = [text.get_text() for text in draw_nomogram(drawn).axes[0].texts]
    assert "Cost $x_1$ & <b>, $" in titles


def test_other_formats_are_refused(nomogram, tmp_path):
    with pytest.raises(SettingsError, match=r"\.png, \.svg or \.pdf"):
        draw_nomogram(nomogram, path=tmp_path / "n.bmp")
    assert list(tmp_path.iterdir()) == []


def test_place_that_cannot_be_written(nomogram, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError):
        draw_nomogram(nomogram, path=tmp_path / "file" / "n.png")


def test_settings_of_others_stay_and_do_not_leak_in(nomogram, tmp_path):
    with matplotlib.rc_context({"font.size": 40, "svg.fonttype": "path"}):
        draw_nomogram(nomogram, VALUES, path=tmp_path / "loud.svg")
        assert matplotlib.rcParams["font.size"] == 40
    draw_nomogram(nomogram, VALUES, path=tmp_path / "plain.svg")
    assert (tmp_path / "loud.svg").read_bytes() == (tmp_path / "plain.svg").read_bytes()


def test_no_pyplot_and_a_light_import():
    code = (
        "import sys, CervixRiskLib.report as r; print('matplotlib' in sys.modules);"
        "from CervixRiskLib.statistics import Nomogram;"
        "r.draw_nomogram(Nomogram.from_logistic(['a'], ['A'], [''], [1.0], 0.0, [(0, 1)]));"
        "print('matplotlib.pyplot' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
