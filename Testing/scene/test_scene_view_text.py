"""The words of a picture keep to their places, however many they are."""

from __future__ import annotations

import pytest

pytest.importorskip("vtk", reason='slicer-core is missing: pip install "cervixrisk[slicer]"')

from CervixRiskLib.bundle.prediction_text import AnswerText
from CervixRiskLib.scene.picture_layout import lay_out
from CervixRiskLib.scene.view_text import draw_legend_words, draw_panel, legend_box, legend_note

pytestmark = pytest.mark.slicer
LONG = "Grad-CAM for concurrent chemoradiotherapy or systemic therapy, HRNet-W32, in the square that the network sees"
BESIDE, BELOW = (60.0, 60.0), (40.0, 90.0)


def written(renderer) -> list[tuple[str, float, float]]:
    """Text, left end and lower end of all that is written, from the top down."""
    actors = [item for item in renderer.GetViewProps() if item.IsA("vtkTextActor")]
    lines = [(actor.GetInput(), *actor.GetPosition()) for actor in actors]
    return sorted(lines, key=lambda line: (-line[2], line[1]))


@pytest.fixture
def renderer():
    import vtk

    return vtk.vtkRenderer()


@pytest.mark.parametrize("extent", [BESIDE, BELOW])
@pytest.mark.parametrize("size", [(640, 480), (1200, 900)])
@pytest.mark.parametrize("warnings", [0, 1, 9])
def test_the_notice_is_whole_under_many_words(renderer, extent, size, warnings):
    layout = lay_out(size, extent)
    assert (layout.warnings is not None) == (extent == BELOW)
    answer = AnswerText(
        headline="Chemoradiotherapy 73 %",
        details=(
            "Group: chemoradiotherapy (the most probable)",
            "95 % interval 58 to 84 %",
            "All groups: surgery 8 %, chemoradiotherapy 73 %, systemic therapy 19 %",
            "Stage groups by FIGO 2018; ESGO-ESTRO-ESP 2023",
        ),
        warnings=("The pixel size is unknown, as in the training images.",) * warnings,
        simulated="Demo bundle: trained on simulated data.",
    )
    draw_panel(renderer, layout, answer)
    lines = written(renderer)
    said = " ".join(text for text, _, _ in lines).replace("\N{NO-BREAK SPACE}", " ")
    for words in (answer.headline, answer.notice, answer.simulated, *answer.details):
        assert all(word in said for word in words.split()), words
    places = [layout.text, *([layout.warnings] if layout.warnings else [])]
    for text, left, bottom in lines:
        assert any(place.left <= left < place.right and place.bottom <= bottom < place.top for place in places), text
    if warnings == 9:
        assert "more warning" in said


@pytest.mark.parametrize("extent", [BESIDE, BELOW])
def test_the_legend_says_what_it_explains_from_its_first_word(renderer, extent):
    layout = lay_out((1200, 900), extent)
    note = legend_note(layout, LONG, 0.35)
    assert note[0].startswith("Grad-CAM for")
    assert note[-1] == "Drawn from 0.35 on."
    assert note[-2].endswith(("sees", "…"))
    bar = legend_box(layout, note)
    assert bar.height >= 5.9 * layout.unit
    assert bar.bottom > layout.legend.bottom + len(note) * layout.unit
    draw_legend_words(renderer, layout, note)
    lines = written(renderer)
    assert [text for text, _, _ in lines] == ["Heat map", *note]
    assert all(bottom < bar.bottom for _, _, bottom in lines[1:])


def test_a_short_note_leaves_the_bar_its_height():
    layout = lay_out((1200, 900), BESIDE)
    short, long = legend_note(layout, "", 0.5), legend_note(layout, LONG, 0.5)
    assert short == ["Drawn from 0.50 on."]
    assert legend_box(layout, short).height > legend_box(layout, long).height


def test_fewer_words_are_not_written_smaller(renderer):
    layout = lay_out((1200, 900), BESIDE)
    draw_panel(renderer, layout, AnswerText(headline="PLNM 31 %", details=("Class: metastasis",)))
    sizes = {
        actor.GetInput().replace("\N{NO-BREAK SPACE}", " "): actor.GetTextProperty().GetFontSize()
        for actor in renderer.GetViewProps()
    }
    assert sizes["PLNM 31 %"] == int(2.1 * layout.unit)
    assert sizes["Class: metastasis"] == int(1.2 * layout.unit)
