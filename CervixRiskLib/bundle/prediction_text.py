"""What is said about a prediction: in the same words in Slicer, in a picture, in a report and on the command line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from .. import RESEARCH_USE_NOTICE, SIMULATED_MARK
from ..imaging import SliceImage
from .contracts import Prediction, WarningCode

# What the headline gives the probability of; a study that is not listed is told by its positive class.
_OUTCOMES = {"plnm": "PLNM"}
_SUPERSCRIPTS = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


@dataclass(frozen=True)
class AnswerText:
    """The lines beside or over a slice.

    Parameters
    ----------
    headline
        The probability, shown largest: ``"PLNM 31 %"``.
    details
        Interval, class and its threshold, points, what the classes are based on.
    caption
        What the heat map explains; empty without one. Drawn with the legend where there is one.
    warnings
        One sentence each.
    simulated
        The mark of a bundle made on simulated data, else empty.
    notice
        The research-use line; never empty.
    """

    headline: str = ""
    details: tuple[str, ...] = ()
    caption: str = ""
    warnings: tuple[str, ...] = ()
    simulated: str = ""
    notice: str = RESEARCH_USE_NOTICE

    def lines(self) -> tuple[str, ...]:
        """All of it, one line each, empty ones left out."""
        marked = tuple(f"▲ {warning}" for warning in self.warnings)
        every = (self.headline, *self.details, self.caption, self.simulated, *marked, self.notice)
        return tuple(line for line in every if line)


def answer_text(prediction: Prediction | None) -> AnswerText:
    """The words for ``prediction``; without one only the research-use notice."""
    if prediction is None:
        return AnswerText()
    details = [
        *(_group_lines(prediction) if prediction.class_probabilities else _class_lines(prediction)),
        *([f"Nomogram: {prediction.total_points:.0f} points"] if prediction.total_points is not None else []),
        *([prediction.basis] if prediction.basis else []),
    ]
    return AnswerText(
        headline=f"{outcome(prediction)} {percent(prediction.probability)}",
        details=tuple(details),
        caption=heat_map_caption(prediction),
        # The demo bundle has a line of its own.
        warnings=tuple(w.text for w in prediction.warnings if w.code is not WarningCode.DEMO_BUNDLE),
        simulated=SIMULATED_MARK if is_simulated(prediction) else "",
    )


def _class_lines(prediction: Prediction) -> list[str]:
    """An outcome that happens or not."""
    lines = [f"95 % interval {range_text(*prediction.interval)}", f"Class: {prediction.label}"]
    return lines if prediction.threshold is None else [*lines, f"Threshold: {percent(prediction.threshold)}"]


def _group_lines(prediction: Prediction) -> list[str]:
    """One of several named groups; all of them where the headline's probability does not tell the other's."""
    threshold = prediction.threshold
    how = "the most probable" if threshold is None else f"{prediction.positive_class} from {percent(threshold)} on"
    lines = [f"Group: {prediction.label} ({how})", f"95 % interval {range_text(*prediction.interval)}"]
    groups = prediction.class_probabilities
    if len(groups) > 2:
        lines.append("All groups: " + ", ".join(f"{group.name} {percent(group.probability)}" for group in groups))
    return lines


def heat_map_caption(prediction: Prediction) -> str:
    """``"Heat map: HiResCAM of the fusion score"``, empty without a heat map."""
    if prediction.heatmap is None:
        return ""
    return f"Heat map: {prediction.heatmap_target}" if prediction.heatmap_target else "Heat map"


def is_simulated(prediction: Prediction) -> bool:
    """The bundle was made on simulated data: by its flag or by its warning."""
    return prediction.simulated or any(w.code is WarningCode.DEMO_BUNDLE for w in prediction.warnings)


def outcome(prediction: Prediction) -> str:
    """What the probability is of: ``"PLNM"``, ``"Chemoradiotherapy"``."""
    words = prediction.positive_class
    return _OUTCOMES.get(prediction.task, words[:1].upper() + words[1:])


def percent(probability: float) -> str:
    """Whole per cent; never "0 %" or "100 %" for what is neither impossible nor certain."""
    if probability < 0.01:
        return "< 1 %"
    if probability > 0.99:
        return "> 99 %"
    return f"{100 * probability:.0f} %"


def range_text(low: float, high: float) -> str:
    """``"22 to 42 %"``."""
    return f"{percent(low).removesuffix(' %')} to {percent(high)}"


def pixel_size_text(image: SliceImage) -> str:
    """``"Pixel size 0.104 mm (PixelSpacing)"`` or that it is unknown."""
    if image.spacing_mm is None:
        return "Pixel size unknown"
    row_mm, column_mm = image.spacing_mm
    size = f"{row_mm:.3g}" if abs(row_mm - column_mm) < 1e-4 * row_mm else f"{row_mm:.3g} × {column_mm:.3g}"
    source = f" ({image.spacing_source})" if image.spacing_source else ""
    return f"Pixel size {size} mm{source}"


def readable_unit(text: str) -> str:
    """``"10^12/L"`` as ``"10¹²/L"``."""
    return re.sub(r"\^(-?\d+)", lambda power: power.group(1).translate(_SUPERSCRIPTS), text)
