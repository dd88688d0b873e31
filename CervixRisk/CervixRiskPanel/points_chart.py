"""Lines with a label, a number and a bar: points of the nomogram, contributions, groups."""

_GAP = 10.0
_LABEL_SHARE = 0.52
_LABEL_SHARE_SIGNED = 0.56


class ShareChart:
    """Draws :class:`CervixRiskLib.workflow.answer_view.ShareRow` rows.

    Parameters
    ----------
    signed
        Bars run from the middle, to the right in vermillion and to the left in blue; else from the left, in blue.
    """

    def __init__(self, rows, *, signed=False) -> None:
        self._rows = rows
        self._signed = signed

    def words(self) -> str:
        return "\n".join(f"{row.label}: {row.text}" for row in self._rows)

    def height(self, lettering, _width):
        return len(self._rows) * _row_height(lettering) + 2

    def paint(self, canvas, width, _height):
        numbers = max((canvas.plain.width(row.text) for row in self._rows), default=0.0)
        share = _LABEL_SHARE_SIGNED if self._signed else _LABEL_SHARE
        widest = max((canvas.bold.width(row.label) for row in self._rows), default=0.0)
        label_width = min(share * width, widest)
        number_end = label_width + _GAP + numbers
        bar_start, bar_end = number_end + _GAP, width - 2.0
        for index, row in enumerate(self._rows):
            middle = (index + 0.5) * _row_height(canvas.plain)
            letters = canvas.bold if row.emphasised else canvas.plain
            canvas.text(0.0, middle, letters.cut(row.label, label_width), lettering=letters)
            canvas.text(number_end, middle, row.text, lettering=letters, align="right")
            self._paint_bar(canvas, row, middle, bar_start, bar_end)

    def _paint_bar(self, canvas, row, middle, start, end):
        thickness = 0.55 * canvas.plain.height
        if end - start < 12:
            return
        if not self._signed:
            length = row.share * (end - start)
            canvas.line(start, middle - thickness / 2, start, middle + thickness / 2, canvas.inks.faint)
            canvas.box(start, middle - thickness / 2, max(length, 1.0), thickness, canvas.inks.patient)
            return
        zero = (start + end) / 2
        length = row.share * (end - start) / 2
        colour = canvas.inks.raises if length >= 0 else canvas.inks.patient
        canvas.box(min(zero, zero + length), middle - thickness / 2, max(abs(length), 1.0), thickness, colour)
        half = _row_height(canvas.plain) / 2
        canvas.line(zero, middle - half, zero, middle + half, canvas.inks.faint)


def _row_height(lettering):
    return lettering.height + 4
