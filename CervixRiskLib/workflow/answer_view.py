"""All the words and lengths that a screen shows of an answer. No widget, no MRML."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..bundle.prediction_text import answer_text, outcome, percent, range_text, readable_unit
from ..errors import CervixRiskError
from .channel_words import channel_title

if TYPE_CHECKING:
    from ..bundle import Contribution, Prediction, PredictorPoints
    from .case_answer import CaseAnswer
    from .case_session import CaseSession

CONTRIBUTIONS_SHOWN = 6
LARGEST_POINTS = 100.0
# What stands beside the step's name in a panel that scrolls.
_SUMMARY_LETTERS = 40


@dataclass(frozen=True)
class ShareRow:
    """A line with a bar.

    Parameters
    ----------
    label
        What it is: ``"Maximum diameter 38.2 mm"``.
    text
        The number in words: ``"22 points"``.
    share
        The bar's length, -1 to 1 of the longest there is room for; negative ones run to the left.
    emphasised
        The answered group.
    """

    label: str
    text: str
    share: float
    emphasised: bool = False


@dataclass(frozen=True)
class AnswerView:
    """What the step that shows an answer writes.

    Parameters
    ----------
    title
        The study's: ``"Lymph node metastasis"``.
    headline, outcome
        The probability, written largest, and of what: ``"31 %"``, ``"probability of PLNM"``.
    interval_text, decision
        ``"95 % interval 22 to 42 %"``, ``"below the threshold of 35 %"``.
    probability, interval, threshold
        For the bar, 0-1; ``threshold`` is ``None`` with more than two groups.
    points, total
        The nomogram's arithmetic, and ``"71 points in total"``; empty where there is no nomogram.
    contributions, further_contributions
        The largest ones, and how many more the table holds.
    groups
        All groups with their probabilities, where the study has named groups.
    caption
        What the heat map explains; empty without one.
    basis, warnings, simulated, notice
        As in :class:`CervixRiskLib.scene.AnswerText`.
    computed
        ``"0.4 s"``, the further images it was asked with, and what computed it where that is known.
    stale
        Why the answer is no longer that of the case; empty while it is.
    """

    title: str
    headline: str
    outcome: str
    interval_text: str
    decision: str
    probability: float
    interval: tuple[float, float]
    threshold: float | None
    points: tuple[ShareRow, ...]
    total: str
    contributions: tuple[ShareRow, ...]
    further_contributions: int
    groups: tuple[ShareRow, ...]
    caption: str
    basis: str
    warnings: tuple[str, ...]
    simulated: str
    notice: str
    computed: str
    stale: str = ""

    @property
    def summary(self) -> str:
        """What stands beside the step's name: ``"31 % · below the threshold of 35 %"``, ``"73 % · surgery"``."""
        answered = next((group.label for group in self.groups if group.emphasised), self.decision)
        words = f"{self.headline} · {answered}"
        return words if len(words) <= _SUMMARY_LETTERS else words.replace("the threshold of", "threshold")


