"""A drawing on a label, drawn anew when its width or the application's style changes."""

# Qt calls eventFilter.
# ruff: noqa: N802

import qt

from .canvas import Canvas, Lettering


class _Watcher(qt.QObject):
    """Tells of a widget's events, and takes none of them."""

    def __init__(self, told) -> None:
        super().__init__()
        self._told = told

    def eventFilter(self, _watched, event):
        self._told(event)
        return False


class PaintedLabel:
    """Shows a drawing as wide as the label.

    A drawing has ``height(lettering, width)``, ``paint(canvas, width, height)``, and ``words()``: the same in words for
    a screen reader and the tool tip.

    Parameters
    ----------
    on_double_click
        Called without arguments.
    hides
        Whether the label hides without a drawing. Not inside a box that folds, which shows and hides it itself.
    """

    def __init__(self, label, on_double_click=None, *, hides=True) -> None:
        self.label = label
        self._hides = hides
        self._drawing = None
        self._drawn_width = 0
        self._on_double_click = on_double_click
        label.setMinimumWidth(1)
        policy = qt.QSizePolicy(qt.QSizePolicy.Ignored, qt.QSizePolicy.Fixed)
        label.setSizePolicy(policy)
        self._watcher = _Watcher(self._on_event)
        label.installEventFilter(self._watcher)

    def show(self, drawing) -> None:
        """Show ``drawing``; ``None`` for nothing."""
        self._drawing = drawing
        if self._hides:
            self.label.setVisible(drawing is not None)
        if drawing is not None:
            self.label.accessibleDescription = drawing.words()
            self._draw()

    def close(self) -> None:
        self.label.removeEventFilter(self._watcher)
        self._drawing = None

    def _on_event(self, event) -> None:
        kind = event.type()
        if kind == qt.QEvent.Resize:
            if self.label.width != self._drawn_width:
                self._draw()
        elif kind in (qt.QEvent.PaletteChange, qt.QEvent.FontChange):
            self._draw()
        elif kind == qt.QEvent.MouseButtonDblClick and self._on_double_click is not None:
            self._on_double_click()

    def _draw(self) -> None:
        if self._drawing is None:
            return
        self._drawn_width = self.label.width
        self.label.setPixmap(picture_of(self._drawing, self._drawn_width, self.label.devicePixelRatioF(), self.label))
        height = round(self._drawing.height(Lettering(self.label.font), self._drawn_width))
        if self.label.height != height:
            self.label.setFixedHeight(height)


def picture_of(drawing, width, ratio, widget):
    """``drawing`` in the font and colours of ``widget``, as a ``QPixmap``."""
    height = round(drawing.height(Lettering(widget.font), width))
    canvas = Canvas(width, height, ratio, widget.font, widget.palette)
    drawing.paint(canvas, width, height)
    return canvas.finish()
