"""A picture to draw into in a widget's own font and colours, sharp on displays of any density."""

import math

import qt

from .inks import inks


class Lettering:
    """Sizes of text in a font; positions and sizes everywhere are in a widget's pixels."""

    def __init__(self, font, scale=1.0, bold=False) -> None:
        self.font = qt.QFont(font)
        # A font has its size in points or, in some style sheets, in pixels.
        if font.pointSizeF() > 0:
            self.font.setPointSizeF(font.pointSizeF() * scale)
        else:
            self.font.setPixelSize(max(1, round(font.pixelSize() * scale)))
        self.font.setBold(bold)
        self._metrics = qt.QFontMetricsF(self.font)

    def width(self, text):
        return self._metrics.size(0, text).width()

    @property
    def height(self):
        return self._metrics.height()

    def baseline(self, centre):
        """Where text is to stand so that its letters lie around the height ``centre``."""
        return centre + (self._metrics.ascent() - self._metrics.descent()) / 2

    def cut(self, text, width):
        """``text``, with an ellipsis in the middle where it is wider than ``width``."""
        if self.width(text) <= width:
            return text
        return self._metrics.elidedText(text, qt.Qt.ElideMiddle, max(width, 0.0))

    def wrapped(self, text, width, most=2):
        """``text`` in at most ``most`` lines of ``width``; what finds no room is cut from the last."""
        lines, words = [], text.split()
        while words and len(lines) < most - 1:
            line = words.pop(0)
            while words and self.width(f"{line} {words[0]}") <= width:
                line = f"{line} {words.pop(0)}"
            lines.append(line)
        if words:
            lines.append(" ".join(words))
        return [self.cut(line, width) for line in lines]


class Canvas:
    """Draws into a picture of ``width`` by ``height``; :meth:`finish` gives it.

    Parameters
    ----------
    ratio
        The display's pixels for one of the widget's.
    """

    def __init__(self, width, height, ratio, font, palette) -> None:
        self.inks = inks(palette)
        self._pixmap = qt.QPixmap(max(1, math.ceil(width * ratio)), max(1, math.ceil(height * ratio)))
        self._pixmap.setDevicePixelRatio(float(ratio))
        self._pixmap.fill(qt.QColor(0, 0, 0, 0))
        self._painter = qt.QPainter(self._pixmap)
        self._painter.setRenderHint(qt.QPainter.Antialiasing)
        self.plain = Lettering(font)
        self.small = Lettering(font, 0.88)
        self.bold = Lettering(font, bold=True)

    def line(self, x0, y0, x1, y1, colour, width=1.0, dashed=False):
        pen = qt.QPen(colour)
        pen.setWidthF(float(width))
        if dashed:
            pen.setStyle(qt.Qt.DashLine)
        pen.setCapStyle(qt.Qt.FlatCap)
        self._painter.setPen(pen)
        self._painter.drawLine(qt.QPointF(float(x0), float(y0)), qt.QPointF(float(x1), float(y1)))

    def box(self, x, y, width, height, colour, radius=0.0):
        """A filled rectangle."""
        self._painter.setPen(qt.QPen(qt.QColor(0, 0, 0, 0)))
        self._painter.setBrush(qt.QBrush(colour))
        rectangle = qt.QRectF(float(x), float(y), float(width), float(height))
        self._painter.drawRoundedRect(rectangle, float(radius), float(radius))

    def spot(self, x, y, radius, colour, filled=True):
        """A disc, or a ring filled with the ground's colour."""
        pen = qt.QPen(colour)
        pen.setWidthF(1.5)
        self._painter.setPen(pen)
        self._painter.setBrush(qt.QBrush(colour if filled else self.inks.ground))
        self._painter.drawEllipse(qt.QPointF(float(x), float(y)), float(radius), float(radius))

    def text(self, x, y, words, *, lettering=None, colour=None, align="left"):
        """``words`` around the height ``y``, beginning, centred or ending at ``x``."""
        lettering = lettering or self.plain
        shift = {"left": 0.0, "centre": 0.5, "right": 1.0}[align]
        self._painter.setPen(qt.QPen(colour or self.inks.text))
        self._painter.setFont(lettering.font)
        start = qt.QPointF(float(x - shift * lettering.width(words)), float(lettering.baseline(y)))
        self._painter.drawText(start, words)

    def finish(self):
        """The picture, a ``QPixmap``."""
        self._painter.end()
        return self._pixmap
