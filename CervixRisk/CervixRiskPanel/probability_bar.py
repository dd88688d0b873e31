"""The probability with its interval and the threshold, on a line from 0 to 100 %.

The line is grey and the marks are one blue: colours from green to red would say which risks are acceptable, which
neither study knows, and readers who are red-green blind would see one brown. What the threshold makes of the
probability stands in words beside it.
"""

from slicer.i18n import tr as _

from CervixRiskLib.bundle.prediction_text import percent

_MARGIN = 8.0
_TRACK = 8.0


class ProbabilityBar:
    """Draws an :class:`CervixRiskLib.workflow.answer_view.AnswerView`'s numbers."""

    def __init__(self, view) -> None:
        self._view = view

    def words(self) -> str:
        view = self._view
        if view.threshold is None:
            return f"{view.headline} {view.outcome}. {view.interval_text}."
        threshold = _("Threshold {threshold}.").format(threshold=percent(view.threshold))
        return f"{view.headline} {view.outcome}. {view.interval_text}. {threshold}"

    def height(self, lettering, _width):
        return 24 + lettering.height

    def paint(self, canvas, width, _height):
        inks, view = canvas.inks, self._view
        left, right = _MARGIN, width - _MARGIN
        middle = 11.0

        def place(probability):
            return left + (right - left) * min(max(probability, 0.0), 1.0)

        canvas.box(left, middle - _TRACK / 2, right - left, _TRACK, _faintest(canvas), _TRACK / 2)
        low, high = (place(value) for value in view.interval)
        canvas.box(low, middle - _TRACK / 2, max(high - low, 2.0), _TRACK, inks.band, 2.0)
        for end in (low, high):
            canvas.line(end, middle - 5, end, middle + 5, inks.patient, 1.5)
        spot = place(view.probability)
        canvas.line(spot, middle - 9, spot, middle + 9, inks.text, 3.0)
        self._paint_scale(canvas, place, middle)

    def _paint_scale(self, canvas, place, middle):
        inks, view, letters = canvas.inks, self._view, canvas.small
        y = middle + 12 + letters.height / 2
        taken = []
        if view.threshold is not None:
            x = place(view.threshold)
            canvas.line(x, middle - 11, x, middle + 12, inks.text, 1.2, dashed=True)
            words = _("threshold {threshold}").format(threshold=percent(view.threshold))
            half = letters.width(words) / 2
            centre = min(max(x, place(0.0) - _MARGIN / 2 + half), place(1.0) + _MARGIN / 2 - half)
            canvas.text(centre, y, words, lettering=letters, align="centre")
            taken.append((centre - half, centre + half))
        for probability, align in ((0.0, "left"), (0.5, "centre"), (1.0, "right")):
            words = f"{100 * probability:.0f} %"
            size = letters.width(words)
            x = place(probability)
            start = {"left": x - _MARGIN / 2, "centre": x - size / 2, "right": x + _MARGIN / 2 - size}[align]
            if all(start > high + 6 or start + size < low - 6 for low, high in taken):
                canvas.text(start, y, words, lettering=letters, colour=inks.faint)


def _faintest(canvas):
    from .inks import mixed

    return mixed(canvas.inks.text, canvas.inks.ground, 0.82)
