"""The nomogram with the patient's marks, in the panel's width or a window's."""

from slicer.i18n import tr as _

from CervixRiskLib.workflow.nomogram_rows import nomogram_rows

_TITLE_SHARE = 0.32
_ROW_LINES = 2.6
_SIDE = 16.0


class NomogramChart:
    """Draws a :class:`CervixRiskLib.statistics.Nomogram`.

    Parameters
    ----------
    values
        The patient's, by predictor.
    outcome
        What the risk is of: ``"PLNM"``.
    """

    def __init__(self, nomogram, values, outcome) -> None:
        self._nomogram = nomogram
        self._values = values
        self._outcome = outcome
        # Titles and marks are the same at every width.
        self._told = self._rows(0.0, 1000.0, lambda text: 8.0 * len(text))

        self._note = ""
        if any(row.mark is not None and row.mark.outside for row in self._told):
            self._note = _("Open mark: beyond the range of the training cases.")

    def words(self) -> str:
        lines = [f"{row.title}: {row.mark.text}" for row in self._told if row.mark is not None]
        return "\n".join([*lines, self._note] if self._note else lines)

    def height(self, lettering, _width):
        # The last row's numbers hang below it.
        return (len(self._told) * _ROW_LINES + (1.8 if self._note else 0.4)) * lettering.height

    def paint(self, canvas, width, height):
        letters = canvas.small
        step = _ROW_LINES * canvas.plain.height
        titles = max(letters.width(row.title) for row in self._told)
        title_width = min(titles, _TITLE_SHARE * width)
        rows = self._rows(title_width + _SIDE + 6, width - _SIDE, letters.width)
        heights = [(index + 0.6) * step for index in range(len(rows))]
        if self._note:
            canvas.text(0.0, height - 0.6 * letters.height, letters.cut(self._note, width), lettering=letters)
        texts = []
        for index, (row, y) in enumerate(zip(rows, heights, strict=True)):
            self._paint_title(canvas, row, y, title_width)
            # The lines of the marks end at the first row from below: its numbers stand above it.
            texts += self._paint_axis(canvas, row, y, over=index == 0)
        for row, y in zip(rows, heights, strict=True):
            if row.mark is not None:
                _paint_drop(canvas, row.mark.x, *sorted((y, heights[row.mark.to_row])), texts)
        for row, y in zip(rows, heights, strict=True):
            if row.mark is not None:
                canvas.spot(row.mark.x, y, 4.0, canvas.inks.patient, filled=not row.mark.outside)

    def _rows(self, left, right, text_width):
        return nomogram_rows(
            self._nomogram, self._values, outcome=self._outcome, left=left, right=right, text_width=text_width
        )

    @staticmethod
    def _paint_title(canvas, row, y, title_width):
        letters = canvas.small
        lines = letters.wrapped(row.title, title_width)
        top = y - (len(lines) - 1) * letters.height / 2
        for index, words in enumerate(lines):
            canvas.text(0.0, top + index * letters.height, words, lettering=letters)

    @staticmethod
    def _paint_axis(canvas, row, y, *, over):
        """Draw the line with its numbers and the mark's; return where texts stand, ``(x0, x1, y0, y1)`` each."""
        letters, inks = canvas.small, canvas.inks
        texts = []

        def write(x, centre, words, colour):
            canvas.text(x, centre, words, lettering=letters, colour=colour, align="centre")
            half = letters.width(words) / 2 + 2
            texts.append((x - half, x + half, centre - letters.height / 2, centre + letters.height / 2))

        canvas.line(row.start, y, row.end, y, inks.text, 1.0)
        for x in row.ticks:
            canvas.line(x, y, x, y - 3 if over else y + 3, inks.text, 1.0)
        reach = 5 + letters.height / 2
        for label in row.labels:
            write(label.position, y - reach if label.raised or over else y + reach, label.text, inks.faint)
        if row.words:
            write(row.start + letters.width(row.words) / 2, y + reach, row.words, inks.faint)
        if row.mark is not None:
            half = letters.width(row.mark.text) / 2
            # Beyond three quarters of the row the mark's number stands on its left.
            side = -1 if row.mark.x > row.start + 0.75 * (row.end - row.start) else 1
            write(row.mark.x + side * (7 + half), y - reach, row.mark.text, inks.patient)
        return texts


def _paint_drop(canvas, x, top, bottom, texts):
    """A mark's line, with a gap where a number stands."""
    at = top
    for x0, x1, y0, y1 in sorted(texts, key=lambda text: text[2]):
        if x0 < x < x1 and at < y1 and y0 < bottom:
            if y0 > at:
                canvas.line(x, at, x, y0, canvas.inks.patient, 1.0, dashed=True)
            at = max(at, y1)
    if at < bottom:
        canvas.line(x, at, x, bottom, canvas.inks.patient, 1.0, dashed=True)
