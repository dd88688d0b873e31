"""A finished figure as a part of a PDF's page: its lines and words stay lines and words, smaller where it must be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from matplotlib.artist import Artist

from .sheet import Sheet

if TYPE_CHECKING:
    from matplotlib.figure import Figure

_POINTS_PER_INCH = 72.0


class PlacedFigure:
    """A block as wide and high as ``figure`` at ``scale``.

    A page with it can be written as PDF alone.
    """

    def __init__(self, figure: Figure, scale: float) -> None:
        self._figure, self._scale = figure, scale
        self.width, self.height = (float(side) * scale for side in figure.get_size_inches())

    def draw(self, sheet: Sheet, left: float, top: float) -> None:
        sheet.figure.add_artist(_Drawing(self._figure, self._scale, left, top - self.height))


class _Drawing(Artist):
    """Draws another figure ``left`` and ``bottom`` inches from the page's corner."""

    def __init__(self, figure: Figure, scale: float, left: float, bottom: float) -> None:
        super().__init__()
        self._drawn, self._scale, self._left, self._bottom = figure, scale, left, bottom

    def draw(self, renderer: Any) -> None:
        from matplotlib.backends.backend_mixed import MixedModeRenderer
        from matplotlib.backends.backend_pdf import Op

        pdf = renderer._renderer
        figure, dots_per_inch = self._drawn, self._drawn.dpi
        left, bottom = self._left * _POINTS_PER_INCH, self._bottom * _POINTS_PER_INCH
        pdf.finalize()
        page_state = pdf.gc
        # What the figure sets is forgotten with the figure, so the page's own state is kept apart from it.
        pdf.gc = pdf.new_gc()
        pdf.gc.copy_properties(page_state)
        pdf.file.output(Op.gsave, self._scale, 0, 0, self._scale, left, bottom, Op.concat_matrix)
        figure.dpi = _POINTS_PER_INCH
        width, height = figure.get_size_inches()
        page_size = pdf.file.width, pdf.file.height
        # Lines beyond these are left out.
        pdf.file.width, pdf.file.height = width, height
        try:
            mixed: Any = MixedModeRenderer(figure, width, height, dots_per_inch, pdf)
            figure.draw(mixed)
            pdf.finalize()
        finally:
            figure.dpi = dots_per_inch
            pdf.file.width, pdf.file.height = page_size
            pdf.file.output(Op.grestore)
            pdf.gc = page_state