def answer_view(answer: CaseAnswer, *, stale: str = "", contributions: int = CONTRIBUTIONS_SHOWN) -> AnswerView:
    """The words for ``answer``.

    Parameters
    ----------
    stale
        See :func:`stale_reason`.
    contributions
        How many are shown.
    """
    prediction = answer.prediction
    words, told = answer_text(prediction), outcome(prediction)
    if told.lower() == prediction.positive_class.lower():
        # As the bundle writes it: here it does not begin a sentence.
        told = prediction.positive_class
    shown = prediction.contributions[:contributions]
    longest = max((abs(item.effect) for item in shown), default=0.0)
    seconds = f"{answer.seconds:.1f} s" if answer.seconds >= 0.05 else "< 0.1 s"
    total = prediction.total_points
    return AnswerView(
        title=answer.study.title,
        headline=percent(prediction.probability),
        outcome=f"probability of {told}",
        interval_text=f"95 % interval {range_text(*prediction.interval)}",
        decision=_decision(prediction),
        probability=prediction.probability,
        interval=prediction.interval,
        threshold=prediction.threshold,
        points=tuple(_points_row(item, answer) for item in prediction.points),
        total="" if total is None else f"{_points_text(total)} in total",
        contributions=tuple(_contribution_row(item, longest) for item in shown),
        further_contributions=len(prediction.contributions) - len(shown),
        groups=tuple(
            ShareRow(group.name, percent(group.probability), group.probability, group.name == prediction.label)
            for group in prediction.class_probabilities
        ),
        caption=words.caption,
        basis=prediction.basis,
        warnings=words.warnings,
        simulated=words.simulated,
        notice=words.notice,
        computed=" · ".join(filter(None, (seconds, _further_words(answer), answer.processor))),
        stale=stale,
    )


def _further_words(answer: CaseAnswer) -> str:
    titles = [channel_title(name) for name in answer.study.channels[1:]]
    return f"asked with {', '.join(titles)}" if titles else ""


def stale_reason(session: CaseSession) -> str:
    """Why the shown answer is not that of the case any more; empty while it is, and without an answer."""
    answer = session.answer
    if answer is None or not session.answer_is_stale:
        return ""
    if _other_contour(session, answer.prediction.mask_hash):
        return "Asked before the contour changed. Ask again."
    if not session.is_of_the_model():
        return "Asked before another model was chosen. Ask again."
    return "Asked before the case changed. Ask again."


def probability_of(prediction: Prediction, outcome: str) -> float:
    """The probability of the class ``outcome`` in another answer of the same model.

    With more than two classes an answer's own probability is that of its most probable class, which may be another.
    """
    for group in prediction.class_probabilities:
        if group.name == outcome:
            return group.probability
    return prediction.probability


def _other_contour(session: CaseSession, mask_hash: str) -> bool:
    if not mask_hash:
        return False
    try:
        return session.contour().mask_hash != mask_hash
    except CervixRiskError:
        # Erased, or not readable on this slice: not the one that was asked about.
        return True


def _decision(prediction: Prediction) -> str:
    threshold, probability = prediction.threshold, prediction.probability
    if threshold is None:
        return f"Group: {prediction.label} (the most probable)"
    if prediction.class_probabilities:
        which = "" if prediction.label == prediction.positive_class else f"{prediction.positive_class} "
        return f"Group: {prediction.label} ({which}from {percent(threshold)} on)"
    side = "at or above" if probability >= threshold else "below"
    words = f"{side} the threshold of {percent(threshold)}"
    if percent(threshold) == percent(probability):
        # Both round to the same number; the side alone would look like a mistake.
        words = f"just {words}"
    return words


def _points_row(item: PredictorPoints, answer: CaseAnswer) -> ShareRow:
    label = f"{item.label} {_value_text(item, answer)} {readable_unit(item.unit)}".strip()
    return ShareRow(label, _points_text(item.points), min(max(item.points / LARGEST_POINTS, 0.0), 1.0))


def _points_text(points: float) -> str:
    number = round(points)
    return f"{number} point" if number == 1 else f"{number} points"


def _value_text(item: PredictorPoints, answer: CaseAnswer) -> str:
    """The number, or the name of a level."""
    axes = (answer.study.manifest_json.get("nomogram") or {}).get("axes", ())
    for axis in axes:
        if axis.get("name") == item.name:
            for level in axis.get("levels", ()):
                if level["code"] == item.value:
                    return str(level["label"])
    return f"{item.value:.3g}"


def _contribution_row(item: Contribution, longest: float) -> ShareRow:
    sign = "+" if item.effect >= 0 else "−"
    share = item.effect / longest if longest > 0 else 0.0
    return ShareRow(item.name, f"{sign}{abs(item.effect):.2f}", share)
