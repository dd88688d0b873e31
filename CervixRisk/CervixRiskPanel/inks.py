"""The colours of what is drawn in the panel, readable on Slicer's light and dark styles.

Blue and vermillion (Okabe and Ito, Color Universal Design, 2008) are told apart in every common colour blindness. They
mean "where the patient stands" and "raises the score", never "good" and "bad": a risk is no traffic light, and the
threshold alone decides what a probability is called.
"""

from dataclasses import dataclass

import qt


@dataclass(frozen=True)
class Inks:
    """``text``, ``faint`` (lines and notes) and ``ground`` from the palette; ``patient`` and ``raises`` ours.

    ``band`` is the patient's colour, light enough to lie under text.
    """

    text: object
    faint: object
    ground: object
    patient: object
    band: object
    raises: object


def inks(palette) -> Inks:
    """The colours that suit a widget's palette."""
    # Those of the enabled state: a label that is disabled greys its whole picture.
    ground = palette.color(qt.QPalette.Active, qt.QPalette.Window)
    text = palette.color(qt.QPalette.Active, qt.QPalette.WindowText)
    dark = ground.lightness() < 128
    patient = qt.QColor("#56B4E9" if dark else "#0072B2")
    return Inks(
        text=qt.QColor(text),
        faint=mixed(text, ground, 0.45),
        ground=qt.QColor(ground),
        patient=patient,
        band=mixed(patient, ground, 0.55),
        raises=qt.QColor("#F0803C" if dark else "#D55E00"),
    )


def mixed(one, other, share):
    """``one`` with ``share`` (0-1) of ``other`` in it."""
    keep = 1.0 - share
    return qt.QColor(
        round(keep * one.red() + share * other.red()),
        round(keep * one.green() + share * other.green()),
        round(keep * one.blue() + share * other.blue()),
    )
