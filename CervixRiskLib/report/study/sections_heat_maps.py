"""The heat map panel: example cases chosen by a rule, from the folder that training leaves beside the bundle."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...bundle.example_choice import examples_notes
from ...bundle.study_examples import EXAMPLES_NAME, read_examples
from ...bundle.study_file import Study
from ...errors import BundleError
from .document import Absence, Block, FigureBlock, Section

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def heat_map_sections(study: Study, number: str = "Figure 8", notes: tuple[str, ...] = ()) -> tuple[Section, ...]:
    """Where the model looked, in cases that nobody picked by their looks.

    Parameters
    ----------
    number
        The paper's figure that this is the counterpart of.
    notes
        What else must be known of the answers, below the panel.
    """
    return (Section("Heat maps", _panel(study, number, notes)),)


def _panel(study: Study, number: str, further: tuple[str, ...]) -> tuple[Block, ...]:
    if study.run is None:
        return (
            Absence(
                "No example cases: patients' pictures are never part of a bundle. Make the report from the folder that "
                "training wrote beside the bundle to see them."
            ),
        )
    path = study.run / EXAMPLES_NAME
    if not path.is_file():
        return (
            Absence("No example cases: the training run kept none, for instance as features were given, not images."),
        )
    try:
        examples = read_examples(path)
    except BundleError as error:
        return (Absence(f"The example cases cannot be shown. {error}"),)
    if not examples:
        return (Absence("No example cases: the training run kept none."),)
    rule = examples_notes(examples)

    def draw() -> Figure:
        from ..figures.heat_map_panel import draw_heat_map_panel

        return draw_heat_map_panel(examples, notes=rule, simulated=study.manifest.simulated)

    mapped = any(example.heat_map is not None for example in examples)
    words = "; ".join(
        f"{example.outcome}, {example.probability_of} {100 * example.probability:.0f} %" for example in examples
    )
    return (
        FigureBlock(
            "Where the model looked" if mapped else "Example cases",
            draw,
            "heat_maps",
            f"Slices with contour{' and heat map' * mapped} of {len(examples)} cases: {words}.",
            # The rule and what was seen in training stand in the figure itself.
            notes=(
                *further,
                "A heat map shows what the network's answer rested on, not where disease is."
                if mapped
                else "There is no heat map of these cases.",
            ),
            number=number,
        ),
    )
