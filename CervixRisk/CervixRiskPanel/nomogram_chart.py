"""The nomogram with the patient's marks, in the panel's width or a window's."""

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

    def words(self) -> str:
        lines = []
        for row in self._rows(0.0, 1000.0, lambda text: 8.0 * len(text)):
            if row.mark is not None:
                lines.append(f"{row.title}: {row.mark.text}")
        return "\n".join(lines)

    def height(self, lettering, _width):
        return (len(self._nomogram.axes) + 3) * _ROW_LINES * lettering.height

    def paint(self, canvas, width, _height):
        letters = canvas.small
        step = _ROW_LINES * canvas.plain.height
        measured = self._rows(0.0, 1000.0, letters.width)
        titles = max(letters.width(row.title) for row in measured)
        title_width = min(titles, _TITLE_SHARE * width)
        rows = self._rows(title_width + _SIDE + 6, width - _SIDE, letters.width)
        heights = [(index + 0.45) * step for index in range(len(rows))]
        for row, y in zip(rows, heights, strict=True):
            if row.mark is not None:
                canvas.line(row.mark.x, y, row.mark.x, heights[row.mark.to_row], canvas.inks.patient, 1.0, dashed=True)
        for row, y in zip(rows, heights, strict=True):
            self._paint_row(canvas, row, y, title_width)
        for row, y in zip(rows, heights, strict=True):
            if row.mark is not None:
                canvas.spot(row.mark.x, y, 4.0, canvas.inks.patient, filled=not row.mark.outside)

    def _rows(self, left, right, text_width):
        return nomogram_rows(
            self._nomogram, self._values, outcome=self._outcome, left=left, right=right, text_width=text_width
        )

    @staticmethod
    def _paint_row(canvas, row, y, title_width):
        letters, inks = canvas.small, canvas.inks
        lines = letters.wrapped(row.title, title_width)
        top = y - (len(lines) - 1) * letters.height / 2
        for index, words in enumerate(lines):
            canvas.text(0.0, top + index * letters.height, words, lettering=letters)
        canvas.line(row.start, y, row.end, y, inks.text, 1.0)
        for x in row.ticks:
            canvas.line(x, y, x, y + 3, inks.text, 1.0)
        reach = 5 + letters.height / 2
        for label in row.labels:
            canvas.text(
                label.position,
                y - reach if label.raised else y + reach,
                label.text,
                lettering=letters,
                align="centre",
                colour=inks.faint,
            )
        if row.words:
            canvas.text(row.start, y + reach, row.words, lettering=letters, colour=inks.faint)
        if row.mark is not None:
            side = -1 if row.mark.x > canvas_right(row) else 1
            x = row.mark.x + 7 * side
            canvas.text(
                x,
                y - reach,
                row.mark.text,
                lettering=letters,
                align="left" if side > 0 else "right",
                colour=inks.patient,
            )


def canvas_right(row):
    """Beyond three quarters of a row its mark's number stands on the left of the mark."""
    return row.start + 0.75 * (row.end - row.start)
